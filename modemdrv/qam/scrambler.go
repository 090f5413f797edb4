package qam

import "math/bits"

// Scrambler is the self-synchronizing scrambler 1 + x^-18 + x^-23 that V.29
// (clause 7 and Appendix I) and V.17 (clause 3) share. No bit depends on one less
// than 18 places before it, so up to that many are taken at once.
type Scrambler struct {
	reg uint32 // the line's last 23 bits, the oldest in bit 0
}

// SetState loads the shift register as the Recommendations draw it: bit 0 is the
// latest bit.
func (s *Scrambler) SetState(reg uint32) { s.reg = bits.Reverse32(reg) >> 9 }

// Scramble gives n line bits for n data bits, at most 18; the first of them is in
// the lowest place.
func (s *Scrambler) Scramble(data uint32, n int) uint32 {
	line := (data ^ s.reg>>5 ^ s.reg) & (1<<n - 1)
	s.shift(line, n)
	return line
}

// Descramble gives n data bits for n line bits, at most 18; the first of them is
// in the lowest place.
func (s *Scrambler) Descramble(line uint32, n int) uint32 {
	data := (line ^ s.reg>>5 ^ s.reg) & (1<<n - 1)
	s.shift(line&(1<<n-1), n)
	return data
}

func (s *Scrambler) shift(line uint32, n int) {
	s.reg = uint32((uint64(line)<<23 | uint64(s.reg)) >> n)
}
