package qamtest

import (
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// thresholdStep is the step, in dB, of Threshold.
const thresholdStep = 0.25

// thresholdBits is how long the bursts of Threshold are.
const thresholdBits = 20000

// Threshold gives the signal to noise ratio, in dB in 0 to 4 kHz, from which on 95 %
// of bursts of 20000 bits come without an error, each beginning at its own
// fraction of a sample. It looks upwards from a ratio that is too low.
func (m Modem) Threshold(t testing.TB, rate modem.Rate, short bool, from float64, bursts int) float64 {
	t.Helper()
	before, good := 0.0, 0
	for snr := from; snr < from+10; snr += thresholdStep {
		share := m.share(t, rate, short, snr, bursts)
		if share < 0.95 {
			before, good = share, 0
			continue
		}
		if good++; good == 2 {
			first := snr - thresholdStep
			at := m.share(t, rate, short, first, bursts)
			return first - thresholdStep*(at-0.95)/max(at-before, 0.01)
		}
	}
	return from + 10
}

// share gives the share of bursts without an error.
func (m Modem) share(t testing.TB, rate modem.Rate, short bool, snr float64, bursts int) float64 {
	t.Helper()
	clean := 0
	for i := range bursts {
		seed := uint64(i) + uint64(snr*1000)*1000
		line := Line{Set: func(p *linesim.Parameters) {
			p.Delay = 10 * linesim.NewRandom(seed).Uniform()
		}}
		sink := &Sink{}
		rx, err := m.Receiver(rate, sink)
		if err != nil {
			t.Fatal(err)
		}
		if short {
			long := Line{Set: func(p *linesim.Parameters) { p.Delay = 0.5 }}
			Feed(rx, long.Through(m.Burst(t, rate, false, Bits(4400, seed+1)), snr, seed+1))
			*sink = Sink{}
			if err := rx.Restart(rate, true); err != nil {
				t.Fatal(err)
			}
		}
		bits := Bits(thresholdBits, seed)
		Feed(rx, line.Through(m.Burst(t, rate, short, bits), snr, seed))
		if Errors(sink.Bits, bits) == 0 {
			clean++
		}
	}
	return float64(clean) / float64(bursts)
}

// CheckThreshold logs the threshold of a rate beside the ideal one, and asserts
// that it lies within 1 dB of it.
func (m Modem) CheckThreshold(t *testing.T, rate modem.Rate, short bool, ideal float64, bursts int) {
	t.Helper()
	name := rate.String()
	if short {
		name += " short training"
	}
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		got := m.Threshold(t, rate, short, ideal-0.5, bursts)
		t.Logf("95 %% of bursts are free of errors from %.1f dB on; ideal: %.1f dB", got, ideal)
		if got > ideal+1 {
			t.Errorf("that is more than 1 dB above the ideal receiver")
		}
	})
}
