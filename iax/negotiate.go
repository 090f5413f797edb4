package iax

import (
	"fmt"

	"github.com/litoria-fax/litoria/iax/wire"
)

// prefLetter is how CODEC PREFS (RFC 5456 8.6.36) writes a codec: the letter A
// and its place in Asterisk's list, which starts with g723 at B.
var prefLetter = map[Codec]byte{ULaw: 'D', ALaw: 'E', SLinear: 'H'}

// offer is what one side can take: a set of formats and an order among them.
type offer struct {
	formats uint64  // CAPABILITY
	wish    uint64  // FORMAT
	order   []Codec // CODEC PREFS, without those we do not carry
}

// formatBits is the set of a list of codecs.
func formatBits(codecs []Codec) (set uint64) {
	for _, c := range codecs {
		set |= uint64(c)
	}
	return set
}

// addCodecs writes the offer of an outgoing call.
func addCodecs(ies *wire.IEs, codecs []Codec) {
	letters := make([]byte, 0, len(codecs))
	for _, c := range codecs {
		letters = append(letters, prefLetter[c])
	}
	ies.AddText(wire.IECodecPrefs, string(letters))
	ies.AddU32(wire.IEFormat, uint32(codecs[0]))
	ies.AddVersioned(wire.IEFormat2, uint64(codecs[0]))
	ies.AddU32(wire.IECapability, uint32(formatBits(codecs))) //nolint:gosec // our codecs are below 2^32
	ies.AddVersioned(wire.IECapability2, formatBits(codecs))
}

// readOffer reads what a caller offers. A caller that names no capability can
// its FORMAT alone.
func readOffer(ies wire.IEs) offer {
	o := offer{wish: formatOf(ies)}
	o.formats, _ = ies.Uint(wire.IECapability)
	if wide, ok := ies.Uint(wire.IECapability2); ok {
		o.formats |= wide
	}
	if o.formats == 0 {
		o.formats = o.wish
	}
	prefs, _ := ies.Get(wire.IECodecPrefs)
	for _, letter := range prefs {
		for c, l := range prefLetter {
			if l == letter {
				o.order = append(o.order, c)
			}
		}
	}
	return o
}

// formatOf is the format a frame names: FORMAT2 where it is, else FORMAT.
func formatOf(ies wire.IEs) uint64 {
	if wide, ok := ies.Uint(wire.IEFormat2); ok && wide != 0 {
		return wide
	}
	f, _ := ies.Uint(wire.IEFormat)
	return f
}

// choose picks the codec of a call (RFC 5456 6.2.2): the first of the leading
// side's order that both have.
func choose(o offer, ours []Codec, callerFirst bool) (Codec, error) {
	if callerFirst {
		for _, c := range append(append([]Codec{}, o.order...), Codec(o.wish)) { //nolint:gosec // compared only
			if formatBits(ours)&uint64(c) != 0 && o.formats&uint64(c) == uint64(c) {
				return c, nil
			}
		}
	}
	for _, c := range ours {
		if o.formats&uint64(c) != 0 {
			return c, nil
		}
	}
	return 0, fmt.Errorf("no common codec: offered %s, possible %s", formatNames(o.formats), formatNames(formatBits(ours)))
}
