package typeset

import (
	"math"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// The tag line's size and place.
const (
	tagPoints    = 9
	tagMarginTop = 1.5 // mm above the line
	tagMarginEnd = 1.0 // mm below it
	tagMarginX   = 8.0 // mm on both sides
)

// TagLine draws a line of text across the top of a page of the given density
// in pels per inch, in place of what was there, and tells how many rows it
// took. The fields of the text, separated by |, have equal widths, as in
// TagLineFormat of hylafax-config(5); what does not fit a field is cut off.
// An empty text leaves the page alone.
func TagLine(b *t4.Bitmap, text string, xdpi, ydpi float64) (rows int, err error) {
	if text == "" {
		return 0, nil
	}
	face, err := NewFace(tagPoints, xdpi, ydpi)
	if err != nil {
		return 0, err
	}
	mm := func(v, dpi float64) int { return int(math.Round(v / 25.4 * dpi)) }
	top := mm(tagMarginTop, ydpi)
	rows = min(top+face.height+mm(tagMarginEnd, ydpi), b.Height)
	band := &t4.Bitmap{Width: b.Width, Height: rows, Pix: b.Pix[:rows*b.Stride()]}
	clear(band.Pix)
	left := mm(tagMarginX, xdpi)
	columns := face.Columns(b.Width - 2*left)
	fields := strings.Split(text, "|")
	for i, field := range fields {
		first, end := i*columns/len(fields), (i+1)*columns/len(fields)
		for _, r := range strings.TrimSpace(field) {
			if first >= end {
				break
			}
			face.Draw(band, left, top, first, r)
			first++
		}
	}
	return rows, nil
}
