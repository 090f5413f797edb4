package qamtest

import (
	"flag"
	"fmt"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// Of makes a Modem of a package's own functions.
func Of[T modem.Transmitter, R Receiver](tx func(modem.Rate, bool, modem.BitSource) (T, error), rx func(modem.Rate, modem.Sink) (R, error)) Modem {
	return Modem{
		Transmitter: func(rate modem.Rate, short bool, src modem.BitSource) (modem.Transmitter, error) {
			return tx(rate, short, src)
		},
		Receiver: func(rate modem.Rate, sink modem.Sink) (Receiver, error) { return rx(rate, sink) },
	}
}

// Suite is one modulation with what is known of its rates.
type Suite struct {
	Modem
	Modulation modem.Modulation
	// Limits are the signal to noise ratios at which an ideal receiver has 95 % of
	// bursts of 20000 bits without error, by bit rate.
	Limits map[int]float64
	Top    int  // the highest rate
	Short  bool // there is a short training; the recorded bursts have one after the long one
}

// Rate is one of its rates.
func (s Suite) Rate(bitRate int) modem.Rate {
	return modem.Rate{Modulation: s.Modulation, BitRate: bitRate}
}

// cases are all rates, with a margin in dB over what an ideal receiver needs.
func (s Suite) cases(margin float64) (all []Case) {
	for bps, snr := range s.Limits {
		all = append(all, Case{s.Rate(bps), snr + margin})
	}
	return all
}

// easy is a margin with which noise alone harms nobody, dB.
const easy = 8

// Test runs all that every modulation must pass.
func (s Suite) Test(t *testing.T) {
	top := s.Rate(s.Top)
	t.Run("Lines", func(t *testing.T) { s.CheckLines(t, s.cases(easy)) })
	t.Run("Noise", func(t *testing.T) {
		for _, c := range s.cases(1) {
			s.CheckNoise(t, c, 10, 1)
		}
	})
	t.Run("GroupDelay", func(t *testing.T) {
		for _, c := range s.cases(easy) {
			s.CheckGroupDelay(t, c)
		}
	})
	t.Run("Gap", func(t *testing.T) {
		for bps := range s.Limits {
			s.CheckGap(t, s.Rate(bps))
		}
	})
	t.Run("Recorded", func(t *testing.T) {
		for bps := range s.Limits {
			s.CheckRecorded(t, s.Rate(bps), fmt.Sprintf("testdata/spandsp-%d.ulaw", bps), s.Short)
		}
	})
	t.Run("Strangers", func(t *testing.T) { s.CheckStrangers(t, top) })
	t.Run("Jump", func(t *testing.T) { s.CheckJump(t, top) })
	t.Run("SecondTry", func(t *testing.T) { s.CheckSecondTry(t, top) })
	t.Run("Allocations", func(t *testing.T) { s.CheckAllocations(t, top) })
	t.Run("Quality", func(t *testing.T) { s.CheckQuality(t, top, 26) })
	t.Run("Probe", func(t *testing.T) { s.CheckProbe(t, top) })
}

var bursts = flag.Int("bursts", 0, "measure thresholds with so many bursts a point (200 give a good figure)")

// TestThreshold measures how much signal each rate needs, if it is asked to.
func (s Suite) TestThreshold(t *testing.T) {
	if *bursts == 0 {
		t.Skip("a measurement of minutes: -args -bursts 200")
	}
	for bps, ideal := range s.Limits {
		s.CheckThreshold(t, s.Rate(bps), false, ideal, *bursts)
		if s.Short {
			s.CheckThreshold(t, s.Rate(bps), true, ideal, *bursts)
		}
	}
}

// pattern is a source of so many bits.
type pattern struct{ left int }

// ReadBits implements modem.BitSource.
func (p *pattern) ReadBits(n int) (uint32, int) {
	n = min(n, p.left)
	p.left -= n
	return 0x5A3C & (1<<n - 1), n
}

// Nothing is a modem.Sink that keeps nothing.
type Nothing struct{ n int }

// WriteBits implements modem.Sink.
func (d *Nothing) WriteBits(_ uint32, n int) { d.n += n }

// Status implements modem.Sink.
func (d *Nothing) Status(modem.Status) {}

const (
	benchSeconds = 20
	benchFrame   = 160
	realTime     = 1e9 / modem.SampleRate // ns
)

// BenchmarkReceive is a burst with long training and 20 s of data.
func (s Suite) BenchmarkReceive(b *testing.B) {
	for bps := range s.Limits {
		b.Run(fmt.Sprint(bps), func(b *testing.B) {
			rate := s.Rate(bps)
			tx, err := s.Transmitter(rate, false, &pattern{bps * benchSeconds})
			if err != nil {
				b.Fatal(err)
			}
			line := make([]int16, (benchSeconds+2)*modem.SampleRate)
			line = line[:tx.Read(line)]
			rx, err := s.Receiver(rate, &Nothing{})
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				Feed(rx, line)
				if err := rx.Restart(rate, false); err != nil {
					b.Fatal(err)
				}
			}
			ns := float64(b.Elapsed().Nanoseconds()) / float64(len(line)*b.N)
			b.ReportMetric(ns, "ns/sample")
			b.ReportMetric(realTime/ns, "channels/core")
		})
	}
}

// BenchmarkTransmit is data.
func (s Suite) BenchmarkTransmit(b *testing.B) {
	for bps := range s.Limits {
		b.Run(fmt.Sprint(bps), func(b *testing.B) {
			tx, err := s.Transmitter(s.Rate(bps), false, &pattern{1 << 60})
			if err != nil {
				b.Fatal(err)
			}
			buf := make([]int16, benchFrame)
			for b.Loop() {
				tx.Read(buf)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(benchFrame*b.N), "ns/sample")
		})
	}
}

// BenchmarkWait is a receiver that hears noise.
func (s Suite) BenchmarkWait(b *testing.B) {
	for bps := range s.Limits {
		b.Run(fmt.Sprint(bps), func(b *testing.B) {
			rx, err := s.Receiver(s.Rate(bps), &Nothing{})
			if err != nil {
				b.Fatal(err)
			}
			noise := Noise(modem.SampleRate, -45, 1)
			for b.Loop() {
				Feed(rx, noise)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(len(noise)*b.N), "ns/sample")
		})
	}
}
