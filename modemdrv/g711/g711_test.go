package g711

import "testing"

// law is a table of G.711: the decision values of the positive half and the
// octets of its intervals, written down from Tables 1a and 2a.
type law struct {
	name      string
	decisions []int // 16 bit scale; interval n is decisions[n] <= x < decisions[n+1]
	values    []int
	octets    []byte
}

// ulawTable is Table 2a: value 0 is its own interval of half width, then 15
// intervals of 2, 16 of 4, and so on to 16 of 256 that end at 8159.
func ulawTable() law {
	l := law{name: "u-law"}
	add := func(from, to int) {
		l.decisions = append(l.decisions, from<<2)
		l.values = append(l.values, (from+to)<<2/2)
		l.octets = append(l.octets, byte(0xFF-len(l.octets)))
	}
	add(-1, 1) // y is 0
	x := 1
	for step, n := 2, 15; step <= 256; step, n = step*2, 16 {
		for range n {
			add(x, x+step)
			x += step
		}
	}
	return l
}

// alawTable is Table 1a: 32 intervals of 2, 16 of 4, to 16 of 128, ending at 4096.
func alawTable() law {
	l := law{name: "A-law"}
	x := 0
	for step, n := 2, 32; step <= 128; step, n = step*2, 16 {
		for range n {
			l.decisions = append(l.decisions, x<<3)
			l.values = append(l.values, (x+x+step)<<3/2)
			l.octets = append(l.octets, byte(0x80+len(l.octets))^0x55)
			x += step
		}
	}
	return l
}

func (l law) encode(x int) byte {
	magnitude := max(x, -x)
	n := 0
	for n+1 < len(l.decisions) && l.decisions[n+1] <= magnitude {
		n++
	}
	if x < 0 {
		return l.octets[n] ^ 0x80
	}
	return l.octets[n]
}

func TestTwins(t *testing.T) {
	for _, c := range []struct {
		table  law
		encode func(int16) byte
		decode func(byte) int16
	}{
		{ulawTable(), EncodeULaw, DecodeULaw},
		{alawTable(), EncodeALaw, DecodeALaw},
	} {
		if len(c.table.octets) != 128 {
			t.Fatalf("%s: table of %d", c.table.name, len(c.table.octets))
		}
		for x := -32768; x <= 32767; x++ {
			if got, want := c.encode(int16(x)), c.table.encode(x); got != want {
				t.Fatalf("%s: encode(%d) = %02X, want %02X", c.table.name, x, got, want)
			}
		}
		for n, octet := range c.table.octets {
			for sign, want := range map[byte]int{0: c.table.values[n], 0x80: -c.table.values[n]} {
				if got := c.decode(octet ^ sign); int(got) != want {
					t.Errorf("%s: decode(%02X) = %d, want %d", c.table.name, octet^sign, got, want)
				}
			}
		}
	}
}

// TestIdempotent: what was decoded once survives any number of further hops.
func TestIdempotent(t *testing.T) {
	for i := range 256 {
		if x := DecodeULaw(byte(i)); DecodeULaw(EncodeULaw(x)) != x {
			t.Errorf("u-law %02X: %d becomes %d", i, x, DecodeULaw(EncodeULaw(x)))
		}
		if x := DecodeALaw(byte(i)); EncodeALaw(x) != byte(i) {
			t.Errorf("A-law %02X becomes %02X", i, EncodeALaw(x))
		}
	}
}
