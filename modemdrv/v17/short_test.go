package v17

import (
	"fmt"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam/qamtest"
)

// TestShortTraining sends a burst with long training and one with short
// training after it, each beginning anywhere between two samples, at any level.
func TestShortTraining(t *testing.T) {
	r := under.Rate(14400)
	first, second := qamtest.Bits(2000, 1), qamtest.Bits(4000, 2)
	long, short := under.Burst(t, r, false, first), under.Burst(t, r, true, second)
	for i := range 24 {
		level := []float64{-5, -13, -25, -32, -45}[i%5]
		t.Run(fmt.Sprintf("delay %.2f at %.0f dBm0", float64(i)*0.29, level), func(t *testing.T) {
			on := func(delay float64) qamtest.Line {
				return qamtest.Line{Set: func(p *linesim.Parameters) {
					p.Delay, p.Level, p.FreqOffset, p.Skew = delay, level, float64(i%9)-4, float64(i%7-3)*40
				}}
			}
			sink := &qamtest.Sink{}
			rx, err := NewReceiver(r, sink)
			if err != nil {
				t.Fatal(err)
			}
			qamtest.Feed(rx, on(0.4).Through(long, 26, 1))
			*sink = qamtest.Sink{}
			if err := rx.Restart(r, true); err != nil {
				t.Fatal(err)
			}
			qamtest.Feed(rx, on(float64(i)*0.29).Through(short, 26, 2))
			qamtest.CheckReception(t, sink, second, 40*6)
		})
	}
}

// TestShortTrainingGroupDelay: a line that delays the edges of the band moves what
// the known symbols correlate with best, differently in each burst, by symbols.
func TestShortTrainingGroupDelay(t *testing.T) {
	r := under.Rate(14400)
	bits := qamtest.Bits(4000, 2)
	long, short := under.Burst(t, r, false, qamtest.Bits(2000, 1)), under.Burst(t, r, true, bits)
	for i := range 12 {
		on := func(delay float64) qamtest.Line {
			return qamtest.Line{Set: func(p *linesim.Parameters) {
				p.Delay, p.GroupDelay = delay, []float64{0.5, 1, 1.5}[i%3]
			}}
		}
		sink := &qamtest.Sink{}
		rx, err := NewReceiver(r, sink)
		if err != nil {
			t.Fatal(err)
		}
		qamtest.Feed(rx, on(0.4).Through(long, 35, 1))
		*sink = qamtest.Sink{}
		if err := rx.Restart(r, true); err != nil {
			t.Fatal(err)
		}
		qamtest.Feed(rx, on(float64(i)*0.29).Through(short, 35, uint64(i)))
		qamtest.CheckReception(t, sink, bits, 40*6)
	}
}

// TestLongInsteadOfShort sends long training where short was expected, and the
// other way round, as happens when one side missed a message of T.30.
func TestLongInsteadOfShort(t *testing.T) {
	r := under.Rate(9600)
	bits := qamtest.Bits(3000, 3)
	for _, short := range []bool{false, true} {
		sink := &qamtest.Sink{}
		rx, err := NewReceiver(r, sink)
		if err != nil {
			t.Fatal(err)
		}
		qamtest.Feed(rx, under.Burst(t, r, false, qamtest.Bits(500, 1)))
		*sink = qamtest.Sink{}
		if err := rx.Restart(r, !short); err != nil {
			t.Fatal(err)
		}
		qamtest.Feed(rx, under.Burst(t, r, short, bits))
		qamtest.CheckReception(t, sink, bits, 40*4)
	}
}

// TestRateChange trains at one rate and goes on with short training at another.
func TestRateChange(t *testing.T) {
	bits := qamtest.Bits(3000, 3)
	sink := &qamtest.Sink{}
	rx, err := NewReceiver(under.Rate(14400), sink)
	if err != nil {
		t.Fatal(err)
	}
	qamtest.Feed(rx, under.Burst(t, under.Rate(14400), false, qamtest.Bits(500, 1)))
	*sink = qamtest.Sink{}
	if err := rx.Restart(under.Rate(12000), true); err != nil {
		t.Fatal(err)
	}
	qamtest.Feed(rx, under.Burst(t, under.Rate(12000), true, bits))
	qamtest.CheckReception(t, sink, bits, 40*5)
}

// TestBranches compares the table of the trellis with the encoder's circuit.
func TestBranches(t *testing.T) {
	for state := range states {
		for y := range 4 {
			to := convolve(state, y&1, y>>1)
			if b := branches[to][y]; int(b.from) != state || int(b.subset) != y<<1|to>>2 {
				t.Errorf("branches[%d][%d] = %v, want from %d", to, y, b, state)
			}
		}
	}
}

// TestExtend compares the trellis as written out with the plain algorithm over
// the table.
func TestExtend(t *testing.T) {
	k, err := newConstellation(7200)
	if err != nil {
		t.Fatal(err)
	}
	d := newDecoder(k, newLookup(k), &qamtest.Sink{})
	random := linesim.NewRandom(1)
	var plain [states]int32
	for n := range 500 {
		var dist [8]int32
		for i := range dist {
			dist[i] = int32(random.Uint64() % 5000)
		}
		var next [states]int32
		low := int32(1 << 30)
		for to := range next {
			next[to] = 1 << 30
			for _, b := range branches[to] {
				next[to] = min(next[to], plain[b.from]+dist[b.subset])
			}
			low = min(low, next[to])
		}
		for i := range next {
			plain[i] = next[i] - low
		}
		best := d.extend(&step{}, &dist)
		if d.metric != plain || d.metric[best] != 0 {
			t.Fatalf("symbol %d: metrics = %v, best %d, want %v", n, d.metric, best, plain)
		}
	}
}

// TestConstellations asserts what Figures 2/V.17 to 5/V.17 have in common: all
// places differ, and points of one subset are far apart.
func TestConstellations(t *testing.T) {
	for bps := range rates {
		k, err := newConstellation(bps)
		if err != nil {
			t.Fatal(err)
		}
		power, near, inSubset := 0.0, 1e9, 1e9
		for i, p := range k.points {
			power += squared(p) / float64(len(k.points))
			for j, q := range k.points[:i] {
				d := squared(p - q)
				near = min(near, d)
				if i&7 == j&7 {
					inSubset = min(inSubset, d)
				}
			}
		}
		if power < 0.9999 || power > 1.0001 {
			t.Errorf("%d: mean power = %f, want 1", bps, power)
		}
		if ratio := inSubset / near; ratio < 7.99 || ratio > 8.01 {
			t.Errorf("%d: squared distance within a subset is %f of that of neighbours, want 8", bps, ratio)
		}
	}
}

func squared(p complex64) float64 {
	return float64(real(p)*real(p) + imag(p)*imag(p))
}

var _ modem.Receiver = (*Receiver)(nil)

// TestShortTrainingLost takes 20 ms out of a short training, wherever they may
// lie, and repeats those before instead: all of the known symbols may be among
// them. The data must come, after at most some more ones.
func TestShortTrainingLost(t *testing.T) {
	r := under.Rate(14400)
	data := qamtest.Bits(6000, 2)
	long, short := under.Burst(t, r, false, qamtest.Bits(2000, 1)), under.Burst(t, r, true, data)
	line := qamtest.Line{Set: func(p *linesim.Parameters) { p.FreqOffset, p.Delay = 2, 0.3 }}
	long, short = line.Through(long, 32, 1), line.Through(short, 32, 2)
	const boundary = segment1 * 8000 / 2400
	for at := boundary - 160; at < boundary+200; at += 20 {
		for _, told := range []bool{false, true} {
			sink := &qamtest.Sink{}
			rx, err := NewReceiver(r, sink)
			if err != nil {
				t.Fatal(err)
			}
			qamtest.Feed(rx, long)
			*sink = qamtest.Sink{}
			if err := rx.Restart(r, true); err != nil {
				t.Fatal(err)
			}
			spoilt := append([]int16(nil), short...)
			copy(spoilt[at:at+160], short[at-160:at])
			rx.Write(spoilt[:at])
			if told {
				rx.Conceal(160)
			}
			qamtest.Feed(rx, spoilt[at:])
			if sink.Count(modem.Trained) != 1 {
				t.Errorf("20 ms lost at sample %d (told %v): events = %v, want training", at, told, sink.Events)
				continue
			}
			if n := tailErrors(sink.Bits, data[1000:]); n != 0 {
				t.Errorf("20 ms lost at sample %d (told %v): %d bits wrong after the first 1000", at, told, n)
			}
		}
	}
}

// tailErrors counts the wrong bits of want where it fits best in got.
func tailErrors(got, want []byte) int {
	least := len(want)
	for skip := 0; skip+len(want) <= len(got); skip++ {
		if n := qamtest.Errors(got[skip:], want[:64]); n == 0 {
			least = min(least, qamtest.Errors(got[skip:], want))
		}
	}
	return least
}
