package t4

import (
	"bytes"
	"io"
	"testing"

	"golang.org/x/image/ccitt"
)

var benchVariants = []variant{{"MH", MH, EncoderOptions{}}, {"MR", MR, EncoderOptions{K: 4}}, {"MMR", MMR, EncoderOptions{}}}

func BenchmarkDecode(b *testing.B) {
	page := textPage(WidthA4, 2200)
	for _, v := range benchVariants {
		data := encode(b, page, v)
		b.Run(v.name, func(b *testing.B) {
			d, err := NewDecoder(v.coding, page.Width, func([]byte, bool) {})
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(len(page.Pix)))
			b.ReportAllocs()
			for b.Loop() {
				d.Reset()
				d.Write(data)
				d.Close()
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	page := textPage(WidthA4, 2200)
	for _, v := range benchVariants {
		b.Run(v.name, func(b *testing.B) {
			e, err := NewEncoder(v.coding, page.Width, v.opts)
			if err != nil {
				b.Fatal(err)
			}
			dst := make([]byte, 0, 1<<20)
			b.SetBytes(int64(len(page.Pix)))
			b.ReportAllocs()
			for b.Loop() {
				dst = dst[:0]
				for y := range page.Height {
					dst = e.AppendRow(dst, page.Row(y))
				}
				dst = e.AppendEnd(dst)
			}
		})
	}
}

// BenchmarkDecodeImageCCITT is the yardstick.
func BenchmarkDecodeImageCCITT(b *testing.B) {
	page := textPage(WidthA4, 2200)
	for _, v := range []variant{benchVariants[0], benchVariants[2]} {
		data := encode(b, page, v)
		sub := ccitt.Group3
		if v.coding == MMR {
			sub = ccitt.Group4
		}
		b.Run(v.name, func(b *testing.B) {
			b.SetBytes(int64(len(page.Pix)))
			b.ReportAllocs()
			for b.Loop() {
				r := ccitt.NewReader(bytes.NewReader(data), ccitt.MSB, sub, page.Width, page.Height, nil)
				if _, err := io.Copy(io.Discard, r); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// The coders allocate nothing once made.
func TestNoAllocations(t *testing.T) {
	page := textPage(WidthA4, 100)
	for _, v := range benchVariants {
		data := encode(t, page, v)
		d, _ := NewDecoder(v.coding, page.Width, func([]byte, bool) {})
		e, _ := NewEncoder(v.coding, page.Width, v.opts)
		dst := make([]byte, 0, 1<<20)
		if n := testing.AllocsPerRun(5, func() {
			d.Reset()
			d.Write(data)
			d.Close()
			dst = e.AppendRow(dst[:0], page.Row(50))
			dst = e.AppendEnd(dst)
		}); n != 0 {
			t.Errorf("%s: %v allocations, want 0", v.name, n)
		}
	}
}
