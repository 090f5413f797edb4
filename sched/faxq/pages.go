package faxq

import (
	"errors"
	"fmt"
	"math"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// openPages opens a prepared document. Its pages must be such as can be sent:
// in Group 3 or Group 4 coding.
func openPages(path string) (*tiff.Reader, error) {
	r, err := tiff.Open(path)
	if err != nil {
		return nil, err
	}
	pages := r.Pages()
	if len(pages) == 0 {
		r.Close()
		return nil, errors.New("it has no pages")
	}
	for i := range pages {
		if c := pages[i].Compression; c != tiff.Group3 && c != tiff.Group4 {
			r.Close()
			return nil, fmt.Errorf("page %d is not in a Group 3 or Group 4 compatible format (%v)", i+1, c)
		}
	}
	return r, nil
}

// checkPages tells whether a prepared document can be sent.
func checkPages(path string) error {
	r, err := openPages(path)
	if err != nil {
		return err
	}
	return r.Close()
}

// pageParams gives the parameters that a page needs.
func pageParams(p *tiff.Page, dest destination) Params {
	q := Params{Format: formatMH, Length: lengthUnlimited}
	switch {
	case p.Compression == tiff.Group4:
		q.Format = formatMMR
	case p.Options&tiff.Options2D != 0:
		q.Format = formatMR
	}
	yres := p.YRes
	if p.NoResolution {
		yres = normalLPI
		if p.Height >= 1450 { // B4 at 98 lines per inch has about 1400
			yres = fineLPI
		}
	}
	rf := 1.0
	switch {
	case yres >= 350 && p.XRes > 300:
		q.VRCode, rf = sched.VResR16, 2
	case yres >= 350:
		q.VRCode = sched.VResR8
	case yres >= 250:
		q.VRCode, rf = sched.VRes300x300, 1.5
	case yres >= resolutionBorder:
		q.VRCode = sched.VResFine
	}
	q.VRes = int(math.Round(yres))
	switch w := float64(p.Width) / rf; {
	case w <= pixelsA4:
		q.Width = widthA4
	case w <= pixelsB4:
		q.Width = widthB4
	default:
		q.Width = widthA3
	}
	if dest.length != unlimitedLength {
		q.Length = lengthCode(int(float64(p.Height) / yres * 25.4))
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
		pages, err := s.documentPages(d, dest, cfg.choppingOf(f, dest))
		if err != nil {
			return &ConvertError{sched.WhyRejected, err.Error()}
		}
		cover := strings.Contains(d.File, "/cover")
		for _, p := range pages {
			if f.TotPages++; f.TotPages > maxPages {
				return &ConvertError{sched.WhyRejected, fmt.Sprintf("Too many pages in submission; max %d", maxPages)}
			}
			if cover {
				f.CoverPages++
			}
			if p.skip = !cover && !wanted.contains(f.TotPages-f.CoverPages); p.skip {
				f.SkipPages++
			}
			list = append(list, p)
		}
	}
	f.PageHandling = handling(list)
	return nil
}

// documentPages looks at the pages of a document that are left to send.
func (s *Server) documentPages(d spool.Document, dest destination, ch chopping) ([]handled, error) {
	r, err := openPages(s.spool.Path(d.File))
	if err != nil {
		return nil, fmt.Errorf("document file %s: %w", d.File, err)
	}
	defer r.Close()
	pages := r.Pages()
	if d.DirNum >= len(pages) {
		return nil, fmt.Errorf("document file %s has %d pages, page %d is to be sent", d.File, len(pages), d.DirNum+1)
	}
	var list []handled
	for i := d.DirNum; i < len(pages); i++ {
		p := pageParams(&pages[i], dest)
		list = append(list, handled{params: p, chop: ch.mark(r, i, i == len(pages)-1, p)})
	}
	return list, nil
}

// handled is a page on its way into pagehandling.
type handled struct {
	params Params
	skip   bool
	chop   string // ZXXXX, or nothing
}

// handling writes the string: parameters and letter of each page. The letter
// tells what follows, skipped pages left out.
func handling(list []handled) string {
	var b strings.Builder
	for i, h := range list {
		b.WriteString(h.params.encode() + h.chop)
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
