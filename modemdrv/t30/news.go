package t30

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// News is what a session reports while it runs. Its types are below; new ones
// may come, so take what you know.
type News interface {
	news()
	String() string
}

// StateNews: the machine went from one state to another.
type StateNews struct{ From, To State }

// FramesSentNews: frames are being sent with V.21.
type FramesSentNews struct{ Frames []Frame }

// FrameReceivedNews: a frame came with V.21. The frame is a copy.
type FrameReceivedNews struct {
	Frame Frame
	Good  bool
}

// RemoteNews: something about the far end became known; Remote has all of it.
type RemoteNews struct{ Remote Remote }

// NegotiatedNews: parameters were chosen, by us (Sending) or by the far end.
type NegotiatedNews struct {
	Sending    bool
	Parameters Parameters
}

// TrainingNews: a training check was judged, by us or (Sending) by the far end.
type TrainingNews struct {
	Sending bool
	Rate    modem.Rate
	OK      bool
	Reason  string // how it was judged, for logs
}

// PageStartNews: the transmission of a page begins. Page counts from 1.
type PageStartNews struct {
	Sending    bool
	Page       int
	Again      bool // it was sent before and not accepted
	Parameters Parameters
}

// PageProgressNews: an ECM block got through.
type PageProgressNews struct {
	Sending       bool
	Page, Block   int // from 1
	Frames, Again int // frames of the block, and frames sent more than once
}

// RequestNews: some frames of a block are to be sent again (PPR).
type RequestNews struct {
	Sending            bool
	Page, Block, Count int // Count: which request for this block, from 1
	Bad                int // frames
}

// PageNews: a page is through. Sending: it was confirmed. Receiving: it was
// stored and is being confirmed.
type PageNews struct {
	Sending    bool
	Page       int
	Confirmed  bool // false: RTN, or a page saved although it is bad
	Response   FCF  // MCF, RTP, RTN, PIP, PIN
	Quality    Quality
	Parameters Parameters
	Document   bool // the last page of its document
}

// LineNews: what the modem knows of the line, at the end of each reception.
type LineNews struct {
	Rate    modem.Rate
	Quality modem.Quality
}

// ToneNews: a tone or a digit was heard, Digit for PushButton alone.
type ToneNews struct {
	Tone  Tone
	Digit byte
}

// TroubleNews: something went wrong that the session goes on after.
type TroubleNews struct{ Text string }

// EndNews: the session is over.
type EndNews struct{ Result Result }

func (StateNews) news()         {}
func (FramesSentNews) news()    {}
func (FrameReceivedNews) news() {}
func (RemoteNews) news()        {}
func (NegotiatedNews) news()    {}
func (TrainingNews) news()      {}
func (PageStartNews) news()     {}
func (PageProgressNews) news()  {}
func (RequestNews) news()       {}
func (PageNews) news()          {}
func (LineNews) news()          {}
func (ToneNews) news()          {}
func (TroubleNews) news()       {}
func (EndNews) news()           {}

func verb(sending bool) string {
	if sending {
		return "send"
	}
	return "receive"
}

// String gives the states before and after.
func (n StateNews) String() string { return fmt.Sprintf("state %v -> %v", n.From, n.To) }

// String names the frames.
func (n FramesSentNews) String() string { return SendFrames{Frames: n.Frames}.String() }

// String names the frame, or says that it is damaged.
func (n FrameReceivedNews) String() string {
	if !n.Good {
		return "received a damaged frame"
	}
	return "received " + n.Frame.String()
}

// String gives the far end's identity.
func (n RemoteNews) String() string { return fmt.Sprintf("remote %q", n.Remote.ID) }

// String gives what was agreed on.
func (n NegotiatedNews) String() string { return verb(n.Sending) + " " + n.Parameters.String() }

// String gives rate, outcome and reason.
func (n TrainingNews) String() string {
	r := "failed"
	if n.OK {
		r = "succeeded"
	}
	return fmt.Sprintf("%s training at %v %s (%s)", verb(n.Sending), n.Rate, r, n.Reason)
}

// String gives the page's number.
func (n PageStartNews) String() string {
	return fmt.Sprintf("%s page %d", verb(n.Sending), n.Page)
}

// String gives page and block, and how many frames went again.
func (n PageProgressNews) String() string {
	return fmt.Sprintf("%s page %d: block %d through, %d frames, %d again", verb(n.Sending), n.Page, n.Block, n.Frames, n.Again)
}

// String gives the PPR's number in the block and how many frames it asks for.
func (n RequestNews) String() string {
	return fmt.Sprintf("%s page %d block %d: PPR %d for %d frames", verb(n.Sending), n.Page, n.Block, n.Count, n.Bad)
}

// String gives the response to the page.
func (n PageNews) String() string {
	if n.Response == NULL {
		return fmt.Sprintf("%s page %d: cut off by the end of the call", verb(n.Sending), n.Page)
	}
	return fmt.Sprintf("%s page %d: %v", verb(n.Sending), n.Page, n.Response)
}

// String gives the demodulator's measurements.
func (n LineNews) String() string {
	q := n.Quality
	if n.Rate.Modulation == modem.V21 { // which has no equalizer and measures no offset
		return fmt.Sprintf("line at %v: SNR %.1f dB, level %.1f dBm0", n.Rate, q.SNR, q.Level)
	}
	return fmt.Sprintf("line at %v: SNR %.1f dB, level %.1f dBm0, offset %.1f Hz, skew %.0f ppm, error %.1f dB",
		n.Rate, q.SNR, q.Level, q.CarrierOffset, q.ClockSkew, q.EqualizerMSE)
}

// String names the tone or the digit.
func (n ToneNews) String() string {
	if n.Tone == PushButton {
		return fmt.Sprintf("heard the digit %c", n.Digit)
	}
	return "heard " + n.Tone.String()
}

// String gives the text.
func (n TroubleNews) String() string { return n.Text }

// String gives the result.
func (n EndNews) String() string { return "end: " + n.Result.String() }
