package qamtest

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// phase is an oscillator whose frequency may change from sample to sample.
type phase struct{ now float64 }

func (p *phase) next(hz, dBm0 float64) int16 {
	p.now += 2 * math.Pi * hz / modem.SampleRate
	return int16(linesim.RMS(dBm0) * math.Sqrt2 * math.Sin(p.now))
}
