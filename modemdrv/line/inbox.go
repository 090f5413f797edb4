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
	line      *Line
	set       *Settings
	log       *spool.SessionLog
	from      *origin
	to        recipient
	polled    *polled // what asked for the documents; nil: a call that came in
	pages     t30.Receiver
	open      *received // the document that pages go to; nil: none is begun
	documents []*received
}

// origin is where the documents of a call come from, as far as known.
type origin struct {
	sender  string   // TSI
	passwd  string   // PWD
	subaddr string   // SUB
	callIDs []string // number, name, ANI, called number
}

// recipient is told what an inbox received.
type recipient interface {
	// pageReceived: a page is on disk.
	pageReceived(d *received)
	// documentReceived: a file of recvq is complete. reason is what went wrong,
	// empty if nothing did.
	documentReceived(d *received, reason string)
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

func newInbox(l *Line, set *Settings, log *spool.SessionLog, from *origin, to recipient) *inbox {
	b := &inbox{line: l, set: set, log: log, from: from, to: to}
	b.pages = modemdrv.NewPages(b)
	return b
}

// trace writes a line into the session log.
func (b *inbox) trace(format string, args ...any) {
	role := "RECV"
	if b.polled != nil {
		role = "POLL"
	}
	b.log.Printf(time.Now(), role+" "+format, args...)
}

// Page begins a page (t30.Receiver).
func (b *inbox) Page(p t30.Parameters) (t30.PageWriter, error) {
	if err := b.document(); err != nil {
		b.trace("FAX: %v", err)
		b.line.log.Error().Err(err).Msg("received page cannot be stored")
		return nil, err
	}
	return b.pages.Page(p)
}

// document begins a document where none is open.
func (b *inbox) document() error {
	if b.open != nil {
		return nil
	}
	f, err := b.line.spool.NewReceived(b.set.RecvMode)
	if err != nil {
		return err
	}
	out, err := tiff.NewWriter(f.File)
	if err != nil {
		_ = f.Remove(b.line.spool)
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
		XRes: float64(x), YRes: float64(y), Number: d.pages, Description: b.from.sender, Software: "Litoria", Make: "Litoria", Model: "soft modem",
		DateTime: now, HostComputer: hostname(), QualityKnown: true, BadRows: p.Quality.BadRows, MaxConsecutiveBad: p.Quality.LongestBad,
		FaxRecvParams: packParameters(p.Parameters), FaxRecvTime: int(now.Sub(d.last) / time.Second),
	}
	if p.Quality.BadRows > 0 {
		page.Clean = tiff.Regenerated
	}
	page.SetCoding(b.set.coding(p))
	if err := d.out.WriteBitmap(page, p.Bitmap); err != nil {
		b.trace("FAX: %s: page %d cannot be stored: %v", d.file.Name, d.pages+1, err)
		b.line.log.Error().Str("file", d.file.Name).Err(err).Msg("received page cannot be stored")
		return err
	}
	took := now.Sub(d.last)
	d.pages++
	d.last, d.params = now, p.Parameters
	b.trace("FAX (%s): from %s, page %d in %s, %v, %v, %s, %d bit/s", b.log.CommID, b.from.sender, d.pages, spool.FormatDuration(took),
		p.Parameters.Length, p.Parameters.Resolution, formatName(p.Parameters.Coding), p.Parameters.Rate.BitRate)
	b.to.pageReceived(d)
	if p.Last {
		b.open = nil
	}
	return nil
}

// coding is the one in which a page is kept: as it came, but damaged rows are
// concealed by then, and MMR is the smallest for those. RecvDataFormat is about
// pages that came without error correction.
func (set *Settings) coding(p modemdrv.ReceivedPage) t4.Coding {
	switch {
	case set.RecvCoded && !p.Parameters.ECM():
		return set.RecvCoding
	case p.Quality.BadRows > 0:
		return t4.MMR
	}
	return p.Parameters.Coding
}

// info is what messages about a reception tell.
func (b *inbox) info(d *received, reason string) spool.RecvInfo {
	return spool.RecvInfo{Seconds: uint32(d.last.Sub(d.start) / time.Second), NPages: d.pages, Params: packParameters(d.params), File: d.file.Name,
		CommID: b.log.CommID, Sender: b.from.sender, Passwd: b.from.passwd, SubAddr: b.from.subaddr, Reason: reason, CallIDs: b.from.callIDs}
}

// record is what xferfaxlog holds of a document.
func (b *inbox) record(d *received, reason string) *spool.Record {
	took := d.last.Sub(d.start)
	rec := &spool.Record{Kind: "RECV", Start: d.start, CommID: b.log.CommID, Device: b.line.devid, JobID: d.file.Name, User: "fax", Dest: b.set.Number,
		CSI: b.from.sender, Params: packParameters(d.params), NPages: d.pages, Duration: took, ConnTime: took, Status: reason, CallIDs: b.from.callIDs}
	b.polled.address(rec)
	return rec
}

// end closes the documents of the call: records, messages, delivery. It gives how
// many came with at least a page.
func (b *inbox) end(result t30.Result) (documents int) {
	for i, d := range b.documents {
		reason := ""
		if i == len(b.documents)-1 && result.Outcome != t30.Done {
			reason = statusText(result)
		}
		if d.pages == 0 {
			b.trace("FAX: empty file %q deleted", d.file.Name)
			_ = d.file.Remove(b.line.spool)
			continue
		}
		documents++
		if err := d.file.Finish(b.set.RecvMode); err != nil {
			b.line.log.Error().Str("file", d.file.Name).Err(err).Msg("received file cannot be finished")
		}
		b.finished(d, reason)
	}
	b.open = nil
	b.settled()
	return documents
}

// finished records a document and hands it on.
func (b *inbox) finished(d *received, reason string) {
	route := b.from.subaddr
	if route == "" {
		route = "<unspecified>"
	}
	b.trace("FAX (%s): %s from %s, route to %s, %d pages in %s", b.log.CommID, d.file.Name, b.from.sender, route, d.pages, spool.FormatDuration(d.last.Sub(d.start)))
	if reason != "" {
		b.trace("FAX (%s): session with %s terminated abnormally: %s", b.log.CommID, b.from.sender, reason)
	}
	rec := b.record(d, reason)
	if err := b.line.spool.AppendRecord(rec); err != nil {
		b.line.log.Error().Err(err).Msgf("%s record cannot be written", rec.Kind)
	}
	b.to.documentReceived(d, reason)
}
