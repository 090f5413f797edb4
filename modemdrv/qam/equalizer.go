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
	zr, zi = zr[:eqTaps], zi[:eqTaps]
	var a, b, c, d float32
	for j := range q.re {
		cr, ci := q.re[j], q.im[j]
		a += cr * zr[j]
		b += ci * zi[j]
		c += cr * zi[j]
		d += ci * zr[j]
	}
	return a - b, c + d
}

// adapt moves the taps along the gradient: (er, ei) is the error, wanted minus
// actual, already multiplied with the step.
func (q *equalizer) adapt(zr, zi []float32, er, ei float32) {
	zr, zi = zr[:eqTaps], zi[:eqTaps]
	for j := range q.re {
		x, y := zr[j], zi[j]
		q.re[j] += er*x + ei*y
		q.im[j] += ei*x - er*y
	}
}

// scale multiplies all taps.
func (q *equalizer) scale(by float32) {
	for j := range q.re {
		q.re[j] *= by
		q.im[j] *= by
	}
}

// fit is the least squares problem of the equalizer: which taps bring a stretch
// of half symbols closest to known points.
type fit struct {
	sys   *hermitian
	cross []complex128
	taps  []complex128
	noise float64 // mean squared error of the last solution
	power float64 // mean square of the half symbols
}

// ridge is added to the diagonal, relative to it: it keeps taps quiet where
// there is no signal to tell what they should be.
const ridge = 1e-3

func newFit() *fit {
	return &fit{
		sys:   newHermitian(eqTaps),
		cross: make([]complex128, eqTaps),
		taps:  make([]complex128, eqTaps),
	}
}

// gather builds the matrix for n symbols; the window of the first begins at
// half symbol first. Symbol k's window is that of symbol k-1 moved by two, so
// only the first two rows are summed up; an element further down is the one two
// rows and columns before it, less the first product and plus a new last one.
func (f *fit) gather(zr, zi []float32, first, n int) bool {
	at := func(i int) complex128 { return complex(float64(zr[first+i]), float64(zi[first+i])) }
	a := f.sys.a
	for r := range 2 {
		for c := r; c < eqTaps; c++ {
			a[c*eqTaps+r] = f.product(zr[first:], zi[first:], r, c, n)
		}
	}
	for r := 2; r < eqTaps; r++ {
		for c := r; c < eqTaps; c++ {
			v := a[(c-2)*eqTaps+r-2]
			v -= conj(at(c-2)) * at(r-2)
			v += conj(at(c-2+2*n)) * at(r-2+2*n)
			a[c*eqTaps+r] = v
		}
	}
	var trace float64
	for i := range eqTaps {
		trace += real(a[i*eqTaps+i])
	}
	f.power = trace / float64(eqTaps*n)
	for i := range eqTaps {
		a[i*eqTaps+i] += complex(ridge*trace/eqTaps, 0)
	}
	return f.sys.factor()
}

// product sums conj(z[c]) z[r] over n windows two half symbols apart.
func (f *fit) product(zr, zi []float32, r, c, n int) complex128 {
	var re, im float64
	for k := range n {
		x, y := zr[r+2*k], zi[r+2*k]
		u, v := zr[c+2*k], zi[c+2*k]
		re += float64(x*u + y*v)
		im += float64(y*u - x*v)
	}
	return complex(re, im)
}

// solve finds the taps for the known points turned by a carrier offset of omega
// radians a symbol, phase 0 at the first.
func (f *fit) solve(zr, zi []float32, first int, ref []complex64, omega float64) {
	for j := range f.cross {
		f.cross[j] = 0
	}
	turn := newRotor(0, omega)
	for k, d := range ref {
		t := complex128(d) * turn.next()
		for j := range f.cross {
			x, y := float64(zr[first+2*k+j]), float64(zi[first+2*k+j])
			f.cross[j] += complex(real(t)*x+imag(t)*y, imag(t)*x-real(t)*y)
		}
	}
	f.sys.solve(f.cross, f.taps)
}

func conj(z complex128) complex128 { return complex(real(z), -imag(z)) }
