package t4

import (
	"bytes"
	"math/rand/v2"
	"testing"
)

// decodeAll runs a decoder over data and returns rows, which were good, and the decoder.
func decodeAll(t testing.TB, coding Coding, width int, data []byte) (*Bitmap, []bool, *Decoder) {
	t.Helper()
	b := &Bitmap{Width: width}
	var oks []bool
	d, err := NewDecoder(coding, width, func(row []byte, ok bool) {
		b.AppendRow(row)
		oks = append(oks, ok)
	})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Write(data); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	return b, oks, d
}

// alignedRows codes a page with octet-aligned EOLs and tells where each row ends.
func alignedRows(t *testing.T, page *Bitmap, coding Coding, k int) (data []byte, ends []int) {
	t.Helper()
	e, err := NewEncoder(coding, page.Width, EncoderOptions{K: k, AlignEOL: true})
	if err != nil {
		t.Fatal(err)
	}
	for y := range page.Height {
		data = e.AppendRow(data, page.Row(y))
		ends = append(ends, len(data))
	}
	return e.AppendEnd(data), ends
}

// One damaged MH row costs just that row, which repeats the one above.
func TestMHDamagedRowIsConcealed(t *testing.T) {
	page := noisePage(WidthA4, 30)
	data, ends := alignedRows(t, page, MH, 0)
	for i := ends[9] + 20; i < ends[9]+60; i++ {
		data[i] = 0x80 >> ((i - ends[9]) % 8) // eight zeros and a one: no code word, no EOL
	}
	got, oks, d := decodeAll(t, MH, page.Width, data)
	if q := d.Quality(); q != (Quality{Rows: 30, BadRows: 1, MaxConsecutiveBad: 1}) {
		t.Fatalf("quality = %+v, want 1 bad row of 30", q)
	}
	for y, ok := range oks {
		want := page.Row(y)
		if y == 10 {
			want = page.Row(9)
		}
		if ok != (y != 10) || !bytes.Equal(got.Row(y), want) {
			t.Errorf("row %d: ok %t or pels wrong", y, ok)
		}
	}
	if !d.Ended() {
		t.Error("RTC not seen")
	}
}

// In MR the rows up to the next one-dimensional one are lost too, T.4 4.2.2.
func TestMRDamageLastsToOneDimensionalRow(t *testing.T) {
	page := noisePage(WidthA4, 32)
	data, ends := alignedRows(t, page, MR, 4)
	for i := ends[12] + 20; i < ends[12]+60; i++ {
		data[i] = 0x80 >> ((i - ends[12]) % 8)
	}
	got, oks, d := decodeAll(t, MR, page.Width, data)
	if q := d.Quality(); q != (Quality{Rows: 32, BadRows: 3, MaxConsecutiveBad: 3}) {
		t.Fatalf("quality = %+v, want rows 13 to 15 bad", q)
	}
	for y, ok := range oks {
		bad := y >= 13 && y <= 15
		want := page.Row(y)
		if bad {
			want = page.Row(12)
		}
		if ok == bad || !bytes.Equal(got.Row(y), want) {
			t.Errorf("row %d: ok %t or pels wrong", y, ok)
		}
	}
}

// A stretch of zeros over several rows looks like fill: the rows that vanish
// without an EOL cannot be counted, those around it are good.
func TestZerosWithinPage(t *testing.T) {
	page := noisePage(WidthA4, 30)
	data, ends := alignedRows(t, page, MH, 0)
	clear(data[ends[9]+20 : ends[11]+20])
	_, _, d := decodeAll(t, MH, page.Width, data)
	q := d.Quality()
	if q.BadRows < 1 || q.BadRows > 3 || q.Rows < 28 || !d.Ended() {
		t.Errorf("quality = %+v, ended %t, want 28 to 30 rows, 1 to 3 bad, RTC seen", q, d.Ended())
	}
}

// Five damaged rows in sequence are no RTC.
func TestManyBadRowsAreNoRTC(t *testing.T) {
	page := noisePage(WidthA4, 40)
	data, ends := alignedRows(t, page, MH, 0)
	for y := 10; y < 20; y++ {
		for i := ends[y-1] + 20; i < ends[y-1]+40; i++ {
			data[i] = 0x80 >> ((i - ends[y-1]) % 8)
		}
	}
	_, _, d := decodeAll(t, MH, page.Width, data)
	if q := d.Quality(); q != (Quality{Rows: 40, BadRows: 10, MaxConsecutiveBad: 10}) {
		t.Errorf("quality = %+v, want 10 bad rows of 40", q)
	}
}

// A damaged RTC adds no rows to the page.
func TestDamagedRTC(t *testing.T) {
	page := textPage(WidthA4, 50)
	for _, coding := range []Coding{MH, MR} {
		data, ends := alignedRows(t, page, coding, 4)
		rtc := data[ends[49]:]
		for i := range rtc {
			spoilt := bytes.Clone(data)
			spoilt[ends[49]+i] ^= 0x10
			_, _, d := decodeAll(t, coding, page.Width, spoilt)
			if q := d.Quality(); q.Rows < 50 || q.Rows > 51 {
				t.Errorf("%v, octet %d of RTC spoilt: %d rows, want 50 or 51", coding, i, q.Rows)
			}
		}
	}
}

// What comes before the first EOL is the tail of the training signal, or fill of
// a modem that waits for data: ones, that read as a row of short runs.
func TestNoiseBeforeFirstEOL(t *testing.T) {
	page := textPage(WidthA4, 20)
	data := encode(t, page, variants[0])
	for _, noise := range [][]byte{{0xff, 0x03, 0x5a, 0xff}, bytes.Repeat([]byte{0xff}, 400), make([]byte, 400)} {
		got, _, d := decodeAll(t, MH, page.Width, append(bytes.Clone(noise), data...))
		if d.Quality().BadRows != 0 || !bytes.Equal(got.Pix, page.Pix) {
			t.Errorf("quality = %+v, want none bad", d.Quality())
		}
	}
}

func TestMMRDamageEndsPage(t *testing.T) {
	page := noisePage(WidthA4, 30)
	data := encode(t, page, variants[7])
	n := len(data) / 2
	data[n], data[n+1] = 0, 0
	_, _, d := decodeAll(t, MMR, page.Width, data)
	if !d.Lost() || d.Quality().BadRows != 1 {
		t.Errorf("Lost = %t, quality %+v, want lost with one bad row", d.Lost(), d.Quality())
	}
}

func TestMaxRows(t *testing.T) {
	data := bytes.Repeat([]byte{0xff}, 100) // 800 times V0: white rows
	rows := 0
	d, err := NewDecoder(MMR, WidthA4, func([]byte, bool) { rows++ })
	if err != nil {
		t.Fatal(err)
	}
	d.Configure(DecoderOptions{MaxRows: 123})
	d.Write(data)
	d.Close()
	if rows != 123 {
		t.Errorf("%d rows, want MaxRows 123", rows)
	}
}

// Every prefix of good data decodes to a prefix of the page, the last row apart.
func TestEveryPrefix(t *testing.T) {
	page := textPage(300, 40)
	for _, v := range variants {
		data := encode(t, page, v)
		for n := range data {
			got, _, d := decodeAll(t, v.coding, page.Width, data[:n])
			rows := min(got.Height-d.Quality().BadRows, page.Height)
			if d.Quality().BadRows > 1 || !bytes.Equal(got.Pix[:rows*got.Stride()], page.Pix[:rows*got.Stride()]) {
				t.Fatalf("%s, %d of %d octets: quality %+v or pels wrong", v.name, n, len(data), d.Quality())
			}
		}
	}
}

// Random damage: nothing panics, rows stay bounded, later rows are right again.
func TestRandomDamage(t *testing.T) {
	page := textPage(WidthA4, 200)
	r := rand.New(rand.NewPCG(3, 4))
	for _, v := range variants[:7] {
		good := encode(t, page, v)
		for range 30 {
			data := bytes.Clone(good)
			for range 5 {
				data[r.IntN(len(data))] ^= 1 << r.IntN(8)
			}
			_, _, d := decodeAll(t, v.coding, page.Width, data)
			if q := d.Quality(); q.Rows < 180 && v.opts.K < 1000 || q.Rows > 220 {
				t.Errorf("%s: %d rows of 200 after 5 spoilt bits", v.name, q.Rows)
			}
		}
	}
}
