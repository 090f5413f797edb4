package recognize

import (
	"bytes"
	"errors"
	"testing"
)

func TestRecognize(t *testing.T) {
	for _, c := range []struct {
		head string
		want Kind
		err  error
	}{
		{"%!PS-Adobe-3.0\n", PostScript, nil},
		{"\x04%!PS", PostScript, nil},
		{"%PDF-1.7\n", PDF, nil},
		{"\n\n%PDF-1.4", PDF, nil},
		{"II*\x00\x08\x00", TIFF, nil},
		{"MM\x00*\x00\x00", TIFF, nil},
		{"\x89PNG\r\n\x1a\n\x00", PNG, nil},
		{"\xff\xd8\xff\xe0\x00\x10JFIF", JPEG, nil},
		{"GIF89a\x01", GIF, nil},
		{"RIFF\x00\x00\x00\x00WEBPVP8 ", WebP, nil},
		{"BM\x36\x00\x00\x00\x00\x00\x00\x00\x36\x00\x00\x00\x28\x00\x00\x00", BMP, nil},
		{"\x1bE\x1b&l0O", PCL, nil},
		{"\x1b%-12345X@PJL JOB\r\n@PJL ENTER LANGUAGE=POSTSCRIPT\r\n%!PS", PostScript, nil},
		{"\x1b%-12345X@PJL ENTER LANGUAGE=PCL\r\n\x1bE", PCL, nil},
		{"Hello\n", Text, nil},
		{"x", Text, nil},
		{"Gr\xfc\xdfe aus K\xf6ln", Text, nil},
		{"Grüße aus Köln", Text, nil},
		{"Καλημέρα", Text, nil},
		{"MZ is how this letter begins", Text, nil},
		{"BMW sells cars, and other things", Text, nil},
		{"\xff\xfeH\x00i\x00", Text, nil},
		{"", 0, ErrEmpty},
		{"\x00\x01\x02\x03", 0, ErrNotDocument},
		{"PK\x03\x04\x14\x00", 0, ErrNotDocument},
		{"\x7fELF\x02\x01\x01", 0, ErrNotDocument},
		{"\x93\x81\x07\xf2\x9e\xd1\x12", 0, ErrNotDocument},
	} {
		got, err := Recognize([]byte(c.head), "letter")
		if got != c.want || !errors.Is(err, c.err) {
			t.Errorf("Recognize(%q) = %v, %v, want %v, %v", c.head, got, err, c.want, c.err)
		}
	}
}

func FuzzRecognize(f *testing.F) {
	for _, m := range magics {
		f.Add([]byte(m.sign))
	}
	f.Add([]byte("\xff\xfeH\x00"))
	f.Fuzz(func(t *testing.T, head []byte) {
		k, err := Recognize(bytes.Clone(head), "x")
		if (k == 0) != (err != nil) {
			t.Errorf("Recognize = %v, %v", k, err)
		}
		if err != nil && !errors.Is(err, ErrEmpty) && !errors.Is(err, ErrNotDocument) {
			t.Errorf("unnamed error %v", err)
		}
	})
}
