// Package v17 is the modem of ITU-T Recommendation V.17 (1991): 7200, 9600,
// 12000 and 14400 bit/s, trellis coded, at 2400 symbols a second on a carrier
// of 1800 Hz, with its long training and its short resynchronization.
//
// A Receiver delivers the bits of the data and then up to 32 symbols of the
// ones that end every burst (clause 5.3), never anything after the carrier. It
// knows no T.30: when to expect long or short training is told by its caller.
package v17
