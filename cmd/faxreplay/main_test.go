package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/record"
)

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
	if err := replay(&out, filepath.Join(dir, "c1.rec"), false); err != nil {
		t.Fatal(err)
	}
	if text := out.String(); !strings.Contains(text, "bit for bit") || strings.Count(text, "\n") < 3 {
		t.Errorf("it prints\n%s", text)
	}
	if err := replay(&out, filepath.Join(dir, "none.rec"), false); err == nil {
		t.Error("a recording that is not there is replayed")
	}
}
