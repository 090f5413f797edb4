package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// TestLines: a line is made, faxgetty is told, and it is removed again.
func TestLines(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	s, err := spool.Create(dir)
	if err != nil {
		t.Fatal(err)
	}
	fifo, err := s.OpenFIFO("FIFO.other", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	parameters := []string{"IAXServer: pbx", "IAXPeer: fax1", "IAXSecret: a b"}
	for _, bad := range []error{
		addLine(dir, "tty/IAX0", parameters), addLine(dir, "ttyIAX0", parameters[2:]), addLine(dir, "ttyIAX0", append(parameters, "Nothing: 1")),
		removeLine(dir, "ttyIAX0"),
	} {
		if bad == nil || !strings.Contains(bad.Error(), "line not ") {
			t.Errorf("%v", bad)
		}
	}
	if err := addLine(dir, "ttyIAX0", parameters); err != nil {
		t.Fatal(err)
	}
	c, err := config.Read(dir, "etc/config.ttyIAX0")
	if err != nil || c.String("IAXSecret") != "a b" || len(c.Problems) > 0 {
		t.Errorf("the file: %v, %v", c, err)
	}
	if m, err := fifo.Next(); err != nil || m != string(spool.LineRescan) {
		t.Errorf("faxgetty is told %q, %v", m, err)
	}
	if err := addLine(dir, "ttyIAX0", parameters); err == nil || !strings.Contains(err.Error(), "is there already") {
		t.Errorf("a second time: %v", err)
	}
	if err := removeLine(dir, "ttyIAX0"); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(s.Path(spool.Etc, "config.ttyIAX0")); !os.IsNotExist(err) {
		t.Errorf("the file is still there: %v", err)
	}
	if err := check(dir, t.Logf); err != nil {
		t.Errorf("after all that: %v", err)
	}
}
