package qam

import (
	"fmt"

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
	family   Family
	mode     *Mode
	dec      Decoder
	sink     modem.Sink
	front    *front
	state    state
	alt      alternation
	fit      *fit
	eq       equalizer
	track    tracker
	memory   memory
	short    bool    // a short training is expected
	tryShort bool    // matching: a short training is tried
	second   bool    // matching: and the other kind was before
	late     bool    // matching: and so many half symbols are there that no more are waited for
	want     int     // matching: absolute number of the half symbol that must be there
	edge     int     // matching: absolute number of the half symbol where the alternations end, roughly
	fakeTo   int64   // samples before this number are made up ...
	fakeAt   int64   // ... from this one on
	since    int     // searching: the first half symbol that counts, absolute, a multiple of 4
	seen     int     // searching: the first that was not looked at yet
	power    float64 // mean square of a half symbol
	scatter  scatter
	probe    func(Symbol)        // nil: none
	blind    [blindRef]complex64 // alternations, as known symbols
	// Room for the half symbols of one trial alignment.
	trialR, trialI []float32
}

// blockSize is how many samples are taken into the history at once.
const blockSize = 160

// Family makes what a receiver has to know about a rate of its modulation, and the
// decoder that puts its bits into sink; or it tells that this is no such rate.
type Family func(rate modem.Rate, sink modem.Sink) (*Mode, Decoder, error)

// Init sets the receiver up to wait for a burst with long training at the first rate.
func (r *Receiver) Init(family Family, rate modem.Rate, sink modem.Sink) error {
	mode, dec, err := family(rate, sink)
	if err != nil {
		return err
	}
	r.family, r.mode, r.dec, r.sink = family, mode, dec, sink
	r.front = newFront(filterFor(mode.Pulse), mode.Pulse)
	r.fit = newFit()
	r.fakeAt, r.fakeTo = -1, -1
	r.makeRoom()
	r.search(r.now())
	return nil
}

// makeRoom allocates what a short training needs.
func (r *Receiver) makeRoom() {
	if n := eqTaps + 2*r.mode.ShortTraining; r.mode.ShortTraining > 0 && len(r.trialR) < n {
		r.trialR, r.trialI = make([]float32, n), make([]float32, n)
	}
}

// Restart makes the receiver wait for another burst, perhaps at another rate. Where
// the modulation has a short training and a long one was received before, either
// is recognized, since the far end may have missed a message; short tells which
// one is expected.
func (r *Receiver) Restart(rate modem.Rate, short bool) error {
	mode, dec, err := r.family(rate, r.sink)
	if err != nil {
		return err
	}
	if short && mode.ShortTraining == 0 {
		return fmt.Errorf("qam: %v has no short training", rate)
	}
	r.short = short
	if mode.Pulse != r.mode.Pulse {
		r.front = newFront(filterFor(mode.Pulse), mode.Pulse)
		r.memory = memory{}
	}
	r.mode, r.dec = mode, dec
	r.makeRoom()
	r.search(r.now())
	return nil
}

// Write takes line signal.
func (r *Receiver) Write(in []int16) {
	for len(in) > 0 {
		n := min(len(in), blockSize)
		r.front.push(in[:n])
		in = in[n:]
		for r.front.ready() {
			if r.state == searching {
				r.front.pullAll()
				r.wait()
				continue
			}
			r.front.pull()
			r.advance()
		}
	}
}

// wait looks at what pullAll made. Half symbols of silence change nothing but that
// the window of alternations is empty.
func (r *Receiver) wait() {
	have := r.now()
	if still := r.front.still; still > r.mode.AltWindow+4 && r.seen+still >= have {
		r.alt.reset()
		r.seen = max(r.seen, have&^3)
		return
	}
	r.scan(have)
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
		r.scan(have)
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

// search goes back to looking for a training, in half symbols from number from on,
// which may lie in the past.
func (r *Receiver) search(from int) {
	r.state = searching
	r.alt.reset()
	r.since = (max(from, r.front.zbase) + 3) &^ 3
	r.seen = r.since
	r.front.step = float64(modem.SampleRate) / float64(r.mode.Pulse.SymbolRate) / 2
}

// now is the number of the next half symbol.
func (r *Receiver) now() int { return r.front.zbase + len(r.front.zr) }

// weakest is the level, in dBm0, under which nothing is taken for a signal.
const weakest = -52

var weakestPower = sq(DBm0ToRMS(weakest))

// scan moves the window for alternations on over all half symbols before have.
func (r *Receiver) scan(have int) {
	f, window := r.front, r.mode.AltWindow
	for r.seen+4 <= have && r.state != matching {
		r.seen += 4
		r.alt.slide(f.zr, f.zi, r.seen-f.zbase, window, r.seen-window > r.since)
		switch {
		case r.state == searching:
			if r.seen-r.since >= window && r.alt.power > weakestPower*float64(window) && r.alt.found(window) {
				r.state = alternating
			}
		case r.alt.gone(window):
			// Half of the window, roughly, lies behind the end of the alternations.
			r.edge = r.seen - window/2
			r.tryShort, r.second = r.short && r.knows(), false
			r.gather()
		}
	}
}

// needed is how many known symbols must be there to tell what training it is,
// or to compute the equalizer where there is no choice.
func (r *Receiver) needed() int {
	if r.tryShort {
		return r.mode.ShortTraining + shortGuard + longProof
	}
	return r.mode.LeastSquares
}

// gather sets the receiver up to wait for the known symbols around the end of
// the alternations.
func (r *Receiver) gather() {
	r.want = r.edge + 2*(boundarySlop+r.needed()) + eqFuture + 8
	r.late = false
	r.state = matching
}

// waitLonger lets match look once more when more of a long training is there: an
// impulse may have ended the alternations for us well before they did.
func (r *Receiver) waitLonger() bool {
	if r.tryShort || r.late {
		return false
	}
	r.late = true
	r.want += 2 * boundarySlop
	return true
}

// match looks for the known symbols and, when they are there, computes the
// equalizer from them, or takes up the one that is known already. Where both
// trainings may come, the one that is expected is tried first.
func (r *Receiver) match() {
	at, quality := r.boundary()
	switch {
	case quality < matchLeast:
		if r.waitLonger() {
			return
		}
	case !r.tryShort:
		if all := r.front.zbase + at + 2*r.mode.LeastSquares + eqFuture; r.now() < all {
			r.want = all // it began later than it seemed: wait for the rest
			return
		}
		if good := r.trainLong(at); good || !r.waitLonger() {
			r.conclude(good)
		}
		return
	case !r.looksLong(at):
		r.conclude(r.trainShort(at))
		return
	}
	if r.second || !r.knows() {
		if r.short && r.knows() && r.trainBlind() {
			r.conclude(true)
			return
		}
		r.search(r.edge) // the true beginning may have come in the meantime
		return
	}
	r.second = true
	r.tryShort = !r.tryShort
	r.gather()
}

// knows tells whether there is knowledge of the line that a short training needs.
func (r *Receiver) knows() bool { return r.memory.sure.valid && r.mode.ShortTraining > 0 }

// conclude reports on a training that was found, and goes on from it.
func (r *Receiver) conclude(good bool) {
	r.sink.Status(modem.CarrierUp)
	if !good {
		r.sink.Status(modem.TrainingFailed)
		r.search(r.edge)
		return
	}
	r.catchUp()
}

// begin sets the tracker up: symbol number k of a training with these known
// symbols and a bridge comes next, when half symbol number want-1 is there.
func (r *Receiver) begin(k int, ref []complex64, bridge, want int, phase, omega, err float64) {
	r.track.start(k, ref, bridge, want, phase, omega, err)
	unit := 1 / (eqTaps * float32(r.power))
	r.track.trainStep, r.track.dataStep = eqStepTrain*unit, eqStepData*unit
	r.state = tracking
}

// catchUp works off symbols that were gathered before tracking began.
func (r *Receiver) catchUp() {
	for r.state == tracking && r.front.zbase+len(r.front.zr) >= r.track.want {
		r.symbol()
		r.track.want += 2
	}
}
