package qam

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// scatterSize is how many of the latest symbols are kept for the constellation, a
// power of 2.
const scatterSize = 128

// scatter keeps the latest equalized symbols.
type scatter struct {
	points [scatterSize]complex64
	n      int
}

func (s *scatter) add(y complex64) {
	s.points[s.n&(scatterSize-1)] = y
	s.n++
}

// latest gives what is kept, oldest first.
func (s *scatter) latest() []complex128 {
	var out []complex128
	for i := max(0, s.n-scatterSize); i < s.n; i++ {
		out = append(out, complex128(s.points[i&(scatterSize-1)]))
	}
	return out
}

// Quality reports on the reception under way or last ended.
func (r *Receiver) Quality() modem.Quality {
	t := &r.track
	q := modem.Quality{Constellation: r.scatter.latest()}
	if t.err <= 0 {
		return q
	}
	rate := float64(r.mode.Pulse.SymbolRate)
	q.EqualizerMSE = 10 * math.Log10(t.err)
	// The error is noise in a band as wide as the symbol rate.
	q.SNR = -q.EqualizerMSE - 10*math.Log10(modem.SampleRate/2/rate)
	q.Level = MeanSquareToDBm0(r.power / (2 - r.mode.Pulse.Rolloff/2))
	q.CarrierOffset = t.omega * rate / (2 * math.Pi)
	q.ClockSkew = -t.timeRate * rate / modem.SampleRate * 1e6
	return q
}
