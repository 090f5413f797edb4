package document

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"flag"
	"fmt"
	"image"
	"image/color"
	"image/gif"
	"image/jpeg"
	"image/png"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	ximage "golang.org/x/image/tiff"
)

var update = flag.Bool("update", false, "rewrite the hashes of pages in testdata")

// prepare prepares a document given by its octets.
func prepareBytes(t testing.TB, data []byte, opts Options) (Info, *tiff.Reader, error) {
	t.Helper()
	dir := t.TempDir()
	in := filepath.Join(dir, "letter")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		t.Fatal(err)
	}
	opts.Output = filepath.Join(dir, "pages.tif")
	info, err := Prepare(context.Background(), in, opts)
	if left, _ := filepath.Glob(filepath.Join(dir, "*.new")); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	if err != nil {
		if _, serr := os.Stat(opts.Output); serr == nil {
			t.Errorf("there is an output in spite of %v", err)
		}
		return info, nil, err
	}
	r, err := tiff.Open(opts.Output)
	if err != nil {
		t.Fatalf("reading what Prepare wrote: %v", err)
	}
	t.Cleanup(func() { r.Close() })
	if len(r.Pages()) != len(info.Pages) {
		t.Errorf("%d pages in the file, Prepare tells of %d", len(r.Pages()), len(info.Pages))
	}
	return info, r, nil
}

// pageHash is a fingerprint of all pages.
func pageHash(t testing.TB, r *tiff.Reader) string {
	t.Helper()
	h := sha256.New()
	for i := range r.Pages() {
		b, _, err := r.Decode(i)
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintf(h, "%d x %d\n", b.Width, b.Height)
		h.Write(b.Pix)
	}
	return fmt.Sprintf("%x", h.Sum(nil))[:16]
}

// photo is a picture with a ramp of greys, colours and an edge.
func photo(w, h int) *image.RGBA {
	img := image.NewRGBA(image.Rect(0, 0, w, h))
	for y := range h {
		for x := range w {
			c := color.RGBA{uint8(x * 255 / w), uint8(y * 255 / h), uint8((x + y) % 256), 255}
			if math.Hypot(float64(x-w/2), float64(y-h/2)) < float64(min(w, h))/5 {
				c = color.RGBA{20, 20, 20, 255}
			}
			img.SetRGBA(x, y, c)
		}
	}
	return img
}

func encoded(t testing.TB, f func(*bytes.Buffer) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := f(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

const letter = "Dear Sir,\n\n\tGrüße aus Köln: ÄÖÜß éèê ñ £ € — “yes”.\n\nlong: "

// goldenCases are documents whose pages are known by their hashes.
func goldenCases(t testing.TB) map[string][]byte {
	img := photo(640, 480)
	pal := image.NewPaletted(image.Rect(0, 0, 50, 40), color.Palette{color.White, color.Black, color.RGBA{255, 0, 0, 255}})
	for i := range pal.Pix {
		pal.Pix[i] = uint8(i % 3)
	}
	alpha := image.NewNRGBA(image.Rect(0, 0, 60, 60))
	for i := range 60 * 60 {
		alpha.Pix[4*i+3] = uint8(i % 256)
	}
	return map[string][]byte{
		"text":      []byte(letter + strings.Repeat("word ", 60) + "\n\fsecond page\rover"),
		"latin1":    []byte("K\xf6ln \x80 \xdf\n"),
		"png":       encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, img) }),
		"jpeg":      encoded(t, func(b *bytes.Buffer) error { return jpeg.Encode(b, img, nil) }),
		"gif":       encoded(t, func(b *bytes.Buffer) error { return gif.Encode(b, pal, nil) }),
		"alpha":     encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, alpha) }),
		"tall":      encoded(t, func(b *bytes.Buffer) error { return png.Encode(b, photo(100, 900)) }),
		"grey tiff": encoded(t, func(b *bytes.Buffer) error { return ximage.Encode(b, img, nil) }),
	}
}

func TestGoldenPages(t *testing.T) {
	name := filepath.Join("testdata", "pages.txt")
	file, err := os.ReadFile(name)
	if err != nil && !*update {
		t.Fatal(err)
	}
	want := map[string]string{}
	for _, line := range strings.Split(string(file), "\n") {
		if hash, what, ok := strings.Cut(line, " "); ok {
			want[what] = hash
		}
	}
	var made []string
	for what, data := range goldenCases(t) {
		for rname, res := range map[string]Resolution{"standard": Standard, "fine": Fine} {
			_, r, err := prepareBytes(t, data, Options{Res: res})
			if err != nil {
				t.Errorf("%s: %v", what, err)
				continue
			}
			key := what + ", " + rname
			got := pageHash(t, r)
			made = append(made, got+" "+key)
			if want[key] != got && !*update {
				t.Errorf("%s: pages have hash %s, want %s (look at them; -update if they are right)", key, got, want[key])
			}
			for _, p := range r.Pages() {
				if p.Width != t4.WidthA4 || p.YRes != res.Y {
					t.Errorf("%s: page of %d pels at %g lines per inch", key, p.Width, p.YRes)
				}
			}
		}
	}
	if *update {
		sortLines(made)
		if err := os.WriteFile(name, []byte(strings.Join(made, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

func sortLines(lines []string) {
	for i := range lines {
		for j := i; j > 0 && lines[j][17:] < lines[j-1][17:]; j-- {
			lines[j], lines[j-1] = lines[j-1], lines[j]
		}
	}
}

func TestTextPages(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       int
	}{
		{"one line", "x", 1},
		{"white", "\n", 1},
		{"form feed between", "a\fb", 2},
		{"form feed at the end", "a\f", 1},
		{"form feed twice", "a\f\fb", 3},
		{"a page of lines", strings.Repeat("x\n", 59), 1},
		{"a hundred lines", strings.Repeat("x\n", 100), 2},
		{"long line", strings.Repeat("0123456789", 1000), 3},
	} {
		info, _, err := prepareBytes(t, []byte(c.text), Options{})
		if err != nil || len(info.Pages) != c.want {
			t.Errorf("%s: %d pages, %v, want %d", c.name, len(info.Pages), err, c.want)
		}
	}
}

func TestSizes(t *testing.T) {
	for _, c := range []struct {
		size PageSize
		res  Resolution
		w, h int
	}{
		{A4, Standard, 1728, 1146}, {A4, Fine, 1728, 2292}, {A4, Superfine, 1728, 4572},
		{Letter, Fine, 1728, 2156}, {Legal, Fine, 1728, 2744}, {B4, Fine, 2048, 2724}, {A3, Fine, 2432, 3241},
		{A4, Resolution{300, 300}, 2544, 3508},
	} {
		info, _, err := prepareBytes(t, []byte("x"), Options{Size: c.size, Res: c.res})
		if err != nil || info.Pages[0].Width != c.w || info.Pages[0].Height != c.h {
			t.Errorf("%s at %v: %+v, %v, want %d x %d", c.size.Name, c.res, info.Pages, err, c.w, c.h)
		}
	}
}

// faxFile makes a TIFF of fax pages.
func faxFile(t testing.TB, p tiff.Page, pages ...*t4.Bitmap) []byte {
	t.Helper()
	name := filepath.Join(t.TempDir(), "f.tif")
	w, err := tiff.Create(name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range pages {
		if err := w.WriteBitmap(p, b); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// striped has a black row now and then.
func striped(w, h int) *t4.Bitmap {
	b := t4.NewBitmap(w, h)
	for y := 10; y < h/2; y += 20 {
		for x := 50; x < w-50; x++ {
			b.SetBlack(x, y)
		}
	}
	return b
}

func TestTIFFIsCopiedOrScaled(t *testing.T) {
	fine := tiff.Page{XRes: 204, YRes: 196}
	page := striped(1728, 1000)
	for _, c := range []struct {
		name   string
		data   []byte
		opts   Options
		copied bool
		w, h   int
	}{
		{"fax page", faxFile(t, fine, page), Options{}, true, 1728, 1000},
		{"inch resolution", faxFile(t, tiff.Page{XRes: 200, YRes: 100}, page), Options{}, true, 1728, 1000},
		{"recoded", faxFile(t, fine, page), Options{Recode: true, Coding: t4.MH}, false, 1728, 1000},
		{"already so coded", faxFile(t, fine, page), Options{Recode: true, Coding: t4.MMR}, true, 1728, 1000},
		{"exact standard", faxFile(t, fine, page), Options{Exact: true, Res: Standard}, false, 1728, 1146},
		{"scan at 300", faxFile(t, tiff.Page{XRes: 300, YRes: 300}, striped(2480, 3508)), Options{Res: Fine}, false, 1728, 2292},
		{"too wide for A4", faxFile(t, fine, striped(2432, 1000)), Options{}, false, 1728, 1146},
		{"A3 on A3", faxFile(t, fine, striped(2432, 1000)), Options{Size: A3}, true, 2432, 1000},
	} {
		info, r, err := prepareBytes(t, c.data, c.opts)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		if info.Copied != c.copied || info.Pages[0].Width != c.w || info.Pages[0].Height != c.h {
			t.Errorf("%s: %+v, want copied %t, %d x %d", c.name, info, c.copied, c.w, c.h)
		}
		if b, _, err := r.Decode(0); err != nil || c.h == 1000 && !bytes.Equal(b.Pix, striped(c.w, 1000).Pix) {
			t.Errorf("%s: pels changed, or %v", c.name, err)
		}
	}
}

func TestBadInput(t *testing.T) {
	good := faxFile(t, tiff.Page{}, striped(1728, 1000), striped(1728, 1000))
	broken := bytes.Clone(good)
	clear(broken[20:60])
	pngFile := goldenCases(t)["png"]
	for _, c := range []struct {
		name string
		data []byte
		opts Options
		want error
	}{
		{"empty", nil, Options{}, ErrEmpty},
		{"binary", []byte{0, 1, 2, 3, 4}, Options{}, ErrNotDocument},
		{"office document", []byte("PK\x03\x04...."), Options{}, ErrNotDocument},
		{"cut off TIFF", good[:len(good)-50], Options{}, ErrDamaged},
		{"TIFF header only", good[:4], Options{}, ErrDamaged},
		{"damaged TIFF", broken, Options{}, ErrDamaged},
		{"cut off PNG", pngFile[:len(pngFile)/2], Options{}, ErrDamaged},
		{"PNG header only", pngFile[:8], Options{}, ErrDamaged},
		{"huge PNG", hugePNG(), Options{}, ErrTooLarge},
		{"JPEG without end", []byte("\xff\xd8\xff\xe0\x00\x10JFIF\x00"), Options{}, ErrDamaged},
		{"form feed only", []byte("\f"), Options{}, ErrNoPages},
		{"too many pages", []byte("a\fb\fc"), Options{MaxPages: 2}, ErrTooLarge},
		{"no Ghostscript", []byte("%!PS\nshowpage\n"), Options{Ghostscript: "no-such-gs"}, ErrNoConverter},
		{"no GhostPCL", []byte("\x1bE\x1b&l0O"), Options{GhostPCL: "no-such-pcl"}, ErrNoConverter},
	} {
		_, _, err := prepareBytes(t, c.data, c.opts)
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		if err != nil && (strings.Contains(err.Error(), "\n") || !strings.HasPrefix(err.Error(), "letter: ")) {
			t.Errorf("%s: %q is no sentence about the file", c.name, err)
		}
		var wrong *Error
		if !errors.As(err, &wrong) || wrong.Name != "letter" || strings.Count(err.Error(), "the document") > 1 {
			t.Errorf("%s: %q says the same twice, or has no reason of its own", c.name, err)
		}
		if (c.name == "PNG header only" || c.name == "cut off PNG") && err.Error() != "letter: the document is damaged: it is cut off" {
			t.Errorf("%s: %q", c.name, err)
		}
	}
	if _, err := Prepare(context.Background(), t.TempDir(), Options{Output: "x"}); !errors.Is(err, ErrNotDocument) {
		t.Errorf("a directory: %v", err)
	}
}

// hugePNG is a header that tells of 100,000 x 100,000 pels.
func hugePNG() []byte {
	var b bytes.Buffer
	png.Encode(&b, image.NewGray(image.Rect(0, 0, 1, 1)))
	data := b.Bytes()
	copy(data[16:], []byte{0, 1, 0x86, 0xa0, 0, 1, 0x86, 0xa0})
	c := crc(data[12:29])
	copy(data[29:], c)
	return data
}

func TestCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	in := filepath.Join(t.TempDir(), "t")
	os.WriteFile(in, []byte("text"), 0o600)
	if _, err := Prepare(ctx, in, Options{Output: in + ".tif"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Prepare with a cancelled context: %v", err)
	}
	if _, err := Prepare(context.Background(), in, Options{Output: in + ".tif", Timeout: 1}); !errors.Is(err, ErrTimeout) {
		t.Errorf("Prepare with a time limit of 1 ns: %v", err)
	}
}

func TestPDF(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the renderer takes seconds")
	}
	data, err := os.ReadFile("testdata/two-pages.pdf")
	if err != nil {
		t.Fatal(err)
	}
	info, r, err := prepareBytes(t, data, Options{Res: Fine})
	if err != nil || len(info.Pages) != 2 {
		t.Fatalf("%+v, %v", info, err)
	}
	b, _, err := r.Decode(0)
	if err != nil {
		t.Fatal(err)
	}
	// The grey square of 200 points lies from (72, 400) to (272, 600).
	if share := blackShare(b, 20+72*204/72+9, 2292-590*196/72, 530, 500); share < 0.45 || share > 0.60 {
		t.Errorf("the grey square is %.2f black, want about half", share)
	}
	// The rule at 680 points is pure black: no dithering.
	if y := 2292 - 680*196/72; blackShare(b, 400, y-3, 800, 4) < 0.99 {
		t.Errorf("the rule is not black")
	}
	for name, c := range map[string]struct {
		data []byte
		want error
	}{
		"encrypted": {mustRead(t, "testdata/encrypted.pdf"), ErrEncrypted},
		"damaged":   {[]byte("%PDF-1.4\nthis is all that came"), ErrDamaged},
		"cut off":   {data[:40], ErrDamaged},
		"no pages":  {emptyPDF(), ErrNoPages},
	} {
		if _, _, err := prepareBytes(t, c.data, Options{}); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", name, err, c.want)
		}
	}
	// What WritePDF makes is read back pel by pel.
	var out bytes.Buffer
	if err := WritePDF(&out, r, PDFOptions{Title: "Grüße", Created: time.Unix(0, 0)}); err != nil {
		t.Fatal(err)
	}
	_, again, err := prepareBytes(t, out.Bytes(), Options{Res: Fine})
	if err != nil {
		t.Fatal(err)
	}
	b2, _, err := again.Decode(0)
	if err != nil || b2.Width != b.Width || differ(b, b2) > 0.002 {
		t.Errorf("the page differs in %.4f of its pels after WritePDF, or %v", differ(b, b2), err)
	}
	name := filepath.Join(t.TempDir(), "x.pdf")
	os.WriteFile(name, data, 0o600)
	if n, known, err := CountPages(context.Background(), name); n != 2 || !known || err != nil {
		t.Errorf("CountPages = %d, %t, %v, want 2", n, known, err)
	}
}

// emptyPDF is a sound PDF without pages.
func emptyPDF() []byte {
	var b bytes.Buffer
	p := &pdfWriter{w: bufio.NewWriter(&b)}
	p.printf("%%PDF-1.4\n")
	p.object(1, "<< /Type /Catalog /Pages 2 0 R >>")
	p.object(2, "<< /Type /Pages /Count 0 /Kids [] >>")
	p.object(3, PDFOptions{}.information())
	p.end()
	p.w.Flush()
	return b.Bytes()
}

func mustRead(t testing.TB, name string) []byte {
	t.Helper()
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// blackShare is how much of a rectangle is black.
func blackShare(b *t4.Bitmap, x0, y0, w, h int) float64 {
	n := 0
	for y := y0; y < y0+h; y++ {
		for x := x0; x < x0+w; x++ {
			if b.Black(x, y) {
				n++
			}
		}
	}
	return float64(n) / float64(w*h)
}

// differ is the share of pels that two pages have not in common.
func differ(a, b *t4.Bitmap) float64 {
	n := 0
	for y := range max(a.Height, b.Height) {
		for x := range a.Width {
			if a.Black(x, y) != b.Black(x, y) {
				n++
			}
		}
	}
	return float64(n) / float64(a.Width*a.Height)
}

func TestPostScript(t *testing.T) {
	if _, err := exec.LookPath("gs"); err != nil {
		t.Skip("Ghostscript is not installed")
	}
	ps := "%!PS\n0 0 moveto 72 72 translate newpath 0 0 moveto 200 0 lineto 200 200 lineto 0 200 lineto fill showpage\n"
	info, r, err := prepareBytes(t, []byte(ps), Options{Res: Fine})
	if err != nil || len(info.Pages) != 1 {
		t.Fatalf("%+v, %v", info, err)
	}
	if b, _, err := r.Decode(0); err != nil || b.Width != 1728 || b.Height != 2292 || blackShare(b, 300, 2292-600, 300, 300) != 1 {
		t.Errorf("page %d x %d, or not the square, %v", b.Width, b.Height, err)
	}
	if _, _, err := prepareBytes(t, []byte("%!PS\nnonsense\n"), Options{}); !errors.Is(err, ErrDamaged) || !strings.HasSuffix(err.Error(), "Error: /undefined in nonsense") {
		t.Errorf("wrong PostScript: %v", err)
	}
	if _, _, err := prepareBytes(t, []byte("%!PS\n1 1 add pop\n"), Options{}); !errors.Is(err, ErrNoPages) {
		t.Errorf("PostScript without a page: %v", err)
	}
	if _, _, err := prepareBytes(t, []byte("%!PS\n{ } loop\n"), Options{Timeout: 300 * time.Millisecond}); !errors.Is(err, ErrTimeout) {
		t.Errorf("endless PostScript: %v", err)
	}
	if _, _, err := prepareBytes(t, []byte("%!PS\n(/etc/passwd) (r) file pop showpage\n"), Options{}); !errors.Is(err, ErrDamaged) {
		t.Errorf("PostScript that reads other files: %v", err)
	}
}

func TestPNGOut(t *testing.T) {
	b := striped(100, 50)
	for _, c := range []struct {
		res    Resolution
		square bool
		h      int
	}{{Standard, true, 104}, {Standard, false, 50}, {Fine, true, 52}} {
		var out bytes.Buffer
		if err := WritePNG(&out, b, c.res, c.square); err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(&out)
		if err != nil || img.Bounds().Dy() != c.h || img.Bounds().Dx() != 100 {
			t.Errorf("WritePNG(%v, square %t): %v, %v, want height %d", c.res, c.square, img.Bounds(), err, c.h)
		}
	}
}

func TestChopAndExtract(t *testing.T) {
	dir := t.TempDir()
	in, out := filepath.Join(dir, "in.tif"), filepath.Join(dir, "out.tif")
	page := striped(1728, 2292) // white from row 1130 on
	os.WriteFile(in, faxFile(t, tiff.Page{XRes: 204, YRes: 196, Description: "+1 2 3"}, page, t4.NewBitmap(1728, 2292), page), 0o600)
	for _, c := range []struct {
		last bool
		want [3]int
	}{{false, [3]int{1170, 39, 1170}}, {true, [3]int{2292, 2292, 1170}}} {
		if err := ChopFile(in, out, ChopThreshold, c.last); err != nil {
			t.Fatal(err)
		}
		r, err := tiff.Open(out)
		if err != nil {
			t.Fatal(err)
		}
		for i, p := range r.Pages() {
			if p.Height != c.want[i] || p.Description != "+1 2 3" {
				t.Errorf("last only %t, page %d: %d rows, %q, want %d", c.last, i, p.Height, p.Description, c.want[i])
			}
		}
		r.Close()
	}
	if err := Extract(in, out, []int{2, 1}); err != nil {
		t.Fatal(err)
	}
	if n, known, err := CountPages(context.Background(), out); n != 2 || !known || err != nil {
		t.Errorf("CountPages = %d, %t, %v, want 2", n, known, err)
	}
	if err := Extract(in, out, []int{3}); err == nil {
		t.Error("Extract of a page that is not there: no error")
	}
}

func TestPageSizes(t *testing.T) {
	for name, want := range map[string]PageSize{"": A4, "a4": A4, "NA-LET": Letter, "legal": Legal, "A3": A3, "ISO-B4": B4} {
		if got, err := LookupPageSize(name); got != want || err != nil {
			t.Errorf("LookupPageSize(%q) = %v, %v", name, got, err)
		}
	}
	if _, err := LookupPageSize("A7"); err == nil {
		t.Error("LookupPageSize(A7): no error")
	}
	if got := PageSizeFor(1728, 279); got.Name != "Letter" || got.Height != 279 {
		t.Errorf("PageSizeFor(1728, 279) = %v", got)
	}
}
