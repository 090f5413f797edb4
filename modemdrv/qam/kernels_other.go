//go:build !amd64

package qam

func weigh(w, hr, hi *[frontTaps]float32) (a, b float32) { return weighGeneric(w, hr, hi) }

func filter(q *equalizer, x, y *[eqTaps]float32) (re, im float32) { return filterGeneric(q, x, y) }

func adapt(q *equalizer, x, y *[eqTaps]float32, er, ei float32) { adaptGeneric(q, x, y, er, ei) }

func gather(g *gathering, zr, zi []float32) { gatherGeneric(g, zr, zi) }

func widen(to []float32, from []int16) { widenGeneric(to, from) }
