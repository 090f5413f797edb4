// Package t4 is the image coding of Group 3 facsimile: Modified Huffman (MH)
// and Modified READ (MR) of ITU-T T.4, and Modified Modified READ (MMR) of
// ITU-T T.6. It is about rows of black and white pels and their code words; it
// knows neither files (package tiff) nor the session that carries them
// (package t30), and it has no clock.
//
// A row is packed eight pels to an octet, the leftmost in the most significant
// place, 1 being black. Coded octets have the first bit on the line in the most
// significant place (TIFF's FillOrder 1); ReverseBits converts to the order in
// which HDLC frames and modems count.
//
// The Decoder takes coded octets as they arrive, in pieces of any size, and
// hands out rows as they are complete. It never fails: a damaged row is
// replaced by the row before it, counted, and decoding goes on at the next EOL
// that allows it (MH: the next; MR: the next row coded in one dimension). MMR
// has no such points, so damage there ends the page: see Decoder.Lost.
//
// Uncompressed mode (T.4 4.2.1.3.6, T.6 2.2.5) is not supported and is treated
// as damage; no facsimile machine offers it.
package t4

//go:generate go run gen.go
