package config

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const sampleIAXModem = `device		/dev/ttyIAX3 ; the pty
owner		uucp:uucp
mode		660
port		4573
refresh		300
server		192.0.2.1:4570
peername	fax3
secret		pass word
cidname		John Doe
cidnumber	8005551212
codec		slinear
nojitterbuffer
; a comment
`

func TestReadIAXModem(t *testing.T) {
	m := parseIAXModem(strings.NewReader(sampleIAXModem), "/etc/iaxmodem/three")
	if len(m.Problems) > 0 || m.Device != "ttyIAX3" || m.NoDaemon {
		t.Errorf("%q, %v", m.Device, m.Problems)
	}
	for tag, want := range map[string]string{"IAXServer": "192.0.2.1:4570", "IAXPeer": "fax3", "IAXSecret": "pass word", "IAXCallerIDName": "John Doe",
		"IAXCallerIDNumber": "8005551212", "IAXCodec": "slinear", "IAXPort": "4573"} {
		if got := m.String(tag); got != want {
			t.Errorf("%s = %q, want %q", tag, got, want)
		}
	}
	if m.Seconds("IAXRefresh") != 300*time.Second {
		t.Errorf("refresh %v", m.Seconds("IAXRefresh"))
	}
	bad := parseIAXModem(strings.NewReader("replay\nmystery x\nport many\n"), "x")
	if len(bad.Problems) != 3 || bad.Device != "x" || !strings.Contains(bad.Problems[1].Error(), `x:2: unknown entry "mystery"`) {
		t.Errorf("problems: %v", bad.Problems)
	}
}

// TestReadLine: a line of an installation with iaxmodem finds its account.
func TestReadLine(t *testing.T) {
	dir := t.TempDir()
	modems := filepath.Join(dir, "iaxmodem")
	for name, text := range map[string]string{
		"etc/config.ttyIAX3": "FAXNumber: 1003\nModemType: Class1\n", "etc/config.own": "IAXServer: a\n", "etc/config.none": "FAXNumber: 1\n", "iaxmodem/three": sampleIAXModem,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for devid, server := range map[string]string{"ttyIAX3": "192.0.2.1:4570", "own": "a", "none": ""} {
		c, err := ReadLine(dir, devid, modems)
		if err != nil || len(c.Problems) > 0 || c.String("IAXServer") != server {
			t.Errorf("%s: server %q, want %q; %v, %v", devid, c.String("IAXServer"), server, err, c)
		}
		if devid == "ttyIAX3" && (c.String("FAXNumber") != "1003" || c.Stale()) {
			t.Errorf("%s: number %q, stale %v", devid, c.String("FAXNumber"), c.Stale())
		}
	}
	if _, err := ReadLine(dir, "nix", modems); !os.IsNotExist(err) {
		t.Errorf("no configuration: %v", err)
	}
}

func FuzzIAXModem(f *testing.F) {
	f.Add(sampleIAXModem)
	f.Fuzz(func(_ *testing.T, text string) { parseIAXModem(strings.NewReader(text), "x").NoEffect() })
}
