package v29

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// Receiver receives bursts of V.29. It implements modem.Receiver.
type Receiver struct{ qam.Receiver }

// NewReceiver makes a receiver that waits for a burst. V.29 has no short training.
func NewReceiver(rate modem.Rate, sink modem.Sink) (*Receiver, error) {
	r := &Receiver{}
	if err := r.Init(newMode, rate, sink); err != nil {
		return nil, err
	}
	return r, nil
}

func newMode(rate modem.Rate, sink modem.Sink) (*qam.Mode, qam.Decoder, error) {
	if rate.Modulation != modem.V29 {
		return nil, nil, fmt.Errorf("v29: %v is not a rate of V.29", rate)
	}
	k, err := newConstellation(rate.BitRate)
	if err != nil {
		return nil, nil, err
	}
	points := make([]complex64, segment3)
	gen := conditioner(conditioningStart)
	for i := range points {
		points[i] = k.cdcd[gen.next()]
	}
	return &qam.Mode{
		Pulse:        pulse,
		AltWindow:    64,
		Training:     points,
		Match:        48,
		LeastSquares: segment3,
		MaxError:     0.2,
	}, newDecoder(k, sink), nil
}

// delaySymbols is how many symbols the decoder holds back, so that none that
// was taken after the end of the carrier is ever delivered.
const delaySymbols = 32

// decoder implements qam.Decoder.
type decoder struct {
	*constellation
	sink      modem.Sink
	scrambler qam.Scrambler
	// Between the two amplitudes on an axis, and as sum of both coordinates on a
	// diagonal.
	axisLimit, diagonalLimit float32
	stepBits                 [8]uint32 // change of phase to Q2 Q3 Q4, the first in the lowest place
	ring                     [delaySymbols]uint8
	n                        int // symbols taken
	phase                    int // of the symbol delivered last
	out                      int // symbols delivered
}

func newDecoder(k *constellation, sink modem.Sink) *decoder {
	d := &decoder{constellation: k, sink: sink}
	d.axisLimit = (real(k.point[0][0]) + real(k.point[1][0])) / 2
	d.diagonalLimit = real(k.point[0][1]) + real(k.point[1][1])
	for q, step := range phaseStep {
		d.stepBits[step] = uint32(q>>2&1 | q&2 | q<<2&4)
	}
	return d
}

// Start implements qam.Decoder. Without short training there is nothing to hunt.
func (d *decoder) Start(bool) { d.n, d.out = 0, 0 }

// Decide implements qam.Decoder. The points lie on the axes and on the diagonals:
// the best of each kind is found by its amplitude, then the better of both.
func (d *decoder) Decide(y complex64) complex64 {
	re, im := real(y), imag(y)
	are, aim := max(re, -re), max(im, -im)
	onAxis, onDiagonal := 0, 0
	if d.bits == 4 {
		if max(are, aim) > d.axisLimit {
			onAxis = 1
		}
		if are+aim > d.diagonalLimit {
			onDiagonal = 1
		}
	}
	axis, diagonal := nearestAxis(re, im), nearestDiagonal(re, im)
	p, q := d.point[onAxis][axis], d.point[onDiagonal][diagonal]
	symbol, point := onAxis<<3|axis, p
	if distance(y, q) < distance(y, p) {
		symbol, point = onDiagonal<<3|diagonal, q
	}
	if d.n >= delaySymbols {
		d.deliver()
	}
	d.ring[d.n%delaySymbols] = uint8(symbol)
	d.n++
	return point
}

func distance(a, b complex64) float32 {
	e := a - b
	return real(e)*real(e) + imag(e)*imag(e)
}

// nearestAxis gives the nearest of the phases 0, 2, 4 and 6.
func nearestAxis(re, im float32) int {
	switch {
	case re >= im && re >= -im:
		return 0
	case re <= im && re <= -im:
		return 4
	case im > 0:
		return 2
	}
	return 6
}

// nearestDiagonal gives the nearest of the phases 1, 3, 5 and 7.
func nearestDiagonal(re, im float32) int {
	switch {
	case re >= 0 && im >= 0:
		return 1
	case im >= 0:
		return 3
	case re < 0:
		return 5
	}
	return 7
}

// deliver sends the oldest symbol's bits on, except those of segment 4.
func (d *decoder) deliver() {
	sym := int(d.ring[d.out%delaySymbols])
	q := d.stepBits[(sym-d.phase)&7]
	d.phase = sym & 7
	if d.bits == 4 {
		q = q<<1 | uint32(sym>>3)
	}
	bits := d.scrambler.Descramble(q, d.bits)
	if d.out >= segment4 {
		d.sink.WriteBits(bits, d.bits)
	}
	d.out++
}

// Finish implements qam.Decoder.
func (d *decoder) Finish(drop int) {
	for d.out < d.n-drop {
		d.deliver()
	}
}
