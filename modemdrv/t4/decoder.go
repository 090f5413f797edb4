package t4

import (
	"encoding/binary"
	"fmt"
)

// DecoderOptions are for data that did not come from a telephone line.
type DecoderOptions struct {
	// NoEOL: MH rows follow each other without EOLs, each beginning at an octet
	// boundary (TIFF compression 2).
	NoEOL bool
	// BareStart: the first row may begin without an EOL (TIFF compression 3, as
	// some programs write it). On a telephone line an EOL comes first (T.4
	// 4.1.2), and what is before it is fill of the modem: ones, for example,
	// which read as a row.
	BareStart bool
	// MaxRows ends the page after so many rows; 0 means DefaultMaxRows.
	MaxRows int
}

// phase is what a decoder expects next.
type phase uint8

const (
	phaseSeek   phase = iota // after damage, or before the first row: look for an EOL anywhere
	phaseTag                 // after an EOL in MR: the tag bit (T.4 4.2.2)
	phaseStart               // the first code word of a row, or another EOL of RTC, or EOFB
	phase1D                  // within a one-dimensional row
	phase2D                  // within a two-dimensional row
	phaseRowEnd              // a row is complete; its EOL should follow
	phaseDone                // RTC, EOFB, MaxRows, or damage that cannot be passed
)

// Decoder decodes one page. Its rows are handed out as soon as they are
// complete, damaged ones as a copy of the row before.
type Decoder struct {
	coding Coding
	opts   DecoderOptions
	width  int32
	rows   func(row []byte, ok bool)

	in    []byte // octets of this Write not yet in acc
	acc   uint64 // bits not yet decoded, the first one most significant
	n     uint   // how many
	final bool   // no more octets will come

	phase   phase
	oneD    bool    // this row is one-dimensional
	eols    int     // EOLs in sequence, without a row between
	sawEOL  bool    // this page has EOLs: each row must end with one
	refLost bool    // MR: ref is not the row above; wait for a one-dimensional one
	zeros   int     // zeros seen in a row while seeking
	a0      int32   // T.4 4.2.1.2; -1 before the row
	run     int32   // make-up codes of the run under way
	runs    int     // runs still to come of a horizontal mode
	j       int     // ref[j] is b1
	nCur    int     // changing elements in cur
	ref     []int32 // changing elements of the row above, with sentinels
	cur     []int32 // changing elements of this row
	row     []byte  // the row last handed out

	held    int // damaged rows that may be a damaged RTC
	badRun  int // damaged rows in sequence
	quality Quality
	lost    bool
	ended   bool
}

// NewDecoder makes a decoder of one page of width pels. It calls rows for each
// row from top to bottom; row is valid until the call returns, and ok is false
// where it is made up because the data were damaged.
func NewDecoder(coding Coding, width int, rows func(row []byte, ok bool)) (*Decoder, error) {
	if width < 1 || width > MaxWidth {
		return nil, fmt.Errorf("%w: %d", ErrWidth, width)
	}
	if coding < MH || coding > MMR {
		return nil, fmt.Errorf("t4: unknown %v", coding)
	}
	d := &Decoder{coding: coding, width: int32(width), rows: rows}
	d.ref = make([]int32, width+1+sentinels)
	d.cur = make([]int32, width+1+sentinels)
	d.row = make([]byte, (width+7)/8)
	d.Reset()
	return d, nil
}

// Configure sets options; call it before the first Write of a page.
func (d *Decoder) Configure(opts DecoderOptions) {
	d.opts = opts
	d.Reset()
}

// Reset begins a new page of the same coding, width and options.
func (d *Decoder) Reset() {
	*d = Decoder{coding: d.coding, opts: d.opts, width: d.width, rows: d.rows, ref: d.ref, cur: d.cur, row: d.row}
	clear(d.row)
	for i := range sentinels {
		d.ref[i] = d.width // the row above the first is white
	}
	d.phase = phaseStart
	if d.coding != MMR && !d.opts.NoEOL && !d.opts.BareStart {
		d.phase = phaseSeek
	}
	d.beginRow(d.coding != MMR)
}

// Quality counts the rows so far.
func (d *Decoder) Quality() Quality { return d.quality }

// Ended tells whether RTC or EOFB was seen; what is written after it is ignored.
func (d *Decoder) Ended() bool { return d.ended }

// Lost tells that the data were damaged and have no EOLs at which decoding could
// go on (as MMR never has), so that nothing after the last row can be had.
func (d *Decoder) Lost() bool { return d.lost }

// Write decodes the next octets. It takes all of them, whatever they are.
func (d *Decoder) Write(p []byte) (int, error) {
	d.in = p
	d.decode()
	d.in = nil
	return len(p), nil
}

// Close tells that the page is over. A row that is cut off counts as damaged.
func (d *Decoder) Close() error {
	d.final = true
	d.decode()
	if (d.phase == phase1D || d.phase == phase2D) && (d.a0 >= 0 || d.run > 0 || d.runs > 0) {
		d.badRow()
	}
	if d.phase == phaseSeek && d.refLost && !d.sawEOL {
		d.lost = true
	}
	d.phase = phaseDone
	return nil
}

// decode runs until the bits at hand are used up.
func (d *Decoder) decode() {
	more := true
	for more {
		switch d.phase {
		case phaseSeek:
			more = d.seek()
		case phaseTag:
			more = d.tag()
		case phaseStart:
			more = d.start()
		case phase1D:
			more = d.decode1D()
		case phase2D:
			more = d.decode2D()
		case phaseRowEnd:
			more = d.rowEnd()
		case phaseDone:
			d.in, d.acc, d.n, more = nil, 0, 0, false
		}
	}
}

// need brings at least n bits into acc, or tells that they are not there yet.
// At the end of the data it is content with less; zeros follow then.
func (d *Decoder) need(n uint) bool {
	if d.n >= n {
		return true
	}
	if len(d.in) >= 8 {
		d.acc |= binary.BigEndian.Uint64(d.in) >> d.n
		k := (63 - d.n) >> 3
		d.in = d.in[k:]
		d.n += k * 8
		return true
	}
	for d.n <= 56 && len(d.in) > 0 {
		d.acc |= uint64(d.in[0]) << (56 - d.n)
		d.in = d.in[1:]
		d.n += 8
	}
	return d.n >= n || d.final && d.n > 0
}

// skip consumes n bits, as far as there are so many.
func (d *Decoder) skip(n uint) {
	n = min(n, d.n)
	d.acc <<= n
	d.n -= n
}

// beginRow prepares for the first code word of a row.
func (d *Decoder) beginRow(oneD bool) {
	d.oneD, d.a0, d.run, d.runs, d.j, d.nCur = oneD, -1, 0, 0, 0, 0
}

// rowDone hands out the row in cur and makes it the row above.
func (d *Decoder) rowDone() {
	if d.quality.Rows > 0 {
		d.held += max(d.eols-1, 0) // between two EOLs there was a row
	}
	for ; d.held > 0; d.held-- {
		d.handOut(false)
	}
	n := d.nCur
	for i := range sentinels {
		d.cur[n+i] = d.width
	}
	paint(d.row, d.cur[:n+2])
	d.ref, d.cur = d.cur, d.ref
	d.refLost = false
	d.eols = 0
	d.phase = phaseRowEnd
	d.handOut(true)
}

// badRow deals with a damaged row: the row above is repeated, and the next EOL
// is looked for. After two EOLs in sequence it is rather RTC that was damaged:
// such rows are held back until another good one proves the contrary.
func (d *Decoder) badRow() {
	rtc := d.eols >= 2 || d.held > 0
	empty := max(d.eols-1, 0)
	d.refLost, d.eols = true, 0
	d.phase, d.zeros = phaseSeek, 0
	switch {
	case d.coding == MMR || d.opts.NoEOL:
		d.handOut(false)
		d.phase, d.lost = phaseDone, true
	case rtc:
		d.held += 1 + empty
	case d.quality.Rows == 0 && !d.sawEOL:
		// Bits before the first EOL: the tail of the training, not a row.
	default:
		for range 1 + empty {
			d.handOut(false)
		}
	}
}

// handOut gives a row to the receiver and counts it.
func (d *Decoder) handOut(ok bool) {
	limit := d.opts.MaxRows
	if limit == 0 {
		limit = DefaultMaxRows
	}
	if d.quality.Rows >= limit {
		d.phase = phaseDone
		return
	}
	d.quality.Rows++
	if ok {
		d.badRun = 0
	} else {
		d.badRun++
		d.quality.BadRows++
		d.quality.MaxConsecutiveBad = max(d.quality.MaxConsecutiveBad, d.badRun)
	}
	d.rows(d.row, ok)
}
