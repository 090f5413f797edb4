package linesim

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// A loaded line delays the edges of its band more than the middle. The parabola
// has the shape of the mask that M.1020 gives for leased lines: with 0.5 ms at 1000 and
// 2600 Hz it goes right through that mask's corners, and has 1.1 ms at 600 and 3000 Hz.
const (
	delayCentre = 1800. // Hz
	delayCorner = 800.  // Hz on either side, where the parameter applies
	delayLow    = 300.  // Hz; outside the band the delay stays what it is at its edges
	delayHigh   = 3400.

	disperseTaps   = 384
	disperseBefore = 96 // taps before the middle's own: what has no delay is there
	disperseGrid   = 512
)

// disperser is an all-pass filter with a parabola of group delay; that of 1800 Hz is
// taken out.
type disperser struct {
	taps    [disperseTaps]float64 // the latest sample's first
	history [2 * disperseTaps]float64
	at, in  int
}

// excess is the group delay, in samples, over that of 1800 Hz.
func excess(hz, corner float64) float64 {
	x := (min(max(hz, delayLow), delayHigh) - delayCentre) / delayCorner
	return corner * modem.SampleRate / 1000 * float64(x*x)
}

// newDisperser makes the filter from its phase, which is the sum of the delay from
// 1800 Hz on.
func newDisperser(corner float64) *disperser {
	d := &disperser{}
	phase := make([]float64, disperseGrid)
	const step = modem.SampleRate / 2. / disperseGrid // Hz
	hertz := func(k int) float64 { return (float64(k) + 0.5) * step }
	sum, middle := 0.0, 0.0
	for k := range phase {
		half := math.Pi / disperseGrid / 2 * excess(hertz(k), corner)
		sum -= half
		phase[k] = sum
		if math.Abs(hertz(k)-delayCentre) <= step/2 {
			middle = sum
		}
		sum -= half
	}
	for n := range d.taps {
		t := float64(n - disperseBefore)
		v := 0.0
		for k, p := range phase {
			v += math.Cos(float64(math.Pi/disperseGrid*(float64(k)+0.5)*t) + p - middle)
		}
		// The ends fade; most of the window is flat.
		edge := min(float64(n)+1, float64(disperseTaps-n)) / (disperseBefore / 2)
		d.taps[n] = v / disperseGrid * (0.5 - 0.5*math.Cos(math.Pi*min(1, edge)))
	}
	return d
}

func (d *disperser) next(x float64) (y float64, ok bool) {
	d.at--
	if d.at < 0 {
		d.at = disperseTaps - 1
	}
	d.history[d.at], d.history[d.at+disperseTaps] = x, x
	if d.in++; d.in <= disperseBefore {
		return 0, false
	}
	// Four sums, in an order that is always the same.
	h := (*[disperseTaps]float64)(d.history[d.at:])
	var a, b, e, f float64
	for i := 0; i < disperseTaps; i += 4 {
		a += float64(h[i] * d.taps[i])
		b += float64(h[i+1] * d.taps[i+1])
		e += float64(h[i+2] * d.taps[i+2])
		f += float64(h[i+3] * d.taps[i+3])
	}
	return float64(a+b) + float64(e+f), true
}

// An impulse, as a switch makes it next to a line: a tone in the middle of the band
// that dies away.
const (
	impulseHertz = 1800.
	impulseDecay = 0.5 // ms, to 1/e
	impulseMost  = 32  // samples; then it is 70 dB down
)

// impulses add to the line at random times. Their random numbers are their own.
type impulses struct {
	random      *Random
	probability float64 // of one that begins at a sample
	peak        float64
	sign        float64
	age         int // of the one under way
	count       int
}

func newImpulses(p Parameters) *impulses {
	return &impulses{
		random:      NewRandom(p.Seed ^ impulseSalt),
		probability: p.Impulses / modem.SampleRate,
		peak:        math.Sqrt2 * RMS(p.ImpulseLevel),
		age:         impulseMost,
	}
}

// impulseSalt keeps their random numbers apart from the noise's.
const impulseSalt = 0x1A9015E51A9015E5

func (m *impulses) next() float64 {
	if u := m.random.Uniform(); u < m.probability && m.age >= impulseMost {
		m.age, m.sign = 0, 1
		if u < m.probability/2 {
			m.sign = -1
		}
		m.count++
	}
	if m.age >= impulseMost {
		return 0
	}
	t := float64(m.age)
	m.age++
	fade := math.Exp(-t * 1000 / (impulseDecay * modem.SampleRate))
	return m.sign * m.peak * float64(fade*math.Cos(2*math.Pi*impulseHertz*t/modem.SampleRate))
}
