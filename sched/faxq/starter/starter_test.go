package starter

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

func TestTrusted(t *testing.T) {
	top := t.TempDir()
	if err := os.Chmod(top, 0o755); err != nil {
		t.Fatal(err)
	}
	owner := uint32(os.Getuid())
	make := func(name string, dir, file os.FileMode) string {
		t.Helper()
		d := filepath.Join(top, name)
		p := filepath.Join(d, "faxsend")
		err := errors.Join(os.Mkdir(d, 0o755), os.WriteFile(p, []byte("#!/bin/sh\n"), 0o600), os.Chmod(p, file), os.Chmod(d, dir))
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	good := make("good", 0o755, 0o755)
	link := filepath.Join(top, "link")
	if err := os.Symlink(good, link); err != nil {
		t.Fatal(err)
	}
	for _, row := range []struct {
		name, path string
		owner      uint32
		ok         bool
	}{
		{"root's own", good, owner, true},
		{"by a link", link, owner, true},
		{"in a sticky directory", make("sticky", os.ModeSticky|0o777, 0o755), owner, true},
		{"another owner", good, owner + 1, false},
		{"group may write", make("group", 0o755, 0o775), owner, false},
		{"all may write", make("all", 0o755, 0o757), owner, false},
		{"directory of all", make("dir", 0o777, 0o755), owner, false},
		{"directory of the group", make("dirgroup", 0o775, 0o755), owner, false},
		{"cannot be run", make("plain", 0o755, 0o644), owner, false},
		{"a directory", filepath.Join(top, "good"), owner, false},
	} {
		real, err := trusted(row.path, top, row.owner)
		if (err == nil) != row.ok || err != nil && !errors.Is(err, ErrNotTrusted) {
			t.Errorf("%s: %q, %v; want ok %v", row.name, real, err, row.ok)
		}
		if row.ok && !strings.HasSuffix(real, "/faxsend") {
			t.Errorf("%s: real path %q", row.name, real)
		}
	}
	if _, err := Trusted(filepath.Join(top, "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("a missing program: %v", err)
	}
}

func TestParseIDs(t *testing.T) {
	if u, g, err := parseIDs("10:20"); u != 10 || g != 20 || err != nil {
		t.Errorf("10:20: %d %d %v", u, g, err)
	}
	for _, bad := range []string{"", "0:0", "0:10", "10", "10:", "10:20x", "x:1", "-1:1", "10:-1"} {
		if _, _, err := parseIDs(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// begin runs a service that trusts everything beside the test; gone tells of
// its end.
func begin(t *testing.T) (c *Client, gone <-chan error) {
	t.Helper()
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	s := &service{conn: theirs, ended: make(chan ended), running: map[int]int{}, trusted: func(p string) (string, error) {
		if strings.Contains(p, "untrusted") {
			return "", ErrNotTrusted
		}
		return p, nil
	}}
	end := make(chan error, 1)
	go func() { end <- s.serve(); theirs.Close() }()
	c = newClient(ours)
	t.Cleanup(func() { c.Close() })
	return c, end
}

// sh starts a script without the client's own look at the program.
func (c *Client) sh(dir string, argv ...string) (*Command, error) {
	cmd, err := c.register()
	if err != nil {
		return nil, err
	}
	if err := c.send(request{ID: cmd.id, Dir: dir, Argv: argv}); err != nil {
		return nil, err
	}
	a := <-cmd.began
	if a.Error != "" {
		return nil, errors.New(a.Error)
	}
	cmd.PID = a.PID
	return cmd, nil
}

func TestCommands(t *testing.T) {
	c, gone := begin(t)
	dir := t.TempDir()
	cmd, err := c.sh(dir, "/bin/sh", "-c", `echo "$PATH" > path; exit 3`)
	if err != nil {
		t.Fatal(err)
	}
	if st, err := cmd.Wait(); err != nil || st.ExitStatus() != 3 {
		t.Errorf("exit status %v, %v", st, err)
	}
	if b, _ := os.ReadFile(filepath.Join(dir, "path")); !strings.HasPrefix(string(b), "/usr/local/sbin:") {
		t.Errorf("PATH %q in the directory %s", b, dir)
	}
	if cmd, err = c.sh(dir, "/bin/sleep", "60"); err != nil {
		t.Fatal(err)
	}
	cmd.Signal(syscall.SIGTERM)
	if st, err := cmd.Wait(); err != nil || !st.Signaled() || st.Signal() != syscall.SIGTERM {
		t.Errorf("after a signal: %v, %v", st, err)
	}
	for _, argv := range [][]string{{"/nonexistent/faxsend"}, {"/untrusted/faxsend"}, {}} {
		if _, err := c.sh(dir, argv...); err == nil {
			t.Errorf("%q was started", argv)
		}
	}
	if _, err := c.Start(dir, []string{filepath.Join(dir, "path")}); !errors.Is(err, ErrNotTrusted) {
		t.Errorf("a file of a temporary directory: %v", err)
	}
	c.Close()
	if err := <-gone; err != nil {
		t.Error(err)
	}
}

// A command goes on when faxq dies, and the starter waits for it.
func TestCommandOutlivesClient(t *testing.T) {
	c, gone := begin(t)
	dir := t.TempDir()
	if _, err := c.sh(dir, "/bin/sh", "-c", `until test -e go; do sleep 0.01; done; echo > done`); err != nil {
		t.Fatal(err)
	}
	c.Close()
	select {
	case <-gone:
		t.Fatal("the starter did not wait")
	default:
	}
	if err := os.WriteFile(filepath.Join(dir, "go"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	<-gone
	if _, err := os.Stat(filepath.Join(dir, "done")); err != nil {
		t.Error(err)
	}
}

// When the starter is lost, commands that run are waited for all the same, and
// nothing new is taken.
func TestStarterLost(t *testing.T) {
	ours, theirs, err := pair()
	if err != nil {
		t.Fatal(err)
	}
	c := newClient(ours)
	defer c.Close()
	cmd, err := c.register()
	if err != nil {
		t.Fatal(err)
	}
	cmd.PID = 1 << 30 // nobody has it
	theirs.Close()
	if _, err := cmd.Wait(); !errors.Is(err, ErrLost) {
		t.Errorf("Wait: %v", err)
	}
	if _, err := c.Start("/", []string{"/bin/sh"}); !errors.Is(err, ErrLost) {
		t.Errorf("Start: %v", err)
	}
}

// FuzzRequest: whatever faxq sends, the starter ends well.
func FuzzRequest(f *testing.F) {
	f.Add([]byte(`{"ID":1,"Argv":["/untrusted/x"]}`))
	f.Add([]byte(`{"ID":1,"Signal":9}`))
	f.Add([]byte(`[`))
	f.Fuzz(func(t *testing.T, b []byte) {
		ours, theirs, err := pair()
		if err != nil {
			t.Fatal(err)
		}
		defer theirs.Close()
		s := &service{conn: theirs, ended: make(chan ended), running: map[int]int{}, trusted: func(string) (string, error) { return "", ErrNotTrusted }}
		_, _ = ours.Write(b[:min(len(b), maxMessage)])
		ours.Close()
		if err := s.serve(); err != nil {
			t.Error(err)
		}
	})
}
