package v29

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// pulse is V.29's line signal (clauses 2 and 3): 4.5 dB down, give or take 2.5,
// at 500 and 2900 Hz, which a root raised cosine of 25 % meets.
var pulse = qam.Pulse{SymbolRate: 2400, Carrier: 1700, Rolloff: 0.25}

// Transmitter sends one burst of V.29. It implements modem.Transmitter.
type Transmitter struct {
	*qam.Transmitter
	symbols symbols
}

// NewTransmitter makes a transmitter of one burst at 7200 or 9600 bit/s. V.29
// has no short training: short must be false.
func NewTransmitter(rate modem.Rate, short bool, src modem.BitSource) (*Transmitter, error) {
	if rate.Modulation != modem.V29 {
		return nil, fmt.Errorf("v29: %v is not a rate of V.29", rate)
	}
	if short {
		return nil, fmt.Errorf("v29: there is no short training")
	}
	k, err := newConstellation(rate.BitRate)
	if err != nil {
		return nil, err
	}
	t := &Transmitter{symbols: symbols{constellation: k, src: src, conditioner: conditioningStart}}
	t.Transmitter = qam.NewTransmitter(pulse, &t.symbols)
	return t, nil
}

// symbols gives the points of one burst.
type symbols struct {
	*constellation
	src         modem.BitSource
	scrambler   qam.Scrambler
	conditioner conditioner
	phase       int // of the symbol before, in eighths of a turn
	sent        int // training symbols given
	ended       int // symbols given since the data ended, 0 before
}

// NextSymbol implements qam.SymbolSource.
func (s *symbols) NextSymbol() (complex64, bool) {
	const training = segment2 + segment3 + segment4
	switch {
	case s.sent < segment2:
		s.sent++
		return s.abab[(s.sent-1)&1], true
	case s.sent < segment2+segment3:
		s.sent++
		return s.cdcd[s.conditioner.next()], true
	case s.sent < training:
		s.sent++
		return s.code(^uint32(0)), true
	case s.ended == 0:
		return s.data(), true
	case s.ended <= turnOff:
		s.ended++
		return s.code(^uint32(0)), true
	}
	return 0, false
}

// data takes the bits of one symbol from the source; ones follow when they end.
func (s *symbols) data() complex64 {
	bits, got := s.src.ReadBits(s.bits)
	if got < s.bits {
		bits |= ^uint32(0) << got
		s.ended = 1
	}
	return s.code(bits)
}

// code scrambles and encodes the bits of one symbol, the first in the lowest
// place.
func (s *symbols) code(bits uint32) complex64 {
	line := s.scrambler.Scramble(bits, s.bits)
	q1 := uint32(0)
	if s.bits == 4 {
		q1 = line & 1
		line >>= 1
	}
	q := line&1<<2 | line&2 | line>>2
	s.phase = (s.phase + phaseStep[q]) & 7
	return s.point[q1][s.phase]
}
