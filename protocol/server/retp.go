package server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/litoria-fax/litoria/protocol"
)

// pageCursor remembers which page of which file RETP sent last.
type pageCursor struct {
	path string
	page int64
}

// maxPageStrips limits the strips of a page that RETP puts together; of this implementation.
const maxPageStrips = 100_000

// cmdRETP sends one page of a TIFF file as a TIFF file of its own: the next one, or the one that
// REST named (the first page is 0).
func (s *session) cmdRETP(a *args) error {
	name := a.only("pathname")
	if a.err != nil {
		return a.err
	}
	t, err := s.existing(name, rightRead)
	if err != nil {
		return err
	}
	page := s.restart
	if s.retp.path == t.path && page == 0 {
		page = s.retp.page + 1
	}
	if s.kind == typeASCII || s.mode != modeStream {
		return protocol.Errorf(protocol.CodeFileUnavailable, "TYPE %s, MODE %s not implemented.", s.kind, s.mode)
	}
	f, err := s.srv.root.Open(t.rel())
	if err != nil {
		return fileFault(name, err)
	}
	defer f.Close()
	content, err := tiffPage(f, page)
	switch {
	case errors.Is(err, errNotTIFF):
		return protocol.Errorf(protocol.CodeFileUnavailable, "%s: Not a TIFF file.", name)
	case err != nil:
		return protocol.Errorf(protocol.CodeFileUnavailable, "%s: Unable to access directory %d.", name, page)
	}
	s.retp = pageCursor{t.path, page}
	return s.run(&transfer{
		name:    t.path,
		opening: fmt.Sprintf("%s for %s (%d bytes).", openingData, name, len(content)),
		file:    newOutgoing(bytes.NewReader(content), s.kind, s.mode), size: int64(len(content)),
	})
}

var errNoSuchPage = errors.New("no such page")

// tiffPage extracts one page as a file with one directory: its tags, their values behind it, and its
// strips put together.
func tiffPage(r io.ReaderAt, page int64) ([]byte, error) {
	var head [8]byte
	if _, err := r.ReadAt(head[:], 0); err != nil {
		return nil, errNotTIFF
	}
	t := tiffReader{r: r}
	switch string(head[:4]) {
	case "II*\x00":
		t.order = binary.LittleEndian
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return nil, errNotTIFF
	}
	at := t.order.Uint32(head[4:])
	for n := int64(0); ; n++ {
		if at == 0 || n > maxReceivePages {
			return nil, errNoSuchPage
		}
		entries, next, err := t.entries(at)
		if err != nil {
			return nil, err
		}
		if n == page {
			return t.pageFile(head[:4], entries)
		}
		at = next
	}
}

// entries reads the entries of a directory.
func (t *tiffReader) entries(at uint32) (entries []byte, next uint32, err error) {
	var n [2]byte
	if _, err := t.r.ReadAt(n[:], int64(at)); err != nil {
		return nil, 0, err
	}
	count := int(t.order.Uint16(n[:]))
	if count > maxTIFFEntries {
		return nil, 0, errNotTIFF
	}
	entries = make([]byte, count*12+4)
	if _, err := t.r.ReadAt(entries, int64(at)+2); err != nil {
		return nil, 0, err
	}
	return entries[:count*12], t.order.Uint32(entries[count*12:]), nil
}

// Tags that say where the image lies.
const (
	tagStripOffsets    = 273
	tagRowsPerStrip    = 278
	tagStripByteCounts = 279
)

// pageFile writes a file of one page.
func (t *tiffReader) pageFile(magic, entries []byte) ([]byte, error) {
	image, err := t.image(entries)
	if err != nil {
		return nil, err
	}
	out := append([]byte(nil), magic...)
	out = t.order.AppendUint32(out, 8)
	out = t.order.AppendUint16(out, uint16(len(entries)/12))
	dir := len(out)
	out = append(out, entries...)
	out = append(out, 0, 0, 0, 0) // no next directory
	for i := 0; i < len(entries); i += 12 {
		e := entries[i : i+12]
		switch t.order.Uint16(e) {
		case tagStripOffsets, tagStripByteCounts, tagRowsPerStrip:
			continue
		}
		value, err := t.longValue(e)
		if err != nil {
			return nil, err
		}
		if value != nil {
			t.order.PutUint32(out[dir+i+8:], uint32(len(out)))
			out = append(out, value...)
			out = append(out, make([]byte, len(out)&1)...)
		}
	}
	for i := 0; i < len(entries); i += 12 {
		one := map[uint16]uint32{
			tagStripOffsets: uint32(len(out)), tagStripByteCounts: uint32(len(image)), tagRowsPerStrip: 1<<32 - 1,
		}
		if value, ok := one[t.order.Uint16(entries[i:])]; ok {
			t.order.PutUint16(out[dir+i+2:], 4) // LONG
			t.order.PutUint32(out[dir+i+4:], 1)
			t.order.PutUint32(out[dir+i+8:], value)
		}
	}
	return append(out, image...), nil
}

// typeSizes are the sizes of TIFF's field types 1 to 12.
func typeSize(kind uint16) uint64 {
	sizes := [...]uint64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8}
	if int(kind) < len(sizes) {
		return sizes[kind]
	}
	return 0
}

// maxTIFFValue limits what one tag holds beside the image; of this implementation.
const maxTIFFValue = 1 << 20

// longValue returns the value of an entry that does not fit into it, nil for others.
func (t *tiffReader) longValue(e []byte) ([]byte, error) {
	size := typeSize(t.order.Uint16(e[2:])) * uint64(t.order.Uint32(e[4:]))
	if size <= 4 {
		return nil, nil
	}
	if size > maxTIFFValue {
		return nil, errNotTIFF
	}
	value := make([]byte, size)
	_, err := t.r.ReadAt(value, int64(t.order.Uint32(e[8:])))
	return value, err
}

// image reads the strips of a page.
func (t *tiffReader) image(entries []byte) ([]byte, error) {
	var offsets, counts []uint32
	for i := 0; i < len(entries); i += 12 {
		e := entries[i : i+12]
		var list *[]uint32
		switch t.order.Uint16(e) {
		case tagStripOffsets:
			list = &offsets
		case tagStripByteCounts:
			list = &counts
		default:
			continue
		}
		values, err := t.numbers(e)
		if err != nil {
			return nil, err
		}
		*list = values
	}
	if len(offsets) != len(counts) || len(offsets) == 0 {
		return nil, errNotTIFF
	}
	var image []byte
	for i := range offsets {
		if uint64(len(image))+uint64(counts[i]) > MaxDocument {
			return nil, errNotTIFF
		}
		part, err := io.ReadAll(io.NewSectionReader(t.r, int64(offsets[i]), int64(counts[i])))
		if err != nil || len(part) != int(counts[i]) {
			return nil, errors.Join(err, errNotTIFF)
		}
		image = append(image, part...)
	}
	return image, nil
}

// numbers returns the values of an entry of type SHORT or LONG.
func (t *tiffReader) numbers(e []byte) ([]uint32, error) {
	count := t.order.Uint32(e[4:])
	if count > maxPageStrips {
		return nil, errNotTIFF
	}
	if count == 1 {
		return []uint32{t.number(e)}, nil
	}
	kind := t.order.Uint16(e[2:])
	size := int(typeSize(kind))
	if kind != 3 && kind != 4 {
		return nil, errNotTIFF
	}
	raw, err := t.longValue(e)
	if err != nil {
		return nil, err
	}
	if raw == nil { // two SHORTs fit into the entry
		raw = e[8:12]
	}
	values := make([]uint32, count)
	for i := range values {
		if kind == 3 {
			values[i] = uint32(t.order.Uint16(raw[i*size:]))
		} else {
			values[i] = t.order.Uint32(raw[i*size:])
		}
	}
	return values, nil
}
