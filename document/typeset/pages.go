package typeset

import (
	"math"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/unicode/norm"
)

// Layout is how text is set.
type Layout struct {
	Width, Height int     // of a page, pels
	XDPI, YDPI    float64 // pels per inch
	Points        float64 // size of the font
	PaperWidth    float64 // mm; the text stands in the middle of wider rows
	Margin        float64 // mm, left and right
	MarginTop     float64 // mm, top and bottom
}

// tabWidth is the distance of tab stops.
const tabWidth = 8

// minColumns keeps absurd layouts from one character a line.
const minColumns = 4

// pager sets text character by character.
type pager struct {
	layout    Layout
	face      *Face
	emit      func(*t4.Bitmap) error
	page      *t4.Bitmap // nil before the first character of a page
	left, top int
	columns   int
	lines     int
	line, col int
}

// Pages sets text and calls emit for each page. Long lines are continued on
// the next; form feeds begin a new page; carriage return and backspace go back
// in the line, so that characters can be struck over.
func Pages(text []byte, layout Layout, emit func(*t4.Bitmap) error) error {
	face, err := NewFace(layout.Points, layout.XDPI, layout.YDPI)
	if err != nil {
		return err
	}
	p := &pager{layout: layout, face: face, emit: emit}
	mmX := func(v float64) int { return int(math.Round(v / 25.4 * layout.XDPI)) }
	width := min(layout.Width, mmX(layout.PaperWidth))
	p.left = (layout.Width-width)/2 + mmX(layout.Margin)
	p.columns = max(face.Columns(width-2*mmX(layout.Margin)), minColumns)
	p.top = int(math.Round(layout.MarginTop / 25.4 * layout.YDPI))
	p.lines = max((layout.Height-2*p.top)/face.Height(), 1)
	return p.set(Decode(text))
}

// set sets a whole text.
func (p *pager) set(text string) error {
	skip := false // within an escape sequence of a terminal
	for i, r := range text {
		switch {
		case skip:
			skip = r < '@' || r == '['
			continue
		case r == 0x1b:
			skip = true
			continue
		}
		if err := p.char(r, i == 0); err != nil {
			return err
		}
	}
	if p.page == nil && p.line == 0 {
		return nil
	}
	return p.flush()
}

// char sets one character.
func (p *pager) char(r rune, first bool) error {
	switch r {
	case '\n':
		return p.newLine()
	case '\f':
		if p.page == nil && first { // a form feed before anything
			return nil
		}
		return p.flush()
	case '\r':
		p.col = 0
	case '\b':
		p.col = max(0, p.col-1)
	case '\t':
		p.col = (p.col/tabWidth + 1) * tabWidth
	case '\v', 0x1a, 0xfeff, 0xad, 0x200b:
	default:
		if r < ' ' || r == 0x7f {
			return nil
		}
		if p.col >= p.columns {
			if err := p.newLine(); err != nil {
				return err
			}
		}
		p.open()
		p.face.Draw(p.page, p.left, p.top+p.line*p.face.Height(), p.col, r)
		p.col++
	}
	return nil
}

// open begins a page, if there is none.
func (p *pager) open() {
	if p.page == nil {
		p.page = t4.NewBitmap(p.layout.Width, p.layout.Height)
	}
}

// newLine goes to the next line, and to the next page where it does not fit.
func (p *pager) newLine() error {
	p.open()
	p.col = 0
	p.line++
	if p.line >= p.lines {
		return p.flush()
	}
	return nil
}

// flush ends the page.
func (p *pager) flush() error {
	p.open()
	page := p.page
	p.page, p.line, p.col = nil, 0, 0
	return p.emit(page)
}

// Decode turns the octets of a text into characters: UTF-8, UTF-16 with a byte
// order mark, else Windows-1252, which has Latin-1 within it. Accents that
// follow their letters are joined with them, as the font has them so.
func Decode(text []byte) string {
	switch {
	case len(text) >= 2 && text[0] == 0xff && text[1] == 0xfe:
		return norm.NFC.String(decode16(text[2:], 0, 8))
	case len(text) >= 2 && text[0] == 0xfe && text[1] == 0xff:
		return norm.NFC.String(decode16(text[2:], 8, 0))
	case utf8.Valid(text):
		return norm.NFC.String(string(text))
	}
	s, err := charmap.Windows1252.NewDecoder().Bytes(text)
	if err != nil {
		return string(text)
	}
	return string(s)
}

// decode16 decodes UTF-16; first and second are how far the octets of a
// character are shifted.
func decode16(b []byte, first, second uint) string {
	u := make([]uint16, 0, len(b)/2)
	for ; len(b) >= 2; b = b[2:] {
		u = append(u, uint16(b[0])<<first|uint16(b[1])<<second)
	}
	return string(utf16.Decode(u))
}
