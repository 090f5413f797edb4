package v17

import (
	"math"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam/qamtest"
)

// TestImpulseInTraining: a strong impulse looks like the end of the alternations, which
// may be the true one's distance away. None must stop the training, wherever it falls.
func TestImpulseInTraining(t *testing.T) {
	r := under.Rate(14400)
	bits := qamtest.Bits(500, 1)
	burst := qamtest.Line{Lead: 400}.Through(under.Burst(t, r, false, bits), 35, 1)
	for at := 360; at < 400+900; at += 6 {
		line := append([]int16(nil), burst...)
		for i := range 32 {
			x := float64(line[at+i]) + 23170*math.Exp(-float64(i)/4)*math.Cos(2*math.Pi*1800*float64(i)/8000)
			line[at+i] = int16(max(-32767, min(32767, x)))
		}
		sink := &qamtest.Sink{}
		rx, err := NewReceiver(r, sink)
		if err != nil {
			t.Fatal(err)
		}
		qamtest.Feed(rx, line)
		if sink.Count(modem.Trained) != 1 || qamtest.Errors(sink.Bits, bits) != 0 {
			t.Errorf("impulse %.1f ms after the beginning: events %v, %d bits wrong", float64(at-400)/8, sink.Events, qamtest.Errors(sink.Bits, bits))
		}
	}
}
