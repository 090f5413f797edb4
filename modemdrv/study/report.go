package study

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
)

// Describe tells a line in words.
func Describe(p linesim.Parameters) string {
	var parts []string
	add := func(format string, v ...any) { parts = append(parts, fmt.Sprintf(format, v...)) }
	if p.Level < linesim.Off {
		add("%g dBm0", p.Level)
	}
	if p.SNR < linesim.Off {
		add("SNR %g dB", p.SNR)
	}
	if p.ULaw {
		add("u-law")
	}
	if p.FreqOffset != 0 {
		add("%+g Hz", p.FreqOffset)
	}
	if p.Skew != 0 {
		add("%+g ppm", p.Skew)
	}
	if p.Tilt != 0 {
		add("slope of %g dB", p.Tilt)
	}
	if p.Echo < linesim.Off {
		add("echo of %g dB after %g ms", p.Echo, p.EchoDelay)
	}
	if p.GroupDelay != 0 {
		add("group delay of %g ms", p.GroupDelay)
	}
	if p.Jitter != 0 {
		add("jitter of %g degrees at %g Hz", p.Jitter, p.JitterFreq)
	}
	if p.Impulses > 0 {
		add("%g impulses a second of %g dBm0", p.Impulses, p.ImpulseLevel)
	}
	if p.Loss > 0 {
		add("%g %% of packets lost", 100*p.Loss)
	}
	if parts == nil {
		return "clean"
	}
	return strings.Join(parts, ", ")
}

// String tells the study in a few lines.
func (l *Look) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %d bits; line: %s\n", l.title(), l.Bits, Describe(l.Channel))
	switch {
	case l.NoLong:
		b.WriteString("the long training before the short one failed\n")
		return b.String()
	case !l.Trained:
		b.WriteString("not trained: no bits\n")
		return b.String()
	}
	fmt.Fprintf(&b, "trained %.2f s after the line began; %d bits wrong or missing, %d slips, %d of %d blocks of 2048 bits spoilt\n",
		l.Began, l.Wrong, l.Slips, l.BadBlocks, l.Blocks)
	if l.Channel.Loss > 0 {
		fmt.Fprintf(&b, "%d packets lost\n", l.Lost)
	}
	if l.Channel.Impulses > 0 {
		fmt.Fprintf(&b, "%d impulses\n", l.Hit)
	}
	if n := len(l.Moments); n > 0 {
		q := l.Moments[max(0, n-1-endMoments)]
		fmt.Fprintf(&b, "the receiver says: SNR %.1f dB, level %.1f dBm0, offset %+.2f Hz, skew %+.0f ppm", q.SNR, q.Level, q.CarrierOffset, q.ClockSkew)
		if l.Taps != nil {
			fmt.Fprintf(&b, ", error %.1f dB", q.EqualizerMSE)
		}
		b.WriteString("\n")
	}
	if o, ok := l.opening(); ok {
		fmt.Fprintf(&b, "eye: 99 %% of symbols lie within %.0f %% of the way from their point to the edge of the next\n", 100*o)
	}
	return b.String()
}

// endMoments are those in which the carrier may have been ending.
const endMoments = 3

// opening tells within what part of the way from their point to the edge of the next
// point 99 % of the data's symbols lie: 0 is a clean eye, over 1 is closed. The points
// are those that were decided for. A trellis code works with a closed eye.
func (l *Look) opening() (float64, bool) {
	data := l.data()
	var points []complex64
	seen := map[complex64]bool{}
	for _, s := range data {
		if !seen[s.Decided] {
			seen[s.Decided] = true
			points = append(points, s.Decided)
		}
	}
	edge := math.Inf(1)
	for i, a := range points {
		for _, b := range points[:i] {
			edge = min(edge, distance(a, b)/2)
		}
	}
	if len(points) < 2 || len(points) > mostDecided {
		return 0, false
	}
	away := make([]float64, len(data))
	for i, s := range data {
		away[i] = distance(s.Point, s.Decided)
	}
	slices.Sort(away)
	return away[len(away)*99/100] / edge, true
}

// mostDecided bounds the points of a constellation: V.17 14400 has 128.
const mostDecided = 256

func distance(a, b complex64) float64 {
	d := a - b
	return math.Hypot(float64(real(d)), float64(imag(d)))
}

// Total is what came of several bursts.
type Total struct {
	Bursts, Trained, Clean  int // Clean: trained and no bit wrong
	Bits, Wrong, Lost       int
	Blocks, BadBlocks, Slip int
}

// Add counts one more.
func (t *Total) Add(l *Look) {
	t.Bursts++
	t.Bits += l.Bits
	t.Wrong += l.Wrong
	t.Lost += l.Lost
	t.Blocks += l.Blocks
	t.BadBlocks += l.BadBlocks
	t.Slip += l.Slips
	if l.Trained {
		t.Trained++
	}
	if l.Trained && l.Wrong == 0 {
		t.Clean++
	}
}

// String tells it in a line.
func (t Total) String() string {
	return fmt.Sprintf("%d bursts: %d trained, %d without errors; %d of %d bits wrong (%.2g), %d slips, %d of %d blocks spoilt, %d packets lost",
		t.Bursts, t.Trained, t.Clean, t.Wrong, t.Bits, float64(t.Wrong)/float64(max(1, t.Bits)), t.Slip, t.BadBlocks, t.Blocks, t.Lost)
}
