package qam

// The loops that take most of a receiver's time. On amd64 they are in
// assembly, four products at once (SSE, which every amd64 has); these here are
// the same for every other processor, and what the fast ones are tested against.

// weighGeneric gives the sums of w times hr and of w times hi.
func weighGeneric(w, hr, hi *[frontTaps]float32) (a, b float32) {
	for i, x := range w {
		a += x * hr[i]
		b += x * hi[i]
	}
	return a, b
}

// filterGeneric gives the sum of the products of complex taps and half symbols.
func filterGeneric(q *equalizer, x, y *[eqTaps]float32) (re, im float32) {
	// Two sums each: one would wait for its own last addition.
	var a0, a1, b0, b1 float32
	for j := 0; j < eqTaps; j += 2 {
		u, v, p, w := q.re[j], q.im[j], x[j], y[j]
		a0 += u*p - v*w
		b0 += u*w + v*p
		u, v, p, w = q.re[j+1], q.im[j+1], x[j+1], y[j+1]
		a1 += u*p - v*w
		b1 += u*w + v*p
	}
	return a0 + a1, b0 + b1
}

// adaptGeneric adds to the taps the error (er, ei) times the conjugate of the half
// symbols.
func adaptGeneric(q *equalizer, x, y *[eqTaps]float32, er, ei float32) {
	for j := range q.re {
		p, w := x[j], y[j]
		q.re[j] += er*p + ei*w
		q.im[j] += ei*p - er*w
	}
}

// gathering is what making many half symbols in a row needs.
type gathering struct {
	raw      *float32 // history of samples
	re, im   *float32 // frontPhases+1 filters of frontTaps
	cos, sin *float32 // carrier, period samples
	period   int
	carrier  int     // phase of the carrier where the first half symbol's window begins
	t        float64 // where the next half symbol is taken
	step     float64
	front    *front // of all of the above
}

// gatherGeneric makes half symbols, as front.at does each.
func gatherGeneric(g *gathering, zr, zi []float32) {
	for i := range zr {
		zr[i], zi[i] = g.front.at(g.t)
		g.t += g.step
	}
}

// widenGeneric copies samples.
func widenGeneric(to []float32, from []int16) {
	for i, x := range from {
		to[i] = float32(x)
	}
}
