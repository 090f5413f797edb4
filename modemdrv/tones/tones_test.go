package tones

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/v17"
	"github.com/litoria-fax/litoria/modemdrv/v21"
	"github.com/litoria-fax/litoria/modemdrv/v27ter"
	"github.com/litoria-fax/litoria/modemdrv/v29"
)

const second = modem.SampleRate

// read makes at most seconds of a transmitter's signal.
func read(x modem.Transmitter, seconds float64) []int16 {
	out := make([]int16, int(seconds*second))
	return out[:x.Read(out)]
}

// hear lists what a detector tells, with the time in hundredths of a second.
func hear(in []int16, tones ...Tone) (events []string, at []float64) {
	n := 0
	d := NewDetector(func(e Event) {
		s := "-"
		if e.On {
			s = "+"
		}
		s += e.Tone.String()
		if e.Tone == Digit {
			s += string(rune(e.Digit))
		}
		events = append(events, s)
		at = append(at, float64(n)/second)
	}, tones...)
	for n < len(in) {
		k := min(97, len(in)-n) // no whole number of anything
		d.Write(in[n : n+k])
		n += k
	}
	return events, at
}

func cadence2(hz [2]float64, seconds ...float64) *Generator {
	var steps []Step
	for i, s := range seconds {
		step := Step{Samples: int(s * second), Level: -20}
		if i&1 == 0 {
			step.Hz = hz
		}
		steps = append(steps, step)
	}
	return NewGenerator(true, steps...)
}

func TestGeneratorLevels(t *testing.T) {
	cng := read(NewCNG(), 7)
	if got := linesim.Level(cng[:cngOn]); math.Abs(got+13) > 0.02 {
		t.Errorf("CNG has %v dBm0", got)
	}
	for _, part := range [][]int16{cng[cngOn : cngOn+cngOff], cng[2*cngOn+cngOff:]} {
		if got := linesim.Level(part); got != linesim.Silent {
			t.Errorf("pause of CNG has %v dBm0", got)
		}
	}
	ced := NewCED(3 * second)
	ced.SetLevel(-30)
	if out := read(ced, 10); len(out) != 3*second || math.Abs(linesim.Level(out)+30) > 0.03 {
		t.Errorf("CED: %d samples of %v dBm0", len(out), linesim.Level(out))
	}
	if n := NewGenerator(true).Read(make([]int16, 10)); n != 0 {
		t.Errorf("a generator of nothing gives %d samples", n)
	}
}

// ansam is V.8's modified answering tone: 15 Hz of amplitude modulation by 20 %, a
// reversal every 450 ms.
func ansam(seconds float64) []int16 {
	out := make([]int16, int(seconds*second))
	for i := range out {
		s := float64(i) / second
		v := 4000 * (1 + 0.2*math.Sin(2*math.Pi*15*s)) * math.Sin(2*math.Pi*2100*s)
		if int(s/0.45)&1 == 1 {
			v = -v
		}
		out[i] = int16(v)
	}
	return out
}

func TestDetector(t *testing.T) {
	quiet := make([]int16, second)
	us := [2]float64{480, 620}
	for _, c := range []struct {
		name   string
		in     []int16
		change func(*linesim.Parameters)
		listen []Tone
		want   string
	}{
		{"CNG", read(NewCNG(), 8), nil, []Tone{CNG, CED}, "+CNG -CNG +CNG -CNG +CNG -CNG"},
		{"CNG 38 Hz off, weak, in noise", read(cadence2([2]float64{1138}, 0.5, 3), 7), func(p *linesim.Parameters) { p.InLevel = -20; p.Level = -42; p.SNR = 8 },
			nil, "+CNG -CNG +CNG -CNG"},
		{"CNG with packets lost", read(NewCNG(), 8), func(p *linesim.Parameters) { p.Loss = 0.05 }, []Tone{CNG}, "+CNG -CNG +CNG -CNG +CNG -CNG"},
		{"1100 Hz that does not end", read(cadence2([2]float64{1100}, 5), 5), nil, []Tone{CNG}, "+CNG -CNG"},
		{"CED", append(read(NewCED(3*second), 4), quiet...), nil, []Tone{CED}, "+CED -CED"},
		{"CED weak, 10 Hz off, tilted", append(read(NewCED(3*second), 4), quiet...), func(p *linesim.Parameters) {
			p.Level, p.FreqOffset, p.Tilt, p.SNR = -40, 10, 9, 8
		}, nil, "+CED -CED"},
		{"ANSam", append(ansam(4), quiet...), nil, nil, "+CED -CED"},
		{"2000 Hz", read(cadence2([2]float64{2000}, 5), 5), nil, nil, ""},
		{"busy", append(read(cadence2([2]float64{425}, 0.5, 0.5), 5), append(quiet, quiet...)...), nil, nil, "+busy -busy"},
		{"busy, USA", read(cadence2(us, 0.5, 0.5), 5), nil, nil, "+busy"},
		{"busy, UK", read(cadence2([2]float64{400}, 0.375, 0.375), 5), nil, nil, "+busy"},
		{"congestion", read(cadence2([2]float64{425}, 0.25, 0.25), 5), nil, nil, "+congestion"},
		{"congestion, USA", read(cadence2(us, 0.25, 0.25), 5), nil, nil, "+congestion"},
		{"ringback", read(cadence2([2]float64{425}, 1, 4), 12), nil, nil, "+ringback"},
		{"ringback, USA", read(cadence2([2]float64{440, 480}, 2, 4), 13), nil, nil, "+ringback"},
		{"ringback, UK", read(cadence2([2]float64{400, 450}, 0.4, 0.2, 0.4, 2), 10), nil, nil, "+ringback"},
		{"ringback, then an answer", append(read(cadence2([2]float64{425}, 1, 4), 8), read(NewCED(2*second), 2)...), nil, nil,
			"+ringback -ringback +CED"},
		{"dial tone", append(read(cadence2([2]float64{350, 440}, 4), 4), quiet...), nil, nil, "+dial tone -dial tone"},
		{"silence", append(make([]int16, 4000), read(NewCED(4000), 1)...), nil, []Tone{Silence}, "+silence -silence"},
		{"digits", read(NewDigits("0123456789ABCD*#"), 10), nil, []Tone{Digit}, allDigits()},
		{"digits, weak and noisy", read(NewDigits("159#"), 10), func(p *linesim.Parameters) { p.Level = -36; p.SNR = 12 }, []Tone{Digit},
			"+digit1 -digit1 +digit5 -digit5 +digit9 -digit9 +digit# -digit#"},
	} {
		p := linesim.Defaults()
		p.ULaw = true
		if c.change != nil {
			c.change(&p)
		}
		got, _ := hear(linesim.Through(p, c.in), c.listen...)
		if len(c.listen) == 0 {
			got = slices.DeleteFunc(got, func(s string) bool { return strings.HasSuffix(s, "silence") })
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s: heard %q, want %q", c.name, got, c.want)
		}
	}
}

func allDigits() string {
	var s []string
	for _, d := range "0123456789ABCD*#" {
		s = append(s, fmt.Sprintf("+digit%c -digit%c", d, d))
	}
	return strings.Join(s, " ")
}

// TestDigitLimits: 40 ms of tone and of pause are enough, 1.5 % of frequency is
// allowed, 3.5 % is not (Q.24).
func TestDigitLimits(t *testing.T) {
	make40 := func(factor float64) []int16 {
		var steps []Step
		for range 20 {
			steps = append(steps,
				Step{Hz: [2]float64{852 * factor, 1477 * factor}, Level: -10, Samples: 40 * 8},
				Step{Samples: 43 * 8}) // to come to every place in the block
		}
		return read(NewGenerator(false, steps...), 10)
	}
	for _, c := range []struct {
		factor float64
		want   int
	}{{1, 20}, {1.015, 20}, {0.985, 20}, {1.05, 0}, {0.95, 0}} {
		events, _ := hear(make40(c.factor), Digit)
		n := 0
		for _, e := range events {
			if e == "+digit9" {
				n++
			}
		}
		if n != c.want || len(events) != 2*n {
			t.Errorf("frequencies times %v: %d of 20 found, want %d (%q)", c.factor, n, c.want, events)
		}
	}
}

func TestTimes(t *testing.T) {
	_, at := hear(read(NewCNG(), 4), CNG)
	if at[0] < 0.28 || at[0] > 0.36 || at[1] > 0.62 {
		t.Errorf("CNG from 0 to 0.5 s is told at %v s", at)
	}
	_, at = hear(read(cadence2([2]float64{425}, 0.5, 0.5), 5), Busy)
	if at[0] > 2.1 {
		t.Errorf("busy is told at %v s", at)
	}
}

type randomBits struct{ r *linesim.Random }

func (b randomBits) ReadBits(n int) (uint32, int) { return uint32(b.r.Uint64()) & (1<<n - 1), n }

// TestFalseAlarm: a minute each of every modem and of noise is no tone and no
// digit; V.21 flags are none either.
func TestFalseAlarm(t *testing.T) {
	src := randomBits{linesim.NewRandom(3)}
	must := func(x modem.Transmitter, err error) modem.Transmitter {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	v17x, err17 := v17.NewTransmitter(modem.Rate{Modulation: modem.V17, BitRate: 14400}, false, src)
	v29x, err29 := v29.NewTransmitter(modem.Rate{Modulation: modem.V29, BitRate: 9600}, false, src)
	v27x, err27 := v27ter.NewTransmitter(modem.Rate{Modulation: modem.V27ter, BitRate: 2400}, false, src)
	signals := map[string][]int16{
		"V.21":        read(v21.NewTransmitter(src), 60),
		"V.21 flags":  read(v21.NewTransmitter(&flags{}), 20),
		"V.17":        read(must(v17x, err17), 60),
		"V.29":        read(must(v29x, err29), 60),
		"V.27ter":     read(must(v27x, err27), 60),
		"faint noise": make([]int16, 60*second),
	}
	for name, in := range signals {
		p := linesim.Defaults()
		p.SNR = 20
		if events, _ := hear(linesim.Through(p, in)); len(events) > 0 {
			t.Errorf("%s: heard %q", name, events)
		}
	}
}

type flags struct{ n int }

func (f *flags) ReadBits(n int) (bits uint32, got int) {
	for i := range n {
		bits |= 0x7E >> (f.n & 7) & 1 << i
		f.n++
	}
	return bits, n
}

func TestNoAllocation(t *testing.T) {
	in := read(NewCNG(), 4)
	d := NewDetector(func(Event) {})
	if n := testing.AllocsPerRun(10, func() { d.Write(in) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDetector(b *testing.B) {
	p := linesim.Defaults()
	p.SNR = 0
	in := linesim.Through(p, make([]int16, second))
	for _, c := range []struct {
		name   string
		listen []Tone
	}{{"all", nil}, {"CNG and CED", []Tone{CNG, CED}}, {"progress", []Tone{Busy}}, {"digits", []Tone{Digit}}} {
		b.Run(c.name, func(b *testing.B) {
			d := NewDetector(func(Event) {}, c.listen...)
			for range b.N {
				d.Write(in)
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/second, "ns/sample")
		})
	}
}

func FuzzDetector(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 0xFF, 0x7F}, uint8(3))
	f.Add(make([]byte, 2000), uint8(160))
	f.Fuzz(func(t *testing.T, data []byte, block uint8) {
		var on [lastTone + 1][256]bool
		d := NewDetector(func(e Event) {
			if on[e.Tone][e.Digit] == e.On {
				t.Errorf("told twice: %+v", e)
			}
			on[e.Tone][e.Digit] = e.On
		})
		samples := make([]int16, len(data)/2)
		for i := range samples {
			samples[i] = int16(uint16(data[2*i]) | uint16(data[2*i+1])<<8)
		}
		for range 5 {
			for s := samples; len(s) > 0; {
				n := min(1+int(block), len(s))
				d.Write(s[:n])
				s = s[n:]
			}
		}
	})
}
