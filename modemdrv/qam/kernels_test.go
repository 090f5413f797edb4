package qam

import (
	"math"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
)

// TestKernels compares the fast loops with the plain ones.
func TestKernels(t *testing.T) {
	random := linesim.NewRandom(1)
	fill := func(x []float32) {
		for i := range x {
			x[i] = float32(random.Gauss())
		}
	}
	near := func(what string, got, want float32) {
		t.Helper()
		if math.Abs(float64(got-want)) > 2e-5 {
			t.Errorf("%s = %v, want %v", what, got, want)
		}
	}
	for range 50 {
		var w, hr, hi [frontTaps]float32
		fill(w[:])
		fill(hr[:])
		fill(hi[:])
		a, b := weigh(&w, &hr, &hi)
		a2, b2 := weighGeneric(&w, &hr, &hi)
		near("weigh, first", a, a2)
		near("weigh, second", b, b2)

		var q equalizer
		var x, y [eqTaps]float32
		fill(q.re[:])
		fill(q.im[:])
		fill(x[:])
		fill(y[:])
		re, im := filter(&q, &x, &y)
		re2, im2 := filterGeneric(&q, &x, &y)
		near("filter, real", re, re2)
		near("filter, imaginary", im, im2)

		p := q
		adapt(&q, &x, &y, 0.3, -0.2)
		adaptGeneric(&p, &x, &y, 0.3, -0.2)
		for j := range p.re {
			near("adapt, real", q.re[j], p.re[j])
			near("adapt, imaginary", q.im[j], p.im[j])
		}
	}
}
