package qam

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// The front end turns samples of the line into a complex baseband signal of two
// samples a symbol (called half symbols here), at any phase and rate that the
// timing loop asks for.
const (
	frontTaps   = 24  // samples that one output looks at
	frontPhases = 128 // sub-sample phases of the interpolating filter: steps of 0.002 symbols at 2400 baud, 55 dB under the signal
	frontBeta   = 3.0 // Kaiser window: the image at the negative carrier is what must be kept out

	rawSize  = 4096 // samples of history
	rawKeep  = 2400 // samples that survive when the history is moved: what a short training goes back for
	halfSize = 4096 // half symbols of history
	halfKeep = 2200 // half symbols that survive when the history is moved
)

// frontFilter is the interpolating matched filter of one Pulse; it is shared by
// all receivers of that pulse.
type frontFilter struct {
	re, im   [frontPhases + 1][frontTaps]float32
	cos, sin []float32 // carrier, one period in samples
}

// newFrontFilter makes a root raised cosine that runs backwards in time and is
// moved up to the carrier. Taps of phase p weigh the samples around a point
// p/frontPhases behind sample number frontTaps/2-1 of the window.
func newFrontFilter(p Pulse) *frontFilter {
	f := &frontFilter{}
	f.cos, f.sin = carrierTable(p.Carrier)
	perSymbol := modem.SampleRate / float64(p.SymbolRate)
	for ph := range f.re {
		frac := float64(ph) / frontPhases
		for i := range frontTaps {
			x := float64(i-frontTaps/2+1) - frac // samples after the point
			h := RootRaisedCosine(x/perSymbol, p.Rolloff) * kaiser(x/(frontTaps/2), frontBeta)
			// Demodulation down to 0 Hz is split in two: the rotation inside the
			// window is in the taps, that of the window in front.rotate.
			s, c := math.Sincos(-2 * math.Pi * p.Carrier * float64(i) / modem.SampleRate)
			f.re[ph][i] = float32(h * c / perSymbol * 2)
			f.im[ph][i] = float32(h * s / perSymbol * 2)
		}
	}
	return f
}

// front is the state of one front end.
type front struct {
	*frontFilter
	raw    []float32 // history of samples
	moved  int64     // samples that have left the history; raw[0] is sample number moved
	next   float64   // where in raw the next half symbol is taken
	step   float64   // samples in half a symbol, as the far clock has it
	zr, zi []float32 // history of half symbols
	zbase  int       // half symbols that have left the history, even
	loud   int64     // number of the latest sample that is more than silence
	still  int       // how many of the latest half symbols were made of silence alone, and are zero
}

// silence is the largest sample that is nobody's signal: what an idle line gives
// by A-law, 14 dB under the weakest signal that is looked for.
const silence = 8

func newFront(f *frontFilter, p Pulse) *front {
	return &front{
		frontFilter: f,
		raw:         make([]float32, 0, rawSize),
		zr:          make([]float32, 0, halfSize),
		zi:          make([]float32, 0, halfSize),
		next:        frontTaps,
		loud:        -1,
		step:        float64(modem.SampleRate) / float64(p.SymbolRate) / 2,
	}
}

// push takes samples, at most rawSize-rawKeep of them.
func (f *front) push(in []int16) {
	if len(f.raw)+len(in) > cap(f.raw) {
		f.forgetRaw()
	}
	n := len(f.raw)
	f.raw = f.raw[:n+len(in)]
	widen(f.raw[n:], in)
	for i := len(in) - 1; i >= 0; i-- {
		if uint16(in[i]+silence) > 2*silence {
			f.loud = f.moved + int64(n+i)
			return
		}
	}
}

// forgetRaw drops all but rawKeep samples; what it drops is a whole number of
// carrier periods, so that phases stay what they are.
func (f *front) forgetRaw() {
	n := len(f.raw) - rawKeep
	n -= n % len(f.cos)
	if n <= 0 {
		return
	}
	f.raw = f.raw[:copy(f.raw, f.raw[n:])]
	f.next -= float64(n)
	f.moved += int64(n)
}

// ready tells whether the samples for the next half symbol are there.
func (f *front) ready() bool { return int(f.next)+frontTaps/2 < len(f.raw) }

// pull makes the next half symbol and puts it into the history.
func (f *front) pull() {
	if len(f.zr) == cap(f.zr) {
		f.forgetHalf()
	}
	re, im := f.at(f.next)
	f.zr = append(f.zr, re)
	f.zi = append(f.zi, im)
	f.next += f.step
	f.still = 0
}

// due is how many half symbols the samples are there for, at least: rounding may
// hide the last.
func (f *front) due() int {
	last := float64(len(f.raw)-frontTaps/2) - 1e-6 // points before it can be taken
	return max(0, int(math.Ceil((last-f.next)/f.step)))
}

// pullAll makes all half symbols that are due, at least one, or as many of them as
// there is room for: one by one they would be the same.
func (f *front) pullAll() {
	if len(f.zr) == cap(f.zr) {
		f.forgetHalf()
	}
	n := len(f.zr)
	to := n + min(f.due(), cap(f.zr)-n)
	if to == n {
		f.pull()
		return
	}
	f.zr, f.zi = f.zr[:to], f.zi[:to]
	first := int(f.next) - frontTaps/2 + 1
	if f.loud < f.moved+int64(first) {
		clear(f.zr[n:])
		clear(f.zi[n:])
		f.next += float64(to-n) * f.step
		f.still += to - n
		return
	}
	f.still = 0
	g := gathering{
		raw: &f.raw[0], re: &f.re[0][0], im: &f.im[0][0], cos: &f.cos[0], sin: &f.sin[0],
		period: len(f.cos), carrier: first % len(f.cos),
		t: f.next, step: f.step, front: f,
	}
	gather(&g, f.zr[n:], f.zi[n:])
	f.next = g.t
}

// forgetHalf drops all but halfKeep half symbols.
func (f *front) forgetHalf() {
	n := len(f.zr) - halfKeep
	f.zr = f.zr[:copy(f.zr, f.zr[n:])]
	f.zi = f.zi[:copy(f.zi, f.zi[n:])]
	f.zbase += n
}

// at gives the baseband signal at a point of the history of samples.
func (f *front) at(t float64) (re, im float32) {
	n := int(t)
	ph := int((t-float64(n))*frontPhases + 0.5)
	first := n - frontTaps/2 + 1
	a, b := weigh((*[frontTaps]float32)(f.raw[first:]), &f.re[ph], &f.im[ph])
	// The window began at sample first: turn back by the carrier's phase there.
	// moved is a whole number of carrier periods.
	k := first % len(f.cos)
	cs, sn := f.cos[k], f.sin[k]
	return a*cs + b*sn, b*cs - a*sn
}
