package modemdrv

import (
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// BenchmarkCallEnd is one end of a call of three pages at 14400 bit/s with ECM,
// coding or decoding the pages included: the other end is a recording. It reports
// nanoseconds for a second of the line; 2,000,000 are 0.2 % of a core.
func BenchmarkCallEnd(b *testing.B) {
	fromA, fromB := recordCall(b)
	b.Run("sender", func(b *testing.B) { benchmarkEnd(b, fromB, true) })
	b.Run("receiver", func(b *testing.B) { benchmarkEnd(b, fromA, false) })
}

func benchmarkTrial() *trial {
	tr := newTrial(3, 1100)
	tr.to.ULaw, tr.from.ULaw, tr.to.SNR, tr.from.SNR = true, true, 35, 35
	tr.caller.Document = NewDocument(bitmaps{tr.info, tr.pages})
	tr.answerer.Pages = NewPages(&inTray{})
	return tr
}

// recordCall gives what the two ends of a call heard of each other.
func recordCall(b *testing.B) (fromA, fromB []int16) {
	b.Helper()
	tr := benchmarkTrial()
	x, err := NewCaller(tr.caller)
	if err != nil {
		b.Fatal(err)
	}
	y, err := NewAnswerer(tr.answerer)
	if err != nil {
		b.Fatal(err)
	}
	ab, ba := &lineEnd{channel: linesim.New(tr.to), to: y}, &lineEnd{channel: linesim.New(tr.from), to: x}
	couple(x, y, ab, ba, tr.limit)
	return ab.channel.Output(), ba.channel.Output()
}

func benchmarkEnd(b *testing.B, heard []int16, calling bool) {
	b.ReportAllocs()
	var line t30.Samples
	out := make([]int16, linesim.Packet)
	for b.Loop() {
		tr := benchmarkTrial()
		s, err := NewAnswerer(tr.answerer)
		if calling {
			s, err = NewCaller(tr.caller)
		}
		if err != nil {
			b.Fatal(err)
		}
		for n := 0; n+linesim.Packet <= len(heard); n += linesim.Packet {
			s.Transmit(out)
			s.Receive(heard[n : n+linesim.Packet])
			line += linesim.Packet
		}
		if r := s.Result(); r.Sent+r.Received != 3 {
			b.Fatal(r)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())*modem.SampleRate/float64(line), "ns/line-s")
}
