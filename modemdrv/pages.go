package modemdrv

import (
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// ReceivedPage is a page that came, decoded.
type ReceivedPage struct {
	Bitmap     *t4.Bitmap
	Parameters t30.Parameters
	Quality    t30.Quality
	Complete   bool // false: the call ended within it
	Last       bool // no page follows in its document
}

// PageStore takes received pages.
type PageStore interface {
	// Store keeps a page for good: when it returns nil, the page is confirmed.
	Store(p ReceivedPage) error
}

// NewPages makes of a PageStore what a session receives with: it decodes pages
// as they come in, so that the copy quality is known when they end.
func NewPages(store PageStore) t30.Receiver { return pages{store} }

type pages struct{ store PageStore }

// Page implements t30.Receiver.
func (r pages) Page(p t30.Parameters) (t30.PageWriter, error) {
	w := &pageWriter{store: r.store, params: p, page: &t4.Bitmap{Width: p.Dots()}}
	dec, err := t4.NewDecoder(p.Coding, p.Dots(), func(row []byte, _ bool) { w.page.AppendRow(row) })
	if err != nil {
		return nil, err
	}
	w.dec = dec
	return w, nil
}

type pageWriter struct {
	store  PageStore
	params t30.Parameters
	page   *t4.Bitmap
	dec    *t4.Decoder
}

// Write implements t30.PageWriter.
func (w *pageWriter) Write(code []byte) (int, error) { return w.dec.Write(code) }

// Quality implements t30.PageWriter.
func (w *pageWriter) Quality() t30.Quality {
	q := w.dec.Quality()
	return t30.Quality{Rows: q.Rows, BadRows: q.BadRows, LongestBad: q.MaxConsecutiveBad}
}

// Keep implements t30.PageWriter.
func (w *pageWriter) Keep(complete, last bool) error {
	if !w.dec.Ended() {
		if err := w.dec.Close(); err != nil {
			return err
		}
	}
	return w.store.Store(ReceivedPage{w.page, w.params, w.Quality(), complete, last})
}

// Discard implements t30.PageWriter.
func (w *pageWriter) Discard() { w.page = nil }
