package document

import (
	"context"
	"errors"
	"fmt"
	"math"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	ximage "golang.org/x/image/tiff"
)

// tiffError puts an error of package tiff in the words of this one.
func tiffError(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, tiff.ErrNotTIFF):
		return fmt.Errorf("%w: %w", ErrNotDocument, err)
	case errors.Is(err, tiff.ErrUnsupported):
		return fmt.Errorf("%w: %w", ErrUnsupported, err)
	case errors.Is(err, tiff.ErrTruncated), errors.Is(err, tiff.ErrDamaged):
		return fmt.Errorf("%w: %w", ErrDamaged, err)
	}
	return err
}

// convertTIFF makes pages of a TIFF file's. A file that holds nothing but fax
// pages that suit is copied.
func convertTIFF(ctx context.Context, src *source, out *output) (copied bool, err error) {
	r, err := tiff.NewReader(src.file, src.size)
	if err != nil {
		return false, tiffError(err)
	}
	infos, err := suitable(ctx, r, out)
	if err != nil {
		return false, err
	}
	if infos != nil {
		return true, out.copyFrom(src, infos)
	}
	for i := range r.Pages() {
		if err := ctx.Err(); err != nil {
			return false, err
		}
		if err := out.addTIFFPage(r, i); err != nil {
			return false, err
		}
	}
	return false, nil
}

// suitable describes the pages of a file that can be sent as it is; nil if it
// cannot. All of its code is decoded to be sure.
func suitable(ctx context.Context, r *tiff.Reader, out *output) ([]PageInfo, error) {
	var infos []PageInfo
	for i, p := range r.Pages() {
		coding, coded := p.Coding()
		_, _, stored, err := r.Code(i)
		if err != nil {
			return nil, tiffError(err)
		}
		if !coded || !stored || !out.legal(&p) || p.Height == 0 || out.opts.Recode && coding != out.opts.Coding {
			return nil, nil
		}
		q, err := r.Rows(i, func([]byte) {})
		if err != nil {
			return nil, tiffError(err)
		}
		if q.BadRows > 0 {
			return nil, nil
		}
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		infos = append(infos, PageInfo{p.Width, p.Height, Resolution{p.XRes, p.YRes}})
	}
	return infos, nil
}

// legal tells whether a page has a width and a resolution with which it can be
// sent: T.30 table 2, or those asked for.
func (o *output) legal(p *tiff.Page) bool {
	if !p.Bilevel() || p.Orientation > 1 || p.NoResolution {
		return false
	}
	if o.opts.Exact && !(near(p.XRes, o.opts.Res.X) && near(p.YRes, o.opts.Res.Y)) {
		return false
	}
	if near(p.XRes, o.raster.res.X) && near(p.YRes, o.raster.res.Y) && p.Width == o.raster.width {
		return true
	}
	if !near(p.XRes, Standard.X) || p.Width > o.raster.width {
		return false
	}
	switch p.Width {
	case t4.WidthA4, t4.WidthB4, t4.WidthA3:
	default:
		return false
	}
	return near(p.YRes, Standard.Y) || near(p.YRes, Fine.Y) || near(p.YRes, Superfine.Y)
}

// addTIFFPage adds a page: its pels unchanged if they suit, else scaled.
func (o *output) addTIFFPage(r *tiff.Reader, i int) error {
	p := &r.Pages()[i]
	if !p.Bilevel() {
		return o.addTIFFPicture(r, i)
	}
	b, _, err := r.Decode(i)
	if err != nil {
		return tiffError(err)
	}
	if o.legal(p) {
		return o.add(b, Resolution{p.XRes, p.YRes})
	}
	src := rows(bitmapRows{turn(b, p.Orientation)})
	xres, yres := p.XRes, p.YRes
	switch {
	case p.Orientation >= 5:
		xres, yres = yres, xres
	case p.NoResolution && p.Width > o.raster.width:
		yres = xres
	}
	return o.addNatural(src, xres, yres, true)
}

// addTIFFPicture adds a grey or colour page.
func (o *output) addTIFFPicture(r *tiff.Reader, i int) error {
	p := &r.Pages()[i]
	if err := checkPels(p.Width, p.Height); err != nil {
		return fmt.Errorf("page %d: %w", i+1, err)
	}
	img, err := ximage.Decode(r.PageReader(i))
	if err != nil {
		var unsupported ximage.UnsupportedError
		if errors.As(err, &unsupported) {
			return fmt.Errorf("%w: page %d: %w", ErrUnsupported, i+1, err)
		}
		return fmt.Errorf("%w: page %d: %w", ErrDamaged, i+1, err)
	}
	if err := checkPels(img.Bounds().Dx(), img.Bounds().Dy()); err != nil {
		return fmt.Errorf("page %d: %w", i+1, err)
	}
	if p.NoResolution || p.XRes < 50 || p.YRes < 50 {
		return o.addGrey(newPicture(img), 1, false)
	}
	return o.addNatural(newPicture(img), p.XRes, p.YRes, false)
}

// addNatural adds a page with a picture of known density in its natural size,
// or smaller if that is larger than the paper.
func (o *output) addNatural(src rows, xres, yres float64, clean bool) error {
	w, h := src.size()
	pw := float64(w) / xres * o.raster.res.X
	ph := float64(h) / yres * o.raster.res.Y
	shrink := min(1, float64(o.raster.width)/pw, float64(o.raster.height)/ph)
	return o.place(src, max(1, int(math.Round(pw*shrink))), max(1, int(math.Round(ph*shrink))), clean)
}

// bitmapRows reads a bitmap as grey.
type bitmapRows struct{ *t4.Bitmap }

func (b bitmapRows) size() (int, int) { return b.Width, b.Height }

func (b bitmapRows) row(y int, dst []byte) {
	src := b.Row(y)
	for x := range dst {
		dst[x] = 255 * (^src[x>>3] >> (7 - x&7) & 1)
	}
}

// turn brings a page upright, TIFF 6.0 page 36: orientations 1 to 8.
func turn(b *t4.Bitmap, orientation int) *t4.Bitmap {
	if orientation < 2 || orientation > 8 {
		return b
	}
	w, h := b.Width, b.Height
	if orientation >= 5 {
		w, h = h, w
	}
	out := t4.NewBitmap(w, h)
	for y := range b.Height {
		for x := range b.Width {
			if !b.Black(x, y) {
				continue
			}
			fx, fy := b.Width-1-x, b.Height-1-y
			switch orientation {
			case 2:
				out.SetBlack(fx, y)
			case 3:
				out.SetBlack(fx, fy)
			case 4:
				out.SetBlack(x, fy)
			case 5:
				out.SetBlack(y, x)
			case 6:
				out.SetBlack(fy, x)
			case 7:
				out.SetBlack(fy, fx)
			case 8:
				out.SetBlack(y, fx)
			}
		}
	}
	return out
}
