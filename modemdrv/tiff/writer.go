package tiff

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// Target is what a Writer writes to; *os.File is one. A Sync method, where
// there is one, is called before and after a page becomes part of the file.
type Target interface {
	io.ReaderAt
	io.WriterAt
}

// maxFile is the size that the 32 bit offsets of TIFF allow.
const maxFile = 1<<32 - 1<<20

// ErrTooLarge tells that a TIFF file cannot grow beyond 4 GB.
var ErrTooLarge = errors.New("tiff: file would grow beyond 4 GB")

// Writer adds pages to a file: for each BeginPage, Write or WriteBitmap, and
// EndPage. A page that is not ended is no part of the file.
type Writer struct {
	file   Target
	order  byteOrderer
	close  func() error
	noSync bool

	link   int64 // where the pointer to the next directory stands
	end    int64 // where the next data go
	start  int64 // where the data of the page under way began
	inPage bool
	fill   FillOrder
	pages  int
	buf    []byte
}

// NewWriter begins an empty TIFF file on an empty target.
func NewWriter(f Target) (*Writer, error) {
	w := &Writer{file: f, order: binary.LittleEndian, link: 4, end: headerSize}
	w.close = func() error { return nil }
	if _, err := f.WriteAt([]byte("II*\x00\x00\x00\x00\x00"), 0); err != nil {
		return nil, err
	}
	return w, nil
}

// Create creates a file for pages; an existing one is emptied. Close it.
func Create(name string, perm os.FileMode) (*Writer, error) {
	f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, perm)
	if err != nil {
		return nil, err
	}
	w, err := NewWriter(f)
	if err != nil {
		f.Close()
		return nil, err
	}
	w.close = f.Close
	return w, nil
}

// Append opens a file that has pages, to add more; what an interrupted writer
// left behind the last page stays unused. Close it.
func Append(name string) (*Writer, error) {
	f, err := os.OpenFile(name, os.O_RDWR, 0)
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
	return &Writer{file: f, order: r.order, close: f.Close, link: r.next, end: info.Size(), pages: len(r.pages)}, nil
}

// NoSync leaves it to the operating system when pages reach the disk: for
// files that are made anew after a crash.
func (w *Writer) NoSync() { w.noSync = true }

// Pages is how many pages the file has.
func (w *Writer) Pages() int { return w.pages }

// Close closes a file that Create or Append opened. A page under way is lost.
func (w *Writer) Close() error { return w.close() }

// BeginPage begins a page whose data are filled as fill tells (MSBFirst or 0:
// as they are given). Data of an unfinished page before it are given up.
func (w *Writer) BeginPage(fill FillOrder) {
	if w.inPage {
		w.end = w.start
	}
	w.end += w.end & 1 // directories and, by custom, data begin at even places
	w.start, w.inPage, w.fill = w.end, true, fill
}

// Write adds coded data to the page, first bit most significant.
func (w *Writer) Write(p []byte) (int, error) {
	if !w.inPage {
		return 0, errors.New("tiff: Write without BeginPage")
	}
	if w.end+int64(len(p)) > maxFile {
		return 0, ErrTooLarge
	}
	if w.fill == LSBFirst {
		w.buf = append(w.buf[:0], p...)
		t4.ReverseBits(w.buf)
		p = w.buf
	}
	n, err := w.file.WriteAt(p, w.end)
	w.end += int64(n)
	return n, err
}

// EndPage makes the data since BeginPage a page of the file. Of p, Width,
// Height and Compression (or SetCoding) are needed; FillOrder, photometric
// interpretation and place of the data are the Writer's own.
func (w *Writer) EndPage(p *Page) error {
	if !w.inPage {
		return errors.New("tiff: EndPage without BeginPage")
	}
	if p.Width < 1 || p.Height < 1 {
		return fmt.Errorf("tiff: page of %d x %d pels", p.Width, p.Height)
	}
	size := w.end - w.start
	w.end += w.end & 1
	d := directoryWriter{order: w.order, base: w.end}
	d.page(p, w.start, size, w.fill)
	raw, at, next := d.bytes()
	if w.end+int64(len(raw)) > maxFile {
		return ErrTooLarge
	}
	if _, err := w.file.WriteAt(raw, w.end); err != nil {
		return err
	}
	if err := w.sync(); err != nil {
		return err
	}
	var link [4]byte
	w.order.PutUint32(link[:], uint32(at))
	if _, err := w.file.WriteAt(link[:], w.link); err != nil {
		return err
	}
	w.link, w.end, w.inPage = next, w.end+int64(len(raw)), false
	w.pages++
	return w.sync()
}

// WriteBitmap adds a whole page, coded as p.SetCoding tells (MMR where p has
// no T.4 or T.6 compression). Width and height are those of the bitmap.
func (w *Writer) WriteBitmap(p Page, b *t4.Bitmap) error {
	coding, ok := p.Coding()
	if !ok || p.Compression == MHNoEOL {
		coding = t4.MMR
	}
	p.SetCoding(coding)
	p.Width, p.Height = b.Width, b.Height
	e, err := t4.NewEncoder(coding, b.Width, t4.EncoderOptions{AlignEOL: p.Options&OptionsAlignEOL != 0, K: t4.KFine})
	if err != nil {
		return err
	}
	var data []byte
	for y := range b.Height {
		data = e.AppendRow(data, b.Row(y))
	}
	w.BeginPage(p.FillOrder)
	if _, err := w.Write(e.AppendEnd(data)); err != nil {
		return err
	}
	return w.EndPage(&p)
}

// sync brings what was written to the disk.
func (w *Writer) sync() error {
	if s, ok := w.file.(interface{ Sync() error }); ok && !w.noSync {
		return s.Sync()
	}
	return nil
}
