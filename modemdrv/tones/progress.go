package tones

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// Call progress tones lie between 330 and 660 Hz everywhere (E.180 Supplement
// 2): one or two sines. lowBand measures what six filters there, 50 Hz
// wide, explain of a frame.
const (
	decimation = 4 // 2000 samples a second are enough
	lowSamples = frameLen / decimation
	lowShare   = 0.55
)

var lowHz = [...]float64{350, 400, 450, 500, 600, 650}

type lowPoint struct{ re, im float32 }

var lowTable = func() (t [len(lowHz)][lowSamples]lowPoint) {
	for k, hz := range lowHz {
		w := math.Pi * hz / modem.SampleRate
		droop := math.Sin(decimation*w) / math.Sin(w) // gain of the sum of four samples
		scale := math.Sqrt(2./frameLen) * decimation / droop
		for i := range t[k] {
			s, c := math.Sincos(2 * math.Pi * hz * decimation * float64(i) / modem.SampleRate)
			t[k][i] = lowPoint{float32(scale * c), float32(scale * s)}
		}
	}
	return t
}()

type lowBand struct {
	sum  int32
	in   int // samples in sum
	n    int
	line [lowSamples]float32
}

func (l *lowBand) take(in []int16) {
	for _, v := range in {
		l.sum += int32(v)
		if l.in++; l.in == decimation {
			l.line[l.n] = float32(l.sum)
			l.n++
			l.sum, l.in = 0, 0
		}
	}
}

// share ends a frame.
func (l *lowBand) share(energy float64) float64 {
	l.n = 0
	if energy <= 0 {
		return 0
	}
	var sum float32
	for k := range lowTable {
		var re, im float32
		for i, v := range l.line {
			re += v * lowTable[k][i].re
			im += v * lowTable[k][i].im
		}
		sum += re*re + im*im
	}
	return float64(sum) / energy
}

// The cadences of E.180: recommended and accepted limits, in frames of 20 ms.
const (
	dialOn        = 3000 / frameMillis // longer than any ringing (2 s)
	shortestOn    = 100 / frameMillis
	longestPeriod = 1200 / frameMillis // of busy and congestion (E.180 clauses 5 and 6: 300 to 1100 ms)
	congestion    = 600 / frameMillis  // shorter periods than this are congestion
	ringOn        = 300 / frameMillis
	ringOff       = 1300 / frameMillis // a pause no busy tone has
	ringEnd       = 6500 / frameMillis // the longest pause is 5 s
	debounce      = 2                  // frames
)

// cadence tells the call progress tones apart.
type cadence struct {
	tone     bool // the state now, debounced
	run      int  // frames in it
	other    int  // frames that speak against it
	on, off  int  // the last whole ones, frames
	foreign  int  // frames of something else in a row
	reported Tone
}

// frame takes a frame: tone, something else that is loud, or neither.
func (c *cadence) frame(tone, other bool, tell func(Tone, bool)) {
	c.run++
	if other {
		c.foreign++
	} else {
		c.foreign = 0
	}
	if c.foreign > 5*debounce { // somebody answered
		c.report(0, tell)
		*c = cadence{}
		return
	}
	if tone == c.tone {
		c.other = 0
		c.lasting(tell)
		return
	}
	if c.other++; c.other < debounce {
		return
	}
	length := c.run - debounce
	c.tone, c.run, c.other = tone, debounce, 0
	if tone {
		c.paused(length, tell)
	} else {
		c.sounded(length, tell)
	}
}

// lasting judges what goes on.
func (c *cadence) lasting(tell func(Tone, bool)) {
	switch {
	case c.tone && c.run == dialOn:
		c.report(Dial, tell)
	case c.tone && c.run > longestPeriod && (c.reported == Busy || c.reported == Congestion):
		c.report(0, tell)
	case c.tone:
	case c.run == ringOff && c.on >= ringOn && c.reported != Busy && c.reported != Congestion:
		c.report(Ringback, tell)
	case c.run == ringOff && c.reported != Ringback, c.run == ringEnd:
		c.report(0, tell)
		c.on, c.off = 0, 0
	}
}

// sounded takes the length of a tone that ended.
func (c *cadence) sounded(length int, tell func(Tone, bool)) {
	if !alike(c.on, length) {
		c.off = 0
	}
	c.on = length
	if c.reported == Dial {
		c.report(0, tell)
		c.on = 0
	}
}

// paused takes the length of a pause that ended.
func (c *cadence) paused(length int, tell func(Tone, bool)) {
	equal := c.off > 0 && alike(c.off, length)
	c.off = length
	period := c.on + length
	switch {
	case c.on < shortestOn || length < shortestOn || period > longestPeriod || !equal:
	case period < congestion:
		c.report(Congestion, tell)
	default:
		c.report(Busy, tell)
	}
}

// alike: within a quarter or two frames.
func alike(a, b int) bool {
	d := max(a-b, b-a)
	return d <= 2 || 4*d <= max(a, b)
}

// report tells what changed; 0: nothing is heard any more.
func (c *cadence) report(t Tone, tell func(Tone, bool)) {
	if c.reported == t {
		return
	}
	if c.reported != 0 {
		tell(c.reported, false)
	}
	if c.reported = t; t != 0 {
		tell(t, true)
	}
}
