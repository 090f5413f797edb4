package document

import (
	"context"
	"image"
	"os"
	"path/filepath"
	"testing"
)

func BenchmarkDither(b *testing.B) {
	page := scaleTo(newPicture(photo(800, 600)), 1728, 2292)
	b.SetBytes(int64(len(page.Pix)))
	for b.Loop() {
		bilevel(page, false)
	}
}

func BenchmarkScalePhoto(b *testing.B) {
	img := image.NewYCbCr(image.Rect(0, 0, 4000, 3000), image.YCbCrSubsampleRatio420)
	b.SetBytes(4000 * 3000)
	for b.Loop() {
		scaleTo(newPicture(img), 1687, 1216)
	}
}

func BenchmarkPDFPage(b *testing.B) {
	if err := WarmUp(); err != nil {
		b.Fatal(err)
	}
	out := filepath.Join(b.TempDir(), "o.tif")
	for b.Loop() {
		if _, err := Prepare(context.Background(), filepath.Join("testdata", "two-pages.pdf"), Options{Output: out, Res: Fine}); err != nil {
			b.Fatal(err)
		}
	}
	os.Remove(out)
}
