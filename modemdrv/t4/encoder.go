package t4

import "fmt"

// EncoderOptions are the choices of an encoder; the zero value is right for
// T.6 and for a receiver that needs no fill.
type EncoderOptions struct {
	// K is the number of rows from one that is coded in one dimension up to the
	// next, MR only; 0 means KStandard.
	K int
	// MinRowBits makes MH and MR rows at least so long, EOL included, by fill
	// (T.4 4.1.3); see the function MinRowBits.
	MinRowBits int
	// AlignEOL makes each EOL of MH and MR end at an octet boundary (bit 2 of
	// TIFF's T4Options).
	AlignEOL bool
	// NoEnd leaves RTC or EOFB out in AppendEnd, which then only fills up the
	// last octet; TIFF files have no need of them.
	NoEnd bool
}

// Encoder codes a page row by row.
type Encoder struct {
	coding Coding
	opts   EncoderOptions
	width  int
	row    int // rows coded in this page
	ref    []int32
	cur    []int32
	acc    uint64 // bits not yet given out, the first one most significant
	n      uint   // how many
}

// NewEncoder makes an encoder of pages of width pels.
func NewEncoder(coding Coding, width int, opts EncoderOptions) (*Encoder, error) {
	if width < 1 || width > MaxWidth {
		return nil, fmt.Errorf("%w: %d", ErrWidth, width)
	}
	if coding < MH || coding > MMR {
		return nil, fmt.Errorf("t4: unknown %v", coding)
	}
	if opts.K < 1 {
		opts.K = KStandard
	}
	e := &Encoder{coding: coding, opts: opts, width: width}
	e.ref = make([]int32, width+sentinels)
	e.cur = make([]int32, width+sentinels)
	e.Reset()
	return e, nil
}

// Reset begins a new page; bits not yet given out are dropped.
func (e *Encoder) Reset() {
	e.row, e.acc, e.n = 0, 0, 0
	for i := range sentinels {
		e.ref[i] = int32(e.width) // the row above the first is white
	}
}

// AppendRow codes a row and appends the finished octets to dst. Up to seven
// bits stay behind until the next call.
func (e *Encoder) AppendRow(dst, row []byte) []byte {
	findChanges(e.cur, row, e.width)
	before := len(dst)*8 + int(e.n)
	switch {
	case e.coding == MMR:
		dst = e.row2D(dst)
	case e.coding == MH:
		dst = e.row1D(e.eol(dst, false))
	case e.row%e.opts.K == 0:
		dst = e.row1D(e.eol(dst, true))
	default:
		dst = e.row2D(e.eol(dst, false))
	}
	if e.coding != MMR {
		for short := e.opts.MinRowBits - (len(dst)*8 + int(e.n) - before); short > 0; short -= 16 {
			dst = e.put(dst, 0, uint(min(short, 16)))
		}
	}
	e.row++
	e.ref, e.cur = e.cur, e.ref
	return e.flush(dst)
}

// AppendEnd codes the end of the page: RTC for MH and MR (T.4 4.1.4), EOFB for
// MMR (T.6 2.4.1.1), then fills up the last octet. The encoder is ready for the
// next page.
func (e *Encoder) AppendEnd(dst []byte) []byte {
	if !e.opts.NoEnd {
		eols := rtcEOLs
		if e.coding == MMR {
			eols = 2
		}
		for range eols {
			dst = e.put(dst, eolCode, eolBits)
			if e.coding == MR {
				dst = e.put(dst, 1, 1)
			}
		}
	}
	if r := e.n % 8; r != 0 {
		dst = e.put(dst, 0, 8-r)
	}
	dst = e.flush(dst)
	e.Reset()
	return dst
}

// eol codes an EOL and, in MR, the tag bit: 1 before a one-dimensional row.
func (e *Encoder) eol(dst []byte, oneD bool) []byte {
	if e.opts.AlignEOL {
		if r := (e.n + eolBits) % 8; r != 0 {
			dst = e.put(dst, 0, 8-r)
		}
	}
	dst = e.put(dst, eolCode, eolBits)
	if e.coding != MR {
		return dst
	}
	if oneD {
		return e.put(dst, 1, 1)
	}
	return e.put(dst, 0, 1)
}

// row1D codes the row in cur by its run lengths, T.4 4.1.1.
func (e *Encoder) row1D(dst []byte) []byte {
	codes, other := whiteRun, blackRun
	x := int32(0)
	for i := 0; x < int32(e.width); i++ {
		dst = e.run(dst, codes, int(e.cur[i]-x))
		x = e.cur[i]
		codes, other = other, codes
	}
	return dst
}

// row2D codes the row in cur against the one in ref, T.4 4.2.1.3.
func (e *Encoder) row2D(dst []byte) []byte {
	width := int32(e.width)
	a0 := int32(-1) // the imaginary white pel before the row
	i, j := 0, 0    // cur[i] is a1, ref[j] is b1: equal parity, that of a0's colour
	for a0 < width {
		a1, b1, b2 := e.cur[i], e.ref[j], e.ref[j+1]
		switch d := a1 - b1; {
		case b2 < a1:
			dst = e.put(dst, uint32(modePass[0].code), uint(modePass[0].n))
			a0 = b2
		case d >= -3 && d <= 3:
			c := verticalCode[d+3]
			dst = e.put(dst, uint32(c.code), uint(c.n))
			a0 = a1
			i++
			if j > 0 {
				j--
			} else {
				j++
			}
		default:
			dst = e.horizontal(dst, i, max(a0, 0))
			a0 = e.cur[i+1]
			i += 2
		}
		for e.ref[j] <= a0 && a0 < width {
			j += 2
		}
	}
	return dst
}

// horizontal codes the two runs from a0 over a1 = cur[i] to a2, T.4 4.2.1.3.4.
func (e *Encoder) horizontal(dst []byte, i int, a0 int32) []byte {
	codes, other := whiteRun, blackRun
	if i&1 == 1 {
		codes, other = other, codes
	}
	dst = e.put(dst, uint32(modeHorizontal[0].code), uint(modeHorizontal[0].n))
	dst = e.run(dst, codes, int(e.cur[i]-a0))
	return e.run(dst, other, int(e.cur[i+1]-e.cur[i]))
}

// run codes one run: make-up codes as needed, then a terminating code.
func (e *Encoder) run(dst []byte, codes *runCodes, length int) []byte {
	for length > maxMakeUp+63 {
		c := codes.makeUp[maxMakeUp/64]
		dst = e.put(dst, uint32(c.code), uint(c.n))
		length -= maxMakeUp
	}
	if length >= 64 {
		c := codes.makeUp[length/64]
		dst = e.put(dst, uint32(c.code), uint(c.n))
		length &= 63
	}
	c := codes.terminating[length]
	return e.put(dst, uint32(c.code), uint(c.n))
}

// put adds n bits, at most 16.
func (e *Encoder) put(dst []byte, code uint32, n uint) []byte {
	e.acc |= uint64(code) << (64 - e.n - n)
	e.n += n
	if e.n >= 32 {
		dst = append(dst, byte(e.acc>>56), byte(e.acc>>48), byte(e.acc>>40), byte(e.acc>>32))
		e.acc <<= 32
		e.n -= 32
	}
	return dst
}

// flush gives out the whole octets.
func (e *Encoder) flush(dst []byte) []byte {
	for e.n >= 8 {
		dst = append(dst, byte(e.acc>>56))
		e.acc <<= 8
		e.n -= 8
	}
	return dst
}
