package v17

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// The signal space diagrams of V.17 (Figures 2/V.17 to 5/V.17), drawn as they
// stand there: the real axis runs to the right, the imaginary axis upwards, and
// the centre is the origin. Each label, in hexadecimal, is Q6 Q5 Q4 Q3 Y2 Y1 Y0
// (as many as the rate has), Y0 in the lowest place.
const diagram14400 = `
.. .. .. .. .. .. .. 06 .. .. .. 0e .. .. .. .. .. .. ..
.. .. .. .. .. .. 03 .. 4f .. 0b .. 47 .. .. .. .. .. ..
.. .. .. .. .. 64 .. 4a .. 74 .. 42 .. 54 .. .. .. .. ..
.. .. .. .. 5d .. 61 .. 7d .. 71 .. 6d .. 51 .. .. .. ..
.. .. .. 56 .. 58 .. 16 .. 78 .. 1e .. 68 .. 5e .. .. ..
.. .. 53 .. 6f .. 13 .. 2f .. 1b .. 27 .. 5b .. 67 .. ..
.. 44 .. 6a .. 24 .. 2a .. 34 .. 22 .. 14 .. 62 .. 04 ..
0d .. 41 .. 1d .. 21 .. 3d .. 31 .. 2d .. 11 .. 4d .. 01
.. 08 .. 76 .. 18 .. 36 .. 38 .. 3e .. 28 .. 7e .. 48 ..
.. .. 73 .. 7f .. 33 .. 3f .. 3b .. 37 .. 7b .. 77 .. ..
.. 4c .. 7a .. 2c .. 3a .. 3c .. 32 .. 1c .. 72 .. 0c ..
05 .. 49 .. 15 .. 29 .. 35 .. 39 .. 25 .. 19 .. 45 .. 09
.. 00 .. 66 .. 10 .. 26 .. 30 .. 2e .. 20 .. 6e .. 40 ..
.. .. 63 .. 5f .. 23 .. 1f .. 2b .. 17 .. 6b .. 57 .. ..
.. .. .. 5a .. 6c .. 1a .. 7c .. 12 .. 5c .. 52 .. .. ..
.. .. .. .. 55 .. 69 .. 75 .. 79 .. 65 .. 59 .. .. .. ..
.. .. .. .. .. 50 .. 46 .. 70 .. 4e .. 60 .. .. .. .. ..
.. .. .. .. .. .. 43 .. 0f .. 4b .. 07 .. .. .. .. .. ..
.. .. .. .. .. .. .. 0a .. .. .. 02 .. .. .. .. .. .. ..`

const diagram12000 = `
14 11 3e 07 1c 19 36 17
35 30 3b 02 25 20 33 12
1e 27 0c 09 2e 0f 3c 39
1b 22 2d 28 2b 0a 05 00
04 01 0e 2f 2c 29 26 1f
3d 38 0b 2a 0d 08 23 1a
16 37 24 21 06 3f 34 31
13 32 1d 18 03 3a 15 10`

const diagram9600 = `
.. .. .. 1f .. 03 .. .. ..
.. .. 02 .. 14 .. 0a .. ..
.. 09 .. 15 .. 19 .. 05 ..
00 .. 1e .. 08 .. 16 .. 18
.. 13 .. 0f .. 0b .. 17 ..
1c .. 12 .. 0c .. 1a .. 04
.. 01 .. 1d .. 11 .. 0d ..
.. .. 0e .. 10 .. 06 .. ..
.. .. .. 07 .. 1b .. .. ..`

const diagram7200 = `
04 01 0e 07
0d 08 0b 02
06 0f 0c 09
03 0a 05 00`

// rateSpec is what one bit rate of V.17 is made of.
type rateSpec struct {
	bits    int     // data bits in a symbol
	step    float64 // distance of neighbouring columns of the diagram, in the units of Figure 2/V.17
	diagram string
}

// rates holds the four rates of V.17 (clause 2.3).
var rates = map[int]rateSpec{
	14400: {bits: 6, step: 1, diagram: diagram14400},
	12000: {bits: 5, step: 2, diagram: diagram12000},
	9600:  {bits: 4, step: 2, diagram: diagram9600},
	7200:  {bits: 3, step: 4, diagram: diagram7200},
}

// trainingPoints are A, B, C and D of Figure 6/V.17, in the same units.
var trainingPoints = [4]complex128{-6 - 2i, 2 - 6i, 6 + 2i, -2 + 6i}

// constellation is a rate's signal space, scaled to a mean square of 1.
type constellation struct {
	bits   int          // data bits in a symbol
	points []complex64  // by label
	abcd   [4]complex64 // training points at the same scale
	unit   float64      // one unit of the diagrams, scaled
}

// newConstellation reads a rate's diagram.
func newConstellation(bitRate int) (*constellation, error) {
	spec, ok := rates[bitRate]
	if !ok {
		return nil, fmt.Errorf("v17: no such rate: %d bit/s (7200, 9600, 12000 and 14400 exist)", bitRate)
	}
	raw := make([]complex128, 2<<spec.bits)
	rows := strings.Split(strings.TrimSpace(spec.diagram), "\n")
	centre := float64(len(rows)-1) / 2
	var power float64
	for r, row := range rows {
		for c, label := range strings.Fields(row) {
			n, err := strconv.ParseUint(label, 16, 8)
			if err != nil {
				continue // ".." is an empty place
			}
			p := complex((float64(c)-centre)*spec.step, (centre-float64(r))*spec.step)
			raw[n] = p
			power += real(p)*real(p) + imag(p)*imag(p)
		}
	}
	k := &constellation{bits: spec.bits, unit: 1 / math.Sqrt(power/float64(len(raw)))}
	k.points = make([]complex64, len(raw))
	for i, p := range raw {
		k.points[i] = complex64(p * complex(k.unit, 0))
	}
	for i, p := range trainingPoints {
		k.abcd[i] = complex64(p * complex(k.unit, 0))
	}
	return k, nil
}
