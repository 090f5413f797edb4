package qam

import "math"

// fullScaleDBm0 is the level of a sine of full scale in dBm0 (G.711, Table 5).
const fullScaleDBm0 = 3.14

// DBm0ToRMS gives the root mean square, in units of a 16 bit sample, of a
// signal of the given level.
func DBm0ToRMS(level float64) float64 {
	return 32768 / math.Sqrt2 * math.Pow(10, (level-fullScaleDBm0)/20)
}

// MeanSquareToDBm0 gives the level of a signal from its mean square in units
// of a 16 bit sample, -99 for silence.
func MeanSquareToDBm0(ms float64) float64 {
	if ms <= 0 {
		return -99
	}
	return 10*math.Log10(ms/(32768*32768/2.0)) + fullScaleDBm0
}

// RootRaisedCosine is the pulse whose spectrum is the square root of a raised
// cosine, x in symbols from its centre, of unit energy for one symbol.
func RootRaisedCosine(x, rolloff float64) float64 {
	const tiny = 1e-9
	if math.Abs(x) < tiny {
		return 1 - rolloff + 4*rolloff/math.Pi
	}
	q := 4 * rolloff * x
	if math.Abs(math.Abs(q)-1) < tiny {
		s, c := math.Sincos(math.Pi / (4 * rolloff))
		return rolloff / math.Sqrt2 * ((1+2/math.Pi)*s + (1-2/math.Pi)*c)
	}
	return (math.Sin(math.Pi*x*(1-rolloff)) + q*math.Cos(math.Pi*x*(1+rolloff))) /
		(math.Pi * x * (1 - q*q))
}

// blackmanEdge is a window that leaves the middle of a pulse alone and takes
// its ends smoothly to zero; x runs from -1 to 1.
func blackmanEdge(x float64) float64 {
	const flat = 0.6
	x = math.Abs(x)
	if x <= flat {
		return 1
	}
	if x >= 1 {
		return 0
	}
	return 0.5 + 0.5*math.Cos(math.Pi*(x-flat)/(1-flat))
}

// bessel0 is the modified Bessel function of order 0.
func bessel0(x float64) float64 {
	s, t := 1.0, 1.0
	for k := 1; k < 60; k++ {
		t *= (x / (2 * float64(k))) * (x / (2 * float64(k)))
		s += t
	}
	return s
}

// kaiser is Kaiser's window, x from -1 to 1.
func kaiser(x, beta float64) float64 {
	if x <= -1 || x >= 1 {
		return 0
	}
	return bessel0(beta*math.Sqrt(1-x*x)) / bessel0(beta)
}

func sqrt(x float64) float64 { return math.Sqrt(x) }
