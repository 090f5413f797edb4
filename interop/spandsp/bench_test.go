//go:build interop

package spandsp

import (
	"runtime"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
)

// endless is a source of random bits.
type endless struct{ r *linesim.Random }

func (e endless) ReadBits(n int) (uint32, int) { return uint32(e.r.Uint64()) & (1<<n - 1), n }

// nothing is a sink that counts.
type nothing struct{ bits, trained, down int }

func (s *nothing) WriteBits(_ uint32, n int) { s.bits += n }
func (s *nothing) Status(x modem.Status) {
	switch x {
	case modem.Trained:
		s.trained++
	case modem.CarrierDown:
		s.down++
	}
}

const (
	benchSeconds = 30
	trainSeconds = 2 // more than any training
)

// BenchmarkLine gives nanoseconds of processor time a sample, ours and
// spandsp's in one run on one machine, all in data.
func BenchmarkLine(b *testing.B) {
	peer := start(b)
	for _, m := range study.Modes {
		theirTx, theirRx, err := peer.Cost(m, 2*benchSeconds)
		if err != nil {
			b.Fatal(err)
		}
		report := func(b *testing.B, spent time.Duration, samples int, theirs float64) {
			b.Helper()
			ours := float64(spent.Nanoseconds()) / float64(samples)
			b.ReportMetric(0, "ns/op") // says nothing
			b.ReportMetric(ours, "ns/sample")
			b.ReportMetric(theirs, "spandsp-ns/sample")
			b.ReportMetric(ours/theirs, "times-spandsp")
		}
		b.Run("receive "+m.Rate.String(), func(b *testing.B) {
			runtime.LockOSThread() // for cpu
			defer runtime.UnlockOSThread()
			line := noisy(b, m)
			samples, spent := 0, time.Duration(0)
			b.ReportAllocs()
			b.ResetTimer()
			for range b.N {
				b.StopTimer()
				s := &nothing{}
				r, err := study.Ours{}.NewReceiver(m, s)
				if err != nil {
					b.Fatal(err)
				}
				study.Feed(r, line[:trainSeconds*modem.SampleRate], nil)
				b.StartTimer()
				from := cpu(b)
				study.Feed(r, line[trainSeconds*modem.SampleRate:], nil)
				spent += cpu(b) - from
				samples += len(line) - trainSeconds*modem.SampleRate
				if s.trained != 1 || s.down != 0 {
					b.Fatalf("%d trainings, %d ends of the carrier", s.trained, s.down)
				}
			}
			report(b, spent, samples, theirRx)
		})
		b.Run("send "+m.Rate.String(), func(b *testing.B) {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			x, err := study.Ours{}.NewTransmitter(m, false, endless{linesim.NewRandom(1)})
			if err != nil {
				b.Fatal(err)
			}
			buf := make([]int16, linesim.Packet)
			for range trainSeconds * modem.SampleRate / linesim.Packet {
				x.Read(buf)
			}
			b.ReportAllocs()
			b.ResetTimer()
			from := cpu(b)
			for range b.N {
				x.Read(buf)
			}
			report(b, cpu(b)-from, b.N*linesim.Packet, theirTx)
		})
	}
}

// cpu is the processor time of this thread, which is what the C program
// counts, too: a busy machine does not matter.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_THREAD_CPUTIME_ID, &t); err != nil {
		b.Fatal(err)
	}
	return time.Duration(t.Nano())
}

// noisy is a burst of benchSeconds on an easy line.
func noisy(b *testing.B, m study.Mode) []int16 {
	b.Helper()
	x, err := study.Ours{}.NewTransmitter(m, false, endless{linesim.NewRandom(1)})
	if err != nil {
		b.Fatal(err)
	}
	out := make([]int16, benchSeconds*modem.SampleRate)
	x.Read(out)
	p := linesim.Defaults()
	p.SNR, p.Delay = m.Easy, 0.4
	return linesim.Through(p, out)
}
