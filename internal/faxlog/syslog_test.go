package faxlog

import (
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

// Messages arrive at syslog with facility, priority and HylaFAX's name.
func TestSyslog(t *testing.T) {
	path := filepath.Join(t.TempDir(), "log")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	next := func() string {
		t.Helper()
		buf := make([]byte, 1024)
		l.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := l.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		return string(buf[:n])
	}
	w := NewSyslog("unixgram", path)
	log := zerolog.New(w).With().Str("client", "192.0.2.1").Logger()
	for _, tt := range []struct {
		facility string
		event    *zerolog.Event
		want     string
	}{
		{"daemon", log.Info(), "<30>"}, {"LOCAL3", log.Info(), "<158>"}, {"local3", log.Error(), "<155>"},
		{"uucp", log.Warn(), "<68>"}, {"uucp", log.Debug(), "<71>"},
	} {
		if err := w.SetFacility(tt.facility); err != nil {
			t.Fatal(err)
		}
		tt.event.Str("user", "joe").Msg("login")
		if got := next(); !strings.HasPrefix(got, tt.want) || !strings.Contains(got, "HylaFAX[") || !strings.Contains(got, ": login client=192.0.2.1 user=joe") {
			t.Errorf("%s: message %q, want %s", tt.facility, got, tt.want)
		}
	}
	if err := w.SetFacility("nonsense"); err == nil {
		t.Error("SetFacility(nonsense) = nil")
	}
	l.Close()
	os.Remove(path)
	log.Info().Msg("nobody hears") // and nothing stops
}
