package document

import (
	"encoding/binary"
	"image"
	"io"
)

// Where the orientation of a photograph is written: JPEG's APP1 segment (ITU-T T.81, B.1.1.4) holds Exif's
// directory (JEITA CP-3451, 4.5.4), a TIFF file in small, and that the tag Orientation (TIFF 6.0, page 36).
const (
	markerSOI  = 0xd8
	markerSOS  = 0xda
	markerAPP1 = 0xe1
	exifSign   = "Exif\x00\x00"

	tagOrientation = 274
	typeShort      = 3
	exifSearch     = 256 << 10 // octets at the beginning of a file that are looked through
)

// orientationOf tells how a photograph was held, 1 to 8; 1 where it does not say.
func orientationOf(src *source) int {
	if src.kind != JPEG {
		return 1
	}
	head := make([]byte, min(src.size, exifSearch))
	n, err := io.ReadFull(io.NewSectionReader(src.file, 0, src.size), head)
	if err != nil {
		head = head[:n] // the decoder says what is wrong
	}
	return jpegOrientation(head)
}

// jpegOrientation looks through the segments of a JPEG file.
func jpegOrientation(b []byte) int {
	if len(b) < 2 || b[0] != 0xff || b[1] != markerSOI {
		return 1
	}
	for b = b[2:]; len(b) >= 4 && b[0] == 0xff && b[1] != markerSOS; {
		if b[1] == 0xff { // a fill octet
			b = b[1:]
			continue
		}
		size := 2 + int(binary.BigEndian.Uint16(b[2:]))
		if size < 4 || size > len(b) {
			return 1
		}
		if body := b[4:size]; b[1] == markerAPP1 && len(body) > len(exifSign) && string(body[:len(exifSign)]) == exifSign {
			return exifOrientation(body[len(exifSign):])
		}
		b = b[size:]
	}
	return 1
}

// exifOrientation looks through the first directory of Exif's data.
func exifOrientation(b []byte) int {
	if len(b) < 8 {
		return 1
	}
	var order binary.ByteOrder = binary.LittleEndian
	if b[0] == 'M' {
		order = binary.BigEndian
	}
	at := uint64(order.Uint32(b[4:]))
	if at+2 > uint64(len(b)) {
		return 1
	}
	entries := b[at+2:]
	for n := int(order.Uint16(b[at:])); n > 0 && len(entries) >= 12; n, entries = n-1, entries[12:] {
		if order.Uint16(entries) != tagOrientation || order.Uint16(entries[2:]) != typeShort {
			continue
		}
		if o := int(order.Uint16(entries[8:])); o >= 1 && o <= 8 {
			return o
		}
	}
	return 1
}

// upright brings a picture upright; it becomes grey. Orientations 5 to 8 exchange width and height.
func upright(src rows, orientation int) rows {
	if orientation < 2 || orientation > 8 {
		return src
	}
	w, h := src.size()
	out := image.NewGray(image.Rect(0, 0, w, h))
	if orientation >= 5 {
		out = image.NewGray(image.Rect(0, 0, h, w))
	}
	line := make([]byte, w)
	for y := range h {
		src.row(y, line)
		// The first pel of the row, and the way to the next one.
		first, step := placeOf(orientation, w, h, y, out.Stride)
		for x, v := range line {
			out.Pix[first+x*step] = v
		}
	}
	return newPicture(out)
}

// placeOf tells where the pels of a row go: where the first one, and how far apart.
func placeOf(orientation, w, h, y, stride int) (first, step int) {
	switch orientation {
	case 2: // mirrored
		return y*stride + w - 1, -1
	case 3: // upside down
		return (h-1-y)*stride + w - 1, -1
	case 4:
		return (h - 1 - y) * stride, 1
	case 5:
		return y, stride
	case 6: // lies on its left side
		return h - 1 - y, stride
	case 7:
		return (w-1)*stride + h - 1 - y, -stride
	}
	return (w-1)*stride + y, -stride // 8: lies on its right side
}
