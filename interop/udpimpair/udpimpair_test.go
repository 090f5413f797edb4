package udpimpair

import (
	"encoding/binary"
	"math"
	"net"
	"net/netip"
	"testing"
	"time"
)

func fates(p Params, seed, stream uint64, n int) []Fate {
	c := NewChooser(p, seed, stream)
	out := make([]Fate, n)
	for i := range out {
		out[i] = c.Next()
	}
	return out
}

func TestDeterministic(t *testing.T) {
	p := Params{Loss: 2, BurstLoss: 1, BurstLen: 4, Jitter: 20 * time.Millisecond, Dist: "normal", Reorder: 1, Dup: 1}
	a, b, c := fates(p, 7, 9160, 5000), fates(p, 7, 9160, 5000), fates(p, 8, 9160, 5000)
	same := 0
	for i := range a {
		if a[i] != b[i] {
			t.Fatalf("packet %d: %v and %v with one seed", i, a[i], b[i])
		}
		if a[i] == c[i] {
			same++
		}
	}
	if same > 100 {
		t.Errorf("%d of 5000 fates equal with another seed", same)
	}
	// The loss pattern does not depend on the other impairments.
	q := p
	q.Dup, q.Reorder, q.Jitter = 0, 0, 0
	for i, f := range fates(q, 7, 9160, 5000) {
		if f.Drop != a[i].Drop {
			t.Fatalf("packet %d: loss changed with the other parameters", i)
		}
	}
}

func TestRates(t *testing.T) {
	const n = 200000
	lost, bursts, inBurst := 0, 0, false
	for _, f := range fates(Params{BurstLoss: 2, BurstLen: 5}, 1, 2, n) {
		if f.Drop {
			lost++
			if !inBurst {
				bursts++
			}
		}
		inBurst = f.Drop
	}
	if r := 100 * float64(lost) / n; math.Abs(r-2) > 0.25 {
		t.Errorf("burst loss rate %.2f%%, want 2%%", r)
	}
	if l := float64(lost) / float64(bursts); math.Abs(l-5) > 0.5 {
		t.Errorf("mean burst length %.2f, want 5", l)
	}
	lost = 0
	for _, f := range fates(Params{Loss: 0.3}, 1, 2, n) {
		if f.Drop {
			lost++
		}
	}
	if r := 100 * float64(lost) / n; math.Abs(r-0.3) > 0.06 {
		t.Errorf("loss rate %.3f%%, want 0.3%%", r)
	}
}

func TestLoopbackOnly(t *testing.T) {
	l := netip.MustParseAddrPort("127.0.0.1:0")
	for _, a := range []string{"0.0.0.0:0", "192.0.2.1:9", "[::]:0"} {
		b := netip.MustParseAddrPort(a)
		for _, c := range []Config{{Listen: b, Target: l, Upstream: l}, {Listen: l, Target: b, Upstream: l}, {Listen: l, Target: l, Upstream: b}} {
			if p, err := NewProxy(c); err == nil {
				p.Close()
				t.Errorf("%v accepted", c)
			}
		}
	}
}

// exchange sends n numbered packets through a proxy to an echo server and
// returns the numbers in the order of their return.
func exchange(t *testing.T, up, down Params, n int, gap time.Duration) []uint32 {
	t.Helper()
	echo, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer echo.Close()
	go func() {
		b := make([]byte, 2048)
		for {
			k, from, err := echo.ReadFromUDP(b)
			if err != nil {
				return
			}
			echo.WriteToUDP(b[:k], from)
		}
	}()
	l := netip.MustParseAddrPort("127.0.0.1:0")
	p, err := NewProxy(Config{Listen: l, Target: echo.LocalAddr().(*net.UDPAddr).AddrPort(), Upstream: l, Seed: 3, Up: up, Down: down})
	if err != nil {
		t.Fatal(err)
	}
	go p.Serve()
	defer p.Close()
	c, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(p.Addr()))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	go func() {
		for i := range n {
			var b [4]byte
			binary.BigEndian.PutUint32(b[:], uint32(i))
			c.Write(b[:])
			time.Sleep(gap)
		}
	}()
	var got []uint32
	b := make([]byte, 2048)
	for {
		c.SetReadDeadline(time.Now().Add(600 * time.Millisecond))
		k, err := c.Read(b)
		if err != nil {
			return got
		}
		got = append(got, binary.BigEndian.Uint32(b[:k]))
	}
}

func inversions(v []uint32) (n int) {
	for i := 1; i < len(v); i++ {
		if v[i] < v[i-1] {
			n++
		}
	}
	return
}

func TestForwarding(t *testing.T) {
	const n = 300
	for _, tc := range []struct {
		name     string
		p        Params
		min, max int
		order    bool
	}{
		{"clean", Params{}, n, n, true},
		{"loss", Params{Loss: 20}, n * 70 / 100, n * 90 / 100, true},
		{"dup", Params{Dup: 20}, n * 110 / 100, n * 130 / 100, true},
		{"reorder", Params{Reorder: 10, ReorderGap: 2}, n, n, false},
		{"queue jitter", Params{Jitter: 20 * time.Millisecond, Dist: "exp", KeepOrder: true}, n, n, true},
		{"jitter", Params{Jitter: 20 * time.Millisecond, Dist: "uniform"}, n, n, false},
		{"media only", Params{Loss: 100, MediaOnly: true}, 0, 0, true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			t.Parallel()
			got := exchange(t, tc.p, Params{}, n, time.Millisecond)
			if len(got) < tc.min || len(got) > tc.max {
				t.Errorf("%d packets came back, want %d to %d", len(got), tc.min, tc.max)
			}
			if inv := inversions(got); (inv == 0) != tc.order {
				t.Errorf("%d inversions", inv)
			}
		})
	}
}
