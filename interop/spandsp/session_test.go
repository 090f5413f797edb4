//go:build interop

package spandsp

import (
	"bytes"
	"fmt"
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
	max    int // our limit of the rate; 0: none
	ecm    bool
	coding t4.Coding
	noise  float64 // SNR of what we hear, dB
}

func (w want) String() string {
	ecm := "without ECM"
	if w.ecm {
		ecm = "ECM"
	}
	return fmt.Sprintf("%v/%s/%v", w.rate, ecm, w.coding)
}

// wanted are all rates that T.30 starts with, in all codings. The noise is 4 dB
// over what an ideal receiver needs, 3 over what ours does.
func wanted() (all []want) {
	for _, r := range []struct {
		modems string
		rate   modem.Rate
		max    int
		ideal  float64
	}{
		{"297", modem.Rate{Modulation: modem.V17, BitRate: 14400}, 0, 20.5},
		{"297", modem.Rate{Modulation: modem.V17, BitRate: 12000}, 12000, 17.5},
		{"29", modem.Rate{Modulation: modem.V29, BitRate: 9600}, 9600, 18.8},
		{"29", modem.Rate{Modulation: modem.V29, BitRate: 7200}, 7200, 15},
		{"2", modem.Rate{Modulation: modem.V27ter, BitRate: 4800}, 4800, 14.4},
		{"2", modem.Rate{Modulation: modem.V27ter, BitRate: 2400}, 2400, 7.9},
	} {
		for _, coding := range []t4.Coding{t4.MH, t4.MR, t4.MMR} {
			for _, ecm := range []bool{false, true} {
				if coding == t4.MMR && !ecm {
					continue
				}
				all = append(all, want{r.modems, r.rate, r.max, ecm, coding, r.ideal + 4})
			}
		}
	}
	return all
}

func (w want) config() modemdrv.Config {
	var c modemdrv.Config
	c.ID = "1000"
	c.NoECM, c.MaxRate = !w.ecm, w.max
	c.Capabilities.Codings = t30.SetOf(t4.MH, w.coding)
	c.Capabilities.MaxLength = t30.Unlimited
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

// quietLine is what spandsp must have: noise over -46 dBm0 stops its fast modems
// from training.
func quietLine(seed uint64) linesim.Parameters { return line(seed) }

func (w want) noisyLine(seed uint64) linesim.Parameters {
	p := line(seed)
	p.SNR = w.noise
	return p
}

// TestSendToSpandsp: our session sends a document of two pages, spandsp's engine
// receives it.
func TestSendToSpandsp(t *testing.T) {
	sent := document(t, 2)
	pages := pagesOf(t, sent)
	for _, w := range wanted() {
		t.Run(w.String(), func(t *testing.T) {
			t.Parallel()
			received := filepath.Join(t.TempDir(), "received.tif")
			cfg := w.config()
			cfg.Document = modemdrv.NewDocument(fine(pages))
			ours, err := modemdrv.NewCaller(cfg)
			if err != nil {
				t.Fatal(err)
			}
			peer, err := StartFax("answer", w.settings("receive="+received)...)
			if err != nil {
				t.Fatal(err)
			}
			n, err := study.Call(study.Session{Session: ours, Told: true}, peer, quietLine(1), w.noisyLine(2), callLimit)
			if err != nil {
				t.Error(err)
			}
			result, err := peer.Hangup()
			w.judge(t, n, ours.Result(), result, err)
			same(t, sent, received)
		})
	}
}

// TestReceiveFromSpandsp is the other direction.
func TestReceiveFromSpandsp(t *testing.T) {
	sent := document(t, 2)
	pages := pagesOf(t, sent)
	for _, w := range wanted() {
		if r := w.rate.BitRate; r == 12000 || r == 7200 {
			continue // DIS cannot say that: spandsp would begin with more
		}
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
	w := want{"297", modem.Rate{Modulation: modem.V17, BitRate: 14400}, 0, true, t4.MH, 21.3}
	if theirs := w.receive(t, sent, pagesOf(t, sent)); theirs.Retries == 0 {
		t.Error("nothing was sent again: more noise is needed")
	}
}

// receive lets our session receive a file from spandsp.
func (w want) receive(t *testing.T, sent string, pages []*t4.Bitmap) Result {
	t.Helper()
	in := &tray{}
	cfg := w.config()
	cfg.Pages = modemdrv.NewPages(in)
	ours, err := modemdrv.NewAnswerer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := StartFax("caller", w.settings("send="+sent)...)
	if err != nil {
		t.Fatal(err)
	}
	n, err := study.Call(peer, study.Session{Session: ours, Told: true}, w.noisyLine(3), quietLine(4), callLimit)
	if err != nil {
		t.Error(err)
	}
	result, err := peer.Hangup()
	w.judge(t, n, ours.Result(), result, err)
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

func (w want) judge(t *testing.T, samples int, ours t30.Result, theirs Result, err error) {
	t.Helper()
	t.Logf("%.1f s; ours: %v at %v; spandsp: %q at %d, %d retries", float64(samples)/modem.SampleRate, ours.Outcome, ours.Parameters.Rate,
		theirs.Text, theirs.Rate, theirs.Retries)
	if ours.Outcome != t30.Done {
		t.Errorf("ours: %v (%s)", ours, ours.Reason)
	}
	if err != nil || theirs.Sent+theirs.Received != 2 {
		t.Errorf("spandsp: %+v, %v", theirs, err)
	}
	if ours.Parameters.Rate != w.rate || theirs.ECM == 1 != w.ecm {
		t.Errorf("rate %v, ECM %d", ours.Parameters.Rate, theirs.ECM)
	}
}
