package qam

// The equalizer: taps at half symbols. Later samples (of the future, seen from
// the symbol) deal with what comes before the main path, earlier ones with
// echoes after it, of which a line has more.
const (
	eqPast   = 30 // half symbols before the symbol's own
	eqFuture = 17 // half symbols after it
	eqTaps   = eqPast + 1 + eqFuture
)

// equalizer is an adaptive filter over half symbols.
type equalizer struct {
	re, im [eqTaps]float32
}

// output filters the half symbols of the window, the oldest first.
func (q *equalizer) output(zr, zi []float32) (re, im float32) {
	x, y := (*[eqTaps]float32)(zr), (*[eqTaps]float32)(zi)
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

// adapt moves the taps along the gradient: (er, ei) is the error, wanted minus
// actual, already multiplied with the step.
func (q *equalizer) adapt(zr, zi []float32, er, ei float32) {
	x, y := (*[eqTaps]float32)(zr), (*[eqTaps]float32)(zi)
	for j := range q.re {
		p, w := x[j], y[j]
		q.re[j] += er*p + ei*w
		q.im[j] += ei*p - er*w
	}
}

// scale multiplies all taps.
func (q *equalizer) scale(by float32) {
	for j := range q.re {
		q.re[j] *= by
		q.im[j] *= by
	}
}
