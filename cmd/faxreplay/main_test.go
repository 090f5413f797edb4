package main

import (
	"bytes"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/record"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// TestPlot: a call in which a page is received, recorded and run again, and what was
// heard of the fast modem is drawn.
func TestPlot(t *testing.T) {
	dir := t.TempDir()
	var files [3]*os.File
	for i, name := range []string{"c1.rec", "c1-received.wav", "c1-sent.wav"} {
		f, err := os.Create(filepath.Join(dir, name))
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		files[i] = f
	}
	answering := modemdrv.Config{}
	answering.ID, answering.Pages = "Frog", modemdrv.NewPages(nowhere{})
	answering.Capabilities.MaxLength = t30.Unlimited
	b, err := record.New(answering, record.Tape{Log: files[0], Received: files[1], Sent: files[2]})
	if err != nil {
		t.Fatal(err)
	}
	calling := modemdrv.Config{}
	calling.ID, calling.Document = "Toad", modemdrv.NewDocument(study.Writing{Pages: 1, Rows: 200})
	a, err := modemdrv.NewCaller(calling)
	if err != nil {
		t.Fatal(err)
	}
	there, back := make([]int16, 160), make([]int16, 160)
	for n := 0; n < 50*120 && !a.Done(); n++ {
		a.Transmit(there)
		b.Transmit(back)
		a.Receive(back)
		b.Receive(there)
	}
	b.LineDown()
	var out bytes.Buffer
	if err := replay(&out, filepath.Join(dir, "c1.rec"), true, filepath.Join(dir, "plots")); err != nil {
		t.Fatal(err)
	}
	drawn, err := filepath.Glob(filepath.Join(dir, "plots", "c1-constellation-*.svg"))
	if err != nil || len(drawn) != 2 || !strings.Contains(out.String(), "received 1") { // training check and page
		t.Errorf("drawn: %v, %v; printed: %s", drawn, err, out.String())
	}
}

// nowhere is a modemdrv.PageStore.
type nowhere struct{}

func (nowhere) Store(modemdrv.ReceivedPage) error { return nil }

// TestReplay: a call in which nobody speaks, recorded and run again.
func TestReplay(t *testing.T) {
	var log, received, sent bytes.Buffer
	cfg := modemdrv.Config{}
	cfg.ID, cfg.Pages = "Frog", modemdrv.NewPages(nil)
	s, err := record.New(cfg, record.Tape{Log: &log, Received: &received, Sent: &sent})
	if err != nil {
		t.Fatal(err)
	}
	pcm := make([]int16, 160)
	for range 50 * 60 {
		if s.Done() {
			break
		}
		s.Transmit(pcm)
		s.Receive(make([]int16, 160))
	}
	dir := t.TempDir()
	for name, b := range map[string][]byte{"c1.rec": log.Bytes(), "c1-received.wav": received.Bytes(), "c1-sent.wav": sent.Bytes()} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var out bytes.Buffer
	if err := replay(&out, filepath.Join(dir, "c1.rec"), false, ""); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "bit for bit") || strings.Count(text, "\n") < 3 {
		t.Errorf("it prints\n%s", text)
	}
	if err := replay(&out, filepath.Join(dir, "none.rec"), false, ""); err == nil {
		t.Error("a recording that is not there is replayed")
	}
}

// TestFrames: the frames of a recorded call are printed with their times.
func TestFrames(t *testing.T) {
	dir := t.TempDir()
	a, b := netip.MustParseAddrPort("192.0.2.1:4569"), netip.MustParseAddrPort("192.0.2.2:4569")
	capture := wire.AppendCaptureHeader(nil)
	start := time.Unix(1000, 0)
	for i, from := range []netip.AddrPort{a, b} {
		m := wire.Mini{Source: 7, Timestamp: uint16(20 * i), Data: make([]byte, 160)}
		capture = wire.AppendCaptured(capture, start.Add(time.Duration(i)*20*time.Millisecond), from, b, m.Append(nil))
	}
	if err := os.WriteFile(filepath.Join(dir, "c1-iax.pcap"), capture, 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := printFrames(&out, filepath.Join(dir, "c1.rec")); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); strings.Count(text, "MINI") != 2 || !strings.Contains(text, "  0.020000  192.0.2.2:4569 > 192.0.2.2:4569") {
		t.Errorf("printed\n%s", text)
	}
	if err := printFrames(&out, filepath.Join(dir, "c2.rec")); err == nil {
		t.Error("frames that are not there are printed")
	}
}
