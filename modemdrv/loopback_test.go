package modemdrv

import (
	"bytes"
	"fmt"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// bitmaps is a PageSource of pages in memory.
type bitmaps struct {
	info  t30.PageInfo
	pages []*t4.Bitmap
}

func (b bitmaps) Page(n int) (t30.PageInfo, bool)  { return b.info, n < len(b.pages) }
func (b bitmaps) Bitmap(n int) (*t4.Bitmap, error) { return b.pages[n], nil }

// inTray is a PageStore in memory.
type inTray struct{ pages []ReceivedPage }

func (s *inTray) Store(p ReceivedPage) error {
	s.pages = append(s.pages, p)
	return nil
}

// textPage draws something with the statistics of a page of text.
func textPage(width, height int, seed uint64) *t4.Bitmap {
	b := t4.NewBitmap(width, height)
	rnd := linesim.NewRandom(seed)
	for y := 20; y+16 < height; y += 24 {
		for x := 100; x+20 < width-100; x += 14 + int(rnd.Uniform()*20) {
			glyph(b, x, y, rnd)
		}
	}
	return b
}

func glyph(b *t4.Bitmap, x, y int, rnd *linesim.Random) {
	w, h := 4+int(rnd.Uniform()*8), 8+int(rnd.Uniform()*8)
	for i := range h {
		b.SetBlack(x, y+i)
		b.SetBlack(x+1, y+i)
		b.SetBlack(x+w, y+i)
	}
	for i := range w {
		b.SetBlack(x+i, y)
		b.SetBlack(x+i, y+h/2)
	}
}

// trial is one call between two of our sessions.
type trial struct {
	caller, answerer Config
	info             t30.PageInfo
	pages            []*t4.Bitmap
	to, from         linesim.Parameters // the channel to the answerer and from it
	limit            t30.Samples
	told             bool // losses are told to the sessions
}

func newTrial(pages, height int) *trial {
	t := &trial{to: linesim.Defaults(), from: linesim.Defaults(), limit: 20 * 60 * t30.Second}
	t.from.Seed = 99
	t.caller.ID, t.answerer.ID = "+49 30 1000", "+49 30 1001"
	t.info = t30.PageInfo{Resolution: t30.Fine, Width: t30.Width215, Length: t30.Unlimited}
	for i := range pages {
		t.pages = append(t.pages, textPage(1728, height, uint64(i+1)))
	}
	t.answerer.Capabilities.MaxLength = t30.Unlimited
	t.answerer.Capabilities.MinScan, t.answerer.Capabilities.MinScanFine = 0, 0
	return t
}

// run makes the call and gives what came of it and how long it was.
func (tr *trial) run(tb testing.TB) (sent, received Result, tray *inTray, length t30.Samples) {
	tb.Helper()
	tray = &inTray{}
	tr.caller.Document = NewDocument(bitmaps{tr.info, tr.pages})
	tr.answerer.Pages = NewPages(tray)
	a, err := NewCaller(tr.caller)
	if err != nil {
		tb.Fatal(err)
	}
	b, err := NewAnswerer(tr.answerer)
	if err != nil {
		tb.Fatal(err)
	}
	length = couple(a, b, &lineEnd{channel: linesim.New(tr.to), to: b, told: tr.told}, &lineEnd{channel: linesim.New(tr.from), to: a, told: tr.told}, tr.limit)
	return a.Result(), b.Result(), tray, length
}

// lineEnd takes what came out of a channel to a session.
type lineEnd struct {
	channel *linesim.Channel
	to      *Session
	given   int
	told    bool // losses are told to the session
}

func (e *lineEnd) pass(in []int16) {
	e.channel.Write(in)
	out := e.channel.Output()
	if e.told && e.channel.Lost(e.given/linesim.Packet) {
		e.to.Conceal(len(out) - e.given)
	}
	e.to.Receive(out[e.given:])
	e.given = len(out)
}

// couple runs two sessions in lock step over two channels, until one hangs up.
func couple(a, b *Session, ab, ba *lineEnd, limit t30.Samples) t30.Samples {
	const frame = linesim.Packet
	fromA, fromB := make([]int16, frame), make([]int16, frame)
	now := t30.Samples(0)
	for ; now < limit && !a.Done() && !b.Done(); now += frame {
		a.Transmit(fromA)
		b.Transmit(fromB)
		ab.pass(fromA)
		ba.pass(fromB)
	}
	a.LineDown()
	b.LineDown()
	return now
}

func check(t *testing.T, tr *trial, sent, received Result, tray *inTray) {
	t.Helper()
	if sent.Outcome != t30.Done || sent.Sent != len(tr.pages) {
		t.Errorf("sender: %v (%s)", sent, sent.Reason)
	}
	if received.Outcome != t30.Done || received.Received != len(tr.pages) {
		t.Errorf("receiver: %v (%s)", received, received.Reason)
	}
	if len(tray.pages) != len(tr.pages) {
		t.Fatalf("%d pages stored, want %d", len(tray.pages), len(tr.pages))
	}
	for i, p := range tray.pages {
		if p.Bitmap.Height != tr.pages[i].Height || !bytes.Equal(p.Bitmap.Pix, tr.pages[i].Pix) {
			t.Errorf("page %d differs: %d rows (%+v), want %d", i+1, p.Bitmap.Height, p.Quality, tr.pages[i].Height)
		}
	}
}

func trace(t *testing.T, who string) Observer {
	return ObserverFunc(func(at t30.Samples, n t30.News) { t.Logf("%8v %s %v", at, who, n) })
}

// TestLoopback: complete calls of three pages, over every rate and coding, with
// and without error correction; pages bit by bit.
func TestLoopback(t *testing.T) {
	for _, row := range []struct {
		modems  t30.Modems
		maxRate int
		rate    modem.Rate
	}{
		{t30.AllModems, 14400, modem.Rate{Modulation: modem.V17, BitRate: 14400}},
		{t30.AllModems, 12000, modem.Rate{Modulation: modem.V17, BitRate: 12000}},
		{t30.AllModems, 9600, modem.Rate{Modulation: modem.V29, BitRate: 9600}},
		{t30.AllModems, 7200, modem.Rate{Modulation: modem.V29, BitRate: 7200}},
		{t30.AllModems, 4800, modem.Rate{Modulation: modem.V27ter, BitRate: 4800}},
		{t30.AllModems, 2400, modem.Rate{Modulation: modem.V27ter, BitRate: 2400}},
	} {
		for _, ecm := range []int{0, 64, 256} {
			for _, coding := range []t4.Coding{t4.MH, t4.MR, t4.MMR} {
				if coding == t4.MMR && ecm == 0 {
					continue
				}
				name := fmt.Sprintf("%v/ECM%d/%v", row.rate, ecm, coding)
				t.Run(name, func(t *testing.T) {
					t.Parallel()
					tr := newTrial(3, 120)
					tr.caller.MaxRate = row.maxRate
					tr.caller.NoECM, tr.caller.FrameSize = ecm == 0, ecm
					tr.answerer.Capabilities.Codings = t30.SetOf(t4.MH, coding)
					tr.caller.Capabilities.Codings = t30.SetOf(t4.MH, coding)
					tr.caller.Observer, tr.answerer.Observer = trace(t, "A"), trace(t, "B")
					sent, received, tray, length := tr.run(t)
					check(t, tr, sent, received, tray)
					if sent.Parameters.Rate != row.rate || sent.Parameters.Coding != coding {
						t.Errorf("sent with %v", sent.Parameters)
					}
					t.Logf("%v", length)
				})
			}
		}
	}
}
