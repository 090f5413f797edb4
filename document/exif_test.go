package document

import (
	"bytes"
	"context"
	"encoding/binary"
	"image"
	"image/color"
	"image/jpeg"
	"os"
	"path/filepath"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// withExif puts an orientation into a JPEG file.
func withExif(file []byte, order binary.AppendByteOrder, orientation uint16) []byte {
	b := []byte(exifSign + "II*\x00")
	if order.String() == "BigEndian" {
		b = []byte(exifSign + "MM\x00*")
	}
	b = order.AppendUint32(b, 8)
	b = order.AppendUint16(b, 2)
	b = order.AppendUint16(b, 0x010f) // Make
	b = order.AppendUint16(b, 2)
	b = order.AppendUint32(b, 4)
	b = append(b, "abc\x00"...)
	b = order.AppendUint16(b, tagOrientation)
	b = order.AppendUint16(b, typeShort)
	b = order.AppendUint32(b, 1)
	b = order.AppendUint16(b, orientation)
	b = append(b, 0, 0, 0, 0, 0, 0)
	out := append([]byte{0xff, markerSOI, 0xff, 0xff, markerAPP1}, byte((len(b)+2)>>8), byte(len(b)+2))
	return append(append(out, b...), file[2:]...)
}

func TestJPEGOrientation(t *testing.T) {
	file := []byte{0xff, markerSOI, 0xff, 0xe0, 0, 4, 1, 2, 0xff, markerSOS}
	for o := uint16(0); o <= 9; o++ {
		want := int(o)
		if o < 1 || o > 8 {
			want = 1
		}
		for _, order := range []binary.AppendByteOrder{binary.LittleEndian, binary.BigEndian} {
			whole := withExif(file, order, o)
			if got := jpegOrientation(whole); got != want {
				t.Errorf("jpegOrientation of %d, %v = %d, want %d", o, order, got, want)
			}
			for n := range whole { // cut off anywhere
				if got := jpegOrientation(whole[:n]); got != 1 && got != want {
					t.Errorf("jpegOrientation of %d octets = %d", n, got)
				}
			}
		}
	}
	if got := jpegOrientation(file); got != 1 {
		t.Errorf("jpegOrientation without Exif = %d", got)
	}
}

// Pictures are turned as TIFF's pages are, which libtiff judges.
func TestUpright(t *testing.T) {
	const w, h = 5, 3
	img, page := image.NewGray(image.Rect(0, 0, w, h)), t4.NewBitmap(w, h)
	for i := range img.Pix {
		img.Pix[i] = 255
		if i*i%7 < 3 {
			img.Pix[i] = 0
			page.SetBlack(i%w, i/w)
		}
	}
	for o := range 10 {
		got, want := upright(newPicture(img), o), bitmapRows{turn(page, o)}
		gw, gh := got.size()
		if ww, wh := want.size(); gw != ww || gh != wh {
			t.Fatalf("upright by %d is %d x %d, want %d x %d", o, gw, gh, ww, wh)
		}
		a, b := make([]byte, gw), make([]byte, gw)
		for y := range gh {
			got.row(y, a)
			want.row(y, b)
			if !bytes.Equal(a, b) {
				t.Errorf("upright by %d, row %d = %v, want %v", o, y, a, b)
			}
		}
	}
}

// A photograph that a telephone took on its side arrives upright: its black edge is at the top.
func TestPhotographOnItsSide(t *testing.T) {
	img := image.NewGray(image.Rect(0, 0, 400, 300))
	for y := range 300 {
		for x := range 400 {
			if x >= 60 { // the left side, which is up for orientation 6, is black
				img.SetGray(x, y, color.Gray{Y: 255})
			}
		}
	}
	var b bytes.Buffer
	if err := jpeg.Encode(&b, img, nil); err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	in, out := filepath.Join(dir, "photo.jpg"), filepath.Join(dir, "photo.tif")
	if err := os.WriteFile(in, withExif(b.Bytes(), binary.BigEndian, 6), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Prepare(context.Background(), in, Options{Output: out}); err != nil {
		t.Fatal(err)
	}
	r, err := tiff.Open(out)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	page, _, err := r.Decode(0)
	if err != nil {
		t.Fatal(err)
	}
	if !page.Black(100, 20) || !page.Black(1600, 20) || page.Black(100, 1000) || page.Black(20, 600) {
		t.Error("the black edge is not at the top")
	}
}

func FuzzJPEGOrientation(f *testing.F) {
	f.Add(withExif([]byte{0xff, markerSOI, 0xff, markerSOS}, binary.LittleEndian, 6))
	f.Fuzz(func(t *testing.T, b []byte) {
		if o := jpegOrientation(b); o < 1 || o > 8 {
			t.Errorf("orientation %d", o)
		}
	})
}
