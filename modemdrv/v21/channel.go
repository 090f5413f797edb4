package v21

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// Channel is a pair of frequencies (V.21 clause 3).
type Channel uint8

// The channels. Facsimile uses channel 2 alone.
const (
	Channel1 Channel = 1 // 1080 Hz +- 100: what the calling modem sends in data calls
	Channel2 Channel = 2 // 1750 Hz +- 100
)

const (
	bitRate   = 300
	deviation = 100 // Hz; the lower frequency is binary 1 (V.21 clause 3)
)

func (c Channel) centre() int {
	if c == Channel1 {
		return 1080
	}
	return 1750
}

func (c Channel) hertz() (one, zero int) { return c.centre() - deviation, c.centre() + deviation }

// wave is one turn of a cosine in waveLen steps, for the transmitter: its
// steps make the distortion 72 dB less than the signal.
const (
	waveBits = 12
	waveLen  = 1 << waveBits
)

var wave = func() (w [waveLen]float32) {
	for i := range w {
		w[i] = float32(math.Cos(2 * math.Pi * float64(i) / waveLen))
	}
	return w
}()

// reference is the conjugate of both tones at one sample, in units of
// 1/referenceScale.
type reference struct{ oneRe, oneIm, zeroRe, zeroIm int16 }

const referenceScale = 1 << 14

// makeReferences makes a table over the shortest time after which both tones
// begin anew.
func makeReferences(c Channel) []reference {
	point := func(hz, n int) (re, im int16) {
		s, c := math.Sincos(-2 * math.Pi * float64(hz*n%modem.SampleRate) / modem.SampleRate)
		return int16(math.Round(referenceScale * c)), int16(math.Round(referenceScale * s))
	}
	one, zero := c.hertz()
	length := 1
	for one*length%modem.SampleRate != 0 || zero*length%modem.SampleRate != 0 {
		length++
	}
	t := make([]reference, length)
	for n := range t {
		t[n].oneRe, t[n].oneIm = point(one, n)
		t[n].zeroRe, t[n].zeroIm = point(zero, n)
	}
	return t
}

var channelReferences = [...][]reference{
	Channel1: makeReferences(Channel1), // 400 samples
	Channel2: makeReferences(Channel2), // 160
}
