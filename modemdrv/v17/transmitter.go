package v17

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// pulse is V.17's line signal (clauses 2.1 and 2.2). The Recommendation gives
// a mask for the spectrum only (4.5 dB down at 600 and 3000 Hz, give or take
// 2.5); a root raised cosine of 25 % lies in its middle.
var pulse = qam.Pulse{SymbolRate: 2400, Carrier: 1800, Rolloff: 0.25}

// Transmitter sends one burst of V.17. It implements modem.Transmitter.
type Transmitter struct {
	*qam.Transmitter
	symbols symbols
}

// NewTransmitter makes a transmitter of one burst at 7200, 9600, 12000 or
// 14400 bit/s, with long training or the short resynchronization.
func NewTransmitter(rate modem.Rate, short bool, src modem.BitSource) (*Transmitter, error) {
	if rate.Modulation != modem.V17 {
		return nil, fmt.Errorf("v17: %v is not a rate of V.17", rate)
	}
	k, err := newConstellation(rate.BitRate)
	if err != nil {
		return nil, err
	}
	t := &Transmitter{symbols: symbols{constellation: k, src: src, short: short}}
	t.symbols.scrambler.SetState(scramblerStart)
	if !short {
		t.symbols.encoder.diff = 1
	}
	t.Transmitter = qam.NewTransmitter(pulse, &t.symbols)
	return t, nil
}

// symbols gives the points of one burst.
type symbols struct {
	*constellation
	src       modem.BitSource
	short     bool
	scrambler qam.Scrambler
	encoder   encoder
	step      int // symbols of the present segment already given
	segment   int // 1 to 4 as in the Recommendation, 5 data, 6 turn-off
	turn      int // the point before, 0 to 3 for A to D
}

// NextSymbol implements qam.SymbolSource.
func (s *symbols) NextSymbol() (complex64, bool) {
	for s.segment == 0 || s.step >= s.length() {
		s.next()
	}
	s.step++
	switch s.segment {
	case 1:
		return s.abcd[(s.step-1)&1], true
	case 2:
		s.turn = conditioning[s.dibit(3)]
		return s.abcd[s.turn], true
	case 3:
		shift := (s.step - 1) % 8 * 2
		s.turn = (s.turn + bridgeStep[s.dibit(bridgeWord>>shift)]) & 3
		return s.abcd[s.turn], true
	case 5:
		return s.data(), true
	case 7:
		return 0, false
	}
	return s.code(1<<s.bits - 1), true
}

// next goes on to the segment that follows.
func (s *symbols) next() {
	s.step = 0
	s.segment++
	if s.segment == 3 && s.short {
		s.segment = 4
	}
}

// length is how many symbols the present segment has.
func (s *symbols) length() int {
	switch s.segment {
	case 1:
		return segment1
	case 2:
		if s.short {
			return segment2Short
		}
		return segment2
	case 3:
		return segment3
	case 4:
		return segment4
	case 6:
		return turnOff
	}
	return int(^uint(0) >> 1)
}

// dibit scrambles two bits; the first, in the lowest place, comes out in the
// higher place.
func (s *symbols) dibit(bits uint32) int {
	line := s.scrambler.Scramble(bits, 2)
	return int(line&1<<1 | line>>1)
}

// data takes the bits of one symbol from the source; ones follow when they end.
func (s *symbols) data() complex64 {
	bits, got := s.src.ReadBits(s.bits)
	if got < s.bits {
		bits |= ^uint32(0) << got
		s.segment, s.step = 6, 0
	}
	return s.code(bits)
}

// code scrambles and encodes the bits of one symbol, the first in the lowest
// place.
func (s *symbols) code(bits uint32) complex64 {
	return s.points[s.encoder.label(int(s.scrambler.Scramble(bits, s.bits)))]
}
