package client_test

import (
	"context"
	"errors"
	"net"
	"os"
	"testing"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
	"github.com/litoria-fax/litoria/protocol/server"
)

// start starts a server of this module on a fresh test spool.
func start(t testing.TB, change func(*server.Config)) protocoltest.Peer {
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
		Spool: dir, NoPasswordDelay: true, LookupHost: func(context.Context, string) string { return "localhost" },
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
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		if err := <-ended; !errors.Is(err, server.ErrClosed) {
			t.Error(err)
		}
		scheduler.Close()
	})
	return protocoltest.Peer{Addr: l.Addr().String(), Dir: dir}
}

// TestSuite runs the suite against this module's server; interop/clients runs it against HylaFAX's.
func TestSuite(t *testing.T) {
	protocoltest.RunSuite(t, func(t *testing.T) protocoltest.Peer { return start(t, nil) })
}

// tempDir makes a directory for an Example, which has no test to clean up after it.
func tempDir() string {
	dir, err := os.MkdirTemp("", "litoria")
	if err != nil {
		panic(err)
	}
	return dir
}
