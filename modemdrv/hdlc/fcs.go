package hdlc

// The frame check sequence of ISO/IEC 13239 4.2.5.2: x^16 + x^12 + x^5 + 1,
// preset to ones, sent complemented, first the term of the highest power. With
// the first bit on the line in the least significant place, the polynomial
// is written mirrored.
const (
	fcsPolynomial = 0x8408
	fcsPreset     = 0xFFFF
	fcsResidue    = 0xF0B8 // what remains when a good frame and its FCS were taken in
	fcsLength     = 2      // octets
)

var fcsTable = makeFCSTable()

func makeFCSTable() (t [256]uint16) {
	for i := range t {
		t[i] = uint16(i)
		for range 8 {
			t[i] = fcsShift(t[i])
		}
	}
	return t
}

func fcsShift(r uint16) uint16 {
	if r&1 != 0 {
		return r>>1 ^ fcsPolynomial
	}
	return r >> 1
}

func fcsAdd(fcs uint16, octet byte) uint16 { return fcs>>8 ^ fcsTable[byte(fcs)^octet] }

// FCS returns the frame check sequence of a frame's octets; its low octet is
// sent first.
func FCS(payload []byte) uint16 {
	fcs := uint16(fcsPreset)
	for _, b := range payload {
		fcs = fcsAdd(fcs, b)
	}
	return ^fcs
}
