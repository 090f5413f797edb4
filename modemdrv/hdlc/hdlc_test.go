package hdlc

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// recorder writes down what a Decoder tells.
type recorder struct {
	events []string
	frames [][]byte
}

func (r *recorder) Flags() { r.events = append(r.events, "flags") }
func (r *recorder) Abort() { r.events = append(r.events, "abort") }
func (r *recorder) Frame(p []byte, ok bool) {
	r.frames = append(r.frames, slices.Clone(p))
	r.events = append(r.events, fmt.Sprintf("frame %X %v", p, ok))
}

// bitString reads everything an encoder has, as zeros and ones.
func bitString(e *Encoder, chunk int) string {
	var s strings.Builder
	for {
		bits, got := e.ReadBits(chunk)
		for i := range got {
			s.WriteByte('0' + byte(bits>>i&1))
		}
		if got < chunk {
			return s.String()
		}
	}
}

func feed(d *Decoder, s string) {
	for _, c := range strings.ReplaceAll(s, " ", "") {
		d.WriteBits(uint32(c-'0'), 1)
	}
}

func TestFCSCheckValue(t *testing.T) {
	// The check value of this FCS (known as CRC-16/X-25) in every catalogue.
	if got := FCS([]byte("123456789")); got != 0x906E {
		t.Errorf("FCS(123456789) = %04X, want 906E", got)
	}
}

// TestFCSTwin checks the table against shifting bit by bit (T.30 5.3.7).
func TestFCSTwin(t *testing.T) {
	for b := range 256 {
		r := uint32(fcsPreset)
		for i := range 8 {
			top := (r ^ uint32(b)>>i) & 1
			r >>= 1
			if top != 0 {
				r ^= fcsPolynomial
			}
		}
		if got := fcsAdd(fcsPreset, byte(b)); uint32(got) != r {
			t.Fatalf("fcsAdd(FFFF, %02X) = %04X, want %04X", b, got, r)
		}
	}
}

func TestFlagsFor(t *testing.T) {
	for _, c := range []struct {
		d    time.Duration
		rate int
		want int
	}{
		{time.Second, 300, 38}, {850 * time.Millisecond, 300, 32}, {200 * time.Millisecond, 14400, 360},
		{0, 300, 0}, {time.Millisecond, 300, 1},
	} {
		if got := FlagsFor(c.d, c.rate); got != c.want {
			t.Errorf("FlagsFor(%v, %d) = %d, want %d", c.d, c.rate, got, c.want)
		}
	}
}

const flagBits = "01111110"

func TestEncoderBits(t *testing.T) {
	for _, c := range []struct {
		name    string
		spacing Spacing
		frames  [][]byte
		want    string
	}{
		{"nothing to send is the preamble and a closing flag", Spacing{Preamble: 2}, nil, strings.Repeat(flagBits, 3)},
		{
			"zeros after five ones", Spacing{Preamble: 1, Closing: 2},
			[][]byte{{0xFF, 0x03}},
			flagBits + "11111" + "0" + "111" + "11" + "0" + "000000" + lsbFirst(FCS([]byte{0xFF, 0x03})) + flagBits + flagBits,
		},
	} {
		for chunk := 1; chunk <= 16; chunk++ {
			if got := bitString(NewEncoder(c.spacing, Frames(c.frames...)), chunk); got != c.want {
				t.Errorf("%s, by %d: %s, want %s", c.name, chunk, got, c.want)
			}
		}
	}
}

// lsbFirst is the slow twin of stuffing for an FCS with no five ones in a row.
func lsbFirst(fcs uint16) string {
	var s strings.Builder
	for i := range 16 {
		s.WriteByte('0' + byte(fcs>>i&1))
	}
	return s.String()
}

func TestEncoderSpacing(t *testing.T) {
	s := bitString(NewEncoder(Spacing{Preamble: 5, Between: 3, Closing: 4}, Frames([]byte{1, 2, 4}, []byte{8, 16, 32})), 7)
	if got := strings.Count(s, flagBits); got != 5+3+4 {
		t.Errorf("%d flags, want 12 in %s", got, s)
	}
}

// TestEncoderWaits: a frame that is not ready yet makes flags, as many as it takes.
func TestEncoderWaits(t *testing.T) {
	asked := 0
	e := NewEncoder(Spacing{Preamble: 1}, func() ([]byte, bool) {
		asked++
		switch asked {
		case 4:
			return []byte{0xFF, 0x13, 0xFB}, true
		case 1, 2, 3:
			return nil, true
		}
		return nil, false
	})
	r := &recorder{}
	feed(NewDecoder(r, 4), bitString(e, 3))
	if want := []string{"flags", "frame FF13FB true"}; !slices.Equal(r.events, want) {
		t.Errorf("%q, want %q", r.events, want)
	}
}

func TestEncoderAbort(t *testing.T) {
	e := NewEncoder(Spacing{Preamble: 2}, Frames(make([]byte, 10), []byte{0xFF, 0x13, 0xFB}))
	r := &recorder{}
	d := NewDecoder(r, 1)
	bits, n := e.ReadBits(16)
	d.WriteBits(bits, n)
	bits, n = e.ReadBits(16) // two octets of the frame
	d.WriteBits(bits, n)
	e.Abort()
	feed(d, bitString(e, 8))
	want := []string{"flags", "abort", "flags", "frame FF13FB true"}
	if !slices.Equal(r.events, want) {
		t.Errorf("%q, want %q", r.events, want)
	}
}

func TestDecoderEvents(t *testing.T) {
	good := bitString(NewEncoder(Spacing{}, Frames([]byte{0xFF, 0x13, 0xFB})), 1)
	sharedZero := "01111110" + "1111110" + "1111110"
	for _, c := range []struct {
		name  string
		flags int
		bits  string
		want  []string
	}{
		{"one frame", 1, good, []string{"flags", "frame FF13FB true"}},
		{"a good frame tells the flags that were too few", 3, good, []string{"flags", "frame FF13FB true"}},
		{"flags may share a zero", 3, sharedZero, []string{"flags"}},
		{"flags must follow each other", 2, flagBits + "0101" + flagBits, nil},
		{"a damaged frame before the preamble is noise", 2, flagBits + strings.Repeat("01", 30) + flagBits, nil},
		{"a damaged frame after the preamble", 2, flagBits + flagBits + strings.Repeat("01", 20) + flagBits,
			[]string{"flags", "frame AAAAAA false"}},
		{"a frame that is not whole octets", 2, flagBits + flagBits + strings.Repeat("01", 20) + "0" + flagBits,
			[]string{"flags", "frame AAAAAA false"}},
		{"too short for a frame", 2, flagBits + flagBits + "0101010101" + flagBits, []string{"flags"}},
		{"idle ends it once", 1, flagBits + strings.Repeat("1", 40) + flagBits, []string{"flags", "abort", "flags"}},
		{"garbage in front", 1, "1101111101110" + good, []string{"flags", "frame FF13FB true"}},
		{"idle in front", 1, strings.Repeat("1", 40) + good, []string{"flags", "frame FF13FB true"}},
	} {
		r := &recorder{}
		feed(NewDecoder(r, c.flags), c.bits)
		if !slices.Equal(r.events, c.want) {
			t.Errorf("%s: %q, want %q", c.name, r.events, c.want)
		}
	}
}

func TestLongFrame(t *testing.T) {
	for _, c := range []struct {
		length int
		ok     bool
	}{{MaxFrame, true}, {MaxFrame + 1, false}, {5 * MaxFrame, false}} {
		r := &recorder{}
		feed(NewDecoder(r, 1), bitString(NewEncoder(Spacing{}, Frames(bytes.Repeat([]byte{0x5A}, c.length))), 9))
		if len(r.frames) != 1 || len(r.frames[0]) != MaxFrame || !strings.HasSuffix(r.events[1], fmt.Sprint(c.ok)) {
			t.Errorf("frame of %d octets: %d frames, %.20q", c.length, len(r.frames), r.events)
		}
	}
}

// TestRoundTrip sends random frames of every length, rich in ones, through
// every size of chunk.
func TestRoundTrip(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	var frames [][]byte
	for length := MinFrame; length <= 270; length++ {
		f := make([]byte, length)
		for i := range f {
			f[i] = byte(rnd.Uint32() | rnd.Uint32()&rnd.Uint32())
		}
		frames = append(frames, f)
	}
	for chunk := 1; chunk <= 16; chunk++ {
		r := &recorder{}
		d := NewDecoder(r, 2)
		e := NewEncoder(Spacing{Preamble: 3, Between: 1 + chunk&1}, Frames(frames...))
		for got := chunk; got == chunk; {
			var bits uint32
			bits, got = e.ReadBits(chunk)
			d.WriteBits(bits, got)
		}
		if !slices.EqualFunc(r.frames, frames, bytes.Equal) {
			t.Fatalf("by %d bits: frames differ", chunk)
		}
		if slices.ContainsFunc(r.events, func(s string) bool { return strings.HasSuffix(s, "false") }) {
			t.Fatalf("by %d bits: damaged frames", chunk)
		}
	}
}

// discard is a Handler that counts good frames.
type discard int

func (*discard) Flags() {}
func (*discard) Abort() {}
func (d *discard) Frame(_ []byte, ok bool) {
	if ok {
		*d++
	}
}

func TestNoAllocation(t *testing.T) {
	frame := make([]byte, 260)
	e := NewEncoder(Spacing{}, func() ([]byte, bool) { return frame, true })
	d := NewDecoder(new(discard), 1)
	if n := testing.AllocsPerRun(100, func() {
		for range 1000 {
			d.WriteBits(e.ReadBits(6))
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzDecoder(f *testing.F) {
	e := NewEncoder(Spacing{Preamble: 2, Closing: 2}, Frames([]byte{0xFF, 0xC8, 0xF4}, []byte{0xFF, 0x13, 0x83, 1, 2, 3}))
	var seed []byte
	for got := 8; got == 8; {
		var bits uint32
		bits, got = e.ReadBits(8)
		seed = append(seed, byte(bits))
	}
	f.Add(seed, uint8(5))
	f.Add([]byte{0x7E, 0xFF, 0xFF, 0x7E, 0x7E, 0, 0, 0}, uint8(1))
	f.Fuzz(func(t *testing.T, data []byte, need uint8) {
		whole, single := &recorder{}, &recorder{}
		a, b := NewDecoder(whole, int(need%8)), NewDecoder(single, int(need%8))
		for _, octet := range data {
			a.WriteBits(uint32(octet), 8)
			for i := range 8 {
				b.WriteBits(uint32(octet>>i), 1)
			}
		}
		if !slices.Equal(whole.events, single.events) {
			t.Fatalf("by octets %q, by bits %q", whole.events, single.events)
		}
		// What was good must come back from our own encoder.
		for i, fr := range whole.frames {
			again := &recorder{}
			feed(NewDecoder(again, 1), bitString(NewEncoder(Spacing{}, Frames(fr)), 8))
			if len(again.frames) != 1 || !bytes.Equal(again.frames[0], fr) {
				t.Fatalf("frame %d does not survive", i)
			}
		}
	})
}

func BenchmarkEncoder(b *testing.B) {
	frame := make([]byte, 260)
	e := NewEncoder(Spacing{}, func() ([]byte, bool) { return frame, true })
	for range b.N {
		e.ReadBits(6)
	}
}

func BenchmarkDecoder(b *testing.B) {
	rnd := rand.New(rand.NewPCG(1, 2))
	frame := make([]byte, 260)
	for i := range frame {
		frame[i] = byte(rnd.Uint32())
	}
	e := NewEncoder(Spacing{}, func() ([]byte, bool) { return frame, true })
	var in [4096]uint32
	for i := range in {
		in[i], _ = e.ReadBits(6)
	}
	d := NewDecoder(new(discard), 1)
	b.ResetTimer()
	for i := range b.N {
		d.WriteBits(in[i&4095], 6)
	}
}
