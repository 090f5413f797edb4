package modemdrv

import (
	"bytes"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// ppr is a frame with its check sequence, as it came by spandsp.
var ppr = withFCS([]byte{0xFF, 0x13, 0xBC, 0x67, 0x60, 0xA6, 0x11, 0x1B, 0x00, 0x26, 0x83, 0x22, 0, 0, 0, 0, 0, 0, 0, 0})

// withFCS finds the check sequence by trying.
func withFCS(b []byte) []byte {
	for n := range 1 << 16 {
		if f := append(bytes.Clone(b), byte(n), byte(n>>8)); fcsGood(f) {
			return f
		}
	}
	panic("no check sequence fits")
}

func damage(at ...int) []byte {
	b := bytes.Clone(ppr)
	for _, i := range at {
		b[i] ^= 0x55
	}
	return b
}

// TestSplice: two copies damaged at different places make a good one, and of many
// that are damaged more the majority.
func TestSplice(t *testing.T) {
	want := ppr[:len(ppr)-2]
	for _, row := range []struct {
		name   string
		copies [][]byte
		ok     bool
	}{
		{"two", [][]byte{damage(4), damage(12)}, true},
		{"two, the other way round", [][]byte{damage(12, 13), damage(3)}, true},
		{"one", [][]byte{damage(4)}, false},
		{"the same place", [][]byte{damage(4), damage(4), damage(4)}, false},
		{"three", [][]byte{damage(2, 9), damage(3, 15), damage(4, 19)}, true},
		{"of different length", [][]byte{damage(4), damage(12)[1:]}, false},
		{"too short", [][]byte{{0xFF}, {0xFF}}, false},
	} {
		var s splicer
		var got []byte
		ok := false
		for _, c := range row.copies {
			got, ok = s.add(c)
		}
		if ok != row.ok || ok && !bytes.Equal(got, want) {
			t.Errorf("%s: %x, %v, want %v", row.name, got, ok, row.ok)
		}
	}
}

// TestNoiseAlone: noise of any level is no fax, and does no harm.
func TestNoiseAlone(t *testing.T) {
	for _, level := range []float64{-60, -30, -10, 0} {
		for _, calling := range []bool{true, false} {
			tr := newTrial(1, 50)
			tr.caller.Document = NewDocument(bitmaps{tr.info, tr.pages})
			tr.answerer.Pages = NewPages(&inTray{})
			s, err := NewAnswerer(tr.answerer)
			if calling {
				s, err = NewCaller(tr.caller)
			}
			if err != nil {
				t.Fatal(err)
			}
			rnd, sigma := linesim.NewRandom(7), linesim.RMS(level)
			in, out := make([]int16, 160), make([]int16, 160)
			for n := 0; !s.Done() && n < 120*50; n++ {
				for i := range in {
					in[i] = int16(max(-32768, min(32767, rnd.Gauss()*sigma)))
				}
				s.Transmit(out)
				s.Receive(in)
			}
			if r := s.Result(); !s.Done() || r.Outcome != t30.NoFax && r.Outcome != t30.Failed {
				t.Errorf("noise of %v dBm0, calling %v: %v", level, calling, r)
			}
		}
	}
}
