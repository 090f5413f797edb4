package hdlc

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// transmission is what T.30 sends: a preamble and some frames.
func transmission(frames ...[]byte) string {
	return bitString(NewEncoder(Spacing{Preamble: 10, Closing: 2}, Frames(frames...)), 8)
}

// spoilt feeds bits, those from at on made up by fill.
func spoilt(d *Decoder, bits string, at, n int, fill func(i int) byte) {
	for i := range bits {
		if i >= at && i < at+n {
			d.WriteDoubtful(uint32(fill(i)), 1)
		} else {
			d.WriteBits(uint32(bits[i]-'0'), 1)
		}
	}
	d.Close()
}

// TestRepair takes seven bits out at every place of a transmission, and makes
// them up as all ones, all zeros, or what was a packet before.
func TestRepair(t *testing.T) {
	csi := append([]byte{0xFF, 0x03, 0x40}, "   11010203 555 94+ "...)
	dis := []byte{0xFF, 0x13, 0x80, 0x00, 0xEE, 0xF8, 0x44, 0x80, 0x1C}
	bits := transmission(csi, dis)
	want := []string{fmt.Sprintf("frame %X true", csi), fmt.Sprintf("frame %X true", dis)}
	lost, wrong, tried := 0, 0, 0
	for at := range len(bits) - 7 {
		for name, fill := range map[string]func(int) byte{
			"ones":  func(int) byte { return 1 },
			"zeros": func(int) byte { return 0 },
			"repeated": func(i int) byte {
				return bits[max(0, i-6)] - '0'
			},
		} {
			tried++
			r := &recorder{}
			d := NewDecoder(r, 3)
			d.Repair(7)
			spoilt(d, bits, at, 7, fill)
			good := 0
			for _, e := range r.events {
				switch {
				case slices.Contains(want, e):
					good++
				case strings.HasSuffix(e, "true"):
					wrong++
				case e == "abort" || strings.HasSuffix(e, "false"):
					t.Logf("gap at %d filled with %s: %q", at, name, e)
				}
			}
			if good != len(want) {
				lost++
			}
		}
	}
	t.Logf("%d gaps: %d with a frame lost, %d with a wrong frame", tried, lost, wrong)
	if lost > tried/50 || wrong > tried/100 {
		t.Errorf("of %d gaps %d cost a frame, %d made a wrong one", tried, lost, wrong)
	}
}

// TestNoRepair: two lost packets in a frame are too much, and a frame damaged
// without notice stays damaged.
func TestNoRepair(t *testing.T) {
	frame := []byte{0xFF, 0x13, 0x84, 1, 2, 3, 4, 5, 6, 7, 8, 9}
	bits := transmission(frame)
	r := &recorder{}
	d := NewDecoder(r, 3)
	d.Repair(7)
	spoilt(d, bits, 100, 14, func(i int) byte { return '1' - bits[i] })
	if got := fmt.Sprint(r.events); strings.Contains(got, "true") {
		t.Errorf("14 bits lost: %v", got)
	}
	r = &recorder{}
	d = NewDecoder(r, 3)
	d.Repair(7)
	wrong := []byte(bits)
	wrong[120] ^= 1
	spoilt(d, string(wrong), 0, 0, nil)
	if got := fmt.Sprint(r.events); !strings.Contains(got, "false") {
		t.Errorf("a wrong bit without notice: %v", got)
	}
}

// TestRepairWhole: without doubt repair changes nothing.
func TestRepairWhole(t *testing.T) {
	rnd := rand.New(rand.NewPCG(3, 4))
	for range 200 {
		stream := make([]byte, 400)
		for i := range stream {
			stream[i] = byte(rnd.Uint32() & rnd.Uint32() >> 3 & 1)
			if rnd.IntN(3) > 0 {
				stream[i] = flagBits[i&7] - '0'
			}
		}
		plain, keeping := &recorder{}, &recorder{}
		a, b := NewDecoder(plain, 2), NewDecoder(keeping, 2)
		b.Repair(8)
		for _, bit := range stream {
			a.WriteBits(uint32(bit), 1)
			b.WriteBits(uint32(bit), 1)
		}
		if !slices.Equal(plain.events, keeping.events) {
			t.Fatalf("%q, with repair %q", plain.events, keeping.events)
		}
	}
}

func TestRepairNoAllocation(t *testing.T) {
	d := NewDecoder(new(discard), 1)
	d.Repair(8)
	bits := transmission(make([]byte, 20))
	if n := testing.AllocsPerRun(3, func() { spoilt(d, bits, 150, 7, func(int) byte { return 1 }) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzRepair(f *testing.F) {
	f.Add([]byte{0x7E, 0x7E, 0xFF, 0x13, 0xFB, 0x7E, 0x7E}, []byte{0, 0, 0, 3, 0})
	f.Fuzz(func(t *testing.T, data, doubt []byte) {
		d := NewDecoder(&recorder{}, 2)
		d.Repair(3)
		for i, octet := range data {
			mask := byte(0)
			if len(doubt) > 0 {
				mask = doubt[i%len(doubt)]
			}
			for k := range 8 {
				if mask>>k&1 != 0 {
					d.WriteDoubtful(uint32(octet>>k), 1)
				} else {
					d.WriteBits(uint32(octet>>k), 1)
				}
			}
		}
		d.Close()
	})
}
