package study

import (
	"bytes"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// TestLookAt: every modulation over a line with some of everything; what the
// receiver says of the line is what the line was.
func TestLookAt(t *testing.T) {
	for _, m := range Modes {
		for _, short := range []bool{false, true} {
			if short && !m.Short() {
				continue
			}
			p := linesim.Defaults()
			p.Level, p.SNR, p.ULaw = -20, m.Ideal+6, true
			if m.Rate.Modulation != modem.V21 {
				p.FreqOffset = 5
			}
			l, err := LookAt(Trial{Channel: p, Point: 3}, m, short, 6000, 2)
			if err != nil {
				t.Fatal(err)
			}
			if !l.Trained || l.Wrong != 0 {
				t.Errorf("%s: trained %v, %d bits wrong", l.title(), l.Trained, l.Wrong)
				continue
			}
			checkQuality(t, l, p)
			want := "spectrum constellation eye equalizer quality"
			if m.Rate.Modulation == modem.V21 {
				want = "spectrum constellation eye quality"
			}
			checkPlots(t, l.title(), l.Plots(), want)
			if text := l.String(); !strings.Contains(text, "0 bits wrong") || !strings.Contains(text, "u-law") {
				t.Errorf("%s: it says\n%s", l.title(), text)
			}
		}
	}
}

func checkQuality(t *testing.T, l *Look, p linesim.Parameters) {
	t.Helper()
	snr, offset := 0.0, 0.0
	for _, m := range l.Moments {
		snr += m.SNR / float64(len(l.Moments))
		offset += m.CarrierOffset / float64(len(l.Moments))
	}
	last := l.Moments[len(l.Moments)-1]
	if math.Abs(snr-p.SNR) > 1.5 || math.Abs(offset-p.FreqOffset) > 0.5 || math.Abs(last.Level-p.Level) > 1 {
		t.Errorf("%s: mean SNR %.1f dB, want %.1f; offset %.2f Hz, want %g; level %.1f dBm0, want %g", l.title(), snr, p.SNR, offset, p.FreqOffset, last.Level, p.Level)
	}
}

// checkPlots wants well-formed drawings of these names.
func checkPlots(t *testing.T, title string, plots []Plot, want string) {
	t.Helper()
	var names []string
	for _, p := range plots {
		names = append(names, p.Name)
		shapes := 0
		for d := xml.NewDecoder(bytes.NewReader(p.SVG)); ; {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s, %s: %v", title, p.Name, err)
			}
			if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "polyline" || e.Name.Local == "circle") {
				shapes++
			}
		}
		if shapes == 0 || bytes.Contains(p.SVG, []byte("NaN")) || bytes.Contains(p.SVG, []byte("Inf")) {
			t.Errorf("%s, %s: %d shapes in\n%.300s", title, p.Name, shapes, p.SVG)
		}
	}
	if got := strings.Join(names, " "); got != want {
		t.Errorf("%s: drawings %q, want %q", title, got, want)
	}
}

// TestEyeCloses: noise closes the eye, and the sum counts what happened.
func TestEyeCloses(t *testing.T) {
	var total Total
	before := 0.0
	for _, snr := range []float64{40, 30, 22} {
		p := linesim.Defaults()
		p.SNR = snr
		l, err := LookAt(Trial{Channel: p, Point: 1}, Modes[4], false, 4096, 0)
		if err != nil {
			t.Fatal(err)
		}
		total.Add(l)
		o, ok := l.opening()
		if !ok || o <= before {
			t.Errorf("at %g dB symbols are within %.2f, before %.2f", snr, o, before)
		}
		before = o
	}
	if total.Bursts != 3 || total.Clean != 3 || total.Blocks != 6 || total.Wrong != 0 {
		t.Errorf("%v", total)
	}
}

// TestNothingHeard: a line on which no training can succeed.
func TestNothingHeard(t *testing.T) {
	p := linesim.Defaults()
	p.SNR = -20
	l, err := LookAt(Trial{Channel: p}, Modes[8], false, 100, 0)
	if err != nil {
		t.Fatal(err)
	}
	if l.Trained || !strings.Contains(l.String(), "not trained") {
		t.Errorf("%v", l)
	}
	checkPlots(t, "nothing", l.Plots(), "spectrum")
}

func TestJudge(t *testing.T) {
	sent := linesim.Bits(9000, 1)
	flip := func(b []byte, at int) []byte { b = bytes.Clone(b); b[at] ^= 1; return b }
	for _, row := range []struct {
		name                    string
		got                     []byte
		wrong, slips, badBlocks int
	}{
		{"as sent", sent, 0, 0, 0},
		{"strange bits before", append(linesim.Bits(37, 2), sent...), 0, 0, 0},
		{"one wrong", flip(sent, 5000), 1, 0, 1},
		{"the end missing", sent[:8000], 192, 0, 1},
		{"nothing", nil, 8192, 0, 4},
	} {
		v := Judge(sent, 8192, row.got)
		if v.Wrong != row.wrong || v.Slips != row.slips || v.BadBlocks != row.badBlocks || v.Blocks != 4 {
			t.Errorf("%s: %+v", row.name, v)
		}
	}
	// Ten bits too few, on the boundary of a block: all after them count as they are.
	if v := Judge(sent, 8192, append(bytes.Clone(sent[:2048]), sent[2058:]...)); v.Slips != 1 || v.BadBlocks != 1 || v.Wrong > 2*alignWindow {
		t.Errorf("a slip: %+v", v)
	}
}

// TestDensity: the lines of a tone have its power together, at its frequency.
func TestDensity(t *testing.T) {
	tone := make([]int16, 8000)
	for i := range tone {
		tone[i] = int16(math.Round(linesim.RMS(-10) * math.Sqrt2 * math.Sin(2*math.Pi*1000*float64(i)/modem.SampleRate)))
	}
	sum, top := 0.0, 0
	density := Density(tone)
	for i, v := range density {
		sum += math.Pow(10, v/10)
		if v > density[top] {
			top = i
		}
	}
	if got := 10 * math.Log10(sum); math.Abs(got+10) > 0.1 || top*modem.SampleRate/spectrumSize != 1000 {
		t.Errorf("%.2f dBm0 in all, most at %d Hz", got, top*modem.SampleRate/spectrumSize)
	}
	Density(nil)
	Density(tone[:7])
}

// TestBetween: a signal is rebuilt between its samples.
func TestBetween(t *testing.T) {
	x := make([]float64, 100)
	f := func(at float64) float64 { return math.Sin(0.6 * math.Pi * at) }
	for i := range x {
		x[i] = f(float64(i))
	}
	for at := 40.0; at < 50; at += 0.13 {
		if d := math.Abs(between(x, at) - f(at)); d > 0.02 {
			t.Errorf("between(%.2f) is %.3f off", at, d)
		}
	}
}

func TestDescribe(t *testing.T) {
	p := linesim.Defaults()
	if got := Describe(p); got != "clean" {
		t.Error(got)
	}
	p.SNR, p.FreqOffset, p.Echo, p.Loss, p.Skew, p.Tilt = 20, -3, -25, 0.01, 50, 6
	want := "SNR 20 dB, -3 Hz, +50 ppm, slope of 6 dB, echo of -25 dB after 5 ms, 1 % of packets lost"
	if got := Describe(p); got != want {
		t.Errorf("%s\nwant %s", got, want)
	}
}

// TestRunCall: two pages over a line with noise and losses arrive bit for bit.
func TestRunCall(t *testing.T) {
	s := CallSettings{Document: Writing{Pages: 2, Rows: 300}, Line: linesim.Defaults(), Told: true}
	s.Line.SNR, s.Line.Loss, s.Line.ULaw = 30, 0.01, true
	s.Answerer.Capabilities.MaxLength = t30.Unlimited
	news := 0
	s.Follow = func(string, t30.Samples, t30.News) { news++ }
	c, err := RunCall(s)
	if err != nil {
		t.Fatal(err)
	}
	if c.Sent.Outcome != t30.Done || c.Received.Outcome != t30.Done || c.Same != 2 || news < 20 || len(c.Hearings) < 3 {
		t.Errorf("%v%d news, %d receptions", c, news, len(c.Hearings))
	}
	for _, h := range c.Hearings {
		if h.Who != "answerer" || math.Abs(h.Quality.SNR-30) > 2 {
			t.Errorf("%s: %v", h.Who, h)
		}
	}
	if plots := c.Plots(); len(plots) != 1+len(c.Hearings) {
		t.Errorf("%d drawings", len(plots))
	} else {
		checkPlots(t, "call", plots[:2], "spectrum constellation-01")
	}
}
