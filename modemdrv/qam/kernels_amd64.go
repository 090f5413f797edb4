package qam

//go:noescape
func weigh(w, hr, hi *[frontTaps]float32) (a, b float32)

//go:noescape
func filter(q *equalizer, x, y *[eqTaps]float32) (re, im float32)

//go:noescape
func adapt(q *equalizer, x, y *[eqTaps]float32, er, ei float32)
