package line

import (
	"fmt"
	"time"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
)

// inbox puts received pages into files of recvq: one file for each document of
// the call. A page is on disk before it is confirmed.
type inbox struct {
	r         *reception
	pages     t30.Receiver
	open      *received // the document that pages go to; nil: none is begun
	documents []*received
}

// received is one document.
type received struct {
	file   *spool.Received
	out    *tiff.Writer
	pages  int
	params t30.Parameters
	start  time.Time
	last   time.Time // when its latest page was complete
}

func newInbox(r *reception) *inbox {
	b := &inbox{r: r}
	b.pages = modemdrv.NewPages(b)
	return b
}

// Page begins a page (t30.Receiver).
func (b *inbox) Page(p t30.Parameters) (t30.PageWriter, error) {
	if err := b.document(); err != nil {
		b.r.trace("RECV FAX: %v", err)
		b.r.Line.log.Error().Err(err).Msg("received page cannot be stored")
		return nil, err
	}
	return b.pages.Page(p)
}

// document begins a document where none is open.
func (b *inbox) document() error {
	if b.open != nil {
		return nil
	}
	f, err := b.r.spool.NewReceived(b.r.set.RecvMode)
	if err != nil {
		return err
	}
	out, err := tiff.NewWriter(f.File)
	if err != nil {
		_ = f.Remove(b.r.spool)
		return fmt.Errorf("%s: %w", f.Name, err)
	}
	now := time.Now()
	b.open = &received{file: f, out: out, start: now, last: now}
	b.documents = append(b.documents, b.open)
	b.begun()
	return nil
}

// Store writes a page (modemdrv.PageStore). It returns after the page is on
// disk: then it is confirmed.
func (b *inbox) Store(p modemdrv.ReceivedPage) error {
	if err := b.document(); err != nil {
		return err
	}
	d := b.open
	now := time.Now()
	x, y := p.Parameters.Resolution.DPI(p.Parameters.Inch)
	page := tiff.Page{
		XRes: float64(x), YRes: float64(y), Number: d.pages, Description: b.r.sender, Software: "Litoria", Make: "Litoria", Model: "soft modem",
		DateTime: now, HostComputer: hostname(), QualityKnown: true, BadRows: p.Quality.BadRows, MaxConsecutiveBad: p.Quality.LongestBad,
		FaxRecvParams: packParameters(p.Parameters), FaxRecvTime: int(now.Sub(d.last) / time.Second),
	}
	if p.Quality.BadRows > 0 {
		page.Clean = tiff.Regenerated
	}
	page.SetCoding(stored(p))
	if err := d.out.WriteBitmap(page, p.Bitmap); err != nil {
		b.r.trace("RECV FAX: %s: page %d cannot be stored: %v", d.file.Name, d.pages+1, err)
		b.r.Line.log.Error().Str("file", d.file.Name).Err(err).Msg("received page cannot be stored")
		return err
	}
	took := now.Sub(d.last)
	d.pages++
	d.last, d.params = now, p.Parameters
	b.r.trace("RECV FAX (%s): from %s, page %d in %s, %v, %v, %s, %d bit/s", b.r.log.CommID, b.r.sender, d.pages, spool.FormatDuration(took),
		p.Parameters.Length, p.Parameters.Resolution, formatName(p.Parameters.Coding), p.Parameters.Rate.BitRate)
	_ = b.r.spool.RecvStatus(b.r.devid, "P"+b.info(d, "").String())
	if p.Last {
		b.open = nil
	}
	return nil
}

// stored is the coding in which a page is kept: as it came, but damaged rows
// are concealed by then, and MMR is the smallest for those.
func stored(p modemdrv.ReceivedPage) t4.Coding {
	if p.Quality.BadRows > 0 {
		return t4.MMR
	}
	return p.Parameters.Coding
}

// info is what messages about a reception tell.
func (b *inbox) info(d *received, reason string) spool.RecvInfo {
	return spool.RecvInfo{Seconds: uint32(d.last.Sub(d.start) / time.Second), NPages: d.pages, Params: packParameters(d.params), File: d.file.Name,
		CommID: b.r.log.CommID, Sender: b.r.sender, Passwd: b.r.passwd, SubAddr: b.r.subaddr, Reason: reason, CallIDs: b.r.callIDs}
}

// end closes the documents of the call: records, messages, delivery.
func (b *inbox) end(result t30.Result) {
	for i, d := range b.documents {
		reason := ""
		if i == len(b.documents)-1 && result.Outcome != t30.Done {
			reason = statusText(result)
		}
		if d.pages == 0 {
			b.r.trace("RECV: empty file %q deleted", d.file.Name)
			_ = d.file.Remove(b.r.spool)
			continue
		}
		if err := d.file.Finish(b.r.set.RecvMode); err != nil {
			b.r.Line.log.Error().Str("file", d.file.Name).Err(err).Msg("received file cannot be finished")
		}
		b.documentReceived(d, reason)
	}
	b.open = nil
	b.settled()
}

func (b *inbox) documentReceived(d *received, reason string) {
	route := b.r.subaddr
	if route == "" {
		route = "<unspecified>"
	}
	took := d.last.Sub(d.start)
	b.r.trace("RECV FAX (%s): %s from %s, route to %s, %d pages in %s", b.r.log.CommID, d.file.Name, b.r.sender, route, d.pages, spool.FormatDuration(took))
	if reason != "" {
		b.r.trace("RECV FAX (%s): session with %s terminated abnormally: %s", b.r.log.CommID, b.r.sender, reason)
	}
	rec := &spool.Record{Kind: "RECV", Start: d.start, CommID: b.r.log.CommID, Device: b.r.devid, JobID: d.file.Name, User: "fax", Dest: b.r.set.Number,
		CSI: b.r.sender, Params: packParameters(d.params), NPages: d.pages, Duration: took, ConnTime: took, Status: reason, CallIDs: b.r.callIDs}
	if err := b.r.spool.AppendRecord(rec); err != nil {
		b.r.Line.log.Error().Err(err).Msg("RECV record cannot be written")
	}
	_ = b.r.spool.RecvStatus(b.r.devid, "D"+b.info(d, reason).String())
	b.r.deliver(d.file.Name, reason)
}
