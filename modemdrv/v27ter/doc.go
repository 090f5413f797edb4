// Package v27ter is the modem of CCITT Recommendation V.27 ter (1988): 4800
// bit/s with eight phases at 1600 symbols a second and 2400 bit/s with four
// phases at 1200 symbols a second, both on a carrier of 1800 Hz. Facsimile uses
// its long turn-on sequence only.
//
// A Receiver delivers the bits of the data and then the few ones that end a
// burst, never anything after the carrier.
package v27ter
