package modemdrv

import (
	"fmt"
	"testing"
)

// TestLoss: with packets lost in both directions all seven pages get through in
// the first call.
func TestLoss(t *testing.T) {
	for _, row := range []struct {
		loss  float64
		told  bool
		calls uint64
	}{
		{0, true, 1}, {0.01, true, 3}, {0.01, false, 3}, {0.03, true, 2},
	} {
		for seed := range row.calls {
			t.Run(fmt.Sprintf("%v/told=%v/%d", row.loss, row.told, seed), func(t *testing.T) {
				t.Parallel()
				tr := newTrial(7, 700)
				tr.told = row.told
				tr.to.Loss, tr.from.Loss = row.loss, row.loss
				tr.to.Seed, tr.from.Seed = 3000+seed, 3500+seed
				tr.caller.Observer, tr.answerer.Observer = trace(t, "A"), trace(t, "B")
				sent, received, tray, length := tr.run(t)
				check(t, tr, sent, received, tray)
				if sent.Parameters.Rate.BitRate != 14400 {
					t.Errorf("fell to %v", sent.Parameters.Rate)
				}
				t.Logf("%v", length)
			})
		}
	}
}

// TestNoise: the rate falls until the line carries it.
func TestNoise(t *testing.T) {
	for _, row := range []struct {
		snr  float64
		rate int // at least
	}{{30, 14400}, {20, 9600}, {16, 4800}} {
		t.Run(fmt.Sprint(row.snr), func(t *testing.T) {
			t.Parallel()
			tr := newTrial(2, 300)
			tr.to.SNR, tr.from.SNR = row.snr, row.snr
			tr.to.ULaw, tr.from.ULaw = true, true
			tr.to.FreqOffset, tr.to.Delay = 5, 333.3
			tr.caller.Observer, tr.answerer.Observer = trace(t, "A"), trace(t, "B")
			sent, received, tray, length := tr.run(t)
			check(t, tr, sent, received, tray)
			if got := sent.Parameters.Rate.BitRate; got < row.rate {
				t.Errorf("fell to %d bit/s", got)
			}
			t.Logf("%v at %v", length, sent.Parameters.Rate)
		})
	}
}
