package v21

import (
	"fmt"
	"math"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// bitSlice is a source of bits, one in each octet.
type bitSlice []byte

func (b *bitSlice) ReadBits(n int) (bits uint32, got int) {
	got = min(n, len(*b))
	for i := range got {
		bits |= uint32((*b)[i]) << i
	}
	*b = (*b)[got:]
	return bits, got
}

// catcher is a sink that keeps everything.
type catcher struct {
	bits   []byte
	status []modem.Status
	at     []int // bits before each status
}

func (c *catcher) WriteBits(bits uint32, n int) {
	for i := range n {
		c.bits = append(c.bits, byte(bits>>i&1))
	}
}

func (c *catcher) Status(s modem.Status) {
	c.status = append(c.status, s)
	c.at = append(c.at, len(c.bits))
}

// send makes the samples of a burst.
func send(data []byte) []int16 {
	src := bitSlice(data)
	t := NewTransmitter(&src)
	out := make([]int16, len(data)*27+100)
	return out[:t.Read(out)]
}

// wrong counts the bits of data that are not in got at the best alignment near
// the begin.
func wrong(data, got []byte) int {
	best := len(data)
	for lag := -20; lag <= 60; lag++ {
		n := 0
		for i, b := range data {
			if j := i + lag; j < 0 || j >= len(got) || got[j] != b {
				n++
			}
			if n >= best {
				break
			}
		}
		best = min(best, n)
	}
	return best
}

// carry sends data through a channel into a new receiver.
func carry(p linesim.Parameters, data []byte, lead int) *catcher {
	c := linesim.New(p)
	c.Silence(lead)
	c.Write(send(data))
	c.Silence(800)
	c.Flush()
	sink := &catcher{}
	r := NewReceiver(sink)
	out := c.Output()
	for len(out) > 0 {
		n := min(160, len(out))
		r.Write(out[:n])
		out = out[n:]
	}
	return sink
}

// burstDelay gives each burst its own place between the samples.
func burstDelay(i int) float64 { return linesim.NewRandom(0xDE1A4+uint64(i)).Uniform() * 10 }

// TestNoise: 95 % of bursts of 20,000 bits must be free of errors 0.3 dB above what
// an ideal receiver that looks at one bit at a time needs (4.6 dB). 15 bursts do not
// show 95 %; this is a guard against getting worse.
func TestNoise(t *testing.T) {
	for _, c := range []struct {
		snr   float64
		clean int
	}{{5, 5}, {4, 4}} {
		const n = 5
		clean := 0
		for i := range n {
			p := linesim.Defaults()
			p.SNR, p.ULaw = c.snr, i&1 == 1
			p.Delay = burstDelay(i)
			p.Seed = uint64(100000*(c.snr+100)) + uint64(i) + 1
			data := linesim.Bits(20000, uint64(i))
			if wrong(data, carry(p, data, 0).bits) == 0 {
				clean++
			}
		}
		if clean < c.clean {
			t.Errorf("%v dB: %d of %d bursts free of errors, want %d", c.snr, clean, n, c.clean)
		}
	}
}

// TestImpairments: one thing at a time, and everything at once.
func TestImpairments(t *testing.T) {
	type change func(p *linesim.Parameters)
	cases := []struct {
		name   string
		bits   int
		lead   int
		change change
	}{
		{"nothing", 2000, 0, func(*linesim.Parameters) {}},
		{"u-law, no noise", 2000, 0, func(p *linesim.Parameters) { p.SNR = linesim.Off; p.ULaw = true }},
		{"silence before", 2000, 8000, func(p *linesim.Parameters) { p.SNR = linesim.Off }},
		{"noise before", 2000, 8000, func(p *linesim.Parameters) { p.SNR = 7 }},
		{"+10 Hz", 4000, 0, func(p *linesim.Parameters) { p.FreqOffset = 10; p.SNR = 10 }},
		{"-10 Hz", 4000, 0, func(p *linesim.Parameters) { p.FreqOffset = -10; p.SNR = 10 }},
		{"+200 ppm for 30 s", 9000, 0, func(p *linesim.Parameters) { p.Skew = 200; p.SNR = 8 }},
		{"-200 ppm for 30 s", 9000, 0, func(p *linesim.Parameters) { p.Skew = -200; p.SNR = 8 }},
		{"-5 dBm0", 2000, 800, func(p *linesim.Parameters) { p.Level = -5 }},
		{"-45 dBm0", 2000, 800, func(p *linesim.Parameters) { p.Level = -45 }},
		{"-45 dBm0, u-law, no noise", 2000, 800, func(p *linesim.Parameters) { p.Level = -45; p.SNR = linesim.Off; p.ULaw = true }},
		{"tilt -6 dB", 2000, 0, func(p *linesim.Parameters) { p.Tilt = -6 }},
		{"tilt 18 dB", 2000, 0, func(p *linesim.Parameters) { p.Tilt = 18 }},
		{"echo at 5 ms", 2000, 0, func(p *linesim.Parameters) { p.Echo = -6 }},
		{"echo at 29 ms", 2000, 0, func(p *linesim.Parameters) { p.Echo, p.EchoDelay = -8, 29 }},
		{"all at once", 9000, 4000, func(p *linesim.Parameters) {
			p.Level, p.Tilt, p.Echo, p.FreqOffset, p.Skew, p.ULaw, p.SNR = -38, 9, -15, 7, -150, true, 12
		}},
	}
	for _, c := range cases {
		for i := range 4 {
			p := linesim.Defaults()
			p.SNR = 20
			p.Delay = burstDelay(i)
			p.Seed = uint64(i) + 77
			c.change(&p)
			data := linesim.Bits(c.bits, uint64(i))
			s := carry(p, data, c.lead)
			if n := wrong(data, s.bits); n != 0 {
				t.Errorf("%s, burst %d: %d of %d bits wrong", c.name, i, n, c.bits)
			}
			if got := fmt.Sprint(s.status); got != "[1 2 4]" {
				t.Errorf("%s, burst %d: status %s, want up, trained, down once each", c.name, i, got)
			}
			if extra := len(s.bits) - c.bits; extra < 0 || extra > 30 {
				t.Errorf("%s, burst %d: %d bits too many", c.name, i, extra)
			}
		}
	}
}

// TestPhases: a burst may begin anywhere between two samples.
func TestPhases(t *testing.T) {
	data := linesim.Bits(300, 5)
	for i := range 54 {
		p := linesim.Defaults()
		p.SNR = 15
		p.Delay = float64(i) / 2
		if n := wrong(data, carry(p, data, 80).bits); n != 0 {
			t.Errorf("delay %v: %d bits wrong", p.Delay, n)
		}
	}
}

// TestGap: a lost packet costs the bits that it covers, be it silence, a
// repetition or made up with notice.
func TestGap(t *testing.T) {
	data := linesim.Bits(3000, 9)
	for _, c := range []struct {
		name   string
		lost   int
		notice bool
		fill   func(i int) int16
	}{
		{"silence with notice", 160, true, func(int) int16 { return 0 }},
		{"silence", 160, false, func(int) int16 { return 0 }},
		{"noise", 160, false, func(i int) int16 { return int16(i*7919%6000 - 3000) }},
		{"three packets with notice", 480, true, func(int) int16 { return 0 }},
	} {
		p := linesim.Defaults()
		p.SNR, p.Delay = 20, 3.3
		in := linesim.Through(p, send(data))
		sink := &catcher{}
		r := NewReceiver(sink)
		const at = 40000
		for i := range c.lost {
			in[at+i] = c.fill(i)
		}
		r.Write(in[:at])
		if c.notice {
			r.Conceal(c.lost)
		}
		r.Write(in[at:])
		limit := c.lost*300/8000 + 2
		if n := wrong(data, sink.bits); n > limit {
			t.Errorf("%s: %d bits wrong, want at most %d", c.name, n, limit)
		}
		if len(sink.status) != 2 {
			t.Errorf("%s: status %v", c.name, sink.status)
		}
	}
}

// TestPacketLoss: at 5 % of packets lost and repeated, no slip and no lost carrier.
func TestPacketLoss(t *testing.T) {
	data := linesim.Bits(9000, 4)
	p := linesim.Defaults()
	p.SNR, p.Loss, p.ULaw = 20, 0.05, true
	s := carry(p, data, 0)
	if n := wrong(data, s.bits); n > 500 {
		t.Errorf("%d of 9000 bits wrong with 5 %% of packets lost", n)
	}
}

func TestQuality(t *testing.T) {
	for _, snr := range []float64{5, 10, 20} {
		for _, skew := range []float64{-100, 0, 100} {
			p := linesim.Defaults()
			p.SNR, p.Skew, p.Level = snr, skew, -20
			sink := &catcher{}
			r := NewReceiver(sink)
			r.Write(linesim.Through(p, send(linesim.Bits(6000, 1))))
			q := r.Quality()
			if math.Abs(q.SNR-snr) > 2 || math.Abs(q.ClockSkew-skew) > 60 || math.Abs(q.Level+20) > 2 {
				t.Errorf("SNR %v, skew %v: %+v", snr, skew, q)
			}
		}
	}
}

func TestTransmitter(t *testing.T) {
	one := make([]byte, 300)
	for i := range one {
		one[i] = 1
	}
	for _, c := range []struct {
		data []byte
		hz   float64
	}{{one, 1650}, {make([]byte, 300), 1850}} {
		out := send(c.data)
		if len(out) != 8000 {
			t.Errorf("300 bits make %d samples, want 8000", len(out))
		}
		var re, im float64
		for i, v := range out {
			s, cos := math.Sincos(2 * math.Pi * c.hz * float64(i) / 8000)
			re, im = re+float64(v)*cos, im+float64(v)*s
		}
		if got := linesim.DBm0((re*re + im*im) * 2 / 64e6); math.Abs(got+13) > 0.01 {
			t.Errorf("%v Hz has %v dBm0, want -13", c.hz, got)
		}
	}
	if got := len(send(linesim.Bits(3000, 3))); got != 80000 {
		t.Errorf("3000 bits make %d samples, want 80000", got)
	}
}

// TestChannel1 is there so that it does not rot.
func TestChannel1(t *testing.T) {
	data := linesim.Bits(600, 3)
	src := bitSlice(data)
	out := make([]int16, 17000)
	n := NewTransmitterOn(Channel1, &src).Read(out)
	sink := &catcher{}
	NewReceiverOn(Channel1, sink).Write(out[:n+400])
	if n := wrong(data, sink.bits); n != 0 {
		t.Errorf("%d bits wrong", n)
	}
}

func TestNoAllocation(t *testing.T) {
	in := send(linesim.Bits(300, 1))
	sink := &catcher{bits: make([]byte, 0, 1<<20), status: make([]modem.Status, 0, 1<<10), at: make([]int, 0, 1<<10)}
	r := NewReceiver(sink)
	src := make(bitSlice, 1<<20)
	x := NewTransmitter(&src)
	out := make([]int16, 160)
	if n := testing.AllocsPerRun(50, func() {
		r.Write(in)
		r.Write(make160[:])
		x.Read(out)
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

var make160 [1600]int16

func BenchmarkReceiver(b *testing.B) {
	p := linesim.Defaults()
	p.SNR = 20
	in := linesim.Through(p, send(linesim.Bits(3000, 1)))
	for _, c := range []struct {
		name string
		in   []int16
	}{{"data", in}, {"noise", linesim.Through(p, make([]int16, 80000))}} {
		b.Run(c.name, func(b *testing.B) {
			r := NewReceiver(&catcher{bits: make([]byte, 0, 1<<20)})
			r.sink.(*catcher).bits = r.sink.(*catcher).bits[:0]
			b.ResetTimer()
			n := 0
			for range b.N {
				if n+160 > len(c.in) {
					n = 0
					r.sink.(*catcher).bits = r.sink.(*catcher).bits[:0]
				}
				r.Write(c.in[n : n+160])
				n += 160
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/160, "ns/sample")
		})
	}
}

func BenchmarkTransmitter(b *testing.B) {
	src := make(bitSlice, 1<<16)
	x, out, left := NewTransmitter(&src), make([]int16, 160), len(src)
	for b.Loop() {
		if left -= 8; left < 0 { // 160 samples take six bits
			src, left = make(bitSlice, 1<<16), 1<<16
			x = NewTransmitter(&src)
		}
		x.Read(out)
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(160*b.N), "ns/sample")
}

func FuzzReceiver(f *testing.F) {
	in := send(linesim.Bits(60, 1))
	seed := make([]byte, 0, 2*len(in))
	for _, v := range in {
		seed = append(seed, byte(v), byte(uint16(v)>>8))
	}
	f.Add(seed, uint16(0))
	f.Add(make([]byte, 3000), uint16(160))
	f.Fuzz(func(t *testing.T, data []byte, conceal uint16) {
		sink := &catcher{}
		r := NewReceiver(sink)
		r.Conceal(int(conceal))
		samples := make([]int16, len(data)/2)
		for i := range samples {
			samples[i] = int16(uint16(data[2*i]) | uint16(data[2*i+1])<<8)
		}
		for range 3 { // over and over: what was is part of what follows
			r.Write(samples)
			r.Quality()
		}
		if len(sink.bits) > 3*len(samples)*300/8000+60 {
			t.Errorf("%d bits from %d samples", len(sink.bits), 3*len(samples))
		}
	})
}
