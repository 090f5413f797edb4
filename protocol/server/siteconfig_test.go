package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// SITE CONFIG sends a parameter to the process of a line or to faxq, and shows what the file says.
func TestSiteConfig(t *testing.T) {
	s := newServer(t, nil)
	name := filepath.Join(s.dir, "FIFO.ttyS7")
	if err := unix.Mkfifo(name, 0o600); err != nil {
		t.Fatal(err)
	}
	fifo, err := os.OpenFile(name, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	if err := os.WriteFile(filepath.Join(s.dir, "etc/config.ttyS7"), []byte("# a line\nFAXNumber: +1.555\nbroken\nRingsBeforeAnswer: 2\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c := s.login(t, "boss")
	c.cmd("SITE CONFIG ttyS7 RingsBeforeAnswer 1", "530")
	c.cmd("ADMIN "+protocoltest.Password, "230")
	for _, tt := range []struct{ line, reply, message string }{
		{"SITE CONFIG ttyS7 RingsBeforeAnswer 1", "200 Config info RingsBeforeAnswer 1 sent to ttyS7.", "CRingsBeforeAnswer: 1\x00"},
		{"SITE CONFIG ttyS7 RingsBeforeAnswer: 3", "200 Config info RingsBeforeAnswer: 3 sent to ttyS7.", "CRingsBeforeAnswer: 3\x00"},
		{"SITE CONFIG ttyS7 nonsense", "503 SITE CONFIG: ", ""},
		{"SITE CONFIG nosuch MaxTries 1", "500 Config request failed: Unable to open /FIFO.nosuch: No such file or directory.", ""},
		{"SITE CONFIG ../FIFO MaxTries 1", "500 Config request failed: ", ""},
		{"SITE CONFIG faxq MaxTries 1", "200 Config info MaxTries 1 sent to faxq.", ""},
		{"SITE CONFIG nosuch", "500 Config request failed: No such file or directory.", ""},
		{"SITE CONFIG ../hosts.hfaxd", "500 Config request failed: No such file or directory.", ""},
		{"SITE CONFIG", "500 'SITE CONFIG': Syntax error, expecting <SP>.", ""},
	} {
		c.cmd(tt.line, tt.reply)
		if tt.message == "" {
			continue
		}
		buf := make([]byte, 100)
		fifo.SetReadDeadline(time.Now().Add(10 * time.Second))
		if n, err := fifo.Read(buf); err != nil || string(buf[:n]) != tt.message {
			t.Errorf("%s: message %q, %v; want %q", tt.line, buf[:n], err, tt.message)
		}
	}
	if m := strings.Join(s.scheduler.Messages(), "\n"); !strings.Contains(m, "CCLIENT:MaxTries: 1") {
		t.Errorf("messages to faxq %q, want the parameter", m)
	}
	shown := c.said("SITE CONFIG ttyS7")
	for _, want := range []string{"200-Configuration info for ttyS7.", "    faxnumber: +1.555", "    ringsbeforeanswer: 2", "200 End of configuration info."} {
		if !strings.Contains(shown, want) {
			t.Errorf("SITE CONFIG ttyS7 = %q, want %q", shown, want)
		}
	}
}
