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
	alignSteps = 8  // tried steps in half a symbol
	alignRange = 4  // half symbols tried before and after the best correlation
	alignWide  = 16 // the same where nothing fits there: group delay moves the best correlation about
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
// known symbol is at half symbol at of the history. It tells whether it fits. The
// errors should be what they were; if they are not, some of the symbols may have
// been lost, or all; or the line has become worse.
func (r *Receiver) trainShort(at int) bool {
	all := r.mode.Training[:r.mode.ShortTraining]
	first := all[:(len(all)+1)/2]
	usual := usualFactor*r.memory.sure.err + usualFloor
	switch {
	case r.takeUp(at, all, usual, alignRange):
	case r.takeUp(at, all, usual, alignWide):
	case r.takeUp(at, first, usual, alignRange):
		r.track.bridge, r.track.hold = len(all)-len(first), firstHold
	case r.trainBlind():
	default:
		return r.takeUp(at, all, 2*r.mode.MaxError, alignWide)
	}
	return true
}

// Errors of a short training count as usual up to this many times those of the
// burst before, and a bit.
const (
	usualFactor = 3
	usualFloor  = 0.01
)

// firstHold is how many symbols of data teach nothing when only the first half of
// the known symbols was there: until the packet that took the others is over.
const firstHold = 40

// When a packet took all of a short training's known symbols with it, the
// alternations before them still tell timing, phase and gain, only not where
// data begins: some time around where the alternations seemed to end.
const (
	blindRef  = 38 // alternating symbols that are used
	blindGap  = 80 // symbols between them and their end as it seems: a lost packet may be there too
	blindSlop = 56 // symbols that this may be wrong: a packet, and the width of the window
	blindHold = 4 * blindSlop
)

// trainBlind is trainShort with alternations for known symbols.
func (r *Receiver) trainBlind() bool {
	n := len(r.blind)
	for k := range r.blind {
		r.blind[k] = r.mode.Alternation[k&1]
	}
	at := r.edge - r.front.zbase - 2*(n+blindGap)
	if at < eqPast || !r.takeUp(at, r.blind[:], usualFactor*r.memory.sure.err+usualFloor, alignRange) {
		return false
	}
	t := &r.track
	t.hunt, t.hold = true, blindHold
	t.bridge = max(0, blindGap+r.mode.ShortTraining-blindSlop)
	return true
}

// takeUp uses the equalizer that is known, for known symbols whose first is near
// half symbol at of the history, reach half symbols away at most, and sets the loops
// up. It tells whether they fit with no more than this mean squared error.
func (r *Receiver) takeUp(at int, ref []complex64, most float64, reach int) bool {
	m := &r.memory.sure
	f := r.front
	r.eq = m.eq
	nominal := float64(modem.SampleRate) / float64(r.mode.Pulse.SymbolRate) / 2
	time := f.next - float64(len(f.zr)-at)*f.step
	f.step = nominal + m.timeRate/2
	best := r.align(time, ref, m.omega, reach)
	f.step = nominal

	var refEnergy float64
	for _, d := range ref {
		refEnergy += float64(real(d)*real(d) + imag(d)*imag(d))
	}
	fit := best.match() / refEnergy
	if !(fit > 1-most) {
		return false
	}
	r.retake(at, best.time, nominal+m.timeRate/2)
	size := math.Hypot(real(best.corr), imag(best.corr))
	gain := size / refEnergy
	r.eq.scale(float32(1 / gain))
	r.power = m.power * gain * gain
	phase := math.Atan2(imag(best.corr), real(best.corr))
	r.begin(0, ref, 0, f.zbase+at+eqFuture+1, phase, m.omega, 1-fit)
	r.track.timeRate = m.timeRate
	return true
}

// retake makes the half symbols from a symbol's window on anew, so that half
// symbol at of the history is that at time.
func (r *Receiver) retake(at int, time, step float64) {
	f := r.front
	f.zr, f.zi = f.zr[:at-eqPast], f.zi[:at-eqPast]
	f.next = time - eqPast*step
	f.still = 0
	nominal := f.step
	f.step = step
	for f.ready() && len(f.zr) < cap(f.zr) {
		f.pull()
	}
	f.step = nominal
}

// align looks for the time of the first known symbol, which is expected reach half
// symbols around a given one, at which the equalizer's output fits the known symbols best.
func (r *Receiver) align(time float64, ref []complex64, omega float64, reach int) aligned {
	var match [2*alignWide*alignSteps + 1]float64
	trials := 2*reach*alignSteps + 1
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
	if t-eqPast*f.step < frontTaps || t+float64(n)*f.step > float64(len(f.raw)-frontTaps) {
		return aligned{time: t, energy: 1} // not in the history
	}
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
