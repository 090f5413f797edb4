package linesim

import (
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"math"
	"sync"
)

// maxSections bounds the tilt; each section gives 6 dB at most, before it bends
// too much.
const maxSections = 8

// tilt is a chain of equal filters with one zero each.
type tilt struct {
	b0, b1 float64
	before []float64
}

// newTilt solves |1 + a e^-jw|^2 = 1 + a^2 + 2a cos w for the wanted ratio
// between 300 and 3400 Hz, and makes the gain 1 at 1800 Hz.
func newTilt(dB float64) tilt {
	sections := min(int(math.Ceil(math.Abs(dB)/6)), maxSections)
	r := math.Pow(10, -math.Abs(dB)/float64(sections)/10)
	low := math.Cos(2 * math.Pi * 300 / modem.SampleRate)
	high := math.Cos(2 * math.Pi * 3400 / modem.SampleRate)
	middle := math.Cos(2 * math.Pi * 1800 / modem.SampleRate)
	b := 2 * (high - float64(r*low)) / (1 - r)
	a := (-b - math.Sqrt(float64(b*b)-4)) / 2
	if dB < 0 { // the mirror image: it rises by as much
		b = 2 * (float64(r*high) - low) / (r - 1)
		a = (-b + math.Sqrt(float64(b*b)-4)) / 2
		if math.Abs(a) > 1 {
			a = (-b - math.Sqrt(float64(b*b)-4)) / 2
		}
	}
	g := 1 / math.Sqrt(1+float64(a*a)+float64(2*a*middle))
	return tilt{b0: g, b1: g * a, before: make([]float64, sections)}
}

func (t *tilt) next(x float64) float64 {
	for k, before := range t.before {
		t.before[k] = x
		x = float64(t.b0*x) + float64(t.b1*before)
	}
	return x
}

// echo adds what came a while ago.
type echo struct {
	gain float64
	ring []float64
	at   int
}

func newEcho(dB, ms float64) echo {
	n := max(1, int(math.RoundToEven(ms*modem.SampleRate/1000)))
	return echo{gain: math.Pow(10, dB/20), ring: make([]float64, n)}
}

func (e *echo) next(x float64) float64 {
	if e.ring == nil {
		return x
	}
	y := x + float64(e.gain*e.ring[e.at])
	e.ring[e.at] = x
	if e.at++; e.at == len(e.ring) {
		e.at = 0
	}
	return y
}

const kaiserBeta = 9

// kaiser is the window of all long filters here, x from -1 to 1.
func kaiser(x float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return besselI0(kaiserBeta*math.Sqrt(1-float64(x*x))) / besselI0(kaiserBeta)
}

func besselI0(x float64) float64 {
	s, t := 1.0, 1.0
	for k := 1; k < 60; k++ {
		q := x / (2 * float64(k))
		t *= float64(q * q)
		s += t
	}
	return s
}

const (
	hilbertHalf = 127
	hilbertLen  = 2*hilbertHalf + 1
)

// shifter moves all frequencies by as much, and lets the phase jitter: the analytic
// signal, by a Hilbert transformer, times a turning pointer. The filter's own delay is taken out.
type shifter struct {
	offset float64
	// A swing to and fro besides, in turns, so many times a second.
	swing, swingHertz float64
	taps              [hilbertLen]float64
	history           [2 * hilbertLen]float64 // everything twice: a window is contiguous
	at                int
	in, out           int
}

func newShifter(offset float64) *shifter {
	s := &shifter{offset: offset}
	for i := range s.taps {
		if k := i - hilbertHalf; k&1 != 0 {
			s.taps[i] = 2 / (math.Pi * float64(k)) * kaiser(float64(k)/(hilbertHalf+1))
		}
	}
	return s
}

func (s *shifter) next(x float64) (y float64, ok bool) {
	s.history[s.at], s.history[s.at+hilbertLen] = x, x
	if s.at++; s.at == hilbertLen {
		s.at = 0
	}
	if s.in++; s.in <= hilbertHalf {
		return 0, false
	}
	h := s.history[s.at : s.at+hilbertLen] // oldest first
	// Every other tap is zero. Four sums: one would wait for itself.
	var a, b, c, d float64
	for i := 0; i+6 < hilbertLen; i += 8 {
		a += float64(h[i] * s.taps[hilbertLen-1-i])
		b += float64(h[i+2] * s.taps[hilbertLen-3-i])
		c += float64(h[i+4] * s.taps[hilbertLen-5-i])
		d += float64(h[i+6] * s.taps[hilbertLen-7-i])
	}
	im := float64(a+b) + float64(c+d)
	seconds := float64(s.out) / modem.SampleRate
	turns := s.offset * float64(s.out) / modem.SampleRate
	if s.swing != 0 {
		turns += float64(s.swing * math.Sin(2*math.Pi*float64(s.swingHertz*seconds)))
	}
	sin, cos := math.Sincos(2 * math.Pi * (turns - math.Floor(turns)))
	s.out++
	return float64(h[hilbertHalf]*cos) - float64(im*sin), true
}

const (
	sincHalf   = 48
	sincLen    = 2 * sincHalf
	sincPhases = 1024
)

// sincTable is the resampler's interpolation filter, made when first needed.
var sincTable = sync.OnceValue(func() *[sincPhases + 1][sincLen]float64 {
	t := new([sincPhases + 1][sincLen]float64)
	for p := range t {
		frac := float64(p) / sincPhases
		for i := range sincLen {
			// Tap i weighs input floor(t) - sincHalf + 1 + i.
			x := frac - float64(i-sincHalf+1)
			s := 1.0
			if math.Abs(x) >= 1e-12 {
				s = math.Sin(math.Pi*x) / (math.Pi * x)
			}
			t[p][i] = s * kaiser(x/sincHalf)
		}
	}
	return t
})

// resampler delays by fractions of a sample and changes the clock: input sample
// i sits at time i + delay, output sample k is taken at time k*step.
type resampler struct {
	step, delay float64
	table       *[sincPhases + 1][sincLen]float64
	phase       float64          // that taps are for
	taps        [sincLen]float64 // between two of the table
	history     [2 * sincLen]float64
	at          int
	in, out     int
}

func newResampler(ppm, delay float64) *resampler {
	return &resampler{step: 1 + float64(ppm*1e-6), delay: delay, table: sincTable()}
}

func (r *resampler) push(x float64) {
	r.history[r.at], r.history[r.at+sincLen] = x, x
	if r.at++; r.at == sincLen {
		r.at = 0
	}
	r.in++
}

// next gives an output sample when all that it needs is there.
func (r *resampler) next() (y float64, ok bool) {
	t := float64(float64(r.out)*r.step) - r.delay
	floor := math.Floor(t)
	newest := int(floor) + sincHalf // the last input that its filter weighs
	if newest > r.in-1 {
		return 0, false
	}
	r.out++
	if newest < r.in-1 {
		return 0, true // only ever during the initial delay
	}
	phase := (t - floor) * sincPhases
	if phase != r.phase || r.out == 1 {
		r.tune(phase)
	}
	// Four sums, in an order that is always the same: one would wait for itself.
	h := (*[sincLen]float64)(r.history[r.at:])
	var a, b, c, d float64
	for i := 0; i < sincLen; i += 4 {
		a += float64(h[i] * r.taps[i])
		b += float64(h[i+1] * r.taps[i+1])
		c += float64(h[i+2] * r.taps[i+2])
		d += float64(h[i+3] * r.taps[i+3])
	}
	return float64(a+b) + float64(c+d), true
}

// tune makes the taps of a phase; without skew it stays the same.
func (r *resampler) tune(phase float64) {
	p := int(phase)
	w := phase - float64(p)
	a, b := &r.table[p], &r.table[min(p+1, sincPhases)]
	for i := range r.taps {
		r.taps[i] = a[i] + float64(w*(b[i]-a[i]))
	}
	r.phase = phase
}
