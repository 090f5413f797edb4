//go:build unix

package detach_test

import (
	"errors"
	"io"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/litoria-fax/litoria/internal/detach"
)

// TestMain lets the test's own program be the one in the background: what it shall do is its first
// argument.
func TestMain(m *testing.M) {
	files, ok := detach.Inherited()
	if !ok {
		os.Exit(m.Run())
	}
	if err := inBackground(os.Args[1], files); err != nil {
		os.Exit(1)
	}
}

func inBackground(what string, files []*os.File) error {
	switch what {
	case "serve":
		leader, _, _ := syscall.RawSyscall(syscall.SYS_GETSID, 0, 0, 0)
		if int(leader) != os.Getpid() {
			return detach.Ready(errors.New("not a session of its own"))
		}
		if err := detach.Ready(nil); err != nil {
			return err
		}
		_, err := io.WriteString(files[0], "served by "+what)
		return err
	case "fail":
		return errors.Join(detach.Ready(errors.New("port 1 is in use")), errors.New("ended"))
	}
	return errors.New("ended without a report")
}

func TestStart(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if err := detach.Start([]string{"serve"}, []*os.File{w}); err != nil {
		t.Fatalf("Start(serve) = %v, want nil", err)
	}
	w.Close()
	text, err := io.ReadAll(r)
	if err != nil || string(text) != "served by serve" {
		t.Errorf("the background wrote %q, %v; want %q", text, err, "served by serve")
	}
}

// What goes wrong in the background is told in the foreground.
func TestStartFails(t *testing.T) {
	for what, want := range map[string]string{"fail": "port 1 is in use", "end": "ended in the background"} {
		if err := detach.Start([]string{what}, nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Start(%s) = %v, want %q", what, err, want)
		}
	}
}
