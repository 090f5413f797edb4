package linesim

import (
	"math"
	"math/cmplx"
	"testing"
)

// phasor is amplitude and phase of a frequency in a piece of a signal that begins at
// sample from.
func phasor(x []int16, from int, hz float64) complex128 {
	var sum complex128
	var all float64
	for i, v := range x {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(x)))
		sum += complex(w*float64(v), 0) * cmplx.Rect(1, -2*math.Pi*hz*float64(from+i)/8000)
		all += w
	}
	return sum / complex(all/2, 0)
}

// TestGroupDelay measures delay, by the phases of neighbouring tones, and gain.
func TestGroupDelay(t *testing.T) {
	const n = 12000
	for _, corner := range []float64{0.25, 0.5, 1, 2} {
		p := Defaults()
		p.GroupDelay = corner
		response := func(hz float64) complex128 {
			in := sine(hz, -13, n)
			out := Through(p, in)
			if len(out) != n {
				t.Fatalf("%d samples of %d came", len(out), n)
			}
			return phasor(out[2000:10000], 2000, hz) / phasor(in[2000:10000], 2000, hz)
		}
		for _, c := range []struct{ hz, times float64 }{{600, 2.25}, {1000, 1}, {1400, 0.25}, {1800, 0}, {2200, 0.25}, {2600, 1}, {3000, 2.25}} {
			const step = 5.
			a, b := response(c.hz-step), response(c.hz+step)
			got := -cmplx.Phase(b/a) / (2 * math.Pi * 2 * step) * 1000
			if want := corner * c.times; math.Abs(got-want) > 0.02+0.02*want {
				t.Errorf("%g ms: %g Hz come %.3f ms later than 1800 Hz, want %.3f", corner, c.hz, got, want)
			}
			if dB := 20 * math.Log10(cmplx.Abs(a)); math.Abs(dB) > 0.1 {
				t.Errorf("%g ms: gain at %g Hz = %.3f dB, want 0", corner, c.hz-step, dB)
			}
		}
	}
}

// TestJitter looks for the first pair of side lines of a tone whose phase swings.
func TestJitter(t *testing.T) {
	p := Defaults()
	p.Jitter, p.JitterFreq = 10, 100
	out := Through(p, sine(1700, -13, 24000))[4000:20000]
	carrier := cmplx.Abs(phasor(out, 0, 1700))
	want := 10. / 2 / 360 * 2 * math.Pi / 2 // half of the largest angle, in radians
	for _, hz := range []float64{1600, 1800} {
		if got := cmplx.Abs(phasor(out, 0, hz)) / carrier; math.Abs(got-want) > 0.02*want {
			t.Errorf("line at %g Hz has %.4f of the carrier, want %.4f", hz, got, want)
		}
	}
}

// TestImpulses: their number, their peak, and that the noise stays the same.
func TestImpulses(t *testing.T) {
	p := Defaults()
	p.Impulses, p.ImpulseLevel = 5, -10
	c := New(p)
	c.Silence(400000)
	most := 0
	for _, s := range c.Output() {
		most = max(most, int(s), -int(s))
	}
	if n := c.Impulses(); n < 200 || n > 300 {
		t.Errorf("%d impulses in 50 s, want about 250", n)
	}
	if want := math.Sqrt2 * RMS(-10); math.Abs(float64(most)-want) > 1 {
		t.Errorf("peak of %d, want %.0f", most, want)
	}
	p.SNR = 30
	with := New(p)
	with.Silence(8000)
	p.Impulses = 0
	without := New(p)
	without.Silence(8000)
	same := 0
	for i, s := range with.Output() {
		if s == without.Output()[i] {
			same++
		}
	}
	if n := with.Impulses(); same < 8000-impulseMost*n || same == 8000 || n == 0 {
		t.Errorf("%d of 8000 samples are the same with and without %d impulses", same, n)
	}
}
