package v27ter

import (
	"fmt"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam/qamtest"
)

type zeros struct{ left int }

func (z *zeros) ReadBits(n int) (uint32, int) {
	n = min(n, z.left)
	z.left -= n
	return 0x5A3C & (1<<n - 1), n
}

type discard struct{ n int }

func (d *discard) WriteBits(_ uint32, n int) { d.n += n }
func (d *discard) Status(modem.Status)       {}

func BenchmarkReceive(b *testing.B) {
	for _, rate := range []int{2400, 4800} {
		b.Run(fmt.Sprint(rate), func(b *testing.B) {
			r := modem.Rate{Modulation: modem.V27ter, BitRate: rate}
			tx, _ := NewTransmitter(r, false, &zeros{rate * 20})
			line := make([]int16, 21*8000)
			line = line[:tx.Read(line)]
			sink := &discard{}
			rx, _ := NewReceiver(r, sink)
			b.ResetTimer()
			samples := 0
			for i := 0; i < b.N; i++ {
				for k := 0; k+160 <= len(line); k += 160 {
					rx.Write(line[k : k+160])
				}
				samples += len(line)
				rx.Restart(r, false)
			}
			ns := float64(b.Elapsed().Nanoseconds()) / float64(samples)
			b.ReportMetric(ns, "ns/sample")
			b.ReportMetric(125000/ns, "channels/core")
		})
	}
}

func BenchmarkTransmit(b *testing.B) {
	for bps := range limits {
		b.Run(fmt.Sprint(bps), func(b *testing.B) {
			tx, _ := NewTransmitter(rate(bps), false, &zeros{1 << 60})
			buf := make([]int16, 160)
			for b.Loop() {
				tx.Read(buf)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(160*b.N), "ns/sample")
		})
	}
}

// BenchmarkWait is a receiver that hears noise.
func BenchmarkWait(b *testing.B) {
	for bps := range limits {
		b.Run(fmt.Sprint(bps), func(b *testing.B) {
			rx, _ := NewReceiver(rate(bps), &discard{})
			noise := qamtest.Noise(8000, -45, 1)
			for b.Loop() {
				qamtest.Feed(rx, noise)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(8000*b.N), "ns/sample")
		})
	}
}
