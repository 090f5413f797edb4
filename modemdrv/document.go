package modemdrv

import (
	"io"

	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// PageSource gives the pages of a document as pels.
type PageSource interface {
	// Page describes page n, from 0; ok is false after the last.
	Page(n int) (info t30.PageInfo, ok bool)
	// Bitmap gives its pels. It may be called more than once.
	Bitmap(n int) (*t4.Bitmap, error)
}

// NewDocument makes of pages of pels what a session sends: coded as the far end
// wants it while it is sent, and scaled if it cannot take the page as it is.
func NewDocument(src PageSource) t30.Document { return document{src} }

type document struct{ src PageSource }

// Page implements t30.Document.
func (d document) Page(n int) (t30.PageInfo, bool) { return d.src.Page(n) }

// Code implements t30.Document.
func (d document) Code(n int, p t30.Parameters) (io.Reader, error) {
	info, _ := d.src.Page(n)
	b, err := d.src.Bitmap(n)
	if err != nil {
		return nil, err
	}
	return NewCode(FitPage(b, info, p), p)
}

// NewCode codes a page as parameters say, row by row as it is read.
func NewCode(b *t4.Bitmap, p t30.Parameters) (io.Reader, error) {
	opts := t4.EncoderOptions{}
	if !p.ECM() && p.Coding != t4.MMR {
		opts.MinRowBits = t4.MinRowBits(p.Rate.BitRate, p.MinScan)
	}
	if p.Coding == t4.MR && p.Resolution != t30.Standard {
		opts.K = t4.KFine
	}
	enc, err := t4.NewEncoder(p.Coding, b.Width, opts)
	if err != nil {
		return nil, err
	}
	return &code{page: b, enc: enc}, nil
}

// code is an io.Reader of a page's code.
type code struct {
	page  *t4.Bitmap
	enc   *t4.Encoder
	row   int
	buf   []byte
	have  []byte
	ended bool
}

// Read implements io.Reader.
func (c *code) Read(p []byte) (int, error) {
	for len(c.have) == 0 {
		if c.ended {
			return 0, io.EOF
		}
		c.buf = c.buf[:0]
		if c.row < c.page.Height {
			c.buf = c.enc.AppendRow(c.buf, c.page.Row(c.row))
			c.row++
		} else {
			c.buf = c.enc.AppendEnd(c.buf)
			c.ended = true
		}
		c.have = c.buf
	}
	n := copy(p, c.have)
	c.have = c.have[n:]
	return n, nil
}
