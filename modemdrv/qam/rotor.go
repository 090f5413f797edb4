package qam

import "math"

// rotor gives e^(i(phase + k omega)) for k = 0, 1, ...
type rotor struct{ now, step complex128 }

func newRotor(phase, omega float64) rotor {
	s, c := math.Sincos(phase)
	s1, c1 := math.Sincos(omega)
	return rotor{complex(c, s), complex(c1, s1)}
}

func (r *rotor) next() complex128 {
	v := r.now
	r.now *= r.step
	return v
}
