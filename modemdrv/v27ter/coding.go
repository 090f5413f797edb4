package v27ter

import (
	"fmt"
	"math"

	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// The synchronizing signal of Table 3/V.27 ter (long sequence), in symbol
// intervals. Segments 1 and 2 (echo protection) are not sent: T.30 has a pause.
const (
	segment3 = 50   // continuous reversals
	segment4 = 1074 // conditioning pattern, two phases
	segment5 = 8    // scrambled ones
	// turnOff is segment A of the turn-off (Table 4): scrambled ones for 5 to 10
	// ms, here in symbols.
	turnOff4800 = 12
	turnOff2400 = 9
)

// scramblerStart is the state of the scrambler at the beginning of segment 4.
const scramblerStart = 0x3C

// guardLimit is after how many bits that repeat at a distance of 8, 9 or 12 the
// next one is inverted (clause 6 and Appendix I).
const guardLimit = 33

// scrambler is V.27 ter's: 1 + x^-6 + x^-7 with a guard against short
// repetitions of 1, 2, 3, 4, 6, 8, 9 and 12 bits.
type scrambler struct {
	reg   uint32 // the line's last bits, the latest in bit 0
	count int
}

// guard tells whether this bit is to be inverted, and counts.
func (s *scrambler) guard(line uint32) uint32 {
	if s.count >= guardLimit {
		s.count = 0
		return 1
	}
	if (s.reg>>7^line)&(s.reg>>8^line)&(s.reg>>11^line)&1 != 0 {
		s.count = 0
	} else {
		s.count++
	}
	return 0
}

func (s *scrambler) scramble(bit uint32) uint32 {
	out := (bit ^ s.reg>>5 ^ s.reg>>6) & 1
	out ^= s.guard(out)
	s.reg = s.reg<<1 | out
	return out
}

func (s *scrambler) descramble(line uint32) uint32 {
	line &= 1
	out := (line ^ s.reg>>5 ^ s.reg>>6) & 1
	if s.count >= guardLimit {
		s.count = 0
		out ^= 1
	} else {
		s.guard(line)
	}
	s.reg = s.reg<<1 | line
	return out
}

// Tables 1 and 2/V.27 ter: the change of phase, in eighths of a turn, for a
// tribit or dibit whose first bit is in the highest place.
var (
	phaseStep4800 = [8]int{1, 0, 2, 3, 6, 7, 5, 4}
	phaseStep2400 = [4]int{0, 2, 6, 4}
)

// rateSpec is what one bit rate of V.27 ter is made of.
type rateSpec struct {
	bits    int // in a symbol
	pulse   qam.Pulse
	steps   []int
	turnOff int
}

// rates has the two rates of V.27 ter. Their spectra are those of clause 2.5: a
// raised cosine of 50 % shared equally between transmitter and receiver.
var rates = map[int]rateSpec{
	4800: {3, qam.Pulse{SymbolRate: 1600, Carrier: 1800, Rolloff: 0.5}, phaseStep4800[:], turnOff4800},
	2400: {2, qam.Pulse{SymbolRate: 1200, Carrier: 1800, Rolloff: 0.5}, phaseStep2400[:], turnOff2400},
}

func findRate(bitRate int) (rateSpec, error) {
	spec, ok := rates[bitRate]
	if !ok {
		return spec, fmt.Errorf("v27ter: no such rate: %d bit/s (2400 and 4800 exist)", bitRate)
	}
	return spec, nil
}

// points are the eight phases.
var points = func() (p [8]complex64) {
	for i := range p {
		s, c := math.Sincos(float64(i) * math.Pi / 4)
		p[i] = complex(float32(c), float32(s))
	}
	return p
}()
