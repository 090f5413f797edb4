// Package v21 is the modem of ITU-T Recommendation V.21 (1988) as Group 3
// facsimile uses it: 300 bit/s by frequency shift, channel 2 (1650 Hz for one,
// 1850 Hz for zero), which carries all signalling of T.30. Channel 1 (980 and
// 1180 Hz) is there too. T.30 runs it synchronously: bits of exactly 1/300 s,
// no start and stop bits.
//
// It is no duplex modem: there is no answering handshake of V.25 and no filter
// against one's own transmitter.
package v21
