package qam

// The equalizer: taps at half symbols. Later samples (of the future, seen from
// the symbol) deal with what comes before the main path, earlier ones with
// echoes after it, of which a line has more.
const (
	eqPast   = 44 // half symbols before the symbol's own
	eqFuture = 19 // half symbols after it
	eqTaps   = eqPast + 1 + eqFuture
)

// equalizer is an adaptive filter over half symbols.
type equalizer struct {
	re, im [eqTaps]float32
}

// output filters the half symbols of the window, the oldest first.
func (q *equalizer) output(zr, zi []float32) (re, im float32) {
	return filter(q, (*[eqTaps]float32)(zr), (*[eqTaps]float32)(zi))
}

// adapt moves the taps along the gradient: (er, ei) is the error, wanted minus
// actual, already multiplied with the step.
func (q *equalizer) adapt(zr, zi []float32, er, ei float32) {
	adapt(q, (*[eqTaps]float32)(zr), (*[eqTaps]float32)(zi), er, ei)
}

// scale multiplies all taps.
func (q *equalizer) scale(by float32) {
	for j := range q.re {
		q.re[j] *= by
		q.im[j] *= by
	}
}
