package linesim

import (
	"bufio"
	"fmt"
	"hash/fnv"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// TestGolden compares with what the original of this channel, a C program,
// gave for the same parameters and seeds.
func TestGolden(t *testing.T) {
	f, err := os.Open("testdata/golden.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r := NewRandom(42)
	in := make([]int16, 8000)
	for i := range in {
		in[i] = int16(int(r.Uint64()>>50) - 8192)
	}
	for s := bufio.NewScanner(f); s.Scan(); {
		if strings.HasPrefix(s.Text(), "#") {
			continue
		}
		p := strings.SplitN(s.Text(), " | ", 2)
		c := New(parse(t, p[0]))
		for at, step := 0, 1; at < len(in); at, step = at+step, step*7%311+1 { // pieces must not matter
			c.Write(in[at:min(at+step, len(in))])
		}
		c.Flush()
		if got := c.digest(); got != p[1] {
			t.Errorf("%s:\n got %s\nwant %s", p[0], got, p[1])
		}
	}
}

func (c *Channel) digest() string {
	h := fnv.New64a()
	for _, s := range c.Output() {
		h.Write([]byte{byte(s), byte(uint16(s) >> 8)})
	}
	return fmt.Sprintf("%d %016x %d | %s", len(c.out), h.Sum64(), c.Losses(), strings.Trim(fmt.Sprint(c.out[3000:3008]), "[]"))
}

func parse(t *testing.T, text string) Parameters {
	p := Defaults()
	for _, field := range strings.Fields(text) {
		name, value, _ := strings.Cut(field, "=")
		v, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		switch name {
		case "seed":
			p.Seed = uint64(v)
		case "ulaw":
			p.ULaw = true
		default:
			target := map[string]*float64{"snr": &p.SNR, "freq": &p.FreqOffset, "skew": &p.Skew, "delay": &p.Delay,
				"level": &p.Level, "inlevel": &p.InLevel, "tilt": &p.Tilt, "echo": &p.Echo, "echoms": &p.EchoDelay, "loss": &p.Loss}[name]
			if target == nil {
				t.Fatalf("no parameter %q", name)
			}
			*target = v
		}
	}
	return p
}

func sine(hz, dBm0 float64, n int) []int16 {
	out := make([]int16, n)
	for i := range out {
		out[i] = toSample(RMS(dBm0) * math.Sqrt2 * math.Sin(2*math.Pi*hz*float64(i)/8000+0.3))
	}
	return out
}

// amplitude of a frequency, Hann window.
func amplitude(x []int16, hz float64) float64 {
	var re, im, sum float64
	for i, v := range x {
		w := 0.5 - 0.5*math.Cos(2*math.Pi*(float64(i)+0.5)/float64(len(x)))
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / 8000)
		re, im, sum = re+w*float64(v)*c, im+w*float64(v)*s, sum+w
	}
	return 2 * math.Hypot(re, im) / sum
}

func TestStages(t *testing.T) {
	const n = 40000
	near := func(what string, got, want, tolerance float64) {
		t.Helper()
		if math.Abs(got-want) > tolerance {
			t.Errorf("%s = %v, want %v +- %v", what, got, want, tolerance)
		}
	}
	p := Defaults()
	p.Level = -27.5
	near("level", Level(Through(p, sine(1000, -13, n))), -27.5, 0.01)

	p = Defaults()
	p.SNR = 20
	near("noise", Level(Through(p, make([]int16, n))), -33, 0.08)

	for _, hz := range []float64{300, 1075, 1850, 2625, 3400} {
		in := sine(hz, -13, n)
		a0 := amplitude(in[4000:12000], hz)
		dB := func(out []int16, hz float64) float64 { return 20 * math.Log10(amplitude(out[4000:12000], hz)/a0) }
		p = Defaults()
		p.FreqOffset = -7
		out := Through(p, in)
		near("gain of the frequency shift", dB(out, hz-7), 0, 0.02)
		if image := dB(out, hz+7); image > -60 {
			t.Errorf("image of %v Hz at %v dB", hz, image)
		}
		p = Defaults()
		p.Skew = 200
		out = Through(p, in)
		near("gain of the resampler", dB(out, hz*1.0002), 0, 0.02)
		near("length of the skewed", float64(len(out)), n/1.0002, 1)
	}
	for tiltDB := -9.0; tiltDB <= 24; tiltDB += 3 {
		var g [3]float64
		for k, hz := range []float64{300, 1800, 3400} {
			p = Defaults()
			p.Tilt = tiltDB
			in := sine(hz, -13, n/4)
			g[k] = 20 * math.Log10(amplitude(Through(p, in)[1000:], hz)/amplitude(in[1000:], hz))
		}
		near("tilt", g[0]-g[2], tiltDB, 0.03)
		near("gain at 1800 Hz", g[1], 0, 0.03)
	}
}

func TestEcho(t *testing.T) {
	in := make([]int16, 1000)
	in[100] = 10000
	p := Defaults()
	p.Echo = -20
	out := Through(p, in)
	if out[100] != 10000 || out[140] != 1000 || Level(out[141:]) != Silent {
		t.Errorf("echo: %v", out[100:142])
	}
}

func TestLoss(t *testing.T) {
	in := make([]int16, 80000)
	for i := range in {
		in[i] = int16(i & 0x7FFF)
	}
	p := Defaults()
	p.Loss = 0.1
	c := New(p)
	c.Write(in)
	out := c.Output()
	for k := 1; k < len(in)/Packet; k++ {
		want := in[k*Packet : (k+1)*Packet]
		if c.Lost(k) {
			want = out[(k-1)*Packet : k*Packet]
		}
		if fmt.Sprint(out[k*Packet:(k+1)*Packet]) != fmt.Sprint(want) {
			t.Fatalf("packet %d (lost: %v) is not as it should be", k, c.Lost(k))
		}
	}
	if n := c.Losses(); n < 30 || n > 70 {
		t.Errorf("%d of 500 packets lost at 10 %%", n)
	}
}

func ExampleThrough() {
	p := Defaults()
	p.SNR, p.ULaw, p.Delay = 25, true, 4.3
	signal := make([]int16, 800) // a modem's burst
	fmt.Println(len(Through(p, signal)))
	// Output: 804
}
