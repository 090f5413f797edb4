package v21

import (
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// preambleThenBits is a second of flags, and then random bits.
func preambleThenBits(n int) []byte {
	var bits []byte
	for range 37 {
		bits = append(bits, 0, 1, 1, 1, 1, 1, 1, 0)
	}
	return append(bits, linesim.Bits(n, 1)...)
}

// bitsOf is a modem.BitSource.
type bitsOf []byte

func (b *bitsOf) ReadBits(n int) (bits uint32, got int) {
	got = min(n, len(*b))
	for i := range got {
		bits |= uint32((*b)[i]) << i
	}
	*b = (*b)[got:]
	return bits, got
}

// kept is a modem.Sink.
type kept struct{ bits []byte }

func (k *kept) Status(modem.Status)          {}
func (k *kept) WriteBits(bits uint32, _ int) { k.bits = append(k.bits, byte(bits&1)) }

// TestWrongStart: wherever in a bit a reception began, the preamble is enough to find
// the right timing, though one flag in four bits has a transition, and the clock
// runs the other way.
func TestWrongStart(t *testing.T) {
	const data = 600
	sent := preambleThenBits(data + 50) // some more, of which the receiver need not see the end
	for _, skew := range []float64{-200, 0, 200} {
		for _, shift := range []float64{-0.42, -0.35, -0.3, -0.2, 0.2, 0.3, 0.35, 0.42} { // of a bit
			src := bitsOf(sent)
			line := make([]int16, 4*modem.SampleRate)
			line = line[:NewTransmitter(&src).Read(line)]
			p := linesim.Defaults()
			p.SNR, p.Skew = 13, skew
			line = linesim.Through(p, line)
			k := &kept{}
			r := NewReceiver(k)
			const early = modem.SampleRate / 10
			r.Write(line[:early])
			if !r.up {
				t.Fatal("no carrier after 100 ms")
			}
			r.time += shift * bitBlocks
			r.Write(line[early:])
			if wrong := tail(k.bits, sent[len(sent)-data-50:len(sent)-50]); wrong > 0 {
				t.Errorf("%g ppm, %g of a bit off: %d of %d bits wrong", skew, shift, wrong, data)
			}
		}
	}
}

// tail gives the least number of errors of want at any place of got.
func tail(got, want []byte) int {
	least := len(want)
	for at := 0; at+len(want) <= len(got); at++ {
		wrong := 0
		for i, b := range want {
			if got[at+i] != b {
				wrong++
			}
		}
		least = min(least, wrong)
	}
	return least
}
