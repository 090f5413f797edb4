package document

import (
	"path/filepath"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// blackAt is a page with some black rows.
func blackAt(width, height int, black ...int) *t4.Bitmap {
	b := t4.NewBitmap(width, height)
	for _, y := range black {
		for x := 10; x < width-10; x += 7 {
			b.SetBlack(x, y)
		}
	}
	return b
}

func TestWhiteEnd(t *testing.T) {
	const height, margin = 1143, 98
	for _, row := range []struct {
		name  string
		black []int
		rows  int
	}{
		{"white", nil, height - margin},
		{"black in the margin", []int{5, 97}, height - margin},
		{"text at the top", []int{5, 200}, height - 201},
		{"two blocks", []int{200, 500}, height - 501},
		{"last row", []int{200, height - 1}, 0},
		{"row before the last", []int{height - 2}, 1},
	} {
		for _, coding := range []t4.Coding{t4.MH, t4.MR, t4.MMR} {
			b := blackAt(1728, height, row.black...)
			name := filepath.Join(t.TempDir(), "page.tif")
			w, err := tiff.Create(name, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			p := tiff.Page{XRes: 204, YRes: 98}
			p.SetCoding(coding)
			if err := w.WriteBitmap(p, b); err != nil {
				t.Fatal(err)
			}
			w.Close()
			r, err := tiff.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			defer r.Close()
			rows, octets := WhiteEnd(r, 0, margin)
			if rows != row.rows {
				t.Errorf("%s, %v: %d white rows, want %d", row.name, coding, rows, row.rows)
			}
			if rows == 0 {
				continue
			}
			// What is left must decode to the page, one white row or more
			// included, and every further octet lost would lose some of it.
			data, _, _, _ := r.Code(0)
			need := height - row.rows
			kept := goodRows(t, data[:len(data)-octets], coding, b)
			if kept < need+1 {
				t.Errorf("%s, %v: %d rows are left of %d and a white one", row.name, coding, kept, need)
			}
			if coding != t4.MMR && kept > need+2 {
				t.Errorf("%s, %v: %d rows are left, %d would do", row.name, coding, kept, need+1)
			}
		}
	}
}

// goodRows decodes cut code and tells how many rows are those of the page.
func goodRows(t *testing.T, data []byte, coding t4.Coding, page *t4.Bitmap) (n int) {
	t.Helper()
	good := true
	d, err := t4.NewDecoder(coding, page.Width, func(row []byte, ok bool) {
		good = good && ok && n < page.Height && string(row) == string(page.Row(n))
		if good {
			n++
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	d.Configure(t4.DecoderOptions{BareStart: true})
	if _, err := d.Write(data); err != nil {
		t.Fatal(err)
	}
	_ = d.Close() // the last row is cut
	return n
}
