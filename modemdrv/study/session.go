package study

import (
	"bytes"
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// CallSettings are a whole call between two of our sessions.
type CallSettings struct {
	Caller, Answerer modemdrv.Config     // Document, Pages and Observer are set by the study
	Document         modemdrv.PageSource // the caller's
	Line             linesim.Parameters  // in both directions, each with noise and losses of its own
	Told             bool                // the sessions are told which packets are lost
	Follow           func(who string, at t30.Samples, n t30.News)
}

// Hearing is one reception by a fast modem.
type Hearing struct {
	Who string // caller or answerer, where it matters
	At  t30.Samples
	t30.LineNews
}

// CallStudy is what came of a call.
type CallStudy struct {
	Sent, Received t30.Result
	Samples        int // of the line
	Pages          int // that arrived
	Same           int // of them, bit for bit as they were sent
	Hearings       []Hearing
	Sound          [2][]int16 // what the caller and what the answerer heard
}

// callLimit ends a call that does not end: an hour.
const callLimit = 3600 * modem.SampleRate

// RunCall makes the call.
func RunCall(s CallSettings) (*CallStudy, error) {
	study := &CallStudy{}
	in := &inTray{}
	s.Caller.Document, s.Answerer.Pages = modemdrv.NewDocument(s.Document), modemdrv.NewPages(in)
	s.Caller.Observer, s.Answerer.Observer = study.follow("caller", s.Follow), study.follow("answerer", s.Follow)
	caller, err := modemdrv.NewCaller(s.Caller)
	if err != nil {
		return nil, err
	}
	answerer, err := modemdrv.NewAnswerer(s.Answerer)
	if err != nil {
		return nil, err
	}
	back := s.Line
	back.Seed = s.Line.Seed + 1
	a := tapped{Session{caller, s.Told}, &study.Sound[0]}
	b := tapped{Session{answerer, s.Told}, &study.Sound[1]}
	if study.Samples, err = Call(a, b, s.Line, back, callLimit); err != nil {
		return nil, err
	}
	caller.LineDown()
	answerer.LineDown()
	study.Sent, study.Received, study.Pages = caller.Result(), answerer.Result(), len(in.pages)
	return study, study.compare(s.Document, in.pages)
}

func (c *CallStudy) follow(who string, more func(string, t30.Samples, t30.News)) modemdrv.Observer {
	return modemdrv.ObserverFunc(func(at t30.Samples, n t30.News) {
		if l, ok := n.(t30.LineNews); ok && l.Quality.Constellation != nil {
			c.Hearings = append(c.Hearings, Hearing{who, at, l})
		}
		if more != nil {
			more(who, at, n)
		}
	})
}

// compare counts the pages that came as they were sent.
func (c *CallStudy) compare(sent modemdrv.PageSource, got []*t4.Bitmap) error {
	for i, g := range got {
		if _, ok := sent.Page(i); !ok {
			break
		}
		b, err := sent.Bitmap(i)
		if err != nil {
			return err
		}
		if g.Width == b.Width && g.Height == b.Height && bytes.Equal(g.Pix, b.Pix) {
			c.Same++
		}
	}
	return nil
}

// String tells the outcome in a few lines.
func (c *CallStudy) String() string {
	return fmt.Sprintf("%.1f s of line; %d pages arrived, %d bit for bit as sent\ncaller: %v %s\nanswerer: %v %s\n",
		float64(c.Samples)/modem.SampleRate, c.Pages, c.Same, c.Sent, c.Sent.Reason, c.Received, c.Received.Reason)
}

// Plots draws the spectra of both directions and the constellation at the end of each
// reception by a fast modem, the first ones of a long call.
func (c *CallStudy) Plots() []Plot {
	spectrum := Plot{"spectrum", Spectrum("what the caller (blue) and the answerer (red) heard", c.Sound[0], c.Sound[1])}
	return append([]Plot{spectrum}, Constellations(c.Hearings)...)
}

// Constellations draws the constellation at the end of each of the first receptions.
func Constellations(hearings []Hearing) (plots []Plot) {
	for i, h := range hearings[:min(len(hearings), mostHearings)] {
		var d drawing
		p := d.panel(fmt.Sprintf("%v %s %v", h.At, h.Who, h.LineNews), axis{"in phase", -plane, plane}, axis{"quad.", -plane, plane}, square, square)
		for _, y := range h.Quality.Constellation {
			p.dot("point", real(y), imag(y), 2)
		}
		plots = append(plots, Plot{fmt.Sprintf("constellation-%02d", i+1), d.svg()})
	}
	return plots
}

// mostHearings bounds the drawings of a call.
const mostHearings = 40

// tapped is an end whose hearing is kept.
type tapped struct {
	End
	heard *[]int16
}

// Hear implements End.
func (t tapped) Hear(in []int16, lost bool) error {
	*t.heard = append(*t.heard, in...)
	return t.End.Hear(in, lost)
}

// inTray is a modemdrv.PageStore in memory.
type inTray struct{ pages []*t4.Bitmap }

// Store implements modemdrv.PageStore.
func (s *inTray) Store(p modemdrv.ReceivedPage) error {
	s.pages = append(s.pages, p.Bitmap)
	return nil
}

// Writing is a document of pages that look like text, fine, of A4's width. It is a
// modemdrv.PageSource.
type Writing struct{ Pages, Rows int }

// Page implements modemdrv.PageSource.
func (w Writing) Page(n int) (t30.PageInfo, bool) {
	return t30.PageInfo{Resolution: t30.Fine, Width: t30.Width215, Length: t30.Unlimited}, n < w.Pages
}

// Bitmap implements modemdrv.PageSource.
func (w Writing) Bitmap(n int) (*t4.Bitmap, error) {
	const width, margin, lineHeight, letter = 1728, 120, 24, 16
	b := t4.NewBitmap(width, w.Rows)
	random := linesim.NewRandom(uint64(n) + 1)
	for y := lineHeight; y+lineHeight < w.Rows; y += lineHeight {
		for x := margin; x < width-margin; x += letter {
			stroke(b, x, y, random.Uint64())
		}
	}
	return b, nil
}

// stroke draws something of the size of a letter; one in five is a space.
func stroke(b *t4.Bitmap, x, y int, shape uint64) {
	if shape%5 == 0 {
		return
	}
	for i := range 10 {
		for bit, at := range [][2]int{{0, i}, {1, i}, {i, 0}, {i, 4}, {8, i}, {i, 9}} {
			if bit < 2 || shape>>(bit+8)&1 == 1 {
				b.SetBlack(x+at[0], y+at[1])
			}
		}
	}
}
