package t30

import (
	"errors"
	"io"
)

// Config says what a session is to do, and who we are.
type Config struct {
	// Calling: we called; else we answered. CNG or CED are sent accordingly.
	Calling bool
	// NoCED leaves the answering tone out: it was sent already.
	NoCED bool

	ID        string // our number or name, for CSI, TSI and CIG, up to 20 characters
	StationID string // a longer name, for NSF in HylaFAX's form; "" sends no NSF
	// For the far end; "" leaves the frame out.
	Subaddress    string // SUB, when sending
	Password      string // SID, when sending (HylaFAX reads it as PWD)
	PollPassword  string // PWD, when polling
	PolledAddress string // SEP, when polling

	// Document is what a caller sends, or what a called station has to be
	// polled; nil: nothing.
	Document Document
	// Poll: a caller asks for a document, after it sent its own if it has one.
	Poll bool
	// Pages takes received pages; nil: we do not receive.
	Pages Receiver

	// Capabilities of our own: of modems, resolutions, widths, codings. Zero
	// values of Modems, Codings, Resolutions: all of them.
	Capabilities Capabilities
	// Rates in bit/s between which sending is tried; zero: no limit. MaxRate also
	// bounds what we offer as a receiver.
	MaxRate, MinRate int
	NoECM            bool // neither offer nor use it
	FrameSize        int  // octets of the ECM frames that we send, 256 (0) or 64

	// Accept judges the caller when its identity is known: a non-nil error ends
	// the call with DCN before anything is received. nil accepts all.
	Accept func(Remote) error
	// AcceptPoll judges a caller that polls (SEP, PWD, CIG are known).
	AcceptPoll func(Remote) error

	// What a page received without ECM must be like; see hylafax-config(5).
	PercentGoodLines       int // 0: not checked
	MaxConsecutiveBadLines int // 0: not checked; twice as many at 7.7 lines/mm
	MinAcceptedLineCount   int
	BadPage                BadPageHandling
	RTN                    RTNHandling
	MaxRecvPages           int  // 0: no limit
	DropUnconfirmed        bool // do not keep what came of a page that was never finished

	// GiveUpECM: a block that cannot be brought over is given up with EOR and the
	// page goes on with errors, where otherwise the call ends.
	GiveUpECM bool
	// Tries is how often a command is sent before the call is given up; 0: 3.
	Tries int
}

// BadPageHandling is what a receiver does with a page of bad quality.
type BadPageHandling uint8

// The ways of BadPageHandlingMethod, hylafax-config(5).
const (
	RTNSave    BadPageHandling = iota // answer RTN, keep the page
	RTNDiscard                        // answer RTN; the next one takes its place
	SendDCN                           // end the call
)

// RTNHandling is what a sender does when told RTN.
type RTNHandling uint8

// The ways of RTNHandlingMethod, hylafax-config(5).
const (
	RetransmitIgnore RTNHandling = iota // send again, twice; then go on to the next page
	Retransmit                          // send again, twice; then give up
	GiveUp                              // end the call
	Ignore                              // go on to the next page
)

// PageInfo tells what a page to be sent is like.
type PageInfo struct {
	Resolution  Resolution
	Inch        bool
	Width       Width
	Length      Length
	NewDocument bool // the page begins another document: EOM goes before it
}

// Document is a sequence of pages to be sent.
type Document interface {
	// Page describes page n, from 0; ok is false after the last.
	Page(n int) (info PageInfo, ok bool)
	// Code gives the code of page n as p says (coding, width, resolution, least
	// bits per row), to the end with its RTC or EOFB. It may be called again
	// for the same page.
	Code(n int, p Parameters) (io.Reader, error)
}

// Quality is what a receiver knows about the rows of a page.
type Quality struct {
	Rows       int
	BadRows    int
	LongestBad int // bad rows in a row, at most
}

// Receiver takes the pages that are received.
type Receiver interface {
	// Page begins the page that comes next.
	Page(p Parameters) (PageWriter, error)
}

// PageWriter takes one page. Exactly one of Keep and Discard ends it.
type PageWriter interface {
	// Write takes code, the first bit as the most significant one.
	Write(code []byte) (int, error)
	// Quality tells, after the last Write, how good the page is.
	Quality() Quality
	// Keep stores the page for good: when it returns nil, the page is confirmed.
	// complete is false for a page that the call's end cut off. last tells that
	// no page follows in this document.
	Keep(complete, last bool) error
	// Discard forgets the page.
	Discard()
}

// Errors of a Config.
var (
	ErrNothingToDo = errors.New("t30: neither a document to send nor a place for received pages")
	ErrNoDocument  = errors.New("t30: the document has no pages")
	ErrPoll        = errors.New("t30: only a caller with a place for received pages can poll")
)

func (c *Config) check() error {
	if c.Document == nil && c.Pages == nil {
		return ErrNothingToDo
	}
	if c.Document != nil {
		if _, ok := c.Document.Page(0); !ok {
			return ErrNoDocument
		}
	}
	if c.Poll && (!c.Calling || c.Pages == nil) {
		return ErrPoll
	}
	if c.Calling && c.Document == nil && !c.Poll {
		return ErrNothingToDo
	}
	if c.FrameSize != 64 {
		c.FrameSize = 256
	}
	if c.Tries <= 0 {
		c.Tries = defaultTries
	}
	return nil
}

// defaultTries is how often T.30 has a command sent (Figure 5-2, "3rd try?").
const defaultTries = 3

// offer is what we put into DIS or DTC.
func (c *Config) offer() Capabilities {
	o := c.Capabilities
	if o.Modems == (Modems{}) {
		o.Modems = AllModems
	}
	if c.MaxRate > 0 {
		o.Modems.V17 = o.Modems.V17 && c.MaxRate > 9600
		o.Modems.V29 = o.Modems.V29 && c.MaxRate > 4800
		o.Modems.V27ter4800 = o.Modems.V27ter4800 && c.MaxRate > 2400
	}
	if o.Codings == 0 {
		o.Codings = AllCodings
	}
	if o.Resolutions == 0 {
		o.Resolutions = AllResolutions
	}
	o.ECM = !c.NoECM
	o.Receive = c.Pages != nil
	o.Transmit = !c.Calling && c.Document != nil
	o.Subaddress, o.Password = true, true
	o.SelectivePolling = o.Transmit
	return o
}
