package v27ter

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// Receiver receives bursts of V.27 ter. It implements modem.Receiver.
type Receiver struct{ qam.Receiver }

// NewReceiver makes a receiver that waits for a burst. Facsimile has no short
// training of V.27 ter.
func NewReceiver(rate modem.Rate, sink modem.Sink) (*Receiver, error) {
	r := &Receiver{}
	if err := r.Init(newMode, rate, sink); err != nil {
		return nil, err
	}
	return r, nil
}

func newMode(rate modem.Rate, sink modem.Sink) (*qam.Mode, qam.Decoder, error) {
	if rate.Modulation != modem.V27ter {
		return nil, nil, fmt.Errorf("v27ter: %v is not a rate of V.27 ter", rate)
	}
	spec, err := findRate(rate.BitRate)
	if err != nil {
		return nil, nil, err
	}
	train := make([]complex64, segment4)
	s := scrambler{reg: scramblerStart}
	phase := 0 // segment 3 has an even number of reversals
	for i := range train {
		phase = conditioningPhase(&s, phase)
		train[i] = points[phase]
	}
	return &qam.Mode{
		Pulse:        spec.pulse,
		AltWindow:    32,
		Training:     train,
		Match:        48,
		LeastSquares: 384,
		MaxError:     0.3,
	}, newDecoder(spec, sink), nil
}

// delaySymbols is how many symbols the decoder holds back, so that none that
// was taken after the end of the carrier is ever delivered.
const delaySymbols = 32

// decoder implements qam.Decoder.
type decoder struct {
	rateSpec
	sink      modem.Sink
	scrambler scrambler
	stepBits  [8]uint32 // change of phase to bits, the first in the lowest place
	ring      [delaySymbols]uint8
	n         int // symbols taken
	out       int // symbols delivered
	phase     int // of the symbol delivered last
}

func newDecoder(spec rateSpec, sink modem.Sink) *decoder {
	d := &decoder{rateSpec: spec, sink: sink}
	for q, step := range spec.steps {
		for i := range spec.bits {
			d.stepBits[step] |= uint32(q>>(spec.bits-1-i)&1) << i
		}
	}
	return d
}

// Start implements qam.Decoder. Without short training there is nothing to hunt.
func (d *decoder) Start(bool) { d.n, d.out = 0, 0 }

// Decide implements qam.Decoder.
func (d *decoder) Decide(y complex64) complex64 {
	phase := quadrant(y)
	if d.bits == 3 {
		phase = octant(y)
	}
	if d.n >= delaySymbols {
		d.deliver()
	}
	d.ring[d.n%delaySymbols] = uint8(phase)
	d.n++
	return points[phase]
}

// quadrant gives the nearest of the phases 0, 2, 4 and 6.
func quadrant(y complex64) int {
	re, im := real(y), imag(y)
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

// octant gives the nearest of all eight phases.
func octant(y complex64) int {
	const tan = 0.41421356 // of 22.5 degrees
	re, im := real(y), imag(y)
	are, aim := max(re, -re), max(im, -im)
	switch {
	case aim <= are*tan && re >= 0:
		return 0
	case aim <= are*tan:
		return 4
	case are <= aim*tan && im >= 0:
		return 2
	case are <= aim*tan:
		return 6
	case re >= 0 && im >= 0:
		return 1
	case im >= 0:
		return 3
	case re < 0:
		return 5
	}
	return 7
}

// deliver sends the oldest symbol's bits on, except those of segment 5.
func (d *decoder) deliver() {
	phase := int(d.ring[d.out%delaySymbols])
	q := d.stepBits[(phase-d.phase)&7]
	d.phase = phase
	var bits uint32
	for i := range d.bits {
		bits |= d.scrambler.descramble(q>>i) << i
	}
	if d.out >= segment5 {
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
