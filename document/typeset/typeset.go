// Package typeset draws text on fax pages: plain text as pages of lines
// (Pages), and the line at the top of each sent page (TagLine). The font is Go
// Mono Bold, drawn from its outlines for the two densities of a fax separately,
// as its pels are not square. It knows Latin, Greek and Cyrillic.
package typeset

import (
	"fmt"
	"image"
	"math"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"golang.org/x/image/font/gofont/gomonobold"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// blackFrom is how much of a pel (of 255) an outline must cover to blacken it.
const blackFrom = 112

// maxGlyphs bounds the drawn characters that a face keeps.
const maxGlyphs = 4096

// Face is the font at one size and density.
type Face struct {
	font    *sfnt.Font
	buf     sfnt.Buffer
	ppem    fixed.Int26_6 // pels per em across
	stretch float32       // pels down for one across
	glyphs  map[rune]*glyph

	advance float64 // pels across from one character to the next
	ascent  int     // pels down from the top of a line to its base line
	height  int     // pels down from one line to the next
}

// glyph is a drawn character: where its pels begin relative to the point on
// the base line, and the pels.
type glyph struct {
	x, y int
	pels *t4.Bitmap
}

// lineSpacing is the height of a line relative to the size of the font.
const lineSpacing = 1.2

// NewFace makes the font of a size in points for a density in pels per inch.
func NewFace(points, xdpi, ydpi float64) (*Face, error) {
	if !(points >= 1 && points <= 200 && xdpi >= 10 && xdpi <= 2400 && ydpi >= 10 && ydpi <= 2400) {
		return nil, fmt.Errorf("typeset: no font of %g points at %g x %g pels per inch", points, xdpi, ydpi)
	}
	f, err := sfnt.Parse(gomonobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("typeset: %w", err)
	}
	face := &Face{font: f, glyphs: map[rune]*glyph{}, stretch: float32(ydpi / xdpi)}
	face.ppem = fixed.Int26_6(math.Round(points * xdpi / 72 * 64))
	m, err := f.Metrics(&face.buf, face.ppem, 0)
	if err != nil {
		return nil, fmt.Errorf("typeset: %w", err)
	}
	i, err := f.GlyphIndex(&face.buf, 'M')
	if err != nil {
		return nil, fmt.Errorf("typeset: %w", err)
	}
	adv, err := f.GlyphAdvance(&face.buf, i, face.ppem, 0)
	if err != nil {
		return nil, fmt.Errorf("typeset: %w", err)
	}
	face.advance = float64(adv) / 64
	face.ascent = int(math.Ceil(float64(m.Ascent) / 64 * ydpi / xdpi))
	face.height = max(1, int(math.Round(points*lineSpacing*ydpi/72)))
	return face, nil
}

// Height is the distance of lines in pels.
func (f *Face) Height() int { return f.height }

// Columns is how many characters fit a width in pels.
func (f *Face) Columns(width int) int { return int((float64(width) + 0.01) / f.advance) }

// Draw draws a character in a column; left and top are those of the line.
func (f *Face) Draw(b *t4.Bitmap, left, top, column int, r rune) {
	if r == ' ' {
		return
	}
	g := f.glyph(r)
	if g == nil {
		return
	}
	x0 := left + int(math.Round(float64(column)*f.advance)) + g.x
	y0 := top + f.ascent + g.y
	for y := range g.pels.Height {
		for x := range g.pels.Width {
			if g.pels.Black(x, y) {
				b.SetBlack(x0+x, y0+y)
			}
		}
	}
}

// glyph draws a character once. A character that the font lacks is a box.
func (f *Face) glyph(r rune) *glyph {
	if g, ok := f.glyphs[r]; ok {
		return g
	}
	if len(f.glyphs) >= maxGlyphs {
		clear(f.glyphs)
	}
	g := f.rasterize(r)
	f.glyphs[r] = g
	return g
}

// stead holds characters that stand in for some that the font lacks.
var stead = map[rune]rune{
	0x2010: '-', 0x2011: '-', 0x2012: 0x2013, 0x2015: 0x2014, 0x2043: '-', 0x2212: '-',
	0xa0: ' ', 0x2002: ' ', 0x2003: ' ', 0x2009: ' ', 0x200a: ' ', 0x202f: ' ', 0x3000: ' ', 0x2715: 0xd7, 0x2713: 0x221a,
}

// rasterize draws the outline of a character.
func (f *Face) rasterize(r rune) *glyph {
	if s, ok := stead[r]; ok {
		r = s
	}
	i, err := f.font.GlyphIndex(&f.buf, r)
	if err != nil {
		return nil
	}
	segments, err := f.font.LoadGlyph(&f.buf, i, f.ppem, nil)
	if err != nil || len(segments) == 0 {
		return nil
	}
	px := func(v fixed.Int26_6) float32 { return float32(v) / 64 }
	py := func(v fixed.Int26_6) float32 { return float32(v) / 64 * f.stretch }
	bounds := segments.Bounds()
	x0, y0 := int(math.Floor(float64(px(bounds.Min.X)))), int(math.Floor(float64(py(bounds.Min.Y))))
	w := int(math.Ceil(float64(px(bounds.Max.X)))) - x0
	h := int(math.Ceil(float64(py(bounds.Max.Y)))) - y0
	if w <= 0 || h <= 0 || w > 2000 || h > 2000 {
		return nil
	}
	ras := vector.NewRasterizer(w, h)
	at := func(p fixed.Point26_6) (x, y float32) { return px(p.X) - float32(x0), py(p.Y) - float32(y0) }
	for _, s := range segments {
		x, y := at(s.Args[0])
		switch s.Op {
		case sfnt.SegmentOpMoveTo:
			ras.MoveTo(x, y)
		case sfnt.SegmentOpLineTo:
			ras.LineTo(x, y)
		case sfnt.SegmentOpQuadTo:
			x1, y1 := at(s.Args[1])
			ras.QuadTo(x, y, x1, y1)
		case sfnt.SegmentOpCubeTo:
			x1, y1 := at(s.Args[1])
			x2, y2 := at(s.Args[2])
			ras.CubeTo(x, y, x1, y1, x2, y2)
		}
	}
	mask := image.NewAlpha(image.Rect(0, 0, w, h))
	ras.Draw(mask, mask.Rect, image.Opaque, image.Point{})
	g := &glyph{x: x0, y: y0, pels: t4.NewBitmap(w, h)}
	for y := range h {
		for x := range w {
			if mask.AlphaAt(x, y).A >= blackFrom {
				g.pels.SetBlack(x, y)
			}
		}
	}
	return g
}
