package qam

// Scrambler is the self-synchronizing scrambler 1 + x^-18 + x^-23 that V.29
// (clause 7 and Appendix I) and V.17 (clause 3) share.
type Scrambler struct {
	reg uint32 // the line's last bits, the latest in bit 0
}

// SetState loads the shift register; bit 0 is the latest bit.
func (s *Scrambler) SetState(reg uint32) { s.reg = reg }

// Scramble gives the line bit for one data bit (in the lowest place).
func (s *Scrambler) Scramble(bit uint32) uint32 {
	out := (bit ^ s.reg>>17 ^ s.reg>>22) & 1
	s.reg = s.reg<<1 | out
	return out
}

// Descramble gives the data bit for one line bit (in the lowest place).
func (s *Scrambler) Descramble(bit uint32) uint32 {
	out := (bit ^ s.reg>>17 ^ s.reg>>22) & 1
	s.reg = s.reg<<1 | bit&1
	return out
}
