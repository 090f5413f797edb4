package study

import (
	"fmt"
	"math"
	"math/cmplx"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
	"github.com/litoria-fax/litoria/modemdrv/v21"
)

// Plot is a drawing of a study.
type Plot struct {
	Name string // of a file, without ending
	SVG  []byte
}

// Plots draws what there is to draw of a look: the spectrum of the line always, the
// rest if the receiver found a signal.
func (l *Look) Plots() []Plot {
	plots := []Plot{{"spectrum", Spectrum(l.title(), l.Line)}}
	if len(l.Bauds) > 0 {
		plots = append(plots, Plot{"constellation", l.tonePlane()}, Plot{"eye", l.toneEye()})
	}
	if data := l.data(); len(data) > 0 {
		plots = append(plots, Plot{"constellation", l.constellation(data)}, Plot{"eye", l.eye(data)})
	}
	if l.Taps != nil {
		plots = append(plots, Plot{"equalizer", l.equalizer()})
	}
	if len(l.Moments) > 1 {
		plots = append(plots, Plot{"quality", l.quality()})
	}
	return plots
}

func (l *Look) title() string {
	if l.Short {
		return l.Mode.Rate.String() + ", short training"
	}
	return l.Mode.Rate.String()
}

// data are the symbols after the known ones, without those in which the carrier
// ends.
func (l *Look) data() []qam.Symbol {
	end := max(0, len(l.Symbols)-endSymbols)
	for i := end - 1; i >= 0; i-- {
		if l.Symbols[i].Known {
			return l.Symbols[i+1 : end]
		}
	}
	return l.Symbols[:end]
}

// More than a receiver takes to see that the carrier has gone.
const (
	endSymbols = 40
	endBits    = 14 // of V.21
)

const (
	square     = 480  // pixels of a constellation
	mostPoints = 3000 // of them
	mostTraces = 250  // of an eye
	plane      = 1.8  // what a constellation shows, where data have a mean square of 1
	eyeParts   = 8    // points that are computed in half a symbol of an eye
	eyeSide    = 12   // half symbols on either side of them that they are computed from
)

// latest are the last n of all.
func latest[T any](all []T, n int) []T { return all[max(0, len(all)-n):] }

// constellation draws the equalized symbols and the points they were taken for.
func (l *Look) constellation(data []qam.Symbol) []byte {
	var d drawing
	p := d.panel(l.title()+": equalized symbols", axis{"in phase", -plane, plane}, axis{"quad.", -plane, plane}, square, square)
	data = latest(data, mostPoints)
	for _, s := range data {
		p.dot("point", float64(real(s.Point)), float64(imag(s.Point)), 1.5)
	}
	seen := map[complex64]bool{}
	for _, s := range data {
		if !seen[s.Decided] {
			seen[s.Decided] = true
			p.dot("ideal", float64(real(s.Decided)), float64(imag(s.Decided)), 2.5)
		}
	}
	return d.svg()
}

// eye draws the equalizer's output over two symbols, in phase.
func (l *Look) eye(data []qam.Symbol) []byte {
	var d drawing
	p := d.panel(l.title()+": eye, in phase", axis{"symbols", -1, 1}, axis{"", -plane, plane}, panelWidth, panelHeight)
	data = latest(data, mostTraces+2*eyeSide)
	halves := make([]float64, 0, 2*len(data))
	for _, s := range data {
		halves = append(halves, float64(real(s.Halfway)), float64(real(s.Point)))
	}
	for k := eyeSide/2 + 1; 2*k+1+2+eyeSide < len(halves); k++ {
		centre := 2*k + 1
		p.curve("eye", 4*eyeParts+1, func(i int) (x, y float64) {
			at := float64(i-2*eyeParts) / eyeParts // half symbols from the centre
			return at / 2, between(halves, float64(centre)+at)
		})
	}
	return d.svg()
}

// between gives a signal between two of its samples: it has no frequencies over half
// their rate, so the sum of its samples' sinc pulses is exact but for the window.
func between(x []float64, at float64) (y float64) {
	n := int(math.Floor(at))
	for i := max(0, n-eyeSide+1); i <= min(len(x)-1, n+eyeSide); i++ {
		t := at - float64(i)
		w := math.Cos(math.Pi * t / (2 * (eyeSide + 1)))
		y += x[i] * w * w * sinc(t)
	}
	return y
}

func sinc(t float64) float64 {
	if t == 0 {
		return 1
	}
	return math.Sin(math.Pi*t) / (math.Pi * t)
}

// tonePlane draws how much either tone explains of each bit.
func (l *Look) tonePlane() []byte {
	var d drawing
	p := d.panel(l.title()+": share of a bit's energy that either tone explains", axis{"one (1650 Hz)", 0, 1}, axis{"zero", 0, 1}, square, square)
	for _, b := range latest(l.Bauds[:max(0, len(l.Bauds)-endBits)], mostPoints) {
		p.dot("point", b.One, b.Zero, 1.5)
	}
	return d.svg()
}

// toneEye draws the discriminator over a bit.
func (l *Look) toneEye() []byte {
	var d drawing
	p := d.panel(l.title()+": eye of the discriminator", axis{"bits", -1, 0}, axis{"", -1.1, 1.1}, panelWidth, panelHeight)
	for _, b := range latest(l.Bauds[:max(0, len(l.Bauds)-endBits)], mostTraces) {
		p.curve("eye", len(b.Eye), func(i int) (x, y float64) {
			return float64(i)/v21.EyeSteps - 1, b.Eye[i]
		})
	}
	return d.svg()
}

// decibels of a magnitude, -80 for none.
func decibels(magnitude float64) float64 { return 20 * math.Log10(max(magnitude, 1e-4)) }

// equalizer draws its taps in time and its gain over frequency, both against the
// largest.
func (l *Look) equalizer() []byte {
	var d drawing
	half := 1000 / l.Mode.baud() / 2 // ms
	n := len(l.Taps)
	largest := 0.0
	for _, c := range l.Taps {
		largest = max(largest, cmplx.Abs(c))
	}
	first := -half * float64(qam.EqualizerCentre)
	p := d.panel(l.title()+": taps of the equalizer", axis{"ms from the symbol", first, first + half*float64(n-1)}, axis{"dB", -60, 0}, panelWidth, panelHeight)
	p.curve("main", n, func(i int) (x, y float64) { return first + half*float64(i), decibels(cmplx.Abs(l.Taps[i]) / largest) })

	const points = 241
	baud := l.Mode.baud()
	gain := make([]float64, points)
	hz := func(i int) float64 { return baud * 1.4 * (float64(i)/(points-1) - 0.5) }
	top := 0.0
	for i := range gain {
		var sum complex128
		for k, c := range l.Taps {
			sum += c * cmplx.Rect(1, 2*math.Pi*hz(i)*float64(k)/(2*baud))
		}
		gain[i] = cmplx.Abs(sum)
		top = max(top, gain[i])
	}
	p = d.panel("its gain (behind the root raised cosine)", axis{"Hz on the line", l.Carrier + hz(0), l.Carrier + hz(points-1)}, axis{"dB", -40, 0}, panelWidth, panelHeight)
	p.curve("main", points, func(i int) (x, y float64) { return l.Carrier + hz(i), decibels(gain[i] / top) })
	return d.svg()
}

// quality draws what the receiver told of the line, over time.
func (l *Look) quality() []byte {
	var d drawing
	m := l.Moments
	x := axis{"s", m[0].At, m[len(m)-1].At}
	for _, c := range []struct {
		name, unit string
		of         func(modem.Quality) float64
		least      float64 // height of the diagram
	}{
		{"signal to noise ratio, 0 to 4 kHz", "dB", func(q modem.Quality) float64 { return q.SNR }, 4},
		{"carrier offset", "Hz", func(q modem.Quality) float64 { return q.CarrierOffset }, 0.5},
		{"clock skew", "ppm", func(q modem.Quality) float64 { return q.ClockSkew }, 100},
		{"mean squared error at the decision", "dB", func(q modem.Quality) float64 { return q.EqualizerMSE }, 4},
	} {
		low, high := math.Inf(1), math.Inf(-1)
		for _, v := range m {
			low, high = min(low, c.of(v.Quality)), max(high, c.of(v.Quality))
		}
		middle, side := (low+high)/2, max(c.least, (high-low)*1.1)/2
		p := d.panel(fmt.Sprintf("%s: %s", l.title(), c.name), x, axis{c.unit, middle - side, middle + side}, panelWidth, panelHeight/2)
		p.curve("main", len(m), func(i int) (x, y float64) { return m[i].At, c.of(m[i].Quality) })
	}
	return d.svg()
}
