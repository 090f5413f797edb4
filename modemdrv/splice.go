package modemdrv

import "slices"

// splicer makes one good frame of two damaged copies. Commands and responses are
// repeated word for word until they are understood; a lost packet spoils 20 ms
// of V.21, six bits, and leaves what comes before and after it in place. So the
// begin of one copy and the end of another make the frame whole, and the check
// sequence tells where to cut. What fits by chance is rare: a few dozen cuts
// against 65,536 check sequences.
type splicer struct {
	copies [][]byte // latest last, check sequence included
}

// Limits of a splicer.
const (
	maxCopies  = 8
	maxSpliced = 64 // octets: the frames of T.30 have 42 at most, except NSF
	minSpliced = 5  // address, control, FCF, check sequence
)

// add takes a damaged copy with its check sequence and gives the whole frame
// without it, if it can be had.
func (s *splicer) add(damaged []byte) ([]byte, bool) {
	if len(damaged) < minSpliced || len(damaged) > maxSpliced {
		return nil, false
	}
	for _, c := range slices.Backward(s.copies) {
		if len(c) != len(damaged) {
			continue
		}
		if f, ok := splice(c, damaged); ok {
			s.clear()
			return f, true
		}
		if f, ok := splice(damaged, c); ok {
			s.clear()
			return f, true
		}
	}
	if len(s.copies) == maxCopies {
		s.copies = slices.Delete(s.copies, 0, 1)
	}
	s.copies = append(s.copies, slices.Clone(damaged))
	if f, ok := s.vote(len(damaged)); ok {
		s.clear()
		return f, true
	}
	return nil, false
}

// minVotes is from how many copies on their majority may be right.
const minVotes = 3

// vote takes each octet as most copies have it.
func (s *splicer) vote(length int) ([]byte, bool) {
	var same [][]byte
	for _, c := range s.copies {
		if len(c) == length {
			same = append(same, c)
		}
	}
	if len(same) < minVotes {
		return nil, false
	}
	f := make([]byte, length)
	for i := range f {
		var votes [256]uint8
		for _, c := range same {
			if votes[c[i]]++; votes[c[i]] > votes[f[i]] || c[i] == f[i] {
				f[i] = c[i]
			}
		}
	}
	if f[0] != 0xFF || !fcsGood(f) {
		return nil, false
	}
	return f[:length-fcsLength], true
}

// clear forgets all copies: something was understood, the dialogue goes on.
func (s *splicer) clear() { s.copies = s.copies[:0] }

func splice(head, tail []byte) ([]byte, bool) {
	f := slices.Clone(tail)
	for cut := range len(f) - 1 {
		f[cut] = head[cut]
		if f[0] == 0xFF && fcsGood(f) {
			return f[:len(f)-2], true
		}
	}
	return nil, false
}

// fcsGood checks the frame check sequence of ISO/IEC 13239 4.2.5.2.
func fcsGood(f []byte) bool {
	const polynomial, residue = 0x8408, 0xF0B8
	crc := uint16(0xFFFF)
	for _, b := range f {
		crc ^= uint16(b)
		for range 8 {
			low := crc & 1
			crc >>= 1
			if low != 0 {
				crc ^= polynomial
			}
		}
	}
	return crc == residue
}
