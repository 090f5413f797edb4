package document

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"image"
	"image/color"
	"image/png"
	"io"
	"math"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// paper is the palette of pages shown: 0 is white.
var paper = color.Palette{color.White, color.Black}

// WritePNG writes a page as a PNG file of one bit a pel. With square, rows are
// repeated (or left out) so that pels become square and every program shows the
// page in its right shape; without, the file tells the shape of its pels, which
// not every program heeds.
func WritePNG(w io.Writer, b *t4.Bitmap, res Resolution, square bool) error {
	height := b.Height
	if !(res.X > 0 && res.Y > 0) {
		res = Fine
	}
	yres := res.Y
	if square {
		height = max(1, int(math.Round(float64(b.Height)*res.X/res.Y)))
		yres = res.X
	}
	img := image.NewPaletted(image.Rect(0, 0, b.Width, height), paper)
	for y := range height {
		row := b.Row(min(y*b.Height/height, b.Height-1))
		out := img.Pix[y*img.Stride:][:b.Width]
		for x := range out {
			out[x] = row[x>>3] >> (7 - x&7) & 1
		}
	}
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&buf, img); err != nil {
		return err
	}
	_, err := w.Write(withDensity(buf.Bytes(), res.X, yres))
	return err
}

// headerEnd is where a PNG's header chunk ends.
const headerEnd = 8 + 4 + 4 + 13 + 4

// withDensity adds a pHYs chunk (PNG 11.3.5.3), in pels per metre.
func withDensity(file []byte, xres, yres float64) []byte {
	body := []byte("pHYs")
	body = binary.BigEndian.AppendUint32(body, uint32(math.Round(xres/0.0254)))
	body = binary.BigEndian.AppendUint32(body, uint32(math.Round(yres/0.0254)))
	body = append(body, 1)
	chunk := binary.BigEndian.AppendUint32(nil, uint32(len(body)-4))
	chunk = append(chunk, body...)
	chunk = binary.BigEndian.AppendUint32(chunk, crc32.ChecksumIEEE(body))
	return append(append(bytes.Clone(file[:headerEnd]), chunk...), file[headerEnd:]...)
}
