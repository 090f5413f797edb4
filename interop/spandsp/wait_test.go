//go:build interop

package spandsp

import (
	"runtime"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/v21"
)

// flags is V.21's preamble without an end.
type flags struct{ at int }

func (f *flags) ReadBits(n int) (bits uint32, got int) {
	for i := range n {
		bits |= 0x7E >> (f.at & 7) & 1 << i
		f.at++
	}
	return bits, n
}

const waitSeconds = 10

// waitings are what a receiver hears while its signal has not come yet.
func waitings() []struct {
	name string
	line []int16
} {
	samples := waitSeconds * modem.SampleRate
	through := func(level, snr float64, in []int16) []int16 {
		p := linesim.Defaults()
		p.Level, p.SNR = level, snr
		return linesim.Through(p, in)
	}
	preamble := make([]int16, samples)
	v21.NewTransmitter(&flags{}).Read(preamble)
	return []struct {
		name string
		line []int16
	}{
		{"silence", make([]int16, samples)},
		{"noise of -60 dBm0", through(-60, 0, make([]int16, samples))},
		{"noise of -45 dBm0", through(-45, 0, make([]int16, samples))},
		{"V.21 flags", through(-13, 35, preamble)},
	}
}

// BenchmarkLineWait gives nanoseconds of processor time a sample, ours and
// spandsp's in one run, of receivers that wait. Most of a call is that: the fast
// modem listens whenever its carrier may come.
func BenchmarkLineWait(b *testing.B) {
	peer := start(b)
	for _, m := range study.Modes {
		for _, w := range waitings() {
			if m.Rate.Modulation == modem.V21 && w.name == "V.21 flags" {
				continue // that is its signal
			}
			theirs, taken, err := peer.Wait(m, w.line)
			if err != nil {
				b.Fatal(err)
			}
			b.Run(m.Rate.String()+" in "+w.name, func(b *testing.B) {
				runtime.LockOSThread() // for cpu
				defer runtime.UnlockOSThread()
				s := &nothing{}
				r, err := study.Ours{}.NewReceiver(m, s)
				if err != nil {
					b.Fatal(err)
				}
				study.Feed(r, w.line[:modem.SampleRate], nil)
				spent := time.Duration(0)
				b.ReportAllocs()
				for b.Loop() {
					from := cpu(b)
					study.Feed(r, w.line, nil)
					spent += cpu(b) - from
				}
				if s.trained != 0 || s.bits != 0 {
					b.Fatalf("%d trainings, %d bits, of what is no signal", s.trained, s.bits)
				}
				ours := float64(spent.Nanoseconds()) / float64(b.N*len(w.line))
				b.ReportMetric(0, "ns/op") // says nothing
				b.ReportMetric(ours, "ns/sample")
				b.ReportMetric(theirs, "spandsp-ns/sample")
				b.ReportMetric(ours/theirs, "times-spandsp")
				b.ReportMetric(float64(taken), "spandsp-carriers")
			})
		}
	}
}
