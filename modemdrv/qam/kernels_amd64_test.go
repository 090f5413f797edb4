package qam

import (
	"testing"

	"golang.org/x/sys/cpu"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
)

// TestGather: eight products at once and four give the same half symbols to the last bit, so
// that what a receiver does is the same on every processor.
func TestGather(t *testing.T) {
	if !cpu.X86.HasAVX {
		t.Skip("this processor has no AVX")
	}
	p := Pulse{SymbolRate: 2400, Carrier: 1700, Rolloff: 0.25}
	random := linesim.NewRandom(3)
	f := newFront(newFrontFilter(p), p)
	f.raw = f.raw[:1000]
	for i := range f.raw {
		f.raw[i] = float32(1000 * random.Gauss())
	}
	for n := 1; n < 500; n += 7 {
		four := gathering{
			raw: &f.raw[0], re: &f.re[0][0], im: &f.im[0][0], cos: &f.cos[0], sin: &f.sin[0],
			period: len(f.cos), carrier: 37 - frontTaps/2 + 1, t: 37.21 + 1e-3*float64(n), step: f.step, front: f,
		}
		eight := four
		var r4, i4, r8, i8 [500]float32
		gatherSSE(&four, &r4[0], &i4[0], n)
		gatherAVX(&eight, &r8[0], &i8[0], n)
		if r4 != r8 || i4 != i8 || four.t != eight.t || r4[n-1] == 0 || r4[n] != 0 {
			t.Fatalf("%d half symbols are not the same", n)
		}
	}
}
