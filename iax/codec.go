package iax

import "strings"

// Codec is an audio format that this package carries. Values are the format
// bits of RFC 5456 8.7.
type Codec uint32

// The codecs that fax survives.
const (
	ULaw    Codec = 1 << 2 // G.711 u-law
	ALaw    Codec = 1 << 3 // G.711 A-law
	SLinear Codec = 1 << 6 // 16 bit linear, big-endian
)

// AllCodecs is the preference used where none is given.
func AllCodecs() []Codec { return []Codec{ULaw, ALaw, SLinear} }

// String gives Asterisk's name of a codec.
func (c Codec) String() string {
	for _, k := range knownFormats {
		if k.bit == uint64(c) {
			return k.name
		}
	}
	return "unknown codec"
}

// Supported tells whether c is one of the codecs of this package.
func (c Codec) Supported() bool { return c == ULaw || c == ALaw || c == SLinear }

// ParseCodec reads a codec name as in iax.conf or an iaxmodem file. ok is false
// for names of codecs that cannot carry fax and for unknown ones.
func ParseCodec(name string) (c Codec, ok bool) {
	switch strings.ToLower(name) {
	case "ulaw", "g711u", "pcmu", "mulaw":
		return ULaw, true
	case "alaw", "g711a", "pcma":
		return ALaw, true
	case "slin", "slinear", "linear":
		return SLinear, true
	}
	return 0, false
}

// knownFormats are the names of all formats, for sentences about refused ones.
var knownFormats = []struct {
	bit  uint64
	name string
}{
	{1 << 0, "g723"}, {1 << 1, "gsm"}, {1 << 2, "ulaw"}, {1 << 3, "alaw"}, {1 << 4, "g726aal2"}, {1 << 5, "adpcm"},
	{1 << 6, "slin"}, {1 << 7, "lpc10"}, {1 << 8, "g729"}, {1 << 9, "speex"}, {1 << 10, "ilbc"}, {1 << 11, "g726"},
	{1 << 12, "g722"}, {1 << 13, "siren7"}, {1 << 14, "siren14"}, {1 << 15, "slin16"}, {1 << 47, "testlaw"}, {1 << 48, "g719"}, {1 << 34, "opus"},
}

// formatNames spells a set of format bits for people.
func formatNames(bits uint64) string {
	var names []string
	for _, k := range knownFormats {
		if bits&k.bit != 0 {
			names = append(names, k.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, ", ")
}
