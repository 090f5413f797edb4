package line

import (
	"crypto/subtle"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
)

// pollbox is what a caller may poll: the documents of pollq, of which one is
// chosen by the address that it gives (t30.Document).
//
// A document is a TIFF file of fax pages whose name begins with "fax", as hfaxd
// shows it. A caller that polls the address 77 (SEP) gets fax77 or fax77.tif;
// one that gives no address gets fax or fax.tif, or the only document there is.
type pollbox struct {
	r         *reception
	documents []pollDocument
	chosen    *pollDocument // nil: no caller has polled
	code      t30.Document  // of the chosen one
	start     time.Time
	page      int // confirmed pages
	params    t30.Parameters
}

// pollDocument is one of them.
type pollDocument struct {
	name    string // pollq/fax77.tif
	address string // 77
	reader  *tiff.Reader
	pages   []pageRef
}

// maxPollDocuments bounds how many documents of pollq are offered.
const maxPollDocuments = 1000

// openPollbox reads pollq. It gives nil if nothing in it can be polled.
func openPollbox(r *reception) *pollbox {
	entries, err := os.ReadDir(r.spool.Path(spool.PollQ))
	if err != nil {
		r.trace("POLLED: pollq cannot be read: %v", err)
		return nil
	}
	b := &pollbox{r: r}
	for _, e := range entries {
		rest, ok := strings.CutPrefix(e.Name(), "fax")
		if !ok || !e.Type().IsRegular() || len(b.documents) >= maxPollDocuments {
			continue
		}
		d := pollDocument{name: spool.PollQ + "/" + e.Name(), address: strings.TrimSuffix(rest, filepath.Ext(rest))}
		if err := d.open(r.spool); err != nil {
			r.trace("POLLED: %v; it is not offered", err)
			continue
		}
		b.documents = append(b.documents, d)
	}
	if len(b.documents) == 0 {
		return nil
	}
	return b
}

// open opens the document and describes its pages.
func (d *pollDocument) open(s *spool.Spool) error {
	r, err := tiff.Open(s.Path(d.name))
	if err != nil {
		return err
	}
	for i := range r.Pages() {
		info, err := pageInfo(&r.Pages()[i])
		if err != nil {
			r.Close()
			return fmt.Errorf("%s: page %d: %w", d.name, i+1, err)
		}
		d.pages = append(d.pages, pageRef{file: d.name, reader: r, dir: i, info: info})
	}
	if len(d.pages) == 0 {
		r.Close()
		return fmt.Errorf("%s has no pages", d.name)
	}
	oneLength(d.pages)
	d.reader = r
	return nil
}

// close closes all documents. A nil pollbox has none.
func (b *pollbox) close() {
	if b == nil {
		return
	}
	for _, d := range b.documents {
		d.reader.Close()
	}
}

// choose finds the document of an address; "" is a caller's that gave none.
func (b *pollbox) choose(address string) *pollDocument {
	address = strings.ReplaceAll(address, " ", "")
	i := slices.IndexFunc(b.documents, func(d pollDocument) bool { return d.address == address })
	switch {
	case i >= 0:
		return &b.documents[i]
	case address == "" && len(b.documents) == 1:
		return &b.documents[0]
	}
	return nil
}

// permit judges a caller that polls, and chooses its document.
func (b *pollbox) permit(remote t30.Remote) error {
	r := b.r
	r.trace("POLLED: %q asks for a document (SEP %q)", clean(remote.ID), clean(remote.PolledAddress))
	if err := r.qualified("CIG", r.set.QualifyCIG, remote.ID); err != nil {
		return err
	}
	if want := r.set.PollPassword; want != "" && subtle.ConstantTimeCompare([]byte(want), []byte(remote.Password)) != 1 {
		r.trace("POLLED: the password (PWD) is wrong or missing")
		return errors.New("Permission denied (unacceptable polling password)") //nolint:staticcheck // shown as it is
	}
	if b.chosen = b.choose(remote.PolledAddress); b.chosen == nil {
		return fmt.Errorf("pollq has no document for the address %q", clean(remote.PolledAddress))
	}
	b.code = modemdrv.NewDocument(pollPages{b})
	b.start = time.Now()
	r.tracer.role = "SEND"
	r.trace("POLLED: sending %s, %d pages", b.chosen.name, len(b.chosen.pages))
	return nil
}

// Page describes a page of the chosen document; before one is chosen, of any.
func (b *pollbox) Page(n int) (t30.PageInfo, bool) {
	d := b.chosen
	if d == nil {
		d = &b.documents[0]
	}
	if n < 0 || n >= len(d.pages) {
		return t30.PageInfo{}, false
	}
	return d.pages[n].info, true
}

// Code gives a page's code.
func (b *pollbox) Code(n int, p t30.Parameters) (io.Reader, error) {
	if b.code == nil {
		return nil, errors.New("no document was chosen")
	}
	return b.code.Code(n, p)
}

// pollPages shows the pages of the chosen document as pels (modemdrv.PageSource).
type pollPages struct{ *pollbox }

// Bitmap decodes a page.
func (p pollPages) Bitmap(n int) (*t4.Bitmap, error) {
	page, _, err := p.chosen.reader.Decode(n)
	return page, err
}

// news follows the pages that are sent.
func (b *pollbox) news(n t30.News) {
	if b == nil {
		return
	}
	switch n := n.(type) {
	case t30.PageStartNews:
		if n.Sending {
			b.r.sayNow("Polled by %q, page %d of %d at %v", b.r.sender, n.Page, len(b.chosen.pages), n.Parameters.Rate)
		}
	case t30.PageNews:
		if n.Sending && n.Confirmed {
			b.page, b.params = n.Page, n.Parameters
		}
	}
}

// over records what was polled: a SEND record whose job is the file.
func (b *pollbox) over(result t30.Result) {
	if b == nil || b.chosen == nil {
		return
	}
	r := b.r
	took := time.Since(b.start)
	r.trace("POLLED: %s to %q, %d of %d pages in %s", b.chosen.name, r.sender, b.page, len(b.chosen.pages), spool.FormatDuration(took))
	rec := &spool.Record{Kind: "SEND", Start: b.start, CommID: r.log.CommID, Device: r.devid, JobID: b.chosen.name, JobTag: "polled", User: "fax", Dest: r.callIDs[0],
		CSI: r.sender, NPages: b.page, Duration: took, ConnTime: took, Owner: "fax"}
	if b.page > 0 {
		rec.Params = packParameters(b.params)
	}
	if result.Outcome != t30.Done {
		rec.Status = statusText(result)
	}
	if err := r.spool.AppendRecord(rec); err != nil {
		r.Line.log.Error().Err(err).Msg("SEND record cannot be written")
	}
}
