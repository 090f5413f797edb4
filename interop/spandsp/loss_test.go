//go:build interop

package spandsp

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// lossy is a line that loses packets of 20 ms.
func lossy(loss float64, seed uint64) linesim.Parameters {
	p := linesim.Defaults()
	p.ULaw, p.Loss, p.Seed = true, loss, seed
	return p
}

// TestLoss: with ours at one end alone, more calls get through a line that loses
// packets than with spandsp at both.
func TestLoss(t *testing.T) {
	const calls, documentPages = 10, 7
	sent := document(t, documentPages)
	pages := pagesOf(t, sent)
	for _, loss := range []float64{0, 0.005, 0.01} {
		t.Run(fmt.Sprintf("%g %%", 100*loss), func(t *testing.T) {
			t.Parallel()
			count := func(call lossyCall) (good int) {
				for seed := range uint64(calls) {
					n, err := call(t, sent, pages, loss, 100*seed+1)
					if err == nil {
						good++
					} else {
						t.Logf("%.0f s: %v", float64(n)/modem.SampleRate, err)
					}
				}
				return good
			}
			to, from, peers := count(lossTo), count(lossFrom), count(lossPeers)
			t.Logf("of %d calls: ours to spandsp %d, spandsp to ours %d, spandsp to spandsp %d", calls, to, from, peers)
			if to < peers || from < peers || loss == 0 && to+from+peers < 3*calls {
				t.Error("ours at one end makes it worse")
			}
		})
	}
}

// lossLimit is two hours: at 2400 bit/s, with all that is sent again, a call of
// seven such pages takes 50 minutes.
const lossLimit = 6 * callLimit

// mustEnd: with ours at one end every call ends by itself.
func mustEnd(t *testing.T, err error, seed uint64) {
	t.Helper()
	if errors.Is(err, study.ErrTooLong) {
		t.Errorf("seed %d: the call did not end", seed)
	}
}

// lossyCall makes one call, and tells how many samples it took and what was wrong.
type lossyCall func(t *testing.T, sent string, pages []*t4.Bitmap, loss float64, seed uint64) (int, error)

// lossTo lets ours send to spandsp.
func lossTo(t *testing.T, sent string, pages []*t4.Bitmap, loss float64, seed uint64) (int, error) {
	t.Helper()
	received := filepath.Join(t.TempDir(), "received.tif")
	var cfg modemdrv.Config
	cfg.ID, cfg.Document = "1000", modemdrv.NewDocument(fine(pages))
	ours, err := modemdrv.NewCaller(cfg)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := StartFax("answer", "receive="+received, "ident=1001")
	if err != nil {
		t.Fatal(err)
	}
	n, err := study.Call(study.Session{Session: ours, Told: true}, peer, lossy(loss, seed), lossy(loss, seed+1), lossLimit)
	mustEnd(t, err, seed)
	ours.LineDown()
	result, hangup := peer.Hangup()
	if err := errors.Join(err, hangup); err != nil {
		return n, err
	}
	if r := ours.Result(); r.Outcome != t30.Done || result.Received != len(pages) {
		return n, fmt.Errorf("ours: %v (%s), spandsp: %s, %d pages", r, r.Reason, result.Text, result.Received)
	}
	return n, differences(sent, received)
}

// lossFrom is the other direction.
func lossFrom(t *testing.T, sent string, pages []*t4.Bitmap, loss float64, seed uint64) (int, error) {
	t.Helper()
	in := &tray{}
	var cfg modemdrv.Config
	cfg.ID, cfg.Pages, cfg.Capabilities.MaxLength = "1000", modemdrv.NewPages(in), t30.Unlimited
	ours, err := modemdrv.NewAnswerer(cfg)
	if err != nil {
		t.Fatal(err)
	}
	peer, err := StartFax("caller", "send="+sent, "ident=1001")
	if err != nil {
		t.Fatal(err)
	}
	n, err := study.Call(peer, study.Session{Session: ours, Told: true}, lossy(loss, seed), lossy(loss, seed+1), lossLimit)
	mustEnd(t, err, seed)
	ours.LineDown()
	result, hangup := peer.Hangup()
	if err := errors.Join(err, hangup); err != nil {
		return n, err
	}
	if r := ours.Result(); len(in.pages) != len(pages) {
		return n, fmt.Errorf("ours: %v (%s), spandsp: %s, %d pages", r, r.Reason, result.Text, result.Sent)
	}
	for i, p := range in.pages {
		if !bytes.Equal(p.Pix, pages[i].Pix) {
			return n, fmt.Errorf("page %d differs", i+1)
		}
	}
	return n, nil
}

// lossPeers has spandsp at both ends.
func lossPeers(t *testing.T, sent string, pages []*t4.Bitmap, loss float64, seed uint64) (int, error) {
	t.Helper()
	received := filepath.Join(t.TempDir(), "received.tif")
	a, err := StartFax("caller", "send="+sent, "ident=1001")
	if err != nil {
		t.Fatal(err)
	}
	b, err := StartFax("answer", "receive="+received, "ident=1001")
	if err != nil {
		t.Fatal(err)
	}
	n, err := study.Call(a, b, lossy(loss, seed), lossy(loss, seed+1), lossLimit)
	_, hangup := a.Hangup()
	r, hangup2 := b.Hangup()
	if err := errors.Join(err, hangup, hangup2); err != nil {
		return n, err
	}
	if r.Received != len(pages) {
		return n, fmt.Errorf("spandsp alone: %s, %d pages", r.Text, r.Received)
	}
	return n, nil
}
