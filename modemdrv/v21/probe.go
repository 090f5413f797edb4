package v21

// EyeSteps is how many parts of a bit the eye of a Bit has.
const EyeSteps = 16

// Bit is one bit as a receiver saw it: what its studies are made of.
type Bit struct {
	One, Zero float64 // parts of the bit's energy that either tone explains
	// Eye is the discriminator, from -1 (zero) to 1 (one), over windows of one bit
	// that end EyeSteps, EyeSteps-1 ... 0 parts of a bit before this one's.
	Eye [EyeSteps + 1]float64
}

// SetProbe has a function called with each bit of all receptions; nil: none. It may
// ask for Quality, must not call anything else of the receiver, and costs time:
// without one nothing does.
func (r *Receiver) SetProbe(probe func(Bit)) { r.probe = probe }

// probed tells the probe of the bit that ends now.
func (r *Receiver) probed(w *window) {
	var b Bit
	if w.energy > 0 {
		b.One, b.Zero = w.one/w.energy, w.zero/w.energy
	}
	for k := range b.Eye {
		end := r.time - bitBlocks*float64(EyeSteps-k)/EyeSteps
		from, to := r.line.instantAt(end-bitBlocks), r.line.instantAt(end)
		v := between(&from, &to, bitSamples)
		b.Eye[k] = (v.one - v.zero) / (v.one + v.zero + 1)
	}
	r.probe(b)
}
