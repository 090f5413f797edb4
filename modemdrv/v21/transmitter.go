package v21

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/level"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

const (
	defaultLevel = -13 // dBm0
	// A bit lasts 8000/300 = 80/3 samples: time counts in thirds of a sample.
	bitThirds    = 80
	sampleThirds = 3
)

// Transmitter sends one burst. It implements modem.Transmitter. The phase is
// continuous, and changes of frequency fall where they belong between two samples.
type Transmitter struct {
	src       modem.BitSource
	amplitude float32
	step      [2]uint32 // phase advance per sample, a turn being 2^32, by bit
	phase     uint32
	bit       int
	left      int // thirds of a sample that the bit still lasts
	started   bool
	over      bool
}

// NewTransmitter makes a transmitter of one burst on channel 2, at -13 dBm0.
func NewTransmitter(src modem.BitSource) *Transmitter { return NewTransmitterOn(Channel2, src) }

// NewTransmitterOn makes a transmitter of one burst on either channel.
func NewTransmitterOn(c Channel, src modem.BitSource) *Transmitter {
	one, zero := c.hertz()
	t := &Transmitter{src: src, step: [2]uint32{phaseStep(zero), phaseStep(one)}}
	t.SetLevel(defaultLevel)
	return t
}

func phaseStep(hz int) uint32 {
	return uint32(math.Round(float64(hz) / modem.SampleRate * (1 << 32)))
}

// SetLevel sets the power of the signal in dBm0.
func (t *Transmitter) SetLevel(dBm0 float64) { t.amplitude = float32(level.Amplitude(dBm0)) }

// Read implements modem.Transmitter.
func (t *Transmitter) Read(out []int16) int {
	if !t.started {
		t.started = true
		t.nextBit()
	}
	for i := range out {
		if t.over {
			return i
		}
		out[i] = sample(t.amplitude * wave[t.phase>>(32-waveBits)])
		if t.left -= sampleThirds; t.left > 0 {
			t.phase += t.step[t.bit]
			continue
		}
		// The bit ends within this sample's interval, -left thirds before its end.
		rest := uint32(-t.left)
		old := t.step[t.bit] / sampleThirds * (sampleThirds - rest)
		t.left += bitThirds
		t.nextBit()
		t.phase += old + t.step[t.bit]/sampleThirds*rest
	}
	return len(out)
}

func (t *Transmitter) nextBit() {
	bit, got := t.src.ReadBits(1)
	if got == 0 {
		t.over = true
		return
	}
	t.bit = int(bit & 1)
	if t.left == 0 {
		t.left = bitThirds
	}
}

// sample rounds, and clips what is louder than full scale.
func sample(v float32) int16 {
	switch {
	case v >= math.MaxInt16:
		return math.MaxInt16
	case v <= math.MinInt16:
		return math.MinInt16
	case v < 0:
		return int16(v - 0.5)
	}
	return int16(v + 0.5)
}
