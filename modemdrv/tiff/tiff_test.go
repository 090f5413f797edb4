package tiff

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// memory is a file in memory.
type memory struct{ b []byte }

func (m *memory) WriteAt(p []byte, off int64) (int, error) {
	if need := int(off) + len(p); need > len(m.b) {
		m.b = append(m.b, make([]byte, need-len(m.b))...)
	}
	return copy(m.b[off:], p), nil
}

func (m *memory) ReadAt(p []byte, off int64) (int, error) {
	return bytes.NewReader(m.b).ReadAt(p, off)
}

// testPage draws boxes and diagonals; the same code drew the pages in testdata.
func testPage(n int) *t4.Bitmap {
	b := t4.NewBitmap(203+n*10, 50+n)
	for y := range b.Height {
		for x := range b.Width {
			if (x*x+y*y*3+n*7)%97 < 20 || x%(30+n) == 5 {
				b.SetBlack(x, y)
			}
		}
	}
	return b
}

func writeFile(t testing.TB, fill FillOrder, codings ...t4.Coding) *memory {
	t.Helper()
	m := &memory{}
	w, err := NewWriter(m)
	if err != nil {
		t.Fatal(err)
	}
	for i, c := range codings {
		p := Page{XRes: 204, YRes: 196, FillOrder: fill, Number: i, Total: len(codings)}
		p.SetCoding(c)
		if err := w.WriteBitmap(p, testPage(i)); err != nil {
			t.Fatal(err)
		}
	}
	return m
}

func checkPages(t *testing.T, r *Reader, n int) {
	t.Helper()
	if len(r.Pages()) != n {
		t.Fatalf("%d pages, want %d", len(r.Pages()), n)
	}
	for i := range n {
		b, q, err := r.Decode(i)
		if err != nil || q.BadRows != 0 {
			t.Errorf("page %d: %v, quality %+v", i, err, q)
		} else if want := testPage(i); b.Width != want.Width || b.Height != want.Height || !bytes.Equal(b.Pix, want.Pix) {
			t.Errorf("page %d: pels differ", i)
		}
	}
}

func TestWriteRead(t *testing.T) {
	for _, fill := range []FillOrder{0, MSBFirst, LSBFirst} {
		m := writeFile(t, fill, t4.MH, t4.MR, t4.MMR)
		r, err := NewReader(m, int64(len(m.b)))
		if err != nil {
			t.Fatal(err)
		}
		checkPages(t, r, 3)
		for i, want := range []t4.Coding{t4.MH, t4.MR, t4.MMR} {
			data, c, ok, err := r.Code(i)
			if err != nil || !ok || c != want {
				t.Fatalf("Code(%d) = %v, %t, %v", i, c, ok, err)
			}
			if b, _, _ := t4.Decode(data, c, r.Pages()[i].Width); !bytes.Equal(b.Pix, testPage(i).Pix) {
				t.Errorf("Code(%d) decodes to other pels", i)
			}
		}
	}
}

// A received page keeps its tags.
func TestTags(t *testing.T) {
	m := &memory{}
	w, _ := NewWriter(m)
	page := testPage(0)
	data, _ := t4.Encode(page, t4.MH, t4.EncoderOptions{})
	in := Page{
		Width: page.Width, Height: page.Height, XRes: 204, YRes: 391, Compression: Group3,
		Description: "+49 30 123456", Make: "Litoria", Model: "soft modem", Software: "Litoria test",
		DateTime: time.Date(2026, 11, 21, 8, 30, 5, 0, time.Local), HostComputer: "fax.example.org",
		QualityKnown: true, BadRows: 3, MaxConsecutiveBad: 2, Clean: Regenerated,
		FaxRecvParams: RecvParams{VRes: 1, BitRate: 5, Format: 3, ECM: true}.Encode(),
		FaxSubAddress: "1234", FaxRecvTime: 17, FaxDCS: "00 46 28",
	}
	w.BeginPage(LSBFirst)
	for _, b := range data {
		if _, err := w.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.EndPage(&in); err != nil {
		t.Fatal(err)
	}
	r, err := NewReader(m, int64(len(m.b)))
	if err != nil {
		t.Fatal(err)
	}
	got := r.Pages()[0]
	got.rowsPerStrip, got.offsets, got.byteCounts, got.at = 0, nil, nil, 0
	in.FillOrder, in.BitsPerSample, in.SamplesPerPixel, in.Orientation = LSBFirst, 1, 1, 1
	if !samePage(got, in) {
		t.Errorf("tags read = %+v, want %+v", got, in)
	}
	checkPages(t, r, 1)
}

func samePage(a, b Page) bool {
	sameTime := a.DateTime.Equal(b.DateTime)
	a.DateTime, b.DateTime = time.Time{}, time.Time{}
	return sameTime && fmt.Sprintf("%+v", a) == fmt.Sprintf("%+v", b)
}

// cutFile lets the first n octets of writing through, then fails: a full disk,
// or the end of the process.
type cutFile struct {
	memory
	left int
}

var errCut = errors.New("no space left")

func (c *cutFile) WriteAt(p []byte, off int64) (int, error) {
	n := min(c.left, len(p))
	if len(p) <= 4 && n < len(p) {
		n = 0 // the pointer to a page is within one sector of the disk
	}
	c.left -= n
	if n > 0 {
		c.memory.WriteAt(p[:n], off)
	}
	if n < len(p) {
		return n, errCut
	}
	return n, nil
}

// Whenever the writer stops, the file has exactly the pages that were ended.
func TestInterruptedAnywhere(t *testing.T) {
	whole := len(writeFile(t, 0, t4.MMR, t4.MMR, t4.MH).b) + 3*4 + headerSize
	for n := headerSize; n < whole; n++ {
		c := &cutFile{left: n}
		w, err := NewWriter(c)
		if err != nil {
			t.Fatal(err)
		}
		ended := 0
		for i, coding := range []t4.Coding{t4.MMR, t4.MMR, t4.MH} {
			p := Page{Number: i, Total: 3}
			p.SetCoding(coding)
			if w.WriteBitmap(p, testPage(i)) != nil {
				break
			}
			ended++
		}
		r, err := NewReader(c, int64(len(c.b)))
		if ended == 0 {
			if err == nil {
				t.Fatalf("stopped after %d octets: a file without pages is read", n)
			}
			continue
		}
		if err != nil || len(r.Pages()) != ended {
			t.Fatalf("stopped after %d octets: %v, %d pages, want %d", n, err, len(r.Pages()), ended)
		}
	}
}

func TestAppend(t *testing.T) {
	name := filepath.Join(t.TempDir(), "fax.tif")
	w, err := Create(name, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.WriteBitmap(Page{}, testPage(0)); err != nil {
		t.Fatal(err)
	}
	w.BeginPage(0)
	if _, err := w.Write([]byte("a page that is never ended")); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for i := 1; i < 3; i++ {
		if w, err = Append(name); err != nil {
			t.Fatal(err)
		}
		if w.Pages() != i {
			t.Errorf("Append finds %d pages, want %d", w.Pages(), i)
		}
		if err := w.WriteBitmap(Page{}, testPage(i)); err != nil {
			t.Fatal(err)
		}
		w.Close()
	}
	r, err := Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	checkPages(t, r, 3)
}

// The files in testdata were written by libtiff 4.5 (tiffcp), two pages each.
func TestGolden(t *testing.T) {
	names, err := filepath.Glob("testdata/*.tif")
	if err != nil || len(names) < 10 {
		t.Fatalf("testdata: %v, %d files", err, len(names))
	}
	for _, name := range names {
		t.Run(filepath.Base(name), func(t *testing.T) {
			r, err := Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			checkPages(t, r, 2)
		})
	}
}

// Every prefix of a file is refused or read, never both wrong.
func TestEveryPrefix(t *testing.T) {
	whole := writeFile(t, 0, t4.MH, t4.MMR).b
	for n := range whole {
		m := &memory{whole[:n]}
		r, err := NewReader(m, int64(n))
		if err == nil {
			for i := range r.Pages() {
				if _, _, e := r.Decode(i); e != nil {
					err = e
				}
			}
		}
		switch {
		case n < 4 && !errors.Is(err, ErrNotTIFF), n >= 4 && !errors.Is(err, ErrTruncated):
			t.Fatalf("%d of %d octets: %v", n, len(whole), err)
		}
	}
}

func TestBad(t *testing.T) {
	good := writeFile(t, 0, t4.MMR).b
	off := int(good[4]) | int(good[5])<<8 | int(good[6])<<16
	change := func(f func(b []byte)) []byte {
		b := bytes.Clone(good)
		f(b)
		return b
	}
	setTag := func(b []byte, tag uint16, v byte) {
		for i := off + 2; i+12 <= len(b); i += 12 {
			if uint16(b[i])|uint16(b[i+1])<<8 == tag {
				b[i+8] = v
				return
			}
		}
	}
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"empty", nil, ErrNotTIFF},
		{"text", []byte("Hello, this is no picture"), ErrNotTIFF},
		{"no directory", []byte("II*\x00\x00\x00\x00\x00"), ErrDamaged},
		{"directory beyond the end", []byte("MM\x00*\x00\x01\x00\x00"), ErrTruncated},
		{"directory of no tags", change(func(b []byte) { b[off] = 0; b[off+1] = 0 }), ErrDamaged},
		{"points to itself", change(func(b []byte) { copy(b[len(b)-4:], b[4:8]) }), ErrDamaged},
		{"tiles", change(func(b []byte) {
			for i := off + 2; i < len(b)-12; i += 12 {
				if b[i] == tagPlanarConfig&0xff && b[i+1] == tagPlanarConfig>>8 {
					b[i], b[i+1] = tagTileWidth&0xff, tagTileWidth>>8
				}
			}
		}), ErrUnsupported},
		{"JPEG", change(func(b []byte) { setTag(b, tagCompression, 7) }), ErrUnsupported},
		{"grey", change(func(b []byte) { setTag(b, tagBitsPerSample, 8) }), ErrUnsupported},
		{"taller than its data", change(func(b []byte) { setTag(b, tagImageLength, 200) }), ErrDamaged},
		{"code broken", change(func(b []byte) { clear(b[60:100]) }), ErrDamaged},
	} {
		r, err := NewReader(bytes.NewReader(c.data), int64(len(c.data)))
		if err == nil {
			_, _, err = r.Decode(0)
		}
		if !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

func TestPageReader(t *testing.T) {
	m := writeFile(t, 0, t4.MH, t4.MR, t4.MMR)
	r, err := NewReader(m, int64(len(m.b)))
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(r.PageReader(2))
	if err != nil {
		t.Fatal(err)
	}
	r2, err := NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil || len(r2.Pages()) != 1 || r2.Pages()[0].Number != 2 {
		t.Errorf("PageReader(2): %v, %d pages, first is number %d", err, len(r2.Pages()), r2.Pages()[0].Number)
	}
}

func TestRecvParams(t *testing.T) {
	got := RecvParams{VRes: 1, BitRate: 5, Width: 0, Length: 2, Format: 3, ECM: true, ScanTime: 0}.Encode()
	if want := uint32(1 | 5<<3 | 2<<12 | 3<<14 | 1<<16 | 1<<21); got != want {
		t.Errorf("Encode = %#x, want %#x", got, want)
	}
}

func FuzzReader(f *testing.F) {
	names, _ := filepath.Glob("testdata/*.tif")
	for _, name := range names {
		if data, err := os.ReadFile(name); err == nil {
			f.Add(data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		r, err := NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			if !errors.Is(err, ErrNotTIFF) && !errors.Is(err, ErrTruncated) && !errors.Is(err, ErrDamaged) && !errors.Is(err, ErrUnsupported) {
				t.Errorf("unnamed error %v", err)
			}
			return
		}
		for i := range r.Pages()[:min(3, len(r.Pages()))] {
			p := r.Pages()[i]
			if p.Width*max(p.Height, 1) > 1<<24 {
				continue
			}
			rows := 0
			if _, err := r.Rows(i, func([]byte) { rows++ }); err == nil && p.Height > 0 && rows != p.Height {
				t.Errorf("%d rows of a page of %d", rows, p.Height)
			}
		}
	})
}
