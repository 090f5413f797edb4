package qam

import "math"

// hermitian is a positive definite system of equations of equalizer size,
// solved by Cholesky's method. Its memory is kept for the next time.
type hermitian struct {
	n int
	a []complex128 // matrix, row by row; below and on the diagonal its factor after factor()
	t []complex128 // intermediate solution
}

func newHermitian(n int) *hermitian {
	return &hermitian{n: n, a: make([]complex128, n*n), t: make([]complex128, n)}
}

// factor replaces the lower triangle by its Cholesky factor. It tells whether
// the matrix was positive definite.
func (h *hermitian) factor() bool {
	n := h.n
	for j := range n {
		rowJ := h.a[j*n : j*n+n]
		d := real(rowJ[j])
		for _, v := range rowJ[:j] {
			d -= real(v)*real(v) + imag(v)*imag(v)
		}
		if !(d > 0) {
			return false
		}
		d = math.Sqrt(d)
		rowJ[j] = complex(d, 0)
		for i := j + 1; i < n; i++ {
			rowI := h.a[i*n : i*n+n]
			s := rowI[j]
			for k, v := range rowJ[:j] {
				w := rowI[k]
				s -= complex(real(w)*real(v)+imag(w)*imag(v), imag(w)*real(v)-real(w)*imag(v))
			}
			rowI[j] = complex(real(s)/d, imag(s)/d)
		}
	}
	return true
}

// solve finds x with matrix times x = b, after factor().
func (h *hermitian) solve(b, x []complex128) {
	n := h.n
	for i := range n {
		s := b[i]
		row := h.a[i*n : i*n+n]
		for k := range i {
			s -= row[k] * h.t[k]
		}
		h.t[i] = s / row[i]
	}
	for i := n - 1; i >= 0; i-- {
		s := h.t[i]
		for k := i + 1; k < n; k++ {
			v := h.a[k*n+i]
			s -= complex(real(v), -imag(v)) * x[k]
		}
		x[i] = s / h.a[i*n+i]
	}
}
