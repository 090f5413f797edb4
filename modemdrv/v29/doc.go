// Package v29 is the modem of CCITT Recommendation V.29 (1988) as Group 3
// facsimile uses it: 7200 and 9600 bit/s at 2400 symbols a second on a carrier
// of 1700 Hz. The 4800 bit/s fall-back of V.29 is not used by T.30 and absent.
//
// A Receiver delivers the bits of the data and then the few ones that end a
// burst, never anything after the carrier.
package v29
