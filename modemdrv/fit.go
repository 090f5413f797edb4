package modemdrv

import (
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// FitPage gives a page as the far end can take it: at its width and resolution.
// The page itself comes back where nothing is to be done, which is the rule.
func FitPage(b *t4.Bitmap, info t30.PageInfo, p t30.Parameters) *t4.Bitmap {
	_, from := info.Resolution.DPI(info.Inch)
	_, to := p.Resolution.DPI(info.Inch)
	height := b.Height
	if from != to {
		height = max(1, (b.Height*to+from/2)/from)
	}
	wide := info.Width.Dots(info.Resolution) // what the page's width means there
	if p.Width == info.Width && p.Resolution != info.Resolution {
		wide = b.Width * p.Dots() / max(1, wide) // the same millimetres
	} else {
		wide = p.Dots()
	}
	if p.Width != info.Width && b.Width <= p.Dots() {
		wide = b.Width
	}
	if wide != b.Width || height != b.Height {
		b = scale(b, wide, height)
	}
	if b.Width != p.Dots() {
		b = center(b, p.Dots())
	}
	return b
}

// scale changes a page's size. Where pels fall together the result is black if
// any of them is: thin lines stay.
func scale(b *t4.Bitmap, width, height int) *t4.Bitmap {
	out := t4.NewBitmap(width, height)
	for y := range height {
		y0 := y * b.Height / height
		y1 := max(y0+1, (y+1)*b.Height/height)
		for sy := y0; sy < y1; sy++ {
			scaleRow(out, y, b.Row(sy), b.Width)
		}
	}
	return out
}

func scaleRow(out *t4.Bitmap, y int, row []byte, from int) {
	dst := out.Row(y)
	if out.Width == from {
		for i, c := range row {
			dst[i] |= c
		}
		return
	}
	if out.Width > from { // each pel becomes one or more
		for x := range out.Width {
			if sx := x * from / out.Width; row[sx/8]>>(7-sx%8)&1 != 0 {
				out.SetBlack(x, y)
			}
		}
		return
	}
	for i, c := range row {
		for bit := 0; c != 0; bit++ {
			if c&0x80 != 0 && i*8+bit < from {
				out.SetBlack((i*8+bit)*out.Width/from, y)
			}
			c <<= 1
		}
	}
}

// center puts a page into rows of another width, white or cut off at both sides.
func center(b *t4.Bitmap, width int) *t4.Bitmap {
	out := t4.NewBitmap(width, b.Height)
	shift := (width - b.Width) / 2
	for y := range b.Height {
		for x := range b.Width {
			if b.Black(x, y) {
				out.SetBlack(x+shift, y) // outside the page nothing happens
			}
		}
	}
	return out
}
