package command

import (
	"encoding/binary"
	"errors"
	"io"
)

// Damage that is found before a document is sent. Servers look closer.
var (
	errDamagedTIFF = &Unfit{errors.New("the TIFF file is damaged or cut off")}
	errNoPages     = &Unfit{errors.New("the document has no pages")}
)

// Limits of the check; of this implementation.
const (
	maxPages   = 10_000
	maxEntries = 4096
)

// verifyTIFF follows the directories of a TIFF file, checks that the images lie inside of it, and
// counts the pages.
func verifyTIFF(r io.ReaderAt, size int64) (int, error) {
	var head [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return 0, errDamagedTIFF
	}
	var order binary.ByteOrder = binary.LittleEndian
	if head[0] == 'M' {
		order = binary.BigEndian
	}
	pages, seen := 0, map[uint32]bool{}
	for at := order.Uint32(head[4:]); at != 0; pages++ {
		if seen[at] || pages >= maxPages {
			return 0, errDamagedTIFF
		}
		seen[at] = true
		next, err := verifyDirectory(r, order, at, size)
		if err != nil {
			return 0, err
		}
		at = next
	}
	if pages == 0 {
		return 0, errNoPages
	}
	return pages, nil
}

// verifyDirectory checks one directory and returns where the next one is.
func verifyDirectory(r io.ReaderAt, order binary.ByteOrder, at uint32, size int64) (uint32, error) {
	var n [2]byte
	if _, err := r.ReadAt(n[:], int64(at)); err != nil {
		return 0, errDamagedTIFF
	}
	count := int(order.Uint16(n[:]))
	if count == 0 || count > maxEntries {
		return 0, errDamagedTIFF
	}
	entries := make([]byte, count*12+4)
	if _, err := r.ReadAt(entries, int64(at)+2); err != nil {
		return 0, errDamagedTIFF
	}
	offsets, counts := []uint32(nil), []uint32(nil)
	for i := 0; i < count*12; i += 12 {
		var err error
		switch e := entries[i : i+12]; order.Uint16(e) {
		case 273, 324: // StripOffsets, TileOffsets
			offsets, err = tiffNumbers(r, order, e)
		case 279, 325: // StripByteCounts, TileByteCounts
			counts, err = tiffNumbers(r, order, e)
		}
		if err != nil {
			return 0, err
		}
	}
	if len(offsets) == 0 {
		return 0, errDamagedTIFF
	}
	for i, offset := range offsets {
		end := int64(offset)
		if i < len(counts) {
			end += int64(counts[i])
		}
		if end > size {
			return 0, errDamagedTIFF
		}
	}
	return order.Uint32(entries[count*12:]), nil
}

// tiffNumbers reads the values of an entry of SHORTs or LONGs.
func tiffNumbers(r io.ReaderAt, order binary.ByteOrder, e []byte) ([]uint32, error) {
	count, width := order.Uint32(e[4:]), uint32(4)
	if order.Uint16(e[2:]) == 3 {
		width = 2
	}
	if count > 1<<20 {
		return nil, errDamagedTIFF
	}
	raw := e[8:12]
	if count*width > 4 {
		raw = make([]byte, count*width)
		if _, err := r.ReadAt(raw, int64(order.Uint32(e[8:]))); err != nil {
			return nil, errDamagedTIFF
		}
	}
	values := make([]uint32, count)
	for i := range values {
		if width == 2 {
			values[i] = uint32(order.Uint16(raw[i*2:]))
		} else {
			values[i] = order.Uint32(raw[i*4:])
		}
	}
	return values, nil
}
