package t4

import (
	"bytes"
	"testing"
)

// FuzzDecoder: any octets, in any pieces, give bounded rows and no panic, and
// the pieces make no difference.
func FuzzDecoder(f *testing.F) {
	page := textPage(200, 30)
	for i, v := range variants {
		f.Add(encode(f, page, v), uint8(v.coding), uint16(200), uint8(i+1), false)
	}
	f.Add([]byte{0x35, 0x35}, uint8(MH), uint16(1728), uint8(1), true)
	f.Fuzz(func(t *testing.T, data []byte, coding uint8, width uint16, piece uint8, noEOL bool) {
		c := Coding(coding%3) + MH
		w := int(width)%4000 + 1
		decode := func(piece int) ([]byte, Quality) {
			var pix []byte
			d, err := NewDecoder(c, w, func(row []byte, ok bool) {
				pix = append(pix, row...)
			})
			if err != nil {
				t.Fatal(err)
			}
			d.Configure(DecoderOptions{NoEOL: noEOL && c == MH, MaxRows: 1000})
			for rest := data; len(rest) > 0; {
				n := min(piece, len(rest))
				d.Write(rest[:n])
				rest = rest[n:]
			}
			d.Close()
			return pix, d.Quality()
		}
		one, q1 := decode(len(data) + 1)
		two, q2 := decode(int(piece) + 1)
		if !bytes.Equal(one, two) || q1 != q2 {
			t.Errorf("pieces of %d: %+v, at once: %+v", int(piece)+1, q2, q1)
		}
		if q1.Rows > 1000 || len(one) != q1.Rows*((w+7)/8) {
			t.Errorf("%d rows handed out, counted %+v", len(one)/((w+7)/8), q1)
		}
	})
}

// FuzzRoundTrip: any pels survive every coding.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{0x0f, 0xf0, 0xaa, 0x55}, uint16(12), uint8(0))
	f.Fuzz(func(t *testing.T, pix []byte, width uint16, which uint8) {
		w := int(width)%3000 + 1
		v := variants[int(which)%len(variants)]
		page := &Bitmap{Width: w}
		for s := page.Stride(); len(pix) >= s && page.Height < 50; pix = pix[s:] {
			page.AppendRow(pix[:s])
		}
		data, err := Encode(page, v.coding, v.opts)
		if err != nil {
			t.Fatal(err)
		}
		got, q, err := Decode(data, v.coding, w)
		if err != nil || q.BadRows != 0 || !samePels(got.Pix, page.Pix, w) {
			t.Errorf("%s, width %d: %v, %+v, or pels differ", v.name, w, err, q)
		}
	})
}
