package tiff

import (
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// MaxWidth is the widest page that is read.
const MaxWidth = t4.MaxWidth

// Reader reads the pages of a TIFF file.
type Reader struct {
	file  io.ReaderAt
	size  int64
	order byteOrderer
	pages []Page
	next  int64 // where the pointer to the directory after the last one stands
	close func() error
}

// Open opens a file for reading. Close it.
func Open(name string) (*Reader, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	r, err := NewReader(f, info.Size())
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	r.close = f.Close
	return r, nil
}

// NewReader lists the pages of a TIFF file of size octets. The error tells
// what is wrong with the first directory that cannot be used; see Pages for
// what can still be read then.
func NewReader(f io.ReaderAt, size int64) (*Reader, error) {
	r := &Reader{file: f, size: size, close: func() error { return nil }}
	head := make([]byte, headerSize)
	if n, err := f.ReadAt(head, 0); n < headerSize {
		if err != nil && !errors.Is(err, io.EOF) {
			return nil, err
		}
		if byteOrder(head[:n]) != nil {
			return nil, fmt.Errorf("%w: it has %d octets only", ErrTruncated, n)
		}
		return nil, ErrNotTIFF
	}
	if r.order = byteOrder(head); r.order == nil {
		return nil, ErrNotTIFF
	}
	return r, r.list()
}

// list walks the chain of directories.
func (r *Reader) list() error {
	r.next = 4
	seen := map[int64]bool{}
	for {
		var b [4]byte
		if err := r.read(b[:], r.next); err != nil {
			return err
		}
		off := int64(r.order.Uint32(b[:]))
		switch {
		case off == 0 && len(r.pages) == 0:
			return fmt.Errorf("%w: it has no pages", ErrDamaged)
		case off == 0:
			return nil
		case seen[off]:
			return fmt.Errorf("%w: page %d points back to an earlier one", ErrDamaged, len(r.pages))
		case len(r.pages) == MaxPages:
			return fmt.Errorf("%w: more than %d pages", ErrUnsupported, MaxPages)
		}
		seen[off] = true
		p, next, err := r.directory(off)
		if err != nil {
			return fmt.Errorf("page %d: %w", len(r.pages)+1, err)
		}
		r.pages = append(r.pages, *p)
		if next == 0 {
			r.next = r.nextField(off)
			return nil
		}
		r.next = r.nextField(off)
	}
}

// nextField tells where a directory has its pointer to the next one.
func (r *Reader) nextField(off int64) int64 {
	var b [2]byte
	if r.read(b[:], off) != nil {
		return off
	}
	return off + 2 + int64(r.order.Uint16(b[:]))*entrySize
}

// read fills b from off.
func (r *Reader) read(b []byte, off int64) error {
	if off < 0 || off > r.size || int64(len(b)) > r.size-off {
		return fmt.Errorf("%w: %d octets expected at %d, but it has %d", ErrTruncated, len(b), off, r.size)
	}
	if n, err := r.file.ReadAt(b, off); n < len(b) {
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("%w at %d", ErrTruncated, off+int64(n))
		}
		return err
	}
	return nil
}

// Close closes a file that Open opened.
func (r *Reader) Close() error { return r.close() }

// Pages describes the pages, in order.
func (r *Reader) Pages() []Page { return r.pages }

// Rows decodes page i and calls rows for each row, top to bottom, 1 being
// black; the slice is valid until the call returns. It gives exactly
// Page.Height rows where the file tells a height. Damaged rows of MH and MR
// are concealed and counted; ErrDamaged is returned when rows are missing.
func (r *Reader) Rows(i int, rows func(row []byte)) (t4.Quality, error) {
	if i < 0 || i >= len(r.pages) {
		return t4.Quality{}, fmt.Errorf("tiff: there is no page %d", i+1)
	}
	p := &r.pages[i]
	if why := p.unsupported(); why != "" {
		return t4.Quality{}, fmt.Errorf("page %d: %w: %s", i+1, ErrUnsupported, why)
	}
	d := &stripDecoder{page: p, rows: rows, row: make([]byte, (p.Width+7)/8)}
	for k, off := range p.offsets {
		if p.Height > 0 && d.quality.Rows >= p.Height {
			break
		}
		data, err := r.strip(off, p.byteCounts[k])
		if err != nil {
			return d.quality, fmt.Errorf("page %d: %w", i+1, err)
		}
		if err := d.strip(data); err != nil {
			return d.quality, fmt.Errorf("page %d: %w", i+1, err)
		}
	}
	if d.quality.Rows == 0 || d.quality.Rows < p.Height {
		return d.quality, fmt.Errorf("page %d: %w: only %d of %d rows can be decoded", i+1, ErrDamaged, d.quality.Rows, p.Height)
	}
	return d.quality, nil
}

// strip reads the octets of a strip.
func (r *Reader) strip(off, n int64) ([]byte, error) {
	if n > MaxStrip {
		return nil, fmt.Errorf("%w: a strip of %d octets", ErrUnsupported, n)
	}
	if off < headerSize || off > r.size || n > r.size-off {
		return nil, fmt.Errorf("%w: its data should end at %d, but it has %d octets", ErrTruncated, off+n, r.size)
	}
	data := make([]byte, n)
	return data, r.read(data, off)
}

// Decode decodes page i. Where rows are missing the error is ErrDamaged or
// ErrTruncated, and the bitmap holds the rows before.
func (r *Reader) Decode(i int) (*t4.Bitmap, t4.Quality, error) {
	b := &t4.Bitmap{}
	if i >= 0 && i < len(r.pages) {
		b.Width = r.pages[i].Width
	}
	q, err := r.Rows(i, b.AppendRow)
	return b, q, err
}

// Code gives the data of page i as they are stored, first bit in the most
// significant place; ok is false when the page has several strips or is not
// stored in MH, MR or MMR with EOLs, so that its rows must be coded anew.
func (r *Reader) Code(i int) (data []byte, coding t4.Coding, ok bool, err error) {
	if i < 0 || i >= len(r.pages) {
		return nil, 0, false, fmt.Errorf("tiff: there is no page %d", i+1)
	}
	p := &r.pages[i]
	coding, ok = p.Coding()
	if !ok || !p.Bilevel() || p.BlackIsZero || len(p.offsets) != 1 || p.Compression == MHNoEOL {
		return nil, 0, false, nil
	}
	data, err = r.strip(p.offsets[0], p.byteCounts[0])
	if err != nil {
		return nil, 0, false, fmt.Errorf("page %d: %w", i+1, err)
	}
	if p.FillOrder == LSBFirst {
		t4.ReverseBits(data)
	}
	return data, coding, true, nil
}

// PageReader shows the file as if page i were its first: for decoders of grey
// and colour pages that know but one page.
func (r *Reader) PageReader(i int) *io.SectionReader {
	var b [4]byte
	r.order.PutUint32(b[:], uint32(r.pages[i].at))
	return io.NewSectionReader(&patched{r.file, b}, 0, r.size)
}

// patched is a file with another pointer to the first directory.
type patched struct {
	file  io.ReaderAt
	first [4]byte
}

// ReadAt reads, octets 4 to 7 being replaced.
func (p *patched) ReadAt(b []byte, off int64) (int, error) {
	n, err := p.file.ReadAt(b, off)
	for i := range p.first {
		if k := 4 + int64(i) - off; k >= 0 && k < int64(n) {
			b[k] = p.first[i]
		}
	}
	return n, err
}
