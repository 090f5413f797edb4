package server_test

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
)

// lockedBuffer is a log that several goroutines write.
type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// traced starts a server with a ServerTracing and returns its log.
func traced(t *testing.T, mask server.Trace) (*testServer, *lockedBuffer) {
	t.Helper()
	log := &lockedBuffer{}
	s := newServer(t, func(cfg *server.Config) {
		cfg.Log = zerolog.New(log)
		cfg.Settings = server.DefaultSettings()
		cfg.Settings.ServerTracing = int(mask)
	})
	return s, log
}

// Each flag of ServerTracing makes its area show in the log, and no other does.
func TestServerTracing(t *testing.T) {
	areas := map[server.Trace]string{
		server.TraceServer: "administrative privileges", server.TraceProtocol: "command: NOOP", server.TraceLogin: `"login"`,
		server.TraceConnect: `"connection"`, server.TraceFIFO: "FIFO send", server.TraceTIFF: "not a TIFF file",
	}
	for mask := range areas {
		s, log := traced(t, mask)
		if err := os.WriteFile(filepath.Join(s.dir, "recvq/fax000000009.tif"), []byte("no TIFF at all"), 0o644); err != nil {
			t.Fatal(err)
		}
		c := s.login(t, "boss")
		c.cmd("ADMIN "+protocoltest.Password, "230")
		c.cmd("NOOP", "200")
		c.cmd("ENABLE ttyS9", "200") // a message to faxq
		d := c.data()
		c.cmd("LIST recvq", "150")
		io.Copy(io.Discard, d)
		c.want("226")
		c.cmd("QUIT", "221")
		text := log.String()
		for area, sign := range areas {
			if got := strings.Contains(text, sign); got != (area == mask) {
				t.Errorf("ServerTracing %#x: %q is in the log: %v, want %v", mask, sign, got, area == mask)
			}
		}
	}
}

// Passwords are not traced.
func TestTraceHidesPasswords(t *testing.T) {
	s, log := traced(t, server.TraceProtocol)
	c := s.login(t, "boss")
	c.cmd("ADMIN "+protocoltest.Password, "230")
	c.cmd("SITE ADDUSER new@host:99 hushhush evenmore", "")
	c.cmd("USER sam", "331")
	c.cmd("PASS hushhush", "530")
	c.cmd("USER joe", "230")
	c.cmd("PASS hushhush and more", "500")
	c.cmd("  PASS hushhush", "500")
	c.cmd("pass   hushhush", "503")
	text := log.String()
	for _, secret := range []string{protocoltest.Password, "hushhush", "evenmore"} {
		if strings.Contains(text, secret) {
			t.Errorf("the log has %q:\n%s", secret, text)
		}
	}
}

// XferLogFile holds a line for each file that goes over a data connection, where ServerTracing asks
// for its direction; listings are no files.
func TestXferLog(t *testing.T) {
	for _, tt := range []struct {
		mask server.Trace
		want []string
	}{
		{server.TraceServer, nil},
		{server.TraceIncoming, []string{"9\t/tmp/doc200.ps\ti\tjoe"}},
		{server.TraceOutgoing, []string{"LENGTH\t/recvq/fax000000001.tif\to\tjoe"}},
		{server.TraceIncoming | server.TraceOutgoing, []string{"9\t/tmp/doc200.ps\ti\tjoe", "LENGTH\t/recvq/fax000000001.tif\to\tjoe"}},
	} {
		s, _ := traced(t, tt.mask)
		c := s.login(t, "joe")
		c.cmd("TYPE I", "200")
		d := c.data()
		c.cmd("STOT", "150 FILE: /tmp/doc200.ps")
		io.WriteString(d, "%!PS\n1 2\n"[:9])
		d.Close()
		c.want("226")
		for _, command := range []string{"RETR recvq/fax000000001.tif", "LIST recvq"} {
			d := c.data()
			c.cmd(command, "150")
			io.Copy(io.Discard, d)
			c.want("226")
		}
		c.cmd("QUIT", "221")
		name := filepath.Join(s.dir, "etc/clientlog")
		text, err := os.ReadFile(name)
		if len(tt.want) == 0 {
			if !os.IsNotExist(err) {
				t.Errorf("ServerTracing %#x: XferLogFile = %q, %v; want none", tt.mask, text, err)
			}
			continue
		}
		if info, err := os.Stat(name); err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("mode %v, %v; want 0600", info, err)
		}
		lines := strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
		head := regexp.MustCompile(`^[A-Z][a-z]{2} [A-Z][a-z]{2} [ 0-9]\d \d\d:\d\d:\d\d \d{4}\t1\tlocalhost\t`)
		for i := range lines {
			rest := head.ReplaceAllString(lines[i], "")
			if size := len(protocoltest.TIFF(2)); i < len(tt.want) {
				if want := strings.Replace(tt.want[i], "LENGTH", strconv.Itoa(size), 1); rest != want {
					t.Errorf("ServerTracing %#x: line %q, want %q", tt.mask, lines[i], want)
				}
			}
		}
		if len(lines) != len(tt.want) {
			t.Errorf("ServerTracing %#x: %d lines, want %d", tt.mask, len(lines), len(tt.want))
		}
	}
}
