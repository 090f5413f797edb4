package exchange

import "math"

// tone is 1004 Hz at 0 dBm0, the test tone of the telephone network.
type tone struct{ n int }

const (
	toneHz     = 1004
	toneRate   = 8000
	tonePeak   = 22792 // 0 dBm0 is 3.14 dB (u-law: 3.17) below the overload of 32124
	tonePeriod = 2000  // samples after which it repeats: 251 whole waves
)

// Receive hears nothing.
func (t *tone) Receive([]int16) {}

// Conceal hears nothing.
func (t *tone) Conceal(int) {}

// Done is never true: whoever listens hangs up.
func (t *tone) Done() bool { return false }

// Transmit gives the tone.
func (t *tone) Transmit(out []int16) {
	for i := range out {
		out[i] = int16(math.Round(tonePeak * math.Sin(2*math.Pi*toneHz*float64(t.n)/toneRate)))
		t.n = (t.n + 1) % tonePeriod
	}
}
