package t30

import "github.com/litoria-fax/litoria/modemdrv/modem"

// Event is something that happened on the line. Its types are below.
type Event interface{ event() }

// FrameEvent is a frame that arrived.
type FrameEvent struct {
	Frame Frame // valid during the call; not to be trusted if Good is false
	Good  bool  // the check sequence is right
	Fast  bool  // it came by the fast modem (ECM), not by V.21
}

// CarrierEvent tells about the far end's signal.
type CarrierEvent struct {
	Fast   bool // by the fast modem, else V.21
	Status modem.Status
}

// DataEvent is image code or training check that arrived by the fast modem, not
// in frames. The bit received first is the most significant one.
type DataEvent struct {
	Octets []byte // valid during the call
}

// GapEvent tells that signal of this length was lost on the way and made up,
// just before what comes next.
type GapEvent struct{ Length Samples }

// SentEvent tells that the last transmission that was asked for is over.
type SentEvent struct{}

// ToneEvent tells that a tone was heard.
type ToneEvent struct {
	Tone  Tone
	Digit byte // '0' to '9', 'A' to 'D', '*' or '#', for PushButton
}

// LineDownEvent tells that the call was ended by the far end or on the way.
type LineDownEvent struct{}

// AbortEvent asks to end the call: an image is broken off, anything else that is
// being sent is not.
type AbortEvent struct{}

// BusyEvent tells that received pages cannot be taken for now (Busy), or can
// again. In ECM the sender is held with RNR (T.30 A.3.5).
type BusyEvent struct{ Busy bool }

// InterruptEvent asks for the operator of the far end at the next page's end
// (PRI-Q, T.30 5.3.6.1.6).
type InterruptEvent struct{}

func (FrameEvent) event()     {}
func (CarrierEvent) event()   {}
func (DataEvent) event()      {}
func (GapEvent) event()       {}
func (SentEvent) event()      {}
func (ToneEvent) event()      {}
func (LineDownEvent) event()  {}
func (AbortEvent) event()     {}
func (BusyEvent) event()      {}
func (InterruptEvent) event() {}

// Tone is a tone that matters to a session.
type Tone uint8

// The tones.
const (
	CNG  Tone = iota + 1 // calling tone
	CED                  // answering tone
	Busy                 // the network's tones: there is no fax
	Congestion
	Ringback
	PushButton // a digit of a push button telephone (DTMF)
)

// String names a tone for logs.
func (t Tone) String() string {
	return [...]string{"no tone", "CNG", "CED", "busy tone", "congestion tone", "ringback tone", "digit"}[min(t, PushButton)]
}
