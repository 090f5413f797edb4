package t4

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"testing"

	"golang.org/x/image/ccitt"
)

// textPage draws something like a page of text: words of strokes in lines.
func textPage(width, height int) *Bitmap {
	b := NewBitmap(width, height)
	r := rand.New(rand.NewPCG(1, uint64(width)))
	for top := height / 20; top+20 < height; top += 34 {
		for x := width / 12; x < width*10/12; x += 6 + r.IntN(14) {
			h := 6 + r.IntN(14)
			w := 1 + r.IntN(4)
			for y := range h {
				for dx := range w {
					b.SetBlack(x+dx+y/7, top+y)
				}
			}
		}
	}
	return b
}

// noisePage is the worst case: every pel by chance.
func noisePage(width, height int) *Bitmap {
	b := NewBitmap(width, height)
	r := rand.New(rand.NewPCG(2, uint64(width)))
	for y := range height {
		for x := range width {
			if r.IntN(2) == 0 {
				b.SetBlack(x, y)
			}
		}
	}
	return b
}

// longRuns has the runs at which code words change, in both colours.
func longRuns(width int) *Bitmap {
	b := &Bitmap{Width: width}
	for _, n := range []int{0, 1, 2, 63, 64, 65, 127, 128, 1727, 1728, 1791, 1792, 2047, 2048, 2559, 2560, 2561, 2623, 2624, 5200} {
		for _, at := range []int{0, 1, 7, width / 2, width - n} {
			row := make([]byte, b.Stride())
			if at >= 0 && at+n <= width {
				blacken(row, at, at+n)
			}
			b.AppendRow(row)
		}
	}
	return b
}

func pages() map[string]*Bitmap {
	return map[string]*Bitmap{
		"text":      textPage(WidthA4, 400),
		"text B4":   textPage(WidthB4, 100),
		"noise":     noisePage(WidthA4, 60),
		"odd width": noisePage(1731, 40),
		"one pel":   noisePage(1, 30),
		"runs A4":   longRuns(WidthA4),
		"runs 7000": longRuns(7001),
		"white":     NewBitmap(WidthA4, 50),
	}
}

type variant struct {
	name   string
	coding Coding
	opts   EncoderOptions
}

var variants = []variant{
	{"MH", MH, EncoderOptions{}},
	{"MH fill", MH, EncoderOptions{MinRowBits: MinRowBits(14400, 20)}},
	{"MH aligned", MH, EncoderOptions{AlignEOL: true}},
	{"MH no RTC", MH, EncoderOptions{NoEnd: true}},
	{"MR", MR, EncoderOptions{}},
	{"MR K=4 fill", MR, EncoderOptions{K: KFine, MinRowBits: MinRowBits(9600, 10)}},
	{"MR aligned no RTC", MR, EncoderOptions{K: 1000, AlignEOL: true, NoEnd: true}},
	{"MMR", MMR, EncoderOptions{}},
	{"MMR no EOFB", MMR, EncoderOptions{NoEnd: true}},
}

func encode(t testing.TB, b *Bitmap, v variant) []byte {
	t.Helper()
	data, err := Encode(b, v.coding, v.opts)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestRoundTrip(t *testing.T) {
	for name, page := range pages() {
		for _, v := range variants {
			t.Run(name+"/"+v.name, func(t *testing.T) {
				got, q, err := Decode(encode(t, page, v), v.coding, page.Width)
				if err != nil {
					t.Fatal(err)
				}
				if q.BadRows != 0 || q.Rows != page.Height {
					t.Errorf("quality = %+v, want %d good rows", q, page.Height)
				}
				if !bytes.Equal(got.Pix, page.Pix) {
					t.Errorf("pels differ after decoding")
				}
			})
		}
	}
}

// TestPieces feeds a decoder octet by octet: rows come out as before.
func TestPieces(t *testing.T) {
	page := textPage(WidthA4, 120)
	for _, v := range variants {
		data := encode(t, page, v)
		for _, piece := range []int{1, 3, 7, 9, 64} {
			got := &Bitmap{Width: page.Width}
			d, err := NewDecoder(v.coding, page.Width, func(row []byte, _ bool) { got.AppendRow(row) })
			if err != nil {
				t.Fatal(err)
			}
			for rest := data; len(rest) > 0; {
				n := min(piece, len(rest))
				if _, err := d.Write(rest[:n]); err != nil {
					t.Fatal(err)
				}
				rest = rest[n:]
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got.Pix, page.Pix) || d.Quality().BadRows != 0 {
				t.Errorf("%s in pieces of %d: pels differ, quality %+v", v.name, piece, d.Quality())
			}
			if d.Ended() == v.opts.NoEnd {
				t.Errorf("%s in pieces of %d: Ended = %t", v.name, piece, d.Ended())
			}
		}
	}
}

// TestAgainstImageCCITT has another decoder judge the encoder.
func TestAgainstImageCCITT(t *testing.T) {
	for name, page := range pages() {
		for _, v := range variants {
			sub := ccitt.Group3
			if v.coding == MMR {
				sub = ccitt.Group4
			}
			if v.coding == MR || v.opts.NoEnd && v.coding == MMR || v.opts.MinRowBits > 0 || v.opts.AlignEOL {
				continue // it knows neither MR nor fill, and wants EOFB
			}
			r := ccitt.NewReader(bytes.NewReader(encode(t, page, v)), ccitt.MSB, sub, page.Width, page.Height,
				&ccitt.Options{Align: false})
			got, err := io.ReadAll(r)
			if err != nil {
				t.Errorf("%s/%s: %v", name, v.name, err)
				continue
			}
			for i := range got {
				got[i] ^= 0xff // it has 0 for black
			}
			if !samePels(got, page.Pix, page.Width) {
				t.Errorf("%s/%s: x/image/ccitt reads other pels", name, v.name)
			}
		}
	}
}

// samePels compares rows without the bits beyond the width.
func samePels(a, b []byte, width int) bool {
	if len(a) != len(b) {
		return false
	}
	stride := (width + 7) / 8
	mask := byte(0xff) << ((8 - width%8) % 8)
	for i := range a {
		m := byte(0xff)
		if i%stride == stride-1 {
			m = mask
		}
		if (a[i]^b[i])&m != 0 {
			return false
		}
	}
	return true
}

// TestCodeTableIsPrefixFree: every code word can be told from every other, T.4 tables 2 and 3.
func TestCodeTableIsPrefixFree(t *testing.T) {
	for name, words := range map[string][]codeWord{"white": whiteCodes, "black": blackCodes} {
		if len(words) != 64+27+13 {
			t.Errorf("%s: %d code words, want 104", name, len(words))
		}
		for _, a := range words {
			for _, b := range words {
				if a != b && a.n <= b.n && b.code>>(b.n-a.n) == a.code {
					t.Errorf("%s: run %d begins with the code of run %d", name, b.value, a.value)
				}
			}
		}
	}
}

func TestFillMakesRowsLongEnough(t *testing.T) {
	// T.4 4.1.3: a row takes at least the minimum transmission time.
	page := NewBitmap(WidthA4, 10)
	minBits := MinRowBits(14400, 40)
	got := encode(t, page, variant{coding: MH, opts: EncoderOptions{MinRowBits: minBits, NoEnd: true}})
	if want := (10*minBits + 7) / 8; len(got) != want {
		t.Errorf("10 white rows of at least %d bits take %d octets, want %d", minBits, len(got), want)
	}
}

func TestGoldenWhiteRow(t *testing.T) {
	// A white A4 row is EOL, make-up 1728 white, terminating 0 white.
	page := NewBitmap(WidthA4, 1)
	for _, c := range []struct {
		v    variant
		want string
	}{
		{variant{coding: MH, opts: EncoderOptions{NoEnd: true}}, "000000000001" + "010011011" + "00110101" + "000"},
		{variant{coding: MR, opts: EncoderOptions{NoEnd: true}}, "0000000000011" + "010011011" + "00110101" + "00"},
		{variant{coding: MMR}, "1" + "000000000001" + "000000000001" + "0000000"},
	} {
		var got string
		for _, b := range encode(t, page, c.v) {
			got += fmt.Sprintf("%08b", b)
		}
		if got != c.want {
			t.Errorf("%v: %s, want %s", c.v.coding, got, c.want)
		}
	}
}

func TestWidthLimits(t *testing.T) {
	for _, w := range []int{-1, 0, MaxWidth + 1} {
		if _, err := NewEncoder(MH, w, EncoderOptions{}); err == nil {
			t.Errorf("NewEncoder with width %d: no error", w)
		}
		if _, err := NewDecoder(MMR, w, nil); err == nil {
			t.Errorf("NewDecoder with width %d: no error", w)
		}
	}
}

func TestReverseBits(t *testing.T) {
	p := []byte{0x01, 0x80, 0xf0, 0x35}
	ReverseBits(p)
	if want := []byte{0x80, 0x01, 0x0f, 0xac}; !bytes.Equal(p, want) {
		t.Errorf("ReverseBits = %x, want %x", p, want)
	}
}

func TestQualityAcceptable(t *testing.T) {
	q := Quality{Rows: 100, BadRows: 5, MaxConsecutiveBad: 4}
	for _, c := range []struct {
		percent, run int
		want         bool
	}{{95, 5, true}, {96, 5, false}, {95, 3, false}, {0, 3, false}, {0, 0, true}, {96, 0, false}} {
		if got := q.Acceptable(c.percent, c.run); got != c.want {
			t.Errorf("Acceptable(%d, %d) = %t, want %t", c.percent, c.run, got, c.want)
		}
	}
}
