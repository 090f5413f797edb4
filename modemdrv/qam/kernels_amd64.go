package qam

import "golang.org/x/sys/cpu"

//go:noescape
func weigh(w, hr, hi *[frontTaps]float32) (a, b float32)

//go:noescape
func filter(q *equalizer, x, y *[eqTaps]float32) (re, im float32)

//go:noescape
func adapt(q *equalizer, x, y *[eqTaps]float32, er, ei float32)

//go:noescape
func gatherSSE(job *gathering, zr, zi *float32, n int)

//go:noescape
func gatherAVX(job *gathering, zr, zi *float32, n int)

func gather(g *gathering, zr, zi []float32) {
	n := min(len(zr), len(zi))
	switch {
	case n == 0:
	case cpu.X86.HasAVX:
		gatherAVX(g, &zr[0], &zi[0], n)
	default:
		gatherSSE(g, &zr[0], &zi[0], n)
	}
}

//go:noescape
func widenSSE(to *float32, from *int16, n int)

func widen(to []float32, from []int16) {
	to = to[:len(from)]
	n := len(from) &^ 7
	if n > 0 {
		widenSSE(&to[0], &from[0], n)
	}
	widenGeneric(to[n:], from[n:])
}
