//go:build interop

package spandsp

import (
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// ways are those in which a document is polled.
var ways = map[string]struct {
	noECM  bool
	modems string
}{"V.17 with ECM": {false, "297"}, "V.17 without ECM": {true, "297"}, "V.29 with ECM": {false, "29"}, "V.27ter without ECM": {true, "2"}}

// settings of a session, ours.
func polling(noECM bool) modemdrv.Config {
	var c modemdrv.Config
	c.ID, c.NoECM = "1000", noECM
	c.Capabilities.MaxLength = t30.Unlimited
	return c
}

func ecm(no bool) string {
	if no {
		return "ecm=0"
	}
	return "ecm=1"
}

// call runs a call of ours with spandsp.
func call(t *testing.T, caller, answerer study.End, ours *modemdrv.Session, peer *Fax) (t30.Result, Result) {
	t.Helper()
	n, err := study.Call(caller, answerer, line(1), line(2), callLimit)
	if err != nil {
		t.Error(err)
	}
	theirs, err := peer.Hangup()
	if err != nil {
		t.Error(err)
	}
	t.Logf("%.1f s of line; ours: %v; theirs: %s", float64(n)/modem.SampleRate, ours.Result(), theirs.Text)
	return ours.Result(), theirs
}

// keep writes pages into a file, for libtiff to judge.
func keep(t *testing.T, pages []*t4.Bitmap) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), "kept.tif")
	out, err := tiff.Create(file, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	for i, b := range pages {
		p := tiff.Page{XRes: 204, YRes: 196, Number: i}
		p.SetCoding(t4.MMR)
		if err := out.WriteBitmap(p, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := out.Close(); err != nil {
		t.Fatal(err)
	}
	return file
}

// TestPollSpandsp: our caller polls a document of spandsp's, with password and
// address.
func TestPollSpandsp(t *testing.T) {
	offered := document(t, 2)
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got tray
			cfg := polling(w.noECM)
			cfg.Poll, cfg.Pages, cfg.PollPassword, cfg.PolledAddress = true, modemdrv.NewPages(&got), "1234", "77"
			ours, err := modemdrv.NewCaller(cfg)
			if err != nil {
				t.Fatal(err)
			}
			peer, err := StartFax("answer", "send="+offered, "ident=1001", "modems="+w.modems, ecm(w.noECM))
			if err != nil {
				t.Fatal(err)
			}
			r, theirs := call(t, study.Session{Session: ours}, peer, ours, peer)
			if r.Outcome != t30.Done || !r.Polled || r.Received != 2 || r.Sent != 0 || !theirs.OK() || theirs.Sent != 2 || r.Remote.ID != "1001" {
				t.Errorf("ours %+v, theirs %+v", r, theirs)
			}
			if want := `heard password="1234" selective="77"`; !strings.Contains(theirs.Log, want) {
				t.Errorf("spandsp did not hear %s:\n%s", want, theirs.Log)
			}
			same(t, offered, keep(t, got.pages))
		})
	}
}

// TestPolledBySpandsp: spandsp's caller polls a document of ours.
func TestPolledBySpandsp(t *testing.T) {
	offered := document(t, 2)
	pages := pagesOf(t, offered)
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var heard t30.Remote
			cfg := polling(w.noECM)
			cfg.Document, cfg.Pages = modemdrv.NewDocument(fine(pages)), modemdrv.NewPages(&tray{})
			cfg.AcceptPoll = func(r t30.Remote) error {
				heard = r
				return nil
			}
			ours, err := modemdrv.NewAnswerer(cfg)
			if err != nil {
				t.Fatal(err)
			}
			received := filepath.Join(t.TempDir(), "received.tif")
			peer, err := StartFax("caller", "receive="+received, "ident=1001", "modems="+w.modems, ecm(w.noECM), "password=1234", "selective=77")
			if err != nil {
				t.Fatal(err)
			}
			r, theirs := call(t, peer, study.Session{Session: ours}, ours, peer)
			if r.Outcome != t30.Done || !r.Polled || r.Sent != 2 || !theirs.OK() || theirs.Received != 2 || theirs.Ident != "1000" {
				t.Errorf("ours %+v, theirs %+v", r, theirs)
			}
			if heard.ID != "1001" || heard.Password != "1234" || heard.PolledAddress != "77" {
				t.Errorf("heard of the caller: %+v", heard)
			}
			same(t, offered, received)
		})
	}
}

// TestSendAndPollSpandsp: one call in which our caller sends a document, and polls
// another one.
func TestSendAndPollSpandsp(t *testing.T) {
	sent, offered := document(t, 1), document(t, 2)
	for name, w := range ways {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got tray
			received := filepath.Join(t.TempDir(), "received.tif")
			cfg := polling(w.noECM)
			cfg.Document, cfg.Poll, cfg.Pages = modemdrv.NewDocument(fine(pagesOf(t, sent))), true, modemdrv.NewPages(&got)
			ours, err := modemdrv.NewCaller(cfg)
			if err != nil {
				t.Fatal(err)
			}
			peer, err := StartFax("answer", "send="+offered, "receive="+received, "ident=1001", "modems="+w.modems, ecm(w.noECM))
			if err != nil {
				t.Fatal(err)
			}
			r, theirs := call(t, study.Session{Session: ours}, peer, ours, peer)
			if r.Outcome != t30.Done || r.Sent != 1 || r.Received != 2 || !theirs.OK() {
				t.Errorf("ours %+v, theirs %+v", r, theirs)
			}
			same(t, sent, received)
			same(t, offered, keep(t, got.pages))
		})
	}
}

// TestPollRefused: one end refuses, or has nothing.
func TestPollRefused(t *testing.T) {
	t.Run("spandsp has nothing", func(t *testing.T) {
		cfg := polling(false)
		cfg.Poll, cfg.Pages = true, modemdrv.NewPages(&tray{})
		ours, err := modemdrv.NewCaller(cfg)
		if err != nil {
			t.Fatal(err)
		}
		peer, err := StartFax("answer", "receive="+filepath.Join(t.TempDir(), "x.tif"))
		if err != nil {
			t.Fatal(err)
		}
		if r, _ := call(t, study.Session{Session: ours}, peer, ours, peer); r.Outcome != t30.Rejected || r.Status.Code != 601 {
			t.Errorf("ours %+v", r)
		}
	})
	t.Run("we have nothing", func(t *testing.T) {
		cfg := polling(false)
		cfg.Pages = modemdrv.NewPages(&tray{})
		ours, err := modemdrv.NewAnswerer(cfg)
		if err != nil {
			t.Fatal(err)
		}
		peer, err := StartFax("caller", "receive="+filepath.Join(t.TempDir(), "x.tif"))
		if err != nil {
			t.Fatal(err)
		}
		if r, theirs := call(t, peer, study.Session{Session: ours}, ours, peer); r.Outcome == t30.Done || theirs.OK() {
			t.Errorf("ours %+v, theirs %+v", r, theirs)
		}
	})
	t.Run("we refuse", func(t *testing.T) {
		cfg := polling(false)
		cfg.Document = modemdrv.NewDocument(fine(pagesOf(t, document(t, 1))))
		cfg.AcceptPoll = func(t30.Remote) error { return errors.New("wrong password") }
		ours, err := modemdrv.NewAnswerer(cfg)
		if err != nil {
			t.Fatal(err)
		}
		peer, err := StartFax("caller", "receive="+filepath.Join(t.TempDir(), "x.tif"))
		if err != nil {
			t.Fatal(err)
		}
		if r, theirs := call(t, peer, study.Session{Session: ours}, ours, peer); r.Outcome != t30.Rejected || theirs.OK() || theirs.Code < 0 {
			t.Errorf("ours %+v, theirs %+v", r, theirs)
		}
	})
}
