package faxq

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"os"
	"strings"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// page is what is to be known of a page before a call: enough to choose the
// session's parameters.
type page struct {
	width, height int
	xres, yres    float64 // per inch; 0 not said
	g4, twoD      bool
}

// maxTIFFPages stops at files whose directories go in circles.
const maxTIFFPages = 100_000

// TIFF tags that matter here (TIFF 6.0; class F: RFC 2306).
const (
	tagWidth       = 256
	tagHeight      = 257
	tagCompression = 259
	tagXRes        = 282
	tagYRes        = 283
	tagT4Options   = 292
	tagResUnit     = 296

	compressionG3 = 3
	compressionG4 = 4
	unitCM        = 3
)

var errTIFF = errors.New("not a TIFF file, or a damaged one")

// scanPages reads the directories of a TIFF file.
func scanPages(path string) ([]page, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var h [8]byte
	if _, err := f.ReadAt(h[:], 0); err != nil {
		return nil, errTIFF
	}
	t := tiffScan{f: f, order: binary.LittleEndian}
	switch string(h[:4]) {
	case "II*\x00":
	case "MM\x00*":
		t.order = binary.BigEndian
	default:
		return nil, errTIFF
	}
	var pages []page
	seen := map[uint32]bool{}
	for at := t.order.Uint32(h[4:]); at != 0; {
		if seen[at] || len(pages) >= maxTIFFPages {
			return nil, fmt.Errorf("%w: directories go in circles", errTIFF)
		}
		seen[at] = true
		p, next, err := t.directory(int64(at))
		if err != nil {
			return nil, fmt.Errorf("page %d: %w", len(pages)+1, err)
		}
		pages = append(pages, p)
		at = next
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("%w: no page", errTIFF)
	}
	return pages, nil
}

type tiffScan struct {
	f     *os.File
	order binary.ByteOrder
}

// directory reads one image file directory and the place of the next.
func (t *tiffScan) directory(at int64) (p page, next uint32, err error) {
	var n [2]byte
	if _, err := t.f.ReadAt(n[:], at); err != nil {
		return p, 0, errTIFF
	}
	count := int(t.order.Uint16(n[:]))
	b := make([]byte, count*12+4)
	if _, err := t.f.ReadAt(b, at+2); err != nil {
		return p, 0, errTIFF
	}
	unit, compression := uint32(2), uint32(0)
	for i := range count {
		e := b[i*12:]
		v := t.value(e)
		switch t.order.Uint16(e) {
		case tagWidth:
			p.width = int(v)
		case tagHeight:
			p.height = int(v)
		case tagCompression:
			compression = v
		case tagT4Options:
			p.twoD = v&1 != 0
		case tagResUnit:
			unit = v
		case tagXRes:
			p.xres = t.rational(e)
		case tagYRes:
			p.yres = t.rational(e)
		}
	}
	if compression != compressionG3 && compression != compressionG4 {
		return p, 0, fmt.Errorf("document is not in a Group 3 or Group 4 compatible format (compression %d)", compression)
	}
	if p.width <= 0 || p.height <= 0 {
		return p, 0, errTIFF
	}
	p.g4 = compression == compressionG4
	if unit == unitCM {
		p.xres, p.yres = p.xres*2.54, p.yres*2.54
	}
	return p, t.order.Uint32(b[count*12:]), nil
}

// value is a short or long that stands in the entry itself.
func (t *tiffScan) value(e []byte) uint32 {
	if t.order.Uint16(e[2:]) == 3 {
		return uint32(t.order.Uint16(e[8:]))
	}
	return t.order.Uint32(e[8:])
}

func (t *tiffScan) rational(e []byte) float64 {
	var b [8]byte
	if _, err := t.f.ReadAt(b[:], int64(t.order.Uint32(e[8:]))); err != nil {
		return 0
	}
	num, den := t.order.Uint32(b[:]), t.order.Uint32(b[4:])
	if den == 0 {
		return 0
	}
	return float64(num) / float64(den)
}

// params gives a page's parameters.
func (p page) params(dest destination) Params {
	q := Params{Format: formatMH, Length: lengthUnlimited}
	switch {
	case p.g4:
		q.Format = formatMMR
	case p.twoD:
		q.Format = formatMR
	}
	yres := p.yres
	if yres == 0 {
		yres = normalLPI
		if p.height >= 1450 { // B4 at 98 lines per inch has about 1400
			yres = fineLPI
		}
	}
	rf := 1.0
	switch {
	case yres >= 350 && p.xres > 300:
		q.VRCode, rf = sched.VResR16, 2
	case yres >= 350:
		q.VRCode = sched.VResR8
	case yres >= 250:
		q.VRCode, rf = sched.VRes300x300, 1.5
	case yres >= resolutionBorder:
		q.VRCode = sched.VResFine
	}
	q.VRes = int(math.Round(yres))
	switch w := float64(p.width) / rf; {
	case w <= pixelsA4:
		q.Width = widthA4
	case w <= pixelsB4:
		q.Width = widthB4
	default:
		q.Width = widthA3
	}
	if dest.length != unlimitedLength {
		q.Length = lengthCode(int(float64(p.height) / yres * 25.4))
	}
	return q
}

// Letters of pagehandling (sendq(5)): what follows a page.
const (
	nextSame  = 'S' // another page with the same parameters: MPS
	nextOther = 'M' // another page with other parameters: EOM
	nextNone  = 'P' // the last page: EOP
	skipPage  = 'X' // the page is not sent
)

// pageHandling looks at every page that is left to send and writes what the
// call needs to know of it (pagehandling, totpages and its kin).
func (s *Server) pageHandling(f *spool.Job, dest destination, maxPages int, cfg *Config) error {
	wanted, err := parseRange(f.PageRange)
	if err != nil {
		return &ConvertError{sched.WhyRejected, err.Error()}
	}
	f.TotPages, f.SkipPages, f.CoverPages = f.NPages, f.NSkip, f.NCover
	var list []handled
	for _, d := range f.Documents {
		if d.Op != spool.OpFax {
			continue
		}
		pages, err := scanPages(s.spool.Path(d.File))
		if err != nil {
			return &ConvertError{sched.WhyRejected, fmt.Sprintf("document file %s: %v", d.File, err)}
		}
		if d.DirNum >= len(pages) {
			return &ConvertError{sched.WhyRejected, fmt.Sprintf("document file %s has %d pages, page %d is to be sent", d.File, len(pages), d.DirNum+1)}
		}
		cover := strings.Contains(d.File, "/cover")
		for _, p := range pages[d.DirNum:] {
			if f.TotPages++; f.TotPages > maxPages {
				return &ConvertError{sched.WhyRejected, fmt.Sprintf("Too many pages in submission; max %d", maxPages)}
			}
			if cover {
				f.CoverPages++
			}
			skip := !cover && !wanted.contains(f.TotPages-f.CoverPages)
			if skip {
				f.SkipPages++
			}
			list = append(list, handled{p.params(dest), skip})
		}
	}
	f.PageHandling = handling(list)
	return nil
}

// handled is a page on its way into pagehandling.
type handled struct {
	params Params
	skip   bool
}

// handling writes the string: parameters and letter of each page. The letter
// tells what follows, skipped pages left out.
func handling(list []handled) string {
	var b strings.Builder
	for i, h := range list {
		b.WriteString(h.params.encode())
		if h.skip {
			b.WriteByte(skipPage)
			continue
		}
		letter := byte(nextNone)
		for _, n := range list[i+1:] {
			if n.skip {
				continue
			}
			letter = nextOther
			if n.params.encode() == h.params.encode() && n.params.VRCode == h.params.VRCode {
				letter = nextSame
			}
			break
		}
		b.WriteByte(letter)
	}
	return b.String()
}

// pageRange is a set of pages; the zero value is all.
type pageRange []struct{ from, to int }

// parseRange reads "1-3,7,9-".
func parseRange(text string) (pageRange, error) {
	var r pageRange
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	for part := range strings.SplitSeq(text, ",") {
		from, to, isRange := strings.Cut(strings.TrimSpace(part), "-")
		a, b := number(from, 0), number(to, math.MaxInt32)
		if !isRange {
			b = a
		}
		if a < 1 && !(isRange && from == "") || b < a {
			return nil, fmt.Errorf("page range %q cannot be understood", text)
		}
		r = append(r, struct{ from, to int }{max(a, 1), b})
	}
	return r, nil
}

func (r pageRange) contains(p int) bool {
	for _, x := range r {
		if x.from <= p && p <= x.to {
			return true
		}
	}
	return r == nil
}
