package tones

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/level"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// What T.30 and V.25 say of the tones, and what push button senders keep to.
const (
	cngHz, cedHz = 1100, 2100

	cngOn  = modem.SampleRate / 2 // T.30 4.3.3.3: 0.5 s
	cngOff = modem.SampleRate * 3 // and 3 s, each +-15 %

	defaultLevel = -13 // dBm0

	digitOn    = modem.SampleRate / 10 // 100 ms, and as much pause
	digitLevel = -9                    // dBm0 of each of the two sines (Q.23 leaves it to the administrations)
)

// digitHz are the frequencies of Q.23: rows, then columns.
var digitHz = [2][4]float64{{697, 770, 852, 941}, {1209, 1336, 1477, 1633}}

// digitNames are the digits by row and column.
const digitNames = "123A456B789C*0#D"

// Step is one piece of a Generator's cadence: one or two sines, or silence.
type Step struct {
	Hz      [2]float64 // 0: no sine
	Level   float64    // of each sine, dBm0
	Samples int
}

// Generator makes tones from steps. It implements modem.Transmitter.
type Generator struct {
	steps  []Step
	repeat bool
	at     int // step
	left   int // samples left of it
	sine   [2]oscillator
}

// oscillator gives a sine by recursion: each value is 2 cos w times the one
// before less the one before that.
type oscillator struct{ k, now, before float64 }

func newOscillator(hz, dBm0 float64) oscillator {
	if hz == 0 {
		return oscillator{}
	}
	w := 2 * math.Pi * hz / modem.SampleRate
	return oscillator{k: 2 * math.Cos(w), before: -level.Amplitude(dBm0) * math.Sin(w)}
}

func (o *oscillator) next() float64 {
	v := o.now
	o.now, o.before = o.k*v-o.before, v
	return v
}

// NewGenerator makes a generator that runs through the steps, over and over if
// repeat is true.
func NewGenerator(repeat bool, steps ...Step) *Generator {
	g := &Generator{steps: append([]Step(nil), steps...), repeat: repeat, at: -1}
	total := 0
	for _, s := range steps {
		total += max(0, s.Samples)
	}
	g.repeat = repeat && total > 0
	return g
}

// NewCNG makes the calling tone: 1100 Hz, half a second in every three and a half, until
// it is no longer read (T.30 4.3.3.3).
func NewCNG() *Generator {
	return NewGenerator(true, Step{Hz: [2]float64{cngHz}, Level: defaultLevel, Samples: cngOn}, Step{Samples: cngOff})
}

// NewCED makes the answering tone: 2100 Hz for the given number of samples,
// after T.30 4.3.3.4 between 2.6 and 4 s.
func NewCED(samples int) *Generator {
	return NewGenerator(false, Step{Hz: [2]float64{cedHz}, Level: defaultLevel, Samples: samples})
}

// NewDigits makes the tones of push button digits (0 to 9, A to D, * and #);
// what is not one makes a second of silence.
func NewDigits(digits string) *Generator {
	var steps []Step
	for _, d := range digits {
		row, column, ok := digitPlace(d)
		if !ok {
			steps = append(steps, Step{Samples: modem.SampleRate})
			continue
		}
		steps = append(steps,
			Step{Hz: [2]float64{digitHz[0][row], digitHz[1][column]}, Level: digitLevel, Samples: digitOn},
			Step{Samples: digitOn})
	}
	return NewGenerator(false, steps...)
}

func digitPlace(d rune) (row, column int, ok bool) {
	for i, name := range digitNames {
		if name == d {
			return i / 4, i % 4, true
		}
	}
	return 0, 0, false
}

// SetLevel sets the level of all sines, in dBm0 each, from the next step on.
func (g *Generator) SetLevel(dBm0 float64) {
	for i := range g.steps {
		g.steps[i].Level = dBm0
	}
}

// Read implements modem.Transmitter.
func (g *Generator) Read(out []int16) int {
	for i := range out {
		if g.left <= 0 && !g.nextStep() {
			return i
		}
		g.left--
		v := g.sine[0].next() + g.sine[1].next()
		out[i] = int16(math.RoundToEven(min(math.MaxInt16, max(math.MinInt16, v))))
	}
	return len(out)
}

func (g *Generator) nextStep() bool {
	for g.left <= 0 {
		g.at++
		if g.at >= len(g.steps) {
			if !g.repeat {
				g.at = len(g.steps)
				return false
			}
			g.at = 0
		}
		s := g.steps[g.at]
		g.left = s.Samples
		for k, hz := range s.Hz {
			g.sine[k] = newOscillator(hz, s.Level)
		}
	}
	return true
}
