package document

import (
	"context"
	"fmt"
	"image"
	"image/gif"
	"image/jpeg"
	"image/png"
	"io"
	"math"

	"golang.org/x/image/bmp"
	"golang.org/x/image/webp"
)

// codec decodes one kind of picture.
type codec struct {
	config func(io.Reader) (image.Config, error)
	decode func(io.Reader) (image.Image, error)
}

// codecs are those of the standard library and x/image.
var codecs = map[Kind]codec{
	PNG:  {png.DecodeConfig, png.Decode},
	JPEG: {jpeg.DecodeConfig, jpeg.Decode},
	GIF:  {gif.DecodeConfig, gif.Decode},
	BMP:  {bmp.DecodeConfig, bmp.Decode},
	WebP: {webp.DecodeConfig, webp.Decode},
}

// convertPicture makes one page of a picture.
func convertPicture(ctx context.Context, src *source, out *output) error {
	c := codecs[src.kind]
	file := func() io.Reader { return io.NewSectionReader(src.file, 0, src.size) }
	cfg, err := c.config(file())
	if err != nil {
		return damaged(err)
	}
	if err := checkPels(cfg.Width, cfg.Height); err != nil {
		return err
	}
	img, err := c.decode(file())
	if err != nil {
		return damaged(err)
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	return out.addGrey(upright(newPicture(img), orientationOf(src)), 1, false)
}

// checkPels refuses pictures that would fill the memory.
func checkPels(w, h int) error {
	switch {
	case w < 1 || h < 1:
		return fmt.Errorf("%w: a picture of %d x %d pels", ErrDamaged, w, h)
	case float64(w)*float64(h) > MaxImagePels:
		return fmt.Errorf("%w: a picture of %d x %d pels, at most %d million pels can be converted", ErrTooLarge, w, h, int(MaxImagePels/1e6))
	}
	return nil
}

// addGrey adds a page with a picture as wide as the paper, or as high as it if
// the picture is too tall for that. shape is how much wider than high one pel
// of the picture is. clean forbids dithering: the picture is black and white.
func (o *output) addGrey(src rows, shape float64, clean bool) error {
	w, h := src.size()
	r := o.raster
	pw := min(r.width, int(math.Round(r.size.Width/25.4*r.res.X)))
	ph := float64(pw) * float64(h) / (float64(w) * shape) * r.res.Y / r.res.X
	if ph > float64(r.height) {
		pw = max(1, int(math.Round(float64(pw)*float64(r.height)/ph)))
		ph = float64(r.height)
	}
	return o.place(src, pw, max(1, int(math.Round(ph))), clean)
}

// place adds a page with a picture of pw x ph pels at the top, in the middle.
func (o *output) place(src rows, pw, ph int, clean bool) error {
	r := o.raster
	page := image.NewGray(image.Rect(0, 0, r.width, r.height))
	for i := range page.Pix {
		page.Pix[i] = 255
	}
	scaled := scaleTo(src, pw, ph)
	left := (r.width - pw) / 2
	for y := range min(ph, r.height) {
		row := scaled.Pix[y*scaled.Stride:][:pw]
		copy(page.Pix[y*page.Stride+left:][:r.width-left], row)
	}
	return o.add(bilevel(page, o.opts.Threshold || clean), r.res)
}
