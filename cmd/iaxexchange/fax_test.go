package main

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/litoria-fax/litoria/iax/exchange"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// couple runs a caller against a machine of the exchange.
func couple(t *testing.T, cfg modemdrv.Config, m exchange.FaxMachine) (modemdrv.Result, exchange.FaxOutcome) {
	t.Helper()
	caller, err := modemdrv.NewCaller(cfg)
	if err != nil {
		t.Fatal(err)
	}
	there, back := make([]int16, 160), make([]int16, 160)
	for range 50 * 300 {
		if caller.Done() || m.Done() {
			break
		}
		caller.Transmit(there)
		m.Transmit(back)
		caller.Receive(back)
		m.Receive(there)
	}
	caller.LineDown()
	return caller.Result(), m.End()
}

// TestMachines: a fax is sent to a machine of the exchange, and what it wrote is
// polled from another.
func TestMachines(t *testing.T) {
	page := t4.NewBitmap(1728, 300)
	for i := range 300 {
		page.SetBlack(i*5, i)
	}
	dir := t.TempDir()
	in, err := machines{}.Receive(dir, "Desk")
	if err != nil {
		t.Fatal(err)
	}
	cfg := modemdrv.Config{}
	cfg.ID, cfg.Document = "Frog", modemdrv.NewDocument(&sheets{in: []*t4.Bitmap{page, page}})
	if r, o := couple(t, cfg, in); r.Outcome != t30.Done || o.Err != nil || o.Pages != 2 || o.Remote != "Frog" {
		t.Errorf("sent: %v; %+v", r, o)
	}
	files, _ := filepath.Glob(filepath.Join(dir, "fax-*.tif"))
	if len(files) != 1 {
		t.Fatalf("files %v", files)
	}
	if r, err := tiff.Open(files[0]); err != nil || len(r.Pages()) != 2 {
		t.Fatalf("%v", err)
	}
	out, err := machines{}.Send(files[0], "Desk")
	if err != nil {
		t.Fatal(err)
	}
	got := &sheets{}
	cfg = modemdrv.Config{}
	cfg.Poll, cfg.Pages = true, modemdrv.NewPages(got)
	r, o := couple(t, cfg, out)
	if r.Outcome != t30.Done || o.Err != nil || o.Pages != 2 || len(got.out) != 2 || !bytes.Equal(got.out[0].Pix, page.Pix) {
		t.Errorf("polled: %v; %+v; %d pages", r, o, len(got.out))
	}
	if _, err := (machines{}).Send(filepath.Join(dir, "none.tif"), ""); err == nil {
		t.Error("a file that is not there can be polled")
	}
}

// sheets are pages in memory.
type sheets struct{ in, out []*t4.Bitmap }

func (s *sheets) Page(n int) (t30.PageInfo, bool) {
	return t30.PageInfo{Resolution: t30.Fine, Width: t30.Width215}, n < len(s.in)
}
func (s *sheets) Bitmap(n int) (*t4.Bitmap, error) { return s.in[n], nil }
func (s *sheets) Store(p modemdrv.ReceivedPage) error {
	s.out = append(s.out, p.Bitmap)
	return nil
}
