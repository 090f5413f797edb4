package document

import (
	"image"
	"image/color"
	"math"
)

// rows is a picture that is read row by row as grey, 255 being white.
type rows interface {
	size() (width, height int)
	row(y int, dst []byte)
}

// scaleTo brings a picture to width x height pels: each pel is the mean of
// what it covers. It needs memory for the result and two rows only.
func scaleTo(src rows, width, height int) *image.Gray {
	sw, sh := src.size()
	dst := image.NewGray(image.Rect(0, 0, width, height))
	line := make([]byte, sw)
	across := make([]float32, width) // the source row at the width of the result
	sum := make([]float32, width)
	spans := newSpans(sw, width)
	stepY := float64(sh) / float64(height)
	have := -1
	for y := range height {
		top, end := float64(y)*stepY, min(float64(y+1)*stepY, float64(sh))
		clear(sum)
		for sy := int(top); sy < sh && float64(sy) < end-1e-9; sy++ {
			if sy != have {
				src.row(sy, line)
				spans.shrink(across, line)
				have = sy
			}
			share := float32((min(float64(sy+1), end) - max(float64(sy), top)) / (end - top))
			for x, v := range across {
				sum[x] += float32(v * share) // no fused operation: the same on every machine
			}
		}
		out := dst.Pix[y*dst.Stride : y*dst.Stride+width]
		for x, v := range sum {
			out[x] = byte(min(v+0.5, 255))
		}
	}
	return dst
}

// span is the part of a row that one pel of the result covers.
type span struct {
	first, last       int32
	begin, end, scale float32 // shares of the first and the last pel; 1/length
}

type spans []span

// newSpans divides a row of from pels into to parts.
func newSpans(from, to int) spans {
	s := make(spans, to)
	step := float64(from) / float64(to)
	for i := range s {
		a, b := float64(i)*step, min(float64(i+1)*step, float64(from))
		first := min(int(a), from-1)
		last := max(first, min(int(math.Ceil(b-1e-9))-1, from-1))
		s[i] = span{int32(first), int32(last), float32(float64(first+1) - a), float32(b - float64(last)), float32(1 / (b - a))}
		if first == last {
			s[i].begin, s[i].end, s[i].scale = 1, 0, 1
		}
	}
	return s
}

// shrink computes one row of the result's width.
func (s spans) shrink(dst []float32, src []byte) {
	for i, p := range s {
		v := float32(float32(src[p.first]) * p.begin)
		if p.last > p.first {
			n := 0
			for _, g := range src[p.first+1 : p.last] {
				n += int(g)
			}
			v += float32(n) + float32(float32(src[p.last])*p.end)
		}
		dst[i] = v * p.scale
	}
}

// picture reads an image as rows of grey on white paper.
type picture struct {
	image.Image
	palette []byte // greys of a palette
}

// newPicture prepares an image for reading.
func newPicture(img image.Image) *picture {
	p := &picture{Image: img}
	if pal, ok := img.(*image.Paletted); ok {
		p.palette = make([]byte, 256)
		for i, c := range pal.Palette[:min(256, len(pal.Palette))] {
			p.palette[i] = grey(c)
		}
	}
	return p
}

func (p *picture) size() (int, int) { return p.Bounds().Dx(), p.Bounds().Dy() }

// row reads a row; the kinds that decoders give have a way of their own.
func (p *picture) row(y int, dst []byte) {
	at := p.Bounds().Min
	y += at.Y
	switch img := p.Image.(type) {
	case *image.Gray:
		copy(dst, img.Pix[img.PixOffset(at.X, y):])
	case *image.YCbCr:
		copy(dst, img.Y[img.YOffset(at.X, y):])
	case *image.Paletted:
		for x, i := range img.Pix[img.PixOffset(at.X, y):][:len(dst)] {
			dst[x] = p.palette[i]
		}
	case *image.RGBA: // premultiplied
		for x, o := 0, img.PixOffset(at.X, y); x < len(dst); x, o = x+1, o+4 {
			dst[x] = byte(min(255, luma(img.Pix[o], img.Pix[o+1], img.Pix[o+2])+255-uint32(img.Pix[o+3])))
		}
	case *image.NRGBA:
		for x, o := 0, img.PixOffset(at.X, y); x < len(dst); x, o = x+1, o+4 {
			a := uint32(img.Pix[o+3])
			dst[x] = byte((luma(img.Pix[o], img.Pix[o+1], img.Pix[o+2])*a + 255*(255-a)) / 255)
		}
	default:
		for x := range dst {
			dst[x] = grey(img.At(at.X+x, y))
		}
	}
}

// luma is the brightness of a colour, ITU-R BT.601.
func luma(r, g, b byte) uint32 {
	return (19595*uint32(r) + 38470*uint32(g) + 7471*uint32(b) + 1<<15) >> 16
}

// grey is the brightness of a colour on white paper.
func grey(c color.Color) byte {
	r, g, b, a := c.RGBA()
	return byte(min(255, luma(byte(r>>8), byte(g>>8), byte(b>>8))+255-a>>8))
}
