// Package wire reads and writes the frames of IAX2: full frames, mini frames,
// meta (trunk and video) frames and information elements. It follows RFC 5456
// section 8; what Asterisk added since (CALLTOKEN, RTKEY, CAPABILITY2) is named
// where it stands.
//
// It is a codec and nothing more: no state, no clock, no decisions. Parsers
// take any octets without panicking and keep what they do not know, so an
// unknown information element survives reading and writing.
package wire
