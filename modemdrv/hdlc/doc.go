// Package hdlc frames octets as ISO/IEC 13239 (HDLC) does and T.30 clause 5.3
// uses it: flags, zero insertion, a 16 bit frame check sequence, aborts. It
// serves the 300 bit/s signalling and the fast carriers of the error
// correction mode (T.30 Annex A, T.4 Annex A) alike.
//
// It knows neither addresses nor what a frame says, and nothing of T.38. Of
// every octet the least significant bit is the first on the line.
package hdlc
