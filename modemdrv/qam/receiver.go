package qam

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// state is what a receiver is about.
type state uint8

const (
	// searching: looking for alternations. Ends when they are found.
	searching state = iota
	// alternating: alternations are there. Ends when they do, with the search for
	// known symbols being set up.
	alternating
	// matching: gathering what the search for the known symbols needs. Ends with
	// the equalizer computed, or back in searching.
	matching
	// tracking: symbol by symbol, known ones first, then decided ones. Ends with
	// the carrier, or when training turns out to have failed.
	tracking
)

// Receiver is the part of a receiver that all fast modems share.
type Receiver struct {
	mode    *Mode
	dec     Decoder
	sink    modem.Sink
	front   *front
	state   state
	short   bool
	alt     alternation
	fit     *fit
	eq      equalizer
	track   tracker
	memory  memory
	want    int     // matching: absolute number of the half symbol that must be there
	edge    int     // matching: absolute number of the half symbol where the alternations end, roughly
	fakeTo  int64   // samples before this number are made up ...
	fakeAt  int64   // ... from this one on
	since   int     // searching: the first half symbol that counts, absolute, a multiple of 4
	power   float64 // mean square of a half symbol
	scatter scatter
	// Room for the half symbols of one trial alignment.
	trialR, trialI []float32
}

// blockSize is how many samples are taken into the history at once.
const blockSize = 160

// Init sets the receiver up for the first rate.
func (r *Receiver) Init(mode *Mode, dec Decoder, sink modem.Sink) {
	r.mode, r.dec, r.sink = mode, dec, sink
	r.front = newFront(filterFor(mode.Pulse), mode.Pulse)
	r.fit = newFit()
	r.fakeAt, r.fakeTo = -1, -1
	r.makeRoom()
	r.search()
}

// makeRoom allocates what a short training needs.
func (r *Receiver) makeRoom() {
	if n := eqTaps + 2*r.mode.ShortTraining; r.mode.ShortTraining > 0 && len(r.trialR) < n {
		r.trialR, r.trialI = make([]float32, n), make([]float32, n)
	}
}

// Reset makes the receiver wait for another burst, perhaps at another rate.
func (r *Receiver) Reset(mode *Mode, dec Decoder, short bool) {
	if mode.Pulse != r.mode.Pulse {
		r.front = newFront(filterFor(mode.Pulse), mode.Pulse)
		r.memory = memory{}
	}
	r.mode, r.dec = mode, dec
	r.short = short && mode.ShortTraining > 0 && r.memory.sure.valid
	r.makeRoom()
	r.search()
}

// Write takes line signal.
func (r *Receiver) Write(in []int16) {
	for len(in) > 0 {
		n := min(len(in), blockSize)
		r.front.push(in[:n])
		in = in[n:]
		for r.front.ready() {
			r.front.pull()
			r.advance()
		}
	}
}

// Conceal tells that the next n samples were lost on the way and are made up.
// Loops and equalizer hold still while they pass.
func (r *Receiver) Conceal(n int) {
	now := r.front.moved + int64(len(r.front.raw))
	if r.fakeTo < now {
		r.fakeAt = now
	}
	r.fakeTo = now + int64(n)
}

// advance deals with the half symbol that has just been made.
func (r *Receiver) advance() {
	have := r.front.zbase + len(r.front.zr)
	switch r.state {
	case searching, alternating:
		if have&3 == 0 && have > r.since {
			r.lookForLines(have)
		}
	case matching:
		if have >= r.want {
			r.match()
		}
	case tracking:
		if have >= r.track.want {
			r.symbol()
			r.track.want += 2
		}
	}
}

// search goes back to looking for a training.
func (r *Receiver) search() {
	r.state = searching
	r.alt.reset()
	// The window's sums start empty: what is already there does not count.
	r.since = (r.front.zbase + len(r.front.zr) + 3) &^ 3
	r.front.step = float64(modem.SampleRate) / float64(r.mode.Pulse.SymbolRate) / 2
}

// weakest is the level, in dBm0, under which nothing is taken for a signal.
const weakest = -52

var weakestPower = sq(DBm0ToRMS(weakest))

// lookForLines moves the window for alternations on.
func (r *Receiver) lookForLines(have int) {
	f := r.front
	r.alt.slide(f.zr, f.zi, have-f.zbase, have-altWindow > r.since)
	switch {
	case r.state == searching:
		if have-r.since >= altWindow && r.alt.power > weakestPower*altWindow && r.alt.found() {
			r.state = alternating
		}
	case r.alt.gone():
		// Half of the window, roughly, lies behind the end of the alternations.
		r.edge = have - altWindow/2
		r.want = r.edge + 2*(boundarySlop+r.needed()) + eqFuture + 8
		r.state = matching
	}
}

// needed is how many known symbols must be there to tell what training it is,
// or to compute the equalizer where there is no choice.
func (r *Receiver) needed() int {
	if r.memory.sure.valid && r.mode.ShortTraining > 0 {
		return r.mode.ShortTraining + shortGuard + longProof
	}
	return r.mode.LeastSquares
}

// match looks for the known symbols and, when they are there, computes the
// equalizer from them, or takes up the one that is known already.
func (r *Receiver) match() {
	at, quality := r.boundary()
	if quality < matchLeast {
		r.search()
		return
	}
	good := false
	if r.needed() < r.mode.LeastSquares && !r.looksLong(at) {
		r.sink.Status(modem.CarrierUp)
		good = r.trainShort(at)
	} else {
		if all := r.front.zbase + at + 2*r.mode.LeastSquares + eqFuture; r.front.zbase+len(r.front.zr) < all {
			r.want = all // it is a long one after all: wait for the rest
			return
		}
		r.sink.Status(modem.CarrierUp)
		good = r.trainLong(at)
	}
	if !good {
		r.sink.Status(modem.TrainingFailed)
		r.search()
		return
	}
	r.catchUp()
}

// begin sets the tracker up: symbol number k of a training with so many known
// symbols and a bridge comes next, when half symbol number want-1 is there.
func (r *Receiver) begin(k, known, bridge, want int, phase, omega, err float64) {
	r.track.start(k, known, bridge, want, phase, omega, err)
	r.state = tracking
}

// boundary finds the half symbol, by its place in the history, that fits the
// first known symbol best, and how well it does.
func (r *Receiver) boundary() (at int, quality float64) {
	f := r.front
	ref := r.mode.Training[:r.mode.Match]
	from := max(r.edge-f.zbase-2*boundarySlop, eqPast)
	for k := from; k < from+4*boundarySlop; k++ {
		if q := correlate(f.zr, f.zi, k, ref); q > quality {
			at, quality = k, q
		}
	}
	return at, quality
}

// trainLong computes the equalizer from the known symbols, the first of which
// is at half symbol at, and sets the loops up. It tells whether the result is
// good enough to go on.
func (r *Receiver) trainLong(at int) bool {
	f := r.front
	ref := r.mode.Training[:r.mode.LeastSquares]
	first := at - eqPast
	omega := r.coarseOffset(at, ref)
	if !r.fit.gather(f.zr, f.zi, first, len(ref)) {
		return false
	}
	var phase, err float64
	for range 3 {
		r.fit.solve(f.zr, f.zi, first, ref, omega)
		r.loadTaps()
		var slope float64
		phase, slope, err = r.residual(first, ref, omega)
		omega += slope
	}
	if err > r.mode.MaxError*2 {
		return false
	}
	r.power = r.fit.power
	n := len(ref)
	r.begin(n, len(r.mode.Training), r.mode.Bridge, f.zbase+at+2*n+eqFuture+1, phase+omega*float64(n), omega, err)
	return true
}

// catchUp works off symbols that were gathered before tracking began.
func (r *Receiver) catchUp() {
	for r.state == tracking && r.front.zbase+len(r.front.zr) >= r.track.want {
		r.symbol()
		r.track.want += 2
	}
}

// loadTaps takes the computed taps into the equalizer.
func (r *Receiver) loadTaps() {
	for j, c := range r.fit.taps {
		r.eq.re[j], r.eq.im[j] = float32(real(c)), float32(imag(c))
	}
}

// coarseOffset estimates the carrier offset, in radians a symbol, from the
// progress of the correlation from chunk to chunk.
func (r *Receiver) coarseOffset(at int, ref []complex64) float64 {
	f := r.front
	var before, sum complex128
	for k := 0; k+chunk <= len(ref); k += chunk {
		var c complex128
		for i, d := range ref[k : k+chunk] {
			z := complex(float64(f.zr[at+2*(k+i)]), float64(f.zi[at+2*(k+i)]))
			c += z * conj(complex128(d))
		}
		sum += c * conj(before)
		before = c
	}
	return math.Atan2(imag(sum), real(sum)) / chunk
}

// residual compares the equalizer's output with the known symbols: phase left
// at the first, its slope, and the mean squared error.
func (r *Receiver) residual(first int, ref []complex64, omega float64) (phase, slope, err float64) {
	f := r.front
	turn := newRotor(0, -omega)
	var half [2]complex128
	for k, d := range ref {
		re, im := r.eq.output(f.zr[first+2*k:], f.zi[first+2*k:])
		y := complex(float64(re), float64(im)) * turn.next()
		half[2*k/len(ref)] += y * conj(complex128(d))
		e := y - complex128(d)
		err += real(e)*real(e) + imag(e)*imag(e)
	}
	p := half[1] * conj(half[0])
	slope = math.Atan2(imag(p), real(p)) / float64(len(ref)/2)
	all := half[0] + half[1]
	return math.Atan2(imag(all), real(all)), slope, err / float64(len(ref))
}
