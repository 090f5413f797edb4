package document

import (
	"context"
	"fmt"
	"os"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// CountPages tells how many pages a document has, as far as it tells itself:
// known is false for text, PostScript and PCL, which must be prepared first.
func CountPages(ctx context.Context, name string) (pages int, known bool, err error) {
	src, err := openSource(name)
	if err != nil {
		return 0, false, err
	}
	defer src.file.Close()
	switch src.kind {
	case Text, PostScript, PCL:
		return 0, false, nil
	case TIFF:
		r, err := tiff.NewReader(src.file, src.size)
		if err != nil {
			return 0, false, tiffError(err)
		}
		return len(r.Pages()), true, nil
	case PDF:
		data, err := src.read(MaxFileSize)
		if err != nil {
			return 0, false, err
		}
		err = withPDF(ctx, data, func(d *pdfDocument) error {
			pages = d.pages
			return nil
		})
		return pages, err == nil, err
	default:
		return 1, true, nil
	}
}

// Extract writes some of the pages of a fax file (counted from 0, in the order
// given) to another; their pels and tags stay as they are.
func Extract(in, out string, pages []int) error {
	return rewrite(in, out, pages, func(b *t4.Bitmap, _ Resolution) *t4.Bitmap { return b })
}

// ChopThreshold is how much white there must be at the end of a page to be cut
// off, in inches (PageChopThreshold of hylafax-config(5)).
const ChopThreshold = 3.0

// chopMargin is the white that Chop leaves below the last black row, in inches.
const chopMargin = 0.2

// Chop gives a page without the white rows at its end, if these are at least
// threshold inches; a white page keeps a little. The page given is unchanged.
func Chop(b *t4.Bitmap, yres, threshold float64) *t4.Bitmap {
	last := b.Height
	for last > 0 && isWhite(b.Row(last-1)) {
		last--
	}
	if float64(b.Height-last) < threshold*yres || b.Height == 0 {
		return b
	}
	height := min(b.Height, last+max(1, int(chopMargin*yres)))
	return &t4.Bitmap{Width: b.Width, Height: height, Pix: b.Pix[:height*b.Stride()]}
}

// ChopFile chops all pages of a fax file, or the last one only, as PageChop
// "all" and "last" have it.
func ChopFile(in, out string, threshold float64, lastOnly bool) error {
	r, err := tiff.Open(in)
	if err != nil {
		return tiffError(err)
	}
	n := len(r.Pages())
	r.Close()
	pages := make([]int, n)
	for i := range pages {
		pages[i] = i
	}
	i := -1
	return rewrite(in, out, pages, func(b *t4.Bitmap, res Resolution) *t4.Bitmap {
		if i++; lastOnly && i < n-1 {
			return b
		}
		return Chop(b, res.Y, threshold)
	})
}

// isWhite tells whether a row has no black pel.
func isWhite(row []byte) bool {
	for _, v := range row {
		if v != 0 {
			return false
		}
	}
	return true
}

// rewrite makes a fax file of the pages of another.
func rewrite(in, out string, pages []int, change func(*t4.Bitmap, Resolution) *t4.Bitmap) error {
	r, err := tiff.Open(in)
	if err != nil {
		return tiffError(err)
	}
	defer r.Close()
	temp := out + ".new"
	w, err := tiff.Create(temp, 0o660)
	if err != nil {
		return err
	}
	w.NoSync()
	defer os.Remove(temp) // fails when all went well
	defer w.Close()
	for _, i := range pages {
		if i < 0 || i >= len(r.Pages()) {
			return fmt.Errorf("%s has no page %d", in, i+1)
		}
		b, _, err := r.Decode(i)
		if err != nil {
			return fmt.Errorf("%s: %w", in, tiffError(err))
		}
		p := r.Pages()[i]
		if err := w.WriteBitmap(p, change(b, Resolution{p.XRes, p.YRes})); err != nil {
			return err
		}
	}
	if len(pages) == 0 {
		return ErrNoPages
	}
	o := &output{opts: Options{Output: out}, temp: temp, writer: w}
	return o.commit()
}
