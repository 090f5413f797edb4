//go:build interop

package spandsp

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"path/filepath"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// pagesOf decodes a file.
func pagesOf(t *testing.T, file string) (pages []*t4.Bitmap) {
	t.Helper()
	r, err := tiff.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	for i := range r.Pages() {
		b, _, err := r.Decode(i)
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, b)
	}
	return pages
}

// fine is a modemdrv.PageSource of pages of 204 x 196 per inch.
type fine []*t4.Bitmap

func (f fine) Page(n int) (t30.PageInfo, bool) {
	return t30.PageInfo{Resolution: t30.Fine, Width: t30.Width215, Length: t30.Unlimited}, n < len(f)
}
func (f fine) Bitmap(n int) (*t4.Bitmap, error) { return f[n], nil }

// tray is a modemdrv.PageStore.
type tray struct{ pages []*t4.Bitmap }

func (s *tray) Store(p modemdrv.ReceivedPage) error {
	s.pages = append(s.pages, p.Bitmap)
	return nil
}

// want is what a call is to be like.
type want struct {
	modems string // letters of fax.c
	rate   modem.Rate
	ecm    bool
	coding t4.Coding
	// Limits are what spandsp's receiver and ours need of signal over noise, dB.
	theirs, ours float64
}

func (w want) String() string {
	ecm := "without ECM"
	if w.ecm {
		ecm = "ECM"
	}
	return fmt.Sprintf("%v/%s/%v", w.rate, ecm, w.coding)
}

// modemsOf are the letters of what is offered so that a modulation is used.
var modemsOf = map[modem.Modulation]string{modem.V17: "297", modem.V29: "29", modem.V27ter: "2"}

// wanted are all rates in all codings.
func wanted() (all []want) {
	for _, m := range study.Modes {
		letters := modemsOf[m.Rate.Modulation]
		if letters == "" {
			continue // V.21 carries no pages
		}
		for _, coding := range []t4.Coding{t4.MH, t4.MR, t4.MMR} {
			for _, ecm := range []bool{false, true} {
				if coding == t4.MMR && !ecm {
					continue
				}
				all = append(all, want{letters, m.Rate, ecm, coding, spandspLimit[m.Name], m.Ideal + 1})
			}
		}
	}
	return all
}

// offered are our modems, so that the wanted modulation is the fastest.
func (w want) offered() t30.Modems {
	all := t30.AllModems
	all.V17 = w.rate.Modulation == modem.V17
	all.V29 = all.V17 || w.rate.Modulation == modem.V29
	return all
}

// config is ours, for a session that follows what is agreed on.
func (w want) config(line *noise) modemdrv.Config {
	var c modemdrv.Config
	c.ID, c.NoECM = "1000", !w.ecm
	c.Capabilities.Modems = w.offered()
	c.Capabilities.Codings = t30.SetOf(t4.MH, w.coding)
	c.Capabilities.MaxLength = t30.Unlimited
	c.Observer = modemdrv.ObserverFunc(func(_ t30.Samples, n t30.News) {
		if n, ok := n.(t30.NegotiatedNews); ok {
			line.agreed = n.Parameters.Rate
		}
	})
	return c
}

func (w want) settings(more string) []string {
	ecm := "ecm=0"
	if w.ecm {
		ecm = "ecm=1"
	}
	code := map[t4.Coding]string{t4.MH: "mh", t4.MR: "mr", t4.MMR: "mmr"}[w.coding]
	return []string{more, "ident=1001", "modems=" + w.modems, ecm, "code=" + code}
}

// noise is put upon what an end sends, as long as it sends: spandsp's fast modems do
// not train where there is noise before they are sent to. Until the wanted rate is
// agreed on there is so much of it after a training that the check fails, and the
// rate falls.
type noise struct {
	study.End
	random         *linesim.Random
	wanted, agreed modem.Rate
	snr            float64 // dB, once the wanted rate is agreed on
	spared         int     // samples at the begin of each carrier without noise
	sending, quiet int     // samples since the carrier began, and since it ended
}

// shortTime is a little more than V.17's short training, ms. With noise in it one of
// four fails in spandsp, at any level, and with that the page.
const shortTime = 200

const (
	sentLevel = -13. // dBm0, of both makers
	spoiling  = 8.   // dB of signal over noise, which V.21 bears and a training check does not
	carrierMs = 10   // silence that ends a carrier
)

// trainingTime is how long the trainings of modulations are that a rate falls from, ms.
var trainingTime = map[modem.Modulation]int{modem.V17: 1400, modem.V29: 260, modem.V27ter: 720}

// Next implements study.End.
func (n *noise) Next(out []int16) error {
	if err := n.End.Next(out); err != nil {
		return err
	}
	const perMs = modem.SampleRate / 1000
	for i, v := range out {
		n.quiet++
		if v != 0 {
			n.quiet = 0
		}
		if n.quiet > carrierMs*perMs {
			n.sending = 0
			continue
		}
		if n.sending++; n.sending <= n.spared {
			continue
		}
		snr := n.snr
		if n.agreed != n.wanted && n.sending > trainingTime[n.wanted.Modulation]*perMs {
			snr = spoiling
		}
		out[i] = int16(math.Round(float64(v) + linesim.RMS(sentLevel-snr)*n.random.Gauss()))
	}
	return nil
}

func (w want) noise(end study.End, limit float64) *noise {
	return &noise{End: end, random: linesim.NewRandom(1), wanted: w.rate, snr: limit + 3}
}

// clean is a line with nothing but u-law: the noise is put on before.
func clean(seed uint64) linesim.Parameters {
	p := linesim.Defaults()
	p.ULaw, p.Seed = true, seed
	return p
}

// peerCalls is how many calls spandsp may take to receive a document in noise: one
// training of V.29 in a hundred is garbage to it at any level, and it gives up a call
// for an end of carrier that it misses. Ours has one call.
const peerCalls = 3

// TestSendToSpandsp: our session sends a document of two pages, spandsp's engine
// receives it, at every rate with noise 3 dB over what its receiver needs.
func TestSendToSpandsp(t *testing.T) {
	sent := document(t, 2)
	pages := pagesOf(t, sent)
	for _, w := range wanted() {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			for n := 1; ; n++ {
				err := w.send(t, sent, pages, uint64(n))
				if err == nil {
					return
				}
				if n == peerCalls {
					t.Fatalf("%d calls, none clean; the last: %v", n, err)
				}
				t.Logf("call %d: %v", n, err)
			}
		})
	}
}

// send lets our session send a file to spandsp.
func (w want) send(t *testing.T, sent string, pages []*t4.Bitmap, seed uint64) error {
	t.Helper()
	received := filepath.Join(t.TempDir(), "received.tif")
	line := w.noise(nil, w.theirs)
	line.random = linesim.NewRandom(seed)
	if w.rate.Modulation == modem.V17 {
		line.spared = shortTime * modem.SampleRate / 1000
	}
	cfg := w.config(line)
	cfg.Document = modemdrv.NewDocument(fine(pages))
	ours, err := modemdrv.NewCaller(cfg)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := StartFax("answer", w.settings("receive="+received)...)
	if err != nil {
		t.Fatal(err)
	}
	line.End = study.Session{Session: ours}
	n, err := study.Call(line, peer, clean(1), clean(2), callLimit)
	if err != nil {
		return err
	}
	result, err := peer.Hangup()
	if err != nil {
		return err
	}
	return errors.Join(w.judge(t, n, ours.Result(), result), differences(sent, received))
}

// TestReceiveFromSpandsp is the other direction, with noise 3 dB over what ours
// needs.
func TestReceiveFromSpandsp(t *testing.T) {
	sent := document(t, 2)
	pages := pagesOf(t, sent)
	for _, w := range wanted() {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			w.receive(t, sent, pages)
		})
	}
}

// TestRetransmission: so much noise that some frames of each block must be
// sent again, which spandsp counts anew in its PPS.
func TestRetransmission(t *testing.T) {
	sent := document(t, 2)
	w := want{"297", modem.Rate{Modulation: modem.V17, BitRate: 14400}, true, t4.MH, 0, 21.3 - 3}
	if theirs := w.receive(t, sent, pagesOf(t, sent)); theirs.Retries == 0 {
		t.Error("nothing was sent again: more noise is needed")
	}
}

// receive lets our session receive a file from spandsp.
func (w want) receive(t *testing.T, sent string, pages []*t4.Bitmap) Result {
	t.Helper()
	in := &tray{}
	line := w.noise(nil, w.ours)
	cfg := w.config(line)
	cfg.Pages = modemdrv.NewPages(in)
	ours, err := modemdrv.NewAnswerer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := StartFax("caller", w.settings("send="+sent)...)
	if err != nil {
		t.Fatal(err)
	}
	line.End = peer
	n, err := study.Call(line, study.Session{Session: ours}, clean(3), clean(4), callLimit)
	if err != nil {
		t.Error(err)
	}
	result, err := peer.Hangup()
	if err != nil {
		t.Error(err)
	}
	if err := w.judge(t, n, ours.Result(), result); err != nil {
		t.Error(err)
	}
	if len(in.pages) != len(pages) {
		t.Fatalf("%d pages received, want %d", len(in.pages), len(pages))
	}
	for i, p := range in.pages {
		if p.Height != pages[i].Height || !bytes.Equal(p.Pix, pages[i].Pix) {
			t.Errorf("page %d differs: %d rows, want %d", i+1, p.Height, pages[i].Height)
		}
	}
	return result
}

// judge tells what is wrong with a call's outcome.
func (w want) judge(t *testing.T, samples int, ours t30.Result, theirs Result) error {
	t.Helper()
	t.Logf("%.1f s; ours: %v at %v; spandsp: %q at %d, %d retries", float64(samples)/modem.SampleRate, ours, ours.Parameters.Rate,
		theirs.Text, theirs.Rate, theirs.Retries)
	switch {
	case ours.Outcome != t30.Done || ours.Sent+ours.Received != 2:
		return fmt.Errorf("ours: %v (%s)", ours, ours.Reason)
	case theirs.Sent+theirs.Received != 2:
		return fmt.Errorf("spandsp: %s", theirs.Log)
	case ours.Parameters.Rate != w.rate || theirs.ECM == 1 != w.ecm:
		return fmt.Errorf("rate %v, ECM %d", ours.Parameters.Rate, theirs.ECM)
	}
	return nil
}
