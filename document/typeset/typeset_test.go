package typeset

import (
	"errors"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

func black(b *t4.Bitmap, y0, y1 int) (n int) {
	for y := y0; y < y1; y++ {
		for x := range b.Width {
			if b.Black(x, y) {
				n++
			}
		}
	}
	return n
}

func TestEveryLatinLetterHasAShape(t *testing.T) {
	face, err := NewFace(11, 204, 98)
	if err != nil {
		t.Fatal(err)
	}
	seen := map[string]rune{}
	for r := rune(0x21); r < 0x180; r++ {
		if r >= 0x7f && r <= 0xa0 || r == 0xad {
			continue
		}
		g := face.glyph(r)
		if g == nil {
			t.Errorf("%c (%U) has no pels", r, r)
			continue
		}
		key := string(g.pels.Pix) + string(rune(g.y+500))
		if other, ok := seen[key]; ok && r < 0x100 && other < 0x100 {
			t.Errorf("%c and %c look the same", r, other)
		}
		seen[key] = r
	}
}

// Text keeps its shape whatever the density: as wide, and as high relative to
// the pels.
func TestDensities(t *testing.T) {
	standard, _ := NewFace(11, 204, 98)
	fine, _ := NewFace(11, 204, 196)
	if standard.Columns(1600) != fine.Columns(1600) || standard.Columns(1600) < 80 {
		t.Errorf("columns: %d and %d, want equal, at least 80", standard.Columns(1600), fine.Columns(1600))
	}
	if s, f := standard.Height(), fine.Height(); s*2 != f {
		t.Errorf("line heights %d and %d", s, f)
	}
}

func TestTagLine(t *testing.T) {
	for _, ydpi := range []float64{98, 196, 391} {
		b := t4.NewBitmap(1728, 500)
		for i := range b.Pix {
			b.Pix[i] = 0xff
		}
		rows, err := TagLine(b, "From: me|to you|Page 1 of 2", 204, ydpi)
		if err != nil || rows < int(ydpi*0.1) || rows > int(ydpi*0.4) {
			t.Errorf("TagLine at %g: %d rows, %v", ydpi, rows, err)
		}
		if n := black(b, 0, rows); n < 1000 || n > rows*1728/4 {
			t.Errorf("TagLine at %g: %d black pels in %d rows", ydpi, n, rows)
		}
		if n := black(b, rows, 500); n != (500-rows)*1728 {
			t.Errorf("TagLine at %g changed rows below", ydpi)
		}
	}
	b := t4.NewBitmap(100, 3)
	if rows, err := TagLine(b, strings.Repeat("x", 1000), 204, 98); rows != 3 || err != nil {
		t.Errorf("TagLine on a tiny page: %d rows, %v", rows, err)
	}
	if rows, err := TagLine(b, "", 204, 98); rows != 0 || err != nil {
		t.Errorf("TagLine without text: %d rows, %v", rows, err)
	}
}

func TestDecode(t *testing.T) {
	for in, want := range map[string]string{
		"Grüße":                 "Grüße",
		"Gr\xfc\xdfe \x80":      "Grüße €",
		"\xff\xfeA\x00\xfc\x00": "Aü",
		"\xfe\xff\x00A\x00\xfc": "Aü",
		"e\u0301":               "é",
	} {
		if got := Decode([]byte(in)); got != want {
			t.Errorf("Decode(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestEmitErrorEnds(t *testing.T) {
	full := errors.New("full")
	n := 0
	err := Pages([]byte("a\fb\fc"), testLayout, func(*t4.Bitmap) error { n++; return full })
	if !errors.Is(err, full) || n != 1 {
		t.Errorf("Pages: %v after %d pages, want the error of the first", err, n)
	}
}

var testLayout = Layout{Width: 400, Height: 200, XDPI: 204, YDPI: 98, Points: 11, PaperWidth: 50, Margin: 2, MarginTop: 2}

// FuzzPages: any octets become pages, one for every few octets at most.
func FuzzPages(f *testing.F) {
	for _, s := range []string{"Hello\n", "a\fb", "\x1b[1mbold\x1b[0m", "\t\t\b\b\r", "\xff\xfe\x00\xd8", strings.Repeat("x", 200)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		pages := 0
		if err := Pages(text, testLayout, func(b *t4.Bitmap) error {
			pages++
			return nil
		}); err != nil {
			t.Fatal(err)
		}
		if pages > len(text)+1 {
			t.Errorf("%d pages of %d octets", pages, len(text))
		}
	})
}

func BenchmarkTextPage(b *testing.B) {
	text := []byte(strings.Repeat("The quick brown fox jumps over the lazy dog, again and again and again.\n", 50))
	l := Layout{Width: 1728, Height: 2292, XDPI: 204, YDPI: 196, Points: 11, PaperWidth: 210, Margin: 10, MarginTop: 10}
	for b.Loop() {
		if err := Pages(text, l, func(*t4.Bitmap) error { return nil }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkTagLine(b *testing.B) {
	page := t4.NewBitmap(1728, 2292)
	for b.Loop() {
		if _, err := TagLine(page, "From: +49 30 12345|Litoria|Page 1 of 2", 204, 196); err != nil {
			b.Fatal(err)
		}
	}
}
