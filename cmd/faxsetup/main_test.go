package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

func TestCheck(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "spool")
	if err := check(dir, t.Logf); err == nil || !strings.Contains(err.Error(), "-create makes one") {
		t.Errorf("no spool: %v", err)
	}
	if _, err := spool.Create(dir); err != nil {
		t.Fatal(err)
	}
	if err := check(dir, t.Logf); err != nil {
		t.Errorf("a fresh spool: %v", err)
	}
	c, err := config.Read(dir, "config/iax")
	if err != nil || len(c.Problems) > 0 {
		t.Errorf("the prototype of a line: %v, %v", err, c.Problems)
	}
	if err := os.WriteFile(filepath.Join(dir, "etc/config.x"), []byte("MaxDials: many\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := check(dir, t.Logf); err == nil || !strings.Contains(err.Error(), "1 lines") {
		t.Errorf("a wrong value: %v", err)
	}
}
