package line

import (
	"fmt"
	"io"
	"math"
	"slices"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// outbox is what a call has to send: the pages of the prepared documents of
// all jobs of its batch, one after the other (t30.Document).
type outbox struct {
	files []*tiff.Reader
	pages []pageRef
	doc   t30.Document // the pages as pels, for those that must be coded anew
	// turn tells whether a job is to be sent when its turn comes.
	turn  func(job int) bool
	asked int // the last job that turn was asked of
	// tagLine draws the tag line of a page, whose number in the call is given.
	tagLine      func(ref *pageRef, number int, b *t4.Bitmap)
	countSkipped bool
}

// pageRef is one page of a call.
type pageRef struct {
	job        int    // of the batch
	file       string // relative to the spool
	reader     *tiff.Reader
	dir        int // TIFF directory
	place      int // in the job, from 1
	lastOfFile bool
	// before and after are pages of the job that are not to be sent and stand
	// before this one, or behind it if it is the job's last.
	before, after []skipped
	lastOfJob     bool
	chop          bool // white rows at the end are left out
	info          t30.PageInfo
}

// skipped is a page that is not to be sent.
type skipped struct {
	file string
	last bool // of the file
}

// openOutbox reads the documents of a batch. What is wrong with the first job
// is an error; a later job that cannot be sent is left out with those behind it,
// as if the batch ended before it.
func openOutbox(t *transmission, jobs []*sending) (*outbox, error) {
	b := &outbox{turn: t.turn, tagLine: t.drawTagLine, countSkipped: t.set.CountSkipped}
	b.doc = modemdrv.NewDocument(bitmaps{b})
	for i, job := range jobs {
		if i > 0 && (polls(job.job) || polls(jobs[0].job)) {
			t.trace("SEND: JOB %s left out: a job that polls has a call of its own", job.job.JobID)
			break
		}
		pages, err := b.read(t.spool, i, job.job)
		if err != nil && i == 0 {
			b.close()
			return nil, err
		}
		if err != nil {
			t.trace("SEND: JOB %s left out: %v", job.job.JobID, err)
			break
		}
		b.pages = append(b.pages, pages...)
	}
	return b, nil
}

// read lists the pages of a job.
func (b *outbox) read(s *spool.Spool, i int, j *spool.Job) ([]pageRef, error) {
	var pages []pageRef
	var left []skipped
	place := j.NPages
	handling := j.PageHandling
	for _, d := range j.Documents {
		if d.Op != spool.OpFax {
			continue
		}
		r, infos, err := b.open(s, d)
		if err != nil {
			return nil, err
		}
		for n, info := range infos {
			skip, chop := pageMarks(handling)
			handling = linectl.CutPage(handling)
			last := n == len(infos)-1
			if !skip || b.countSkipped {
				place++
			}
			if skip {
				left = append(left, skipped{d.File, last})
				continue
			}
			pages = append(pages, pageRef{job: i, place: place, file: d.File, reader: r, dir: d.DirNum + n, lastOfFile: last, before: left, chop: chop, info: info})
			left = nil
		}
	}
	if len(pages) == 0 && polls(j) {
		return nil, nil
	}
	if len(pages) == 0 {
		return nil, fmt.Errorf("Job has no pages to send") //nolint:staticcheck // shown to people as it is
	}
	oneLength(pages)
	pages[0].info.NewDocument = i > 0
	last := &pages[len(pages)-1]
	last.lastOfJob, last.after = true, left
	return pages, nil
}

// oneLength gives all pages the length of the longest: where the length changes the
// far end would begin another document.
func oneLength(pages []pageRef) {
	longest := t30.LengthA4
	for _, p := range pages {
		longest = max(longest, p.info.Length)
	}
	for i := range pages {
		pages[i].info.Length = longest
	}
}

// polls tells whether a job has a poll request.
func polls(j *spool.Job) bool { return j.Find(spool.OpPoll) >= 0 }

// pageMarks reads the mark of the first page of a pagehandling string
// (sendq(5)): X, the page is not sent; Z, its white end is left out.
func pageMarks(handling string) (skip, chop bool) {
	if len(handling) < 3 {
		return false, false
	}
	chop = handling[2] == 'Z'
	mark := handling[2]
	if chop && len(handling) >= 8 {
		mark = handling[7]
	}
	return mark == 'X', chop
}

// open opens a document and describes its pages from the first that is left.
func (b *outbox) open(s *spool.Spool, d spool.Document) (*tiff.Reader, []t30.PageInfo, error) {
	if err := spool.CheckName(d.File); err != nil {
		return nil, nil, err
	}
	r, err := tiff.Open(s.Path(d.File))
	if err != nil {
		return nil, nil, fmt.Errorf("Can not open document file %s: %w", d.File, err) //nolint:staticcheck // HylaFAX's words
	}
	b.files = append(b.files, r)
	all := r.Pages()
	if d.DirNum >= len(all) {
		return nil, nil, fmt.Errorf("Can not set directory in document file %s: it has %d pages, and page %d is the next to be sent", d.File, len(all), d.DirNum+1) //nolint:staticcheck // HylaFAX's words
	}
	var infos []t30.PageInfo
	for dir := d.DirNum; dir < len(all); dir++ {
		info, err := pageInfo(&all[dir])
		if err != nil {
			return nil, nil, fmt.Errorf("%s: page %d: %w", d.File, dir+1, err)
		}
		infos = append(infos, info)
	}
	return r, infos, nil
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

// Page describes a page (t30.Document). Where the pages of another job begin it
// asks whether that one's turn has come; if not its pages are taken out.
func (b *outbox) Page(n int) (t30.PageInfo, bool) {
	for n >= 0 && n < len(b.pages) {
		job := b.pages[n].job
		if job <= b.asked || b.turn(job) {
			b.asked = max(b.asked, job)
			return b.pages[n].info, true
		}
		b.pages = slices.DeleteFunc(b.pages, func(p pageRef) bool { return p.job == job })
	}
	return t30.PageInfo{}, false
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
	ref := &b.pages[n]
	page, _, err := ref.reader.Decode(ref.dir)
	if err != nil {
		return nil, err
	}
	if ref.chop {
		chop(page)
	}
	b.tagLine(ref, n+1, page)
	return page, nil
}

// chop leaves out the white rows at the end of a page, but for a margin.
func chop(b *t4.Bitmap) {
	const margin = 100 // rows, about an inch at 3.85 lines/mm and half of one at 7.7
	last := b.Height
	for last > 0 && !slices.ContainsFunc(b.Row(last-1), func(c byte) bool { return c != 0 }) {
		last--
	}
	if last += margin; last < b.Height {
		b.Pix = b.Pix[:len(b.Pix)/b.Height*last]
		b.Height = last
	}
}
