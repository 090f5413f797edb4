package qam

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// knowledge is what a training and the data after it taught about the line.
type knowledge struct {
	valid    bool
	eq       equalizer
	omega    float64 // carrier offset, radians a symbol
	timeRate float64 // clock skew, samples a symbol
	power    float64 // mean square of a half symbol
	err      float64 // mean squared error
}

// memory keeps knowledge for the short training of a later burst. Twice in
// a row it must have been good before it is believed, so that nothing learned
// while the carrier was already dying is kept.
type memory struct {
	sure, recent knowledge
}

// memoryEvery is after how many symbols of data knowledge is put away.
const memoryEvery = 256

// remember puts away what is known now.
func (r *Receiver) remember() {
	t := &r.track
	now := knowledge{true, r.eq, t.omega, t.timeRate, r.power, t.err}
	if r.memory.recent.valid {
		r.memory.sure = r.memory.recent
	} else {
		r.memory.sure = now
	}
	r.memory.recent = now
}

// Alignment of a short training: the equalizer that is known already expects
// the far end's symbols at certain points between two samples, which this
// burst's half symbols miss by any amount.
const (
	alignSteps = 8 // tried steps in half a symbol
	alignRange = 4 // half symbols tried before and after the best correlation
)

// aligned is one trial: when the first known symbol is taken, and how the
// equalizer's output then matches the known symbols.
type aligned struct {
	time   float64    // in samples of the history
	corr   complex128 // correlation of output and known symbols
	energy float64    // of the output
}

// match is what part of the output's energy the known symbols explain, but for a
// constant factor. The plain correlation would not do: at a wrong time, chance
// makes it larger with some 40 symbols, but never this.
func (a aligned) match() float64 {
	return (real(a.corr)*real(a.corr) + imag(a.corr)*imag(a.corr)) / a.energy
}

// trainShort takes up an earlier burst's equalizer for the training whose first
// known symbol is at half symbol at of the history. It tells whether it fits.
func (r *Receiver) trainShort(at int) bool {
	m := &r.memory.sure
	f := r.front
	ref := r.mode.Training[:r.mode.ShortTraining]
	r.eq = m.eq
	time := f.next - float64(len(f.zr)-at)*f.step
	f.step = float64(modem.SampleRate)/float64(r.mode.Pulse.SymbolRate)/2 + m.timeRate/2
	best := r.align(time, ref, m.omega)

	// Take the half symbols anew where the equalizer expects them.
	f.zr, f.zi = f.zr[:at-eqPast], f.zi[:at-eqPast]
	f.next = best.time - eqPast*f.step
	for f.ready() && len(f.zr) < cap(f.zr) {
		f.pull()
	}

	var refEnergy float64
	for _, d := range ref {
		refEnergy += float64(real(d)*real(d) + imag(d)*imag(d))
	}
	fit := best.match() / refEnergy
	if !(fit > 1-2*r.mode.MaxError) {
		return false
	}
	size := math.Hypot(real(best.corr), imag(best.corr))
	gain := size / refEnergy
	r.eq.scale(float32(1 / gain))
	r.power = m.power * gain * gain
	f.step -= m.timeRate / 2
	phase := math.Atan2(imag(best.corr), real(best.corr))
	r.begin(0, len(ref), 0, f.zbase+at+eqFuture+1, phase, m.omega, 1-fit)
	r.track.timeRate = m.timeRate
	return true
}

// align looks for the time of the first known symbol, which is expected around
// a given one, at which the equalizer's output fits the known symbols best.
func (r *Receiver) align(time float64, ref []complex64, omega float64) aligned {
	const trials = 2*alignRange*alignSteps + 1
	var match [trials]float64
	var best aligned
	bestAt := 0
	fine := r.front.step / alignSteps
	for i := range trials {
		a := r.tryAt(time+float64(i-trials/2)*fine, ref, omega)
		match[i] = a.match()
		if match[i] > match[bestAt] || i == 0 {
			bestAt, best = i, a
		}
	}
	if bestAt == 0 || bestAt == trials-1 {
		return best
	}
	// The peak of a parabola through the best and its neighbours.
	a, b, c := match[bestAt-1], match[bestAt], match[bestAt+1]
	if curve := a - 2*b + c; curve < 0 {
		best = r.tryAt(best.time+0.5*(a-c)/curve*fine, ref, omega)
	}
	return best
}

// tryAt compares the equalizer's output with the known symbols when the first
// is taken at time t.
func (r *Receiver) tryAt(t float64, ref []complex64, omega float64) aligned {
	f := r.front
	n := eqTaps + 2*len(ref)
	zr, zi := r.trialR[:n], r.trialI[:n]
	for i := range zr {
		zr[i], zi[i] = f.at(t + float64(i-eqPast)*f.step)
	}
	a := aligned{time: t}
	turn := newRotor(0, -omega)
	for k, d := range ref {
		re, im := r.eq.output(zr[2*k:], zi[2*k:])
		a.corr += complex(float64(re), float64(im)) * conj(complex128(d)) * turn.next()
		a.energy += float64(re*re + im*im)
	}
	return a
}

// looksLong tells whether the known symbols that only a long training has follow
// the boundary.
func (r *Receiver) looksLong(at int) bool {
	from := r.mode.ShortTraining + shortGuard
	ref := r.mode.Training[from : from+longProof]
	return correlate(r.front.zr, r.front.zi, at+2*from, ref) > matchLeast
}

// Long and short training differ only after the short one's end.
const (
	shortGuard = 4  // symbols left alone after it
	longProof  = 64 // symbols after them that must match for a long training
)
