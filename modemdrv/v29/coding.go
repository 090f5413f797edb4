package v29

import (
	"fmt"
	"math"
)

// The synchronizing signal of Table 6/V.29, in symbol intervals. Segment 1,
// 48 intervals of silence, is not sent: T.30 has a longer pause before it.
const (
	segment2 = 128 // alternations ABAB
	segment3 = 384 // equalizer conditioning CDCD
	segment4 = 48  // scrambled ones
	turnOff  = 12  // scrambled ones after the data, so that its last symbols arrive whole (5 ms)
)

// conditioningStart is the state of the generator 1 + x^-6 + x^-7 at the
// beginning of segment 3 (clause 8): 0101010, the first bit in the lowest place.
const conditioningStart = 0x2A

// conditioner gives the pseudo-random bits of segment 3.
type conditioner uint32

func (c *conditioner) next() int {
	bit := uint32(*c) & 1
	r := uint32(*c) >> 1
	r |= (bit ^ r&1) << 6
	*c = conditioner(r)
	return int(bit)
}

// phaseStep is Table 1/V.29: Q2 Q3 Q4 (Q2 in the highest place) to the change
// of phase in eighths of a turn.
var phaseStep = [8]int{1, 0, 2, 3, 6, 7, 5, 4}

// amplitude is Table 2/V.29: the relative amplitude of a point by Q1 (row) and
// by whether its absolute phase is an odd number of eighths (column).
var amplitude = [2][2]float64{
	{3, math.Sqrt2},
	{5, 3 * math.Sqrt2},
}

// constellation is a rate's signal space, scaled to a mean square of 1.
type constellation struct {
	bits  int             // data bits in a symbol: 3 or 4
	point [2][8]complex64 // by Q1 and phase
	abab  [2]complex64    // A and B of segment 2
	cdcd  [2]complex64    // C and D of segment 3
}

func newConstellation(bitRate int) (*constellation, error) {
	k := &constellation{}
	switch bitRate {
	case 9600:
		k.bits = 4
	case 7200:
		k.bits = 3
	default:
		return nil, fmt.Errorf("v29: no such rate: %d bit/s (7200 and 9600 exist)", bitRate)
	}
	rings := k.bits - 2
	power := 0.0
	for q := range rings {
		for ph := range 8 {
			a := amplitude[q][ph&1]
			power += a * a / float64(8*rings)
		}
	}
	scale := 1 / math.Sqrt(power)
	for q := range 2 {
		for ph := range 8 {
			s, c := math.Sincos(float64(ph) * math.Pi / 4)
			a := amplitude[q][ph&1] * scale
			k.point[q][ph] = complex(float32(a*c), float32(a*s))
		}
	}
	// Clause 8: A is 180 degrees at the inner ring, B 315 and D 135 at the
	// outermost ring that the rate has, C 0 degrees at the inner ring.
	outer := rings - 1
	k.abab = [2]complex64{k.point[0][4], k.point[outer][7]}
	k.cdcd = [2]complex64{k.point[0][0], k.point[outer][3]}
	return k, nil
}
