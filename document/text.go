package document

import (
	"context"

	"github.com/litoria-fax/litoria/document/typeset"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// Margins of text pages in mm; with them 80 characters of 11 points fit A4.
const (
	textMargin    = 10
	textMarginTop = 10
)

// convertText sets a text.
func convertText(ctx context.Context, src *source, out *output) error {
	data, err := src.read(MaxTextSize)
	if err != nil {
		return err
	}
	r := out.raster
	layout := typeset.Layout{
		Width: r.width, Height: r.height, XDPI: r.res.X, YDPI: r.res.Y, Points: out.opts.FontSize,
		PaperWidth: r.size.Width, Margin: textMargin, MarginTop: textMarginTop,
	}
	return typeset.Pages(data, layout, func(b *t4.Bitmap) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		return out.add(b, r.res)
	})
}
