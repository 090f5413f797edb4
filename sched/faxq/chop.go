package faxq

import (
	"fmt"

	"github.com/litoria-fax/litoria/document"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// Page chopping (PageChop, PageChopThreshold of hylafax-config(5), pagehandling
// of sendq(5)): a page that ends in white is sent short, where the far end
// takes pages of any length. pagehandling then has ZXXXX between the page's
// parameters and its letter; XXXX is how many octets at the end of the page's
// code are white rows that need not be sent.

const (
	// maxChop is the largest count that has room in pagehandling.
	maxChop = 0xffff
	// topMargin is the part of a page that is never cut, in inches: it has
	// the tag line, and some machines do not print the first rows.
	topMargin = 1
)

// chopping is what is to be cut of the pages of a job.
type chopping struct {
	pages     spool.PageChop
	threshold float64 // inches
}

// choppingOf decides between the job's wishes and the site's.
func (c *Config) choppingOf(f *spool.Job, dest destination) chopping {
	ch := chopping{f.PageChop, f.ChopThreshold}
	if dest.length != unlimitedLength {
		ch.pages = spool.ChopNone
	}
	if ch.pages == spool.ChopDefault {
		ch.pages = c.PageChop
	}
	if ch.threshold < 0 {
		ch.threshold = c.PageChopThreshold
	}
	return ch
}

// mark gives the ZXXXX of page i of a document, "" if it is sent in full. last
// tells that it is the document's last page.
func (ch chopping) mark(r *tiff.Reader, i int, last bool, p Params) string {
	if ch.pages != spool.ChopAll && !(ch.pages == spool.ChopLast && last) {
		return ""
	}
	lpi := chopRows(p)
	rows, octets := document.WhiteEnd(r, i, int(lpi*topMargin))
	if rows <= int(lpi*ch.threshold) || octets == 0 {
		return ""
	}
	return fmt.Sprintf("Z%04x", min(octets, maxChop))
}

// chopRows is how many rows of a page are an inch.
func chopRows(p Params) float64 {
	switch p.VRCode {
	case sched.VResFine, sched.VRes200x200:
		return fineLPI
	case sched.VRes300x300:
		return 300
	case sched.VResR8, sched.VResR16, sched.VRes200x400:
		return 391
	}
	return normalLPI
}
