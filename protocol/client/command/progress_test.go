package command_test

import (
	"bytes"
	"context"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/command"
	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// On a terminal sendfax -w shows how the job goes.
func TestWaitOnTerminal(t *testing.T) {
	w := newWorld(t)
	w.terminal = true
	ps := w.file("doc.ps", "%!PS\nshowpage\n")
	go func() { // the fax is killed when it is there
		c := protocoltest.Peer{Addr: w.addr, Dir: w.dir}.Dial(t, "joe", client.Config{})
		for range 1000 {
			if p, err := c.JobProgress("100"); err == nil && p.State == client.StateWaiting && c.Kill("100") == nil {
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
	}()
	code, _, errOut := w.run(command.Sendfax, "-n", "-w", "-d", "1", ps)
	if code != 255 || !strings.Contains(errOut, "\r\x1b[Kjob 100: failed, Job aborted by request\n") {
		t.Errorf("sendfax -w = %d, %q", code, errOut)
	}
}

// stopper cancels a context when the second screen is written.
type stopper struct {
	mu      sync.Mutex // guards screens, as another goroutine may read it
	screens bytes.Buffer
	cancel  context.CancelFunc
}

func (s *stopper) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n, err := s.screens.Write(p)
	if strings.Count(s.screens.String(), "Running and idle") == 2 {
		s.cancel()
	}
	return n, err
}

// faxstat -w shows the state again and again, until it is interrupted.
func TestFaxstatWatch(t *testing.T) {
	w := newWorld(t)
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	out := &stopper{cancel: cancel}
	var errOut bytes.Buffer
	env := &command.Env{
		Stdout: out, Stderr: &errOut, Getenv: func(k string) string { return w.env[k] }, ConfigDir: w.home, HomeDir: w.home,
		LoginName: "login", Now: time.Now, Interval: 5 * time.Millisecond,
	}
	code := command.Faxstat(ctx, env, []string{"faxstat", "-w"})
	if screens := out.screens.String(); code != 0 || errOut.Len() > 0 || strings.Count(screens, "\x1b[H\x1b[2J") != 1 {
		t.Errorf("faxstat -w = %d, %q, %q", code, errOut.String(), screens)
	}
}
