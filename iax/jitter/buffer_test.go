package jitter

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// recorder keeps what a Buffer hands on.
type recorder struct {
	pcm       []int16
	concealed []bool
	pending   int
}

func (r *recorder) Conceal(n int) { r.pending += n }

func (r *recorder) Receive(pcm []int16) {
	for _, s := range pcm {
		r.pcm = append(r.pcm, s)
		r.concealed = append(r.concealed, r.pending > 0)
		if r.pending > 0 {
			r.pending--
		}
	}
}

// source gives sample n of the sent signal: never silent, no two frames alike.
func source(n int) int16 { return int16(1000 + n*7919%20000) }

func frameAt(k int) []int16 {
	pcm := make([]int16, 160)
	for i := range pcm {
		pcm[i] = source(k*160 + i)
	}
	return pcm
}

// arrival is one packet at the receiver.
type arrival struct {
	at  time.Duration
	ts  uint32
	pcm []int16
}

var epoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// play feeds arrivals in the order of time, with the buffer's deadlines between.
func play(b *Buffer, list []arrival, until time.Duration) {
	slices.SortStableFunc(list, func(x, y arrival) int { return int(x.at - y.at) })
	run := func(now time.Time) {
		for {
			at, ok := b.Deadline()
			if !ok || at.After(now) {
				return
			}
			b.Timeout(at)
		}
	}
	b.Start(epoch)
	for _, a := range list {
		now := epoch.Add(a.at)
		run(now)
		b.Arrive(now, a.ts, a.pcm)
	}
	run(epoch.Add(until))
}

// checkAligned fails unless every sample that is not concealed is where it
// belongs, counted from the first.
func checkAligned(t *testing.T, r *recorder) (good, made int) {
	t.Helper()
	for i, s := range r.pcm {
		switch {
		case r.concealed[i]:
			made++
		case s == source(i):
			good++
		default:
			t.Fatalf("sample %d (%.3f s) = %d, want %d: slipped", i, float64(i)/8000, s, source(i))
		}
	}
	return good, made
}

// network makes arrivals of n frames.
type network struct {
	loss, dup, reorder float64 // share of packets
	jitter             time.Duration
	delay              time.Duration
	burst              int     // packets lost together
	skew               float64 // ppm of the sender's clock
}

func (n network) carry(rnd *rand.Rand, frames int) []arrival {
	var list []arrival
	lost := 0
	for k := range frames {
		at := n.delay + time.Duration(float64(k)*20e6*(1-n.skew/1e6)) + time.Duration(rnd.Float64()*float64(n.jitter))
		if k > 0 && lost == 0 && rnd.Float64() < n.loss {
			lost = max(1, n.burst)
		}
		if lost > 0 {
			lost--
			continue
		}
		if rnd.Float64() < n.reorder {
			at += 25 * time.Millisecond
		}
		a := arrival{at, uint32(k * 20), frameAt(k)}
		list = append(list, a)
		if rnd.Float64() < n.dup {
			a.at += time.Millisecond
			list = append(list, a)
		}
	}
	return list
}

// TestNetworks lets a minute of sound cross all kinds of networks. It must never
// slip, and lose nothing but what was lost.
func TestNetworks(t *testing.T) {
	for _, tc := range []struct {
		name string
		net  network
		late float64 // share of frames that may be concealed besides those lost
	}{
		{"clean", network{}, 0},
		{"loss 1 %", network{loss: 0.01}, 0},
		{"loss 10 %", network{loss: 0.1}, 0},
		{"bursts of 5", network{loss: 0.01, burst: 5}, 0},
		{"jitter 20 ms", network{jitter: 20 * time.Millisecond}, 0},
		{"jitter 40 ms", network{jitter: 40 * time.Millisecond}, 0},
		{"jitter 60 ms", network{jitter: 60 * time.Millisecond}, 0.001},
		{"reordering 1 %", network{reorder: 0.01}, 0},
		{"reordering 10 %", network{reorder: 0.1}, 0},
		{"duplication 5 %", network{dup: 0.05}, 0},
		{"all at once", network{loss: 0.01, jitter: 30 * time.Millisecond, reorder: 0.01, dup: 0.02}, 0.001},
		{"clock +200 ppm", network{skew: 200, jitter: 10 * time.Millisecond}, 0},
		{"clock -200 ppm", network{skew: -200, jitter: 10 * time.Millisecond}, 0},
	} {
		t.Run(tc.name, func(t *testing.T) {
			const frames = 3000
			rnd := rand.New(rand.NewPCG(7, 7))
			list := tc.net.carry(rnd, frames)
			came := make(map[uint32]bool)
			for _, a := range list {
				came[a.ts] = true
			}
			var r recorder
			b := New(&r)
			play(b, list, frames*20*time.Millisecond+200*time.Millisecond)
			good, made := checkAligned(t, &r)
			if want := len(came) * 160; float64(good) < float64(want)*(1-tc.late) {
				t.Errorf("%d samples came through of %d that arrived (%d made up)", good, want, made)
			}
			s := b.Stats()
			if int(s.Duplicates) != len(list)-len(came) {
				t.Errorf("duplicates = %d, want %d", s.Duplicates, len(list)-len(came))
			}
			if tc.late == 0 && (s.Late != 0 || s.Jumps != 0) {
				t.Errorf("stats = %+v", s)
			}
		})
	}
}

// TestHourOfSkew lets an hour pass with clocks 200 ppm apart: 0.72 s of
// difference, and not one sample concealed, repeated or left out.
func TestHourOfSkew(t *testing.T) {
	for _, ppm := range []float64{200, -200} {
		frames := int(3600 * 50 / (1 - ppm/1e6))
		var r countSink
		b := New(&r)
		net := network{skew: ppm}
		rnd := rand.New(rand.NewPCG(3, 4))
		for k := range frames {
			at := epoch.Add(time.Duration(float64(k)*20e6*(1-net.skew/1e6)) + time.Duration(rnd.Float64()*8e6))
			b.Arrive(at, uint32(k*20), frameAt(k))
		}
		s := b.Stats()
		if r.n != frames*160 || r.concealed != 0 || s.Lost+s.Late+s.Duplicates+s.Jumps != 0 {
			t.Errorf("%+.0f ppm: %d samples of %d, %d concealed, %+v", ppm, r.n, frames*160, r.concealed, s)
		}
		if math.Abs(s.SkewPPM-ppm) > 3 {
			t.Errorf("skew measured as %.1f ppm, is %.1f", s.SkewPPM, ppm)
		}
	}
}

type countSink struct{ n, concealed int }

func (c *countSink) Receive(pcm []int16) { c.n += len(pcm) }
func (c *countSink) Conceal(n int)       { c.concealed += n }

// TestWrap lets time stamps wrap around 32 bits.
func TestWrap(t *testing.T) {
	var list []arrival
	for k := range 200 {
		list = append(list, arrival{time.Duration(k) * 20 * time.Millisecond, uint32(k*20) + math.MaxUint32 - 1999, frameAt(k)})
	}
	var r recorder
	b := New(&r)
	play(b, list, 4*time.Second)
	if good, made := checkAligned(t, &r); good != 200*160 || made != 0 {
		t.Errorf("%d good, %d made up", good, made)
	}
}

// predictor stamps frames as Asterisk's chan_iax2 does without a jitter buffer:
// 20 ms after the last one, unless the clock says more than 160 ms else; then the
// clock's time rounded up to 20 ms. Each frame moves the clock's zero by a tenth of the
// difference.
type predictor struct {
	offset float64 // ms
	next   float64
	begun  bool
}

func (p *predictor) stamp(at time.Duration) uint32 {
	ms := math.Floor(float64(at)/1e6 - p.offset)
	adjust := ms - p.next
	if p.begun && math.Abs(adjust) <= 160 {
		p.offset += adjust / 10
		ms = p.next
	} else {
		ms = math.Ceil(ms/20) * 20
		p.begun = true
	}
	p.next = ms + 20
	return uint32(ms)
}

// TestAsteriskStall lets an Asterisk between the ends stall: no frame is lost,
// but they come in a burst with time stamps that jump forward and back. None may
// be lost, none made up, as long as the stall is shorter than the patience.
func TestAsteriskStall(t *testing.T) {
	for _, stall := range []time.Duration{60, 150, 200, 260, 300, 350, 400, 450} {
		stall *= time.Millisecond
		t.Run(fmt.Sprint(stall), func(t *testing.T) {
			var list []arrival
			p := predictor{}
			begin := 2010 * time.Millisecond
			for k := range 300 {
				at := time.Duration(k) * 20 * time.Millisecond
				if at > begin && at < begin+stall+4*time.Millisecond {
					at = begin + stall + time.Duration(k)*10*time.Microsecond
				}
				list = append(list, arrival{at, p.stamp(at), frameAt(k)})
			}
			var r recorder
			b := New(&r)
			play(b, list, 6100*time.Millisecond)
			good, made := checkAligned(t, &r)
			if good != 300*160 || made-int(b.Stats().Silence/time.Millisecond)*8 > 0 {
				t.Errorf("%d of %d samples, %d made up, %+v", good, 300*160, made, b.Stats())
			}
		})
	}
}

// TestRealGap loses as many frames as a stall delays them: that is concealed for
// its length.
func TestRealGap(t *testing.T) {
	for _, lost := range []int{1, 2, 5, 10, 15, 20} {
		var list []arrival
		for k := range 300 {
			if k < 100 || k >= 100+lost {
				list = append(list, arrival{time.Duration(k) * 20 * time.Millisecond, uint32(k * 20), frameAt(k)})
			}
		}
		var r recorder
		b := New(&r)
		play(b, list, 6*time.Second)
		good, made := checkAligned(t, &r)
		if good != (300-lost)*160 || made != lost*160 || b.Stats().Lost != uint64(lost) {
			t.Errorf("%d frames lost: %d good, %d made up, %+v", lost, good, made, b.Stats())
		}
	}
}

// TestSilentServer stops sending after silence and goes on with true time stamps:
// the receiver hears silence for about as long.
func TestSilentServer(t *testing.T) {
	var list []arrival
	for k := range 200 {
		if k >= 50 && k < 150 {
			continue
		}
		pcm := frameAt(k)
		if k == 49 {
			pcm = make([]int16, 160)
		}
		list = append(list, arrival{time.Duration(k) * 20 * time.Millisecond, uint32(k * 20), pcm})
	}
	var r recorder
	b := New(&r)
	play(b, list, 4*time.Second)
	s := b.Stats()
	if len(r.pcm) != 200*160 || s.Late+s.Lost != 0 || s.Silence != 2*time.Second {
		t.Errorf("%d samples, want %d: %+v", len(r.pcm), 200*160, s)
	}
}

// TestStallAfterSilence lets the network stall in a pause, and a carrier begin
// meanwhile: nothing of the carrier may be lost.
func TestStallAfterSilence(t *testing.T) {
	var list []arrival
	for k := range 200 {
		at := time.Duration(k) * 20 * time.Millisecond
		pcm := frameAt(k)
		if k < 103 {
			pcm = make([]int16, 160)
		}
		if k >= 100 && k < 120 {
			at = 2400 * time.Millisecond
		}
		list = append(list, arrival{at, uint32(k * 20), pcm})
	}
	var r recorder
	b := New(&r)
	play(b, list, 4*time.Second)
	loud := 0
	for _, s := range r.pcm {
		if s != 0 {
			loud++
		}
	}
	if s := b.Stats(); loud != 97*160 || s.Late != 0 || s.Received != 200 {
		t.Errorf("%d samples of the carrier, want %d: %+v", loud, 97*160, s)
	}
}

// TestSenderStartsAnew lets the count of the sender begin again far back.
func TestSenderStartsAnew(t *testing.T) {
	var list []arrival
	for k := range 100 {
		list = append(list, arrival{time.Duration(k) * 20 * time.Millisecond, uint32(100000 + k*20), frameAt(k)})
	}
	for k := range 100 {
		list = append(list, arrival{time.Duration(100+k) * 20 * time.Millisecond, uint32(k * 20), frameAt(100 + k)})
	}
	var r recorder
	b := New(&r)
	play(b, list, 4*time.Second)
	if s := b.Stats(); s.Received < 197 || s.Received > 200 {
		t.Errorf("%+v", s)
	}
}

func TestArriveDoesNotAllocate(t *testing.T) {
	b := New(&countSink{})
	pcm := frameAt(0)
	k := 0
	now := epoch
	step := func() {
		now = now.Add(20 * time.Millisecond)
		ts := uint32(k * 20)
		if k%50 == 7 { // out of order
			b.Arrive(now, ts+20, pcm)
			b.Arrive(now, ts, pcm)
			k += 2
			return
		}
		pcm[0] = int16(k)
		b.Arrive(now, ts, pcm)
		b.Timeout(now)
		k++
	}
	for range 200 {
		step()
	}
	if n := testing.AllocsPerRun(1000, step); n != 0 {
		t.Errorf("%v allocations per frame", n)
	}
}

// FuzzBuffer throws frames with any stamps at any times: it must not panic, and
// must not hand on more than it was given and made up.
func FuzzBuffer(f *testing.F) {
	f.Add([]byte{0, 0, 20, 1, 20, 2, 20, 3, 200, 9, 20, 3})
	f.Add([]byte{0, 0, 20, 250, 20, 1, 255, 128, 255, 0, 255, 0, 255, 0})
	f.Fuzz(func(t *testing.T, data []byte) {
		var r countSink
		b := New(&r)
		b.Start(epoch)
		now := epoch
		given := 0
		for i := 0; i+1 < len(data) && i < 2000; i += 2 {
			now = now.Add(time.Duration(data[i]) * 3 * time.Millisecond)
			ts := uint32(int32(int8(data[i+1]))) * 20
			if data[i] == 255 {
				ts *= 1000
			}
			b.Arrive(now, ts, frameAt(int(data[i+1])))
			given += 160
			b.Timeout(now)
			if at, ok := b.Deadline(); ok && at.Before(now) && at.Add(time.Hour).Before(now) {
				t.Fatal("deadline far in the past")
			}
		}
		if r.n-r.concealed > given {
			t.Fatalf("%d samples out, %d made up, %d given", r.n, r.concealed, given)
		}
	})
}
