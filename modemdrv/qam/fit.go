package qam

// span is a stretch of known symbols, by number: from ... to-1.
type span struct{ from, to int }

// fit is the least squares problem of the equalizer: which taps bring stretches
// of half symbols closest to known points.
type fit struct {
	sys   *hermitian
	cross []complex128
	taps  []complex128
	spans []span
	power float64 // mean square of the half symbols
}

// ridge is added to the diagonal, relative to it: it keeps taps quiet where
// there is no signal to tell what they should be.
const ridge = 1e-3

// maxSpans is how many stretches a training may fall into when parts of it were
// lost on the way.
const maxSpans = 16

func newFit() *fit {
	return &fit{
		sys:   newHermitian(eqTaps),
		cross: make([]complex128, eqTaps),
		taps:  make([]complex128, eqTaps),
		spans: make([]span, 0, maxSpans),
	}
}

// gather builds the matrix over the spans; the window of symbol 0 begins at half
// symbol first. A symbol's window is that of the symbol before moved by two, so
// only the first two rows are summed up; an element further down is the one two
// rows and columns before it, less each span's first product and plus one at
// its end.
func (f *fit) gather(zr, zi []float32, first int) bool {
	a := f.sys.a
	clear(a)
	n := 0
	for _, s := range f.spans {
		n += s.to - s.from
		at := first + 2*s.from
		for r := range 2 {
			for c := r; c < eqTaps; c++ {
				a[c*eqTaps+r] += product(zr[at:], zi[at:], r, c, s.to-s.from)
			}
		}
	}
	for r := 2; r < eqTaps; r++ {
		for c := r; c < eqTaps; c++ {
			a[c*eqTaps+r] = a[(c-2)*eqTaps+r-2] + f.border(zr, zi, first, r, c)
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

// border is what an element has more than the one two rows and columns before.
func (f *fit) border(zr, zi []float32, first, r, c int) complex128 {
	at := func(i int) complex128 { return complex(float64(zr[i]), float64(zi[i])) }
	var v complex128
	for _, s := range f.spans {
		a, b := first+2*s.from-2, first+2*s.to-2
		v += conj(at(b+c))*at(b+r) - conj(at(a+c))*at(a+r)
	}
	return v
}

// product sums conj(z[c]) z[r] over n windows two half symbols apart.
func product(zr, zi []float32, r, c, n int) complex128 {
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
	clear(f.cross)
	for _, s := range f.spans {
		turn := newRotor(omega*float64(s.from), omega)
		for k := s.from; k < s.to; k++ {
			t := complex128(ref[k]) * turn.next()
			w := first + 2*k
			for j := range f.cross {
				x, y := float64(zr[w+j]), float64(zi[w+j])
				f.cross[j] += complex(real(t)*x+imag(t)*y, imag(t)*x-real(t)*y)
			}
		}
	}
	f.sys.solve(f.cross, f.taps)
}

func conj(z complex128) complex128 { return complex(real(z), -imag(z)) }
