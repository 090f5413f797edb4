package t30

import (
	"fmt"
	"io"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// Action is something that the line is to do now. Of the Send actions there
// is only one at a time, and SentEvent tells its end; nothing that arrives
// meanwhile is wanted. A Listen stays in force until the next Send or Listen.
type Action interface {
	action()
	String() string
}

// SendTone sends a tone. CNG goes on, with its pauses, until the next action
// that sends, while the line is listened to, and has no SentEvent. CED lasts
// Length, and Pause follows it.
type SendTone struct {
	Tone   Tone
	Length Samples
	Pause  Samples
}

// SendFrames sends frames with V.21, a preamble of flags of 1 s +-15 % before
// them (T.30 5.3.1). Before it the line is silent for Pause from the end of
// what the far end sends.
type SendFrames struct {
	Pause  Samples
	Frames []Frame
}

// SendTCF sends the training check, 1.5 s of zeros (T.30 5.3.6.1.4), with long
// training, after Pause of silence.
type SendTCF struct {
	Pause Samples
	Rate  modem.Rate
}

// SendImage sends the code of a page until Code ends, after Pause of silence.
// The most significant bit of an octet goes first.
type SendImage struct {
	Pause Samples
	Rate  modem.Rate
	Short bool // short training (V.17)
	Code  io.Reader
}

// SendECM sends frames by the fast modem after Pause of silence, RCP frames
// included, with flags of at least 200 ms before them (T.4 Annex A).
type SendECM struct {
	Pause  Samples
	Rate   modem.Rate
	Short  bool
	Frames []Frame
}

// Content is what is expected of a fast modem.
type Content uint8

// The contents.
const (
	Signals Content = iota // none: V.21 alone
	Check                  // training check: DataEvent
	Image                  // image code: DataEvent
	ECM                    // frames: FrameEvent
)

// String names a content for traces.
func (c Content) String() string {
	return [...]string{"signals", "TCF", "image", "ECM"}[min(c, ECM)]
}

// Listen waits for V.21, and (Content not Signals) at the same time for the
// fast modem: whichever comes.
type Listen struct {
	Content Content
	Rate    modem.Rate
	Short   bool // the short training of V.17 is expected
}

// Stop breaks off what is being sent; there is no SentEvent for it.
type Stop struct{}

// HangUp ends the call. There are no more actions.
type HangUp struct{}

// Report is for whoever follows the session; the line has nothing to do.
type Report struct{ News News }

func (SendTone) action()   {}
func (SendFrames) action() {}
func (SendTCF) action()    {}
func (SendImage) action()  {}
func (SendECM) action()    {}
func (Listen) action()     {}
func (Stop) action()       {}
func (HangUp) action()     {}
func (Report) action()     {}

func training(short bool) string {
	if short {
		return "short"
	}
	return "long"
}

// String names the tone, for traces.
func (a SendTone) String() string { return "send " + a.Tone.String() }

// String names the frames in their order, for traces.
func (a SendFrames) String() string {
	s := "send"
	for i, f := range a.Frames {
		if i > 0 {
			s += " +"
		}
		s += " " + f.String()
	}
	return s
}

// String gives the rate of the training check.
func (a SendTCF) String() string { return fmt.Sprintf("send TCF %v", a.Rate) }

// String gives modulation and length of the training.
func (a SendImage) String() string {
	return fmt.Sprintf("send image %v %s", a.Rate, training(a.Short))
}

// String gives modulation, training and the number of FCD frames.
func (a SendECM) String() string {
	n := 0
	for _, f := range a.Frames {
		if f.FCF() == FCD {
			n++
		}
	}
	return fmt.Sprintf("send ECM %v %s, %d frames", a.Rate, training(a.Short), n)
}

// String gives what is listened for.
func (a Listen) String() string {
	if a.Content == Signals {
		return "listen"
	}
	return fmt.Sprintf("listen for %v %v %s", a.Content, a.Rate, training(a.Short))
}

// String names the action.
func (Stop) String() string { return "stop" }

// String names the action.
func (HangUp) String() string { return "hang up" }

// String gives the news that is reported.
func (a Report) String() string { return "report " + a.News.String() }
