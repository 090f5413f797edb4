package v27ter

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// Transmitter sends one burst of V.27 ter. It implements modem.Transmitter.
type Transmitter struct {
	*qam.Transmitter
	symbols symbols
}

// NewTransmitter makes a transmitter of one burst at 2400 or 4800 bit/s. Fax
// uses the long turn-on sequence only: short must be false.
func NewTransmitter(rate modem.Rate, short bool, src modem.BitSource) (*Transmitter, error) {
	if rate.Modulation != modem.V27ter {
		return nil, fmt.Errorf("v27ter: %v is not a rate of V.27 ter", rate)
	}
	if short {
		return nil, fmt.Errorf("v27ter: facsimile has no short training")
	}
	spec, err := findRate(rate.BitRate)
	if err != nil {
		return nil, err
	}
	t := &Transmitter{symbols: symbols{rateSpec: spec, src: src}}
	t.symbols.scrambler.reg = scramblerStart
	t.Transmitter = qam.NewTransmitter(spec.pulse, &t.symbols)
	return t, nil
}

// symbols gives the points of one burst.
type symbols struct {
	rateSpec
	src       modem.BitSource
	scrambler scrambler
	phase     int // of the symbol before, in eighths of a turn
	sent      int // training symbols given
	ended     int // symbols given since the data ended, 0 before
}

// NextSymbol implements qam.SymbolSource.
func (s *symbols) NextSymbol() (complex64, bool) {
	switch {
	case s.sent < segment3:
		s.sent++
		s.phase = (s.phase + 4) & 7
	case s.sent < segment3+segment4:
		s.sent++
		s.phase = conditioningPhase(&s.scrambler, s.phase)
	case s.sent < segment3+segment4+segment5:
		s.sent++
		s.code(^uint32(0))
	case s.ended == 0:
		s.data()
	case s.ended <= s.turnOff:
		s.ended++
		s.code(^uint32(0))
	default:
		return 0, false
	}
	return points[s.phase], true
}

// conditioningPhase is the next phase of segment 4: every third bit of the
// scrambler, fed with ones, tells whether the phase is reversed.
func conditioningPhase(s *scrambler, phase int) int {
	bit := s.scramble(1)
	s.scramble(1)
	s.scramble(1)
	return (phase + 4*int(bit)) & 7
}

// data takes the bits of one symbol from the source; ones follow when they end.
func (s *symbols) data() {
	bits, got := s.src.ReadBits(s.bits)
	if got < s.bits {
		bits |= ^uint32(0) << got
		s.ended = 1
	}
	s.code(bits)
}

// code scrambles the bits of one symbol, the first in the lowest place, and
// turns the phase.
func (s *symbols) code(bits uint32) {
	q := uint32(0)
	for i := range s.bits {
		q = q<<1 | s.scrambler.scramble(bits>>i)
	}
	s.phase = (s.phase + s.steps[q]) & 7
}
