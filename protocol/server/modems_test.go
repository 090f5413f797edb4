package server_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// lines is a process of lines as seen from the spool: it has FIFOs, and does as
// the configuration files are when it is told.
type lines struct {
	t    *testing.T
	s    *spool.Spool
	told chan string

	mu     sync.Mutex
	refuse string // why new lines are not served
	stay   bool   // lines are in a call and do not go
	fifos  map[string]*spool.FIFO
}

// be sets how the process is.
func (l *lines) be(refuse string, stay bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.refuse, l.stay = refuse, stay
}

func startLines(t *testing.T, dir string) *lines {
	t.Helper()
	s, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := &lines{t: t, s: s, fifos: map[string]*spool.FIFO{}, told: make(chan string, 100)}
	l.serve("ttyOld")
	return l
}

func (l *lines) serve(id string) {
	f, err := l.s.OpenFIFO("FIFO."+id, 0o600)
	if err != nil {
		l.t.Error(err)
		return
	}
	l.fifos[id] = f
	l.t.Cleanup(func() { f.Close() })
	go func() {
		for {
			m, err := f.Next()
			if err != nil {
				return
			}
			if m == string(spool.LineRescan) && id == "ttyOld" { // one of them is enough
				l.rescan()
			}
		}
	}()
}

func (l *lines) rescan() {
	l.told <- "rescan"
	l.mu.Lock()
	defer l.mu.Unlock()
	files, _ := filepath.Glob(l.s.Path("etc", "config.ttyIAX*[0-9]"))
	there := map[string]bool{"ttyOld": true}
	for _, f := range files {
		id := strings.TrimPrefix(filepath.Base(f), "config.")
		there[id] = true
		switch {
		case l.refuse != "":
			if err := l.s.SetStatus(id, spool.StatusRefused+l.refuse); err != nil {
				l.t.Error(err)
			}
		case l.fifos[id] == nil:
			l.serve(id)
		}
	}
	for id, f := range l.fifos {
		if !there[id] && !l.stay {
			f.Close()
			delete(l.fifos, id)
		}
	}
}

// TestModemsComeAndGo: SITE ADDMODEM and DELMODEM with a process that follows.
func TestModemsComeAndGo(t *testing.T) {
	s, log := traced(t, server.TraceProtocol|server.TraceFIFO)
	l := startLines(t, s.dir)
	c := s.login(t, "boss")
	c.cmd("ADMIN "+protocoltest.Password, "230")

	c.cmd(`SITE ADDMODEM ttyIAX7 "IAXServer: pbx.example.com" "IAXPeer: fax7" "IAXSecret: qua\"ck and more" "IAXRefresh: 90"`, "200 Modem ttyIAX7 added.")
	file := filepath.Join(s.dir, "etc", "config.ttyIAX7")
	conf, err := config.Read(s.dir, file)
	if err != nil || len(conf.Problems) > 0 {
		t.Fatal(err, conf)
	}
	if got := conf.String("IAXSecret"); got != `qua"ck and more` || conf.String("IAXPeer") != "fax7" || conf.Int("IAXRefresh") != 90 {
		t.Errorf("the file says %q", got)
	}
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("mode of the file: %v, %v", info.Mode(), err)
	}
	if strings.Contains(log.String(), "qua") {
		t.Errorf("the secret is in the log:\n%s", log)
	}

	// A line that faxgetty refuses is not there afterwards, and can be added again when the fault is mended.
	l.be(`IAXCodec: "g729" cannot carry fax`, false)
	c.cmd(`SITE ADDMODEM ttyIAX8 "IAXPeer: fax8" "IAXCodec: g729"`, `503 Modem not added: IAXCodec: "g729" cannot carry fax.`)
	if _, err := os.Stat(filepath.Join(s.dir, "etc", "config.ttyIAX8")); !os.IsNotExist(err) {
		t.Errorf("the file of the line that cannot be: %v", err)
	}
	l.be("", false)
	c.cmd(`SITE ADDMODEM ttyIAX8 "IAXPeer: fax8" "IAXCodec: alaw"`, "200 Modem ttyIAX8 added.")

	// A line in a call goes when that is over.
	l.be("", true)
	begun := time.Now()
	c.cmd("SITE DELMODEM ttyIAX8", "200 Modem ttyIAX8 ends when its call is over.")
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("the answer took %v", took)
	}
	l.be("", false)
	c.cmd("SITE DELMODEM ttyIAX7", "200 Modem ttyIAX7 removed.")
	for _, f := range []string{"etc/config.ttyIAX7", "status/ttyIAX7"} {
		if _, err := os.Stat(filepath.Join(s.dir, f)); !os.IsNotExist(err) {
			t.Errorf("%s is still there: %v", f, err)
		}
	}
	if _, err := os.Stat(filepath.Join(s.dir, "etc", "config.ttyIAX7~")); err != nil {
		t.Error("the file is not kept: ", err)
	}
	if n := len(l.told); n != 5 {
		t.Errorf("the process was told %d times, want 5", n)
	}
}
