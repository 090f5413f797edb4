package server_test

import (
	"context"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
)

// testServer is a server on a test spool, with a scheduler that answers.
type testServer struct {
	*server.Server
	dir       string
	addr      string
	scheduler *protocoltest.Scheduler

	mu      sync.Mutex // guards clients
	clients []net.Conn // to be closed at the end
}

func (s *testServer) closeLater(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clients = append(s.clients, c)
}

// closeClients closes all connections of the tests.
func (s *testServer) closeClients() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.clients {
		c.Close()
	}
	s.clients = nil
}

// newServer starts a server; change, if not nil, changes its configuration.
func newServer(t testing.TB, change func(*server.Config)) *testServer {
	t.Helper()
	dir := t.TempDir()
	if err := protocoltest.MakeSpool(dir); err != nil {
		t.Fatal(err)
	}
	scheduler, err := protocoltest.StartScheduler(dir)
	if err != nil {
		t.Fatal(err)
	}
	cfg := server.Config{
		Spool: dir, Hostname: "fax.example.com", Version: "HylaFAX (tm) Version 6.0.7", NoPasswordDelay: true,
		LookupHost: func(context.Context, string) string { return "localhost" },
	}
	if change != nil {
		change(&cfg)
	}
	srv, err := server.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- srv.Serve(l, false) }()
	s := &testServer{Server: srv, dir: dir, addr: l.Addr().String(), scheduler: scheduler}
	t.Cleanup(func() {
		s.closeClients()
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		<-ended
		scheduler.Close()
	})
	return s
}

var longTime = regexp.MustCompile(`\b20[0-9]{12}\b`)

// cleanTimes hides the times of today.
func cleanTimes(s string) string {
	year := time.Now().Format("2006")
	return longTime.ReplaceAllStringFunc(s, func(v string) string {
		if strings.HasPrefix(v, year) {
			return "YYYYMMDDHHMMSS"
		}
		return v
	})
}

// TestDialogues replays what HylaFAX's hfaxd 6.0.7 was recorded to say (interop/clients).
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/dialogues/*.txt")
	if err != nil || len(files) < 40 {
		t.Fatalf("Glob = %d dialogues, %v; want at least 40", len(files), err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txt"), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			want := protocoltest.ParseDialogue(string(text))
			got, err := want.Play(newServer(t, nil).addr, cleanTimes)
			if err != nil {
				t.Errorf("Play: %v in\n%s", err, got)
			}
			if diff := protocoltest.Compare(want, got, true); diff != "" {
				t.Error(diff)
			}
		})
	}
}
