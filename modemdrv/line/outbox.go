package line

import (
	"fmt"
	"io"
	"math"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
)

// outbox is what a call has to send: the pages of the prepared documents of
// all jobs of its batch, one after the other (t30.Document).
type outbox struct {
	files []*tiff.Reader
	pages []pageRef
	doc   t30.Document // the pages as pels, for those that must be coded anew
}

// pageRef is one page of a call.
type pageRef struct {
	job                   int    // of the batch
	file                  string // relative to the spool
	reader                *tiff.Reader
	dir                   int // TIFF directory
	lastOfFile, lastOfJob bool
	info                  t30.PageInfo
}

// openOutbox reads the documents of a batch. A job without a page to send is
// an error: the scheduler does not hand such a job over.
func openOutbox(s *spool.Spool, jobs []*sending) (*outbox, error) {
	b := &outbox{}
	b.doc = modemdrv.NewDocument(bitmaps{b})
	for i, job := range jobs {
		before := len(b.pages)
		for _, d := range job.job.Documents {
			if d.Op != spool.OpFax {
				continue
			}
			if err := b.add(s, i, d); err != nil {
				b.close()
				return nil, fmt.Errorf("document %s of job %s: %w", d.File, job.job.JobID, err)
			}
		}
		if len(b.pages) == before {
			b.close()
			return nil, fmt.Errorf("job %s has no prepared document to send", job.job.JobID)
		}
		b.pages[len(b.pages)-1].lastOfJob = true
		b.pages[before].info.NewDocument = i > 0
	}
	return b, nil
}

// add adds the pages of a document from its first directory on.
func (b *outbox) add(s *spool.Spool, job int, d spool.Document) error {
	if err := spool.CheckName(d.File); err != nil {
		return err
	}
	r, err := tiff.Open(s.Path(d.File))
	if err != nil {
		return err
	}
	b.files = append(b.files, r)
	all := r.Pages()
	if d.DirNum >= len(all) {
		return fmt.Errorf("it has %d pages, and the job wants to go on after page %d", len(all), d.DirNum)
	}
	for dir := d.DirNum; dir < len(all); dir++ {
		info, err := pageInfo(&all[dir])
		if err != nil {
			return fmt.Errorf("page %d: %w", dir+1, err)
		}
		b.pages = append(b.pages, pageRef{job: job, file: d.File, reader: r, dir: dir, lastOfFile: dir == len(all)-1, info: info})
	}
	return nil
}

// pageInfo translates the tags of a page.
func pageInfo(p *tiff.Page) (t30.PageInfo, error) {
	if !p.Bilevel() {
		return t30.PageInfo{}, fmt.Errorf("it is not a black and white fax page: %w", tiff.ErrUnsupported)
	}
	info := t30.PageInfo{Resolution: t30.Standard}
	const slack = 0.15 // of a resolution: files round them in many ways
	near := func(v, want float64) bool { return math.Abs(v-want) <= want*slack }
	switch {
	case near(p.YRes, 391) && near(p.XRes, 408):
		info.Resolution = t30.R400
	case near(p.YRes, 391):
		info.Resolution = t30.Superfine
	case near(p.YRes, 300) && near(p.XRes, 300):
		info.Resolution = t30.R300
	case near(p.YRes, 196):
		info.Resolution = t30.Fine
	}
	for w := t30.Width215; w <= t30.Width303; w++ {
		info.Width = w
		if p.Width <= w.Dots(info.Resolution) {
			break
		}
	}
	if rows := float64(p.Height) / p.YRes * 25.4; rows > 364*1.02 {
		info.Length = t30.Unlimited
	} else if rows > 297*1.02 {
		info.Length = t30.LengthB4
	}
	return info, nil
}

// ref is a page by its number in the call, from 1.
func (b *outbox) ref(page int) pageRef {
	if page < 1 || page > len(b.pages) {
		return pageRef{job: -1}
	}
	return b.pages[page-1]
}

// Page describes a page (t30.Document).
func (b *outbox) Page(n int) (t30.PageInfo, bool) {
	if n < 0 || n >= len(b.pages) {
		return t30.PageInfo{}, false
	}
	return b.pages[n].info, true
}

// Code gives a page's code (t30.Document).
func (b *outbox) Code(n int, p t30.Parameters) (io.Reader, error) {
	if n < 0 || n >= len(b.pages) {
		return nil, fmt.Errorf("there is no page %d", n+1)
	}
	code, err := b.doc.Code(n, p)
	if err != nil {
		return nil, fmt.Errorf("%s: page %d: %w", b.pages[n].file, b.pages[n].dir+1, err)
	}
	return code, nil
}

func (b *outbox) close() {
	for _, f := range b.files {
		f.Close()
	}
}

// bitmaps shows the pages of an outbox as pels (modemdrv.PageSource).
type bitmaps struct{ *outbox }

// Bitmap decodes a page.
func (b bitmaps) Bitmap(n int) (*t4.Bitmap, error) {
	page, _, err := b.pages[n].reader.Decode(b.pages[n].dir)
	return page, err
}
