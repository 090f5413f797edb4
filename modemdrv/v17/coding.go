package v17

// convolve is one step of the convolutional encoder of Figure 1/V.17: three
// delay elements, whose last gives the redundant bit Y0. The state has the
// element that is Y0 in bit 2.
func convolve(state, y1, y2 int) int {
	t1, t2, t3 := state&1, state>>1&1, state>>2&1
	n3 := t1
	n2 := y2 ^ y1 ^ t3 ^ (y2^t2)&t1
	n1 := y2 ^ t2 ^ y1&t1
	return n1 | n2<<1 | n3<<2
}

// encoder is the differential and trellis encoder of V.17 (clause 2.3).
type encoder struct {
	diff  int // Y2 Y1 of the symbol before
	state int
}

// label gives the point's label for the scrambled bits of one symbol, the first
// of them (Q1) in the lowest place.
func (e *encoder) label(q int) int {
	e.diff = (e.diff + q) & 3 // Table 1/V.17 is addition modulo 4
	e.state = convolve(e.state, e.diff&1, e.diff>>1)
	return q>>2<<3 | e.diff<<1 | e.state>>2
}

// The synchronizing signals of Tables 2/V.17 and 3/V.17, in symbol intervals.
const (
	segment1      = 256  // alternations ABAB
	segment2      = 2976 // equalizer conditioning
	segment2Short = 38   // the same, resynchronization
	segment3      = 64   // bridge
	segment4      = 48   // scrambled ones, coded as data
	turnOff       = 32   // scrambled ones after the data (clause 5.3)
)

// scramblerStart is the state of the scrambler at the beginning of segment 2.
const scramblerStart = 0x2ECDD5

// bridgeWord is the data of segment 3, sent again and again, lowest bit first.
const bridgeWord = 0x8880

// conditioning turns two scrambled bits, the first in the higher place, into a
// point of segment 2: 00 C, 01 D, 10 B, 11 A.
var conditioning = [4]int{2, 3, 1, 0}

// bridgeStep turns the same into a quarter turn count of segment 3.
var bridgeStep = [4]int{1, 0, 2, 3}
