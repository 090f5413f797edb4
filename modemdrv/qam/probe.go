package qam

// Symbol is one symbol as a receiver saw it: what its studies are made of.
type Symbol struct {
	Point   complex64 // equalized; data have a mean square of 1
	Halfway complex64 // the equalizer's output half a symbol before it
	Decided complex64 // the known point of a training, or the decided one
	Known   bool      // it belongs to the known symbols of a training
	Error   float64   // running mean squared error, relative to the mean power of data
}

// SetProbe has a function called with each symbol of all receptions; nil: none. It
// may ask for Quality and Equalizer, must not call anything else of the receiver, and
// costs time: without one nothing does.
func (r *Receiver) SetProbe(probe func(Symbol)) { r.probe = probe }

// probed tells the probe of the symbol under way.
func (r *Receiver) probed(y, d complex64) {
	t, f := &r.track, r.front
	first := max(0, t.want-f.zbase-eqTaps-1)
	re, im := r.eq.output(f.zr[first:first+eqTaps], f.zi[first:first+eqTaps])
	before := complex(t.cos, -t.sin) * complex(1, float32(t.omega/2)) // half a symbol's offset, a small angle
	r.probe(Symbol{
		Point: y, Halfway: complex(re, im) * before, Decided: d,
		Known: t.k < len(t.ref), Error: t.err,
	})
}

// Equalizer gives the taps, that for the oldest half symbol first: EqualizerCentre
// is the one of the symbol itself. They belong to the caller.
func (r *Receiver) Equalizer() []complex128 {
	taps := make([]complex128, eqTaps)
	for i := range taps {
		taps[i] = complex(float64(r.eq.re[i]), float64(r.eq.im[i]))
	}
	return taps
}

// EqualizerCentre is the index in Equalizer of a symbol's own tap.
const EqualizerCentre = eqPast
