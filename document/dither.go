package document

import (
	"image"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// Greys this near to white and black are taken for them before dithering: the
// paper of a scan is never quite white, and its dust would cost minutes.
const (
	whiteFrom = 232
	blackTo   = 24
)

// thresholdAt is the grey below which a pel is black without dithering.
const thresholdAt = 150

// levels maps greys to what is dithered: the ends flattened, the rest spread.
var levels = func() (l [256]int32) {
	for v := range l {
		switch {
		case v >= whiteFrom:
			l[v] = 255
		case v > blackTo:
			l[v] = int32(v-blackTo) * 255 / (whiteFrom - blackTo)
		}
	}
	return l
}()

// bilevel makes a grey page black and white: by error diffusion (Floyd and
// Steinberg, rows in alternating directions) or by a threshold.
func bilevel(g *image.Gray, threshold bool) *t4.Bitmap {
	w, h := g.Rect.Dx(), g.Rect.Dy()
	b := t4.NewBitmap(w, h)
	if threshold {
		for y := range h {
			row, out := g.Pix[y*g.Stride:y*g.Stride+w], b.Row(y)
			for x, v := range row {
				if v < thresholdAt {
					out[x>>3] |= 0x80 >> (x & 7)
				}
			}
		}
		return b
	}
	here, below := make([]int32, w+2), make([]int32, w+2) // errors x 16, one pel of margin
	for y := range h {
		diffuse(g.Pix[y*g.Stride:y*g.Stride+w], b.Row(y), here, below, y&1 == 1)
		here, below = below, here
		clear(below)
	}
	return b
}

// diffuse dithers one row. here holds the errors from the row above, below
// those for the next.
func diffuse(row, out []byte, here, below []int32, backward bool) {
	x, end, step := 0, len(row), 1
	if backward {
		x, end, step = len(row)-1, -1, -1
	}
	for ; x != end; x += step {
		i := x + 1
		want := levels[row[x]]
		v := want + here[i]/16
		if want == 0 || want == 255 { // clean black and white take no part
			v = want
		}
		got := int32(255)
		if v < 128 {
			got = 0
			out[x>>3] |= 0x80 >> (x & 7)
		}
		e := v - got
		here[i+step] += e * 7
		below[i-step] += e * 3
		below[i] += e * 5
		below[i+step] += e
	}
}
