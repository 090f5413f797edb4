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

// TestPullAll compares half symbols that are made in a row with those that are made
// one by one. Only silence may differ: it is nothing at all.
func TestPullAll(t *testing.T) {
	random := linesim.NewRandom(2)
	for _, p := range []Pulse{{1200, 1800, 0.5}, {1600, 1800, 0.5}, {2400, 1700, 0.25}, {2400, 1800, 0.25}} {
		filter := newFrontFilter(p)
		one, all := newFront(filter, p), newFront(filter, p)
		one.next += 0.37
		all.next += 0.37
		made := 0
		for block := range 300 {
			in := make([]int16, 1+random.Uint64()%blockSize)
			size := []float64{1000, 0, 3, 5}[block/3%4] // some blocks are silence
			for i := range in {
				in[i] = int16(min(max(size*random.Gauss(), -silence*size), silence*size))
			}
			one.push(in)
			all.push(in)
			for one.ready() {
				one.pull()
			}
			for all.ready() {
				all.pullAll()
			}
			if len(one.zr) != len(all.zr) || one.zbase != all.zbase || math.Abs(one.next-all.next) > 1e-9 {
				t.Fatalf("%v: %d half symbols up to %v in a row, %d up to %v one by one", p, len(all.zr), all.next, len(one.zr), one.next)
			}
			for i := max(0, len(one.zr)-all.still); i < len(one.zr); i++ {
				if all.zr[i] != 0 || all.zi[i] != 0 || math.Hypot(float64(one.zr[i]), float64(one.zi[i])) > 4*silence {
					t.Fatalf("%v: half symbol %d is %v,%v, taken for silence", p, i, one.zr[i], one.zi[i])
				}
				one.zr[i], one.zi[i] = 0, 0
			}
			for i := range one.zr {
				if math.Abs(float64(one.zr[i]-all.zr[i]))+math.Abs(float64(one.zi[i]-all.zi[i])) > 1e-2 {
					t.Fatalf("%v: half symbol %d is %v,%v in a row and %v,%v one by one", p, i, all.zr[i], all.zi[i], one.zr[i], one.zi[i])
				}
			}
			made = one.zbase + len(one.zr)
		}
		if made < 4*300 || all.still > made {
			t.Errorf("%v: %d half symbols", p, made)
		}
	}
}
