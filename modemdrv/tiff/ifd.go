package tiff

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
	"time"
)

// The tags in use, TIFF 6.0 and RFC 3949.
const (
	tagNewSubfileType      = 254
	tagImageWidth          = 256
	tagImageLength         = 257
	tagBitsPerSample       = 258
	tagCompression         = 259
	tagPhotometric         = 262
	tagFillOrder           = 266
	tagImageDescription    = 270
	tagMake                = 271
	tagModel               = 272
	tagStripOffsets        = 273
	tagOrientation         = 274
	tagSamplesPerPixel     = 277
	tagRowsPerStrip        = 278
	tagStripByteCounts     = 279
	tagXResolution         = 282
	tagYResolution         = 283
	tagPlanarConfig        = 284
	tagT4Options           = 292
	tagT6Options           = 293
	tagResolutionUnit      = 296
	tagPageNumber          = 297
	tagSoftware            = 305
	tagDateTime            = 306
	tagArtist              = 315
	tagHostComputer        = 316
	tagTileWidth           = 322
	tagBadFaxLines         = 326
	tagCleanFaxData        = 327
	tagConsecutiveBadLines = 328
	tagFaxRecvParams       = 34908
	tagFaxSubAddress       = 34909
	tagFaxRecvTime         = 34910
	tagFaxDCS              = 34911
)

// The field types, TIFF 6.0 section 2.
const (
	typeByte     = 1
	typeASCII    = 2
	typeShort    = 3
	typeLong     = 4
	typeRational = 5
	typeFloat    = 11
	typeDouble   = 12
)

// typeSize is how many octets a value of each type has.
var typeSize = [...]int64{0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8}

const (
	headerSize = 8
	entrySize  = 12
)

// timeLayout is that of DateTime.
const timeLayout = "2006:01:02 15:04:05"

// entry is one tag of a directory.
type entry struct {
	tag, kind uint16
	count     int64
	value     [4]byte // the value, or where it is
}

// directory reads the directory at off and tells where the next one is.
func (r *Reader) directory(off int64) (p *Page, next int64, err error) {
	var head [2]byte
	if err := r.read(head[:], off); err != nil {
		return nil, 0, err
	}
	n := int64(r.order.Uint16(head[:]))
	if n == 0 || n > MaxEntries {
		return nil, 0, fmt.Errorf("%w: directory with %d tags", ErrDamaged, n)
	}
	raw := make([]byte, n*entrySize+4)
	if err := r.read(raw, off+2); err != nil {
		return nil, 0, err
	}
	p = &Page{
		FillOrder: MSBFirst, Compression: Uncompressed, BitsPerSample: 1, SamplesPerPixel: 1, Orientation: 1,
		XRes: defaultXRes, YRes: defaultYRes, rowsPerStrip: math.MaxInt32, at: off, NoResolution: true,
	}
	unit := uint64(2)
	for ; len(raw) >= entrySize; raw = raw[entrySize:] {
		e := entry{tag: r.order.Uint16(raw), kind: r.order.Uint16(raw[2:]), count: int64(r.order.Uint32(raw[4:]))}
		copy(e.value[:], raw[8:12])
		if e.tag == tagResolutionUnit {
			unit = r.number(e, 2)
			continue
		}
		if err := r.tag(p, e); err != nil {
			return nil, 0, err
		}
	}
	if unit == 3 { // centimetres
		p.XRes *= 2.54
		p.YRes *= 2.54
	}
	return p, int64(r.order.Uint32(raw)), r.check(p)
}

// Resolution where a file tells none: that of a standard fax.
const (
	defaultXRes = 204
	defaultYRes = 98
)

// check finds what makes a page impossible to read.
func (r *Reader) check(p *Page) error {
	switch {
	case p.Width < 1:
		return fmt.Errorf("%w: page without a width", ErrDamaged)
	case p.Width > MaxWidth || p.Height > MaxRows || int64(p.Width)*int64(p.Height) > MaxPels:
		return fmt.Errorf("%w: page of %d x %d pels is too large", ErrUnsupported, p.Width, p.Height)
	case p.tiled:
		return nil
	case len(p.offsets) == 0:
		return fmt.Errorf("%w: page without data", ErrDamaged)
	case len(p.byteCounts) == 0 && len(p.offsets) == 1:
		p.byteCounts = []int64{max(0, r.size-p.offsets[0])} // some fax programs leave it out
	case len(p.byteCounts) < len(p.offsets):
		return fmt.Errorf("%w: %d strips, but lengths of %d", ErrDamaged, len(p.offsets), len(p.byteCounts))
	}
	return nil
}

// tag sets the field of a page that belongs to an entry; unknown tags are left alone.
func (r *Reader) tag(p *Page, e entry) (err error) {
	switch e.tag {
	case tagImageWidth:
		p.Width = r.integer(e)
	case tagImageLength:
		p.Height = r.integer(e)
	case tagBitsPerSample:
		p.BitsPerSample = r.integer(e)
	case tagCompression:
		p.Compression = Compression(r.number(e, 1))
	case tagPhotometric:
		p.photometric = uint16(r.number(e, 0))
		p.BlackIsZero = p.photometric == 1
	case tagFillOrder:
		if r.number(e, 1) == uint64(LSBFirst) {
			p.FillOrder = LSBFirst
		}
	case tagStripOffsets:
		p.offsets, err = r.numbers(e)
	case tagStripByteCounts:
		p.byteCounts, err = r.numbers(e)
	case tagOrientation:
		p.Orientation = r.integer(e)
	case tagSamplesPerPixel:
		p.SamplesPerPixel = r.integer(e)
	case tagRowsPerStrip:
		p.rowsPerStrip = max(1, r.integer(e))
	case tagXResolution:
		p.XRes = r.float(e, p.XRes)
		p.NoResolution = false
	case tagYResolution:
		p.YRes = r.float(e, p.YRes)
	case tagT4Options:
		p.Options = uint32(r.number(e, 0))
	case tagPageNumber:
		v, _ := r.numbers(e)
		if len(v) == 2 {
			p.Number, p.Total = int(v[0]), int(v[1])
		}
	case tagTileWidth:
		p.tiled = true
	default:
		r.infoTag(p, e)
	}
	return err
}

// infoTag sets the fields that tell about the fax rather than the pels. What
// is wrong with them does no harm.
func (r *Reader) infoTag(p *Page, e entry) {
	switch e.tag {
	case tagImageDescription:
		p.Description = r.text(e)
	case tagMake:
		p.Make = r.text(e)
	case tagModel:
		p.Model = r.text(e)
	case tagSoftware:
		p.Software = r.text(e)
	case tagArtist:
		p.Artist = r.text(e)
	case tagHostComputer:
		p.HostComputer = r.text(e)
	case tagDateTime:
		if t, err := time.ParseInLocation(timeLayout, r.text(e), time.Local); err == nil {
			p.DateTime = t
		}
	case tagBadFaxLines:
		p.BadRows, p.QualityKnown = r.integer(e), true
	case tagConsecutiveBadLines:
		p.MaxConsecutiveBad = r.integer(e)
	case tagCleanFaxData:
		p.Clean, p.QualityKnown = CleanFaxData(r.number(e, 0)), true
	case tagFaxRecvParams:
		p.FaxRecvParams = uint32(r.number(e, 0))
	case tagFaxSubAddress:
		p.FaxSubAddress = r.text(e)
	case tagFaxRecvTime:
		p.FaxRecvTime = r.integer(e)
	case tagFaxDCS:
		p.FaxDCS = r.text(e)
	}
}

// bytes fetches the octets of an entry's values, at most limit of them.
func (r *Reader) bytes(e entry, limit int64) ([]byte, error) {
	if int(e.kind) >= len(typeSize) || typeSize[e.kind] == 0 || e.count == 0 {
		return nil, fmt.Errorf("%w: tag %d has no value", ErrDamaged, e.tag)
	}
	n := e.count * typeSize[e.kind]
	if n <= 4 {
		return e.value[:n], nil
	}
	if n > limit {
		return nil, fmt.Errorf("%w: tag %d has %d values", ErrDamaged, e.tag, e.count)
	}
	off := int64(r.order.Uint32(e.value[:]))
	if off+n > r.size {
		return nil, fmt.Errorf("%w: tag %d lies beyond its end", ErrTruncated, e.tag)
	}
	b := make([]byte, n)
	return b, r.read(b, off)
}

// numbers gives all values of an entry of integers.
func (r *Reader) numbers(e entry) ([]int64, error) {
	b, err := r.bytes(e, MaxStrips*4)
	if err != nil {
		return nil, err
	}
	v := make([]int64, 0, e.count)
	for s := int(typeSize[e.kind]); len(b) >= s; b = b[s:] {
		switch e.kind {
		case typeByte:
			v = append(v, int64(b[0]))
		case typeShort:
			v = append(v, int64(r.order.Uint16(b)))
		case typeLong:
			v = append(v, int64(r.order.Uint32(b)))
		default:
			return nil, fmt.Errorf("%w: tag %d has values of type %d", ErrDamaged, e.tag, e.kind)
		}
	}
	return v, nil
}

// number gives the first value of an entry, or the default where it has none.
func (r *Reader) number(e entry, missing uint64) uint64 {
	v, err := r.numbers(e)
	if err != nil || len(v) == 0 {
		return missing
	}
	return uint64(v[0])
}

// integer is number for sizes and counts; what no int32 holds becomes the
// largest, which check finds too large.
func (r *Reader) integer(e entry) int { return int(min(r.number(e, 0), math.MaxInt32)) }

// float gives a resolution; nonsense leaves the default.
func (r *Reader) float(e entry, missing float64) float64 {
	b, err := r.bytes(e, 64)
	if err != nil {
		return missing
	}
	v := 0.0
	switch {
	case e.kind == typeRational && len(b) >= 8:
		v = float64(r.order.Uint32(b)) / float64(r.order.Uint32(b[4:]))
	case e.kind == typeFloat && len(b) >= 4:
		v = float64(math.Float32frombits(r.order.Uint32(b)))
	case e.kind == typeDouble && len(b) >= 8:
		v = math.Float64frombits(r.order.Uint64(b))
	default:
		v = float64(r.number(e, 0))
	}
	if !(v >= 1 && v <= 1e5) {
		return missing
	}
	return v
}

// text gives a text without its trailing NUL; control characters become spaces.
func (r *Reader) text(e entry) string {
	if e.kind != typeASCII && e.kind != typeByte {
		return ""
	}
	e.count = min(e.count, MaxText)
	b, err := r.bytes(e, MaxText)
	if err != nil {
		return ""
	}
	s, _, _ := strings.Cut(string(b), "\x00")
	return strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f {
			return ' '
		}
		return c
	}, s)
}

// byteOrder tells the order of a header, or nil where it is no TIFF's.
func byteOrder(head []byte) byteOrderer {
	switch {
	case len(head) < 4:
	case string(head[:4]) == "II*\x00":
		return binary.LittleEndian
	case string(head[:4]) == "MM\x00*":
		return binary.BigEndian
	}
	return nil
}

// byteOrderer reads and appends in one of the two byte orders.
type byteOrderer interface {
	binary.ByteOrder
	binary.AppendByteOrder
}
