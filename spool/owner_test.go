package spool

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// becomes tells the test's program to become the owner of a spool, and to say
// who it is then.
const becomes = "LITORIA_TEST_BECOMES"

func TestMain(m *testing.M) {
	dir := os.Getenv(becomes)
	if dir == "" {
		os.Exit(m.Run())
	}
	s, err := Open(dir)
	if err == nil {
		err = s.BecomeOwner()
	}
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	// All threads: one that stayed root would be a hole.
	tasks, err := filepath.Glob("/proc/self/task/*/status")
	if err != nil || len(tasks) == 0 {
		fmt.Println("no threads in /proc", err)
		os.Exit(1)
	}
	for _, task := range tasks {
		b, _ := os.ReadFile(task)
		for line := range strings.Lines(string(b)) {
			if strings.HasPrefix(line, "Uid:") || strings.HasPrefix(line, "Gid:") || strings.HasPrefix(line, "Groups:") {
				fmt.Println(strings.Join(strings.Fields(line), " "))
			}
		}
	}
	if l, err := s.CreateJob(SendQ, goodJob("1")); err != nil {
		fmt.Println("a job of its own:", err)
	} else {
		l.Unlock()
	}
}

// TestBecomeOwner: a program that root starts becomes the owner of the spool
// with all its threads, and makes files as that; an ordinary user's program, or
// one for a spool of root's own, stays what it is.
func TestBecomeOwner(t *testing.T) {
	const nobody = 65534
	self := func(s *Spool) string {
		t.Helper()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), becomes+"="+s.Dir())
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		return string(out)
	}
	// t.TempDir is root's alone.
	dir, err := os.MkdirTemp("", "litoria-owner-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s, err := Create(filepath.Join(dir, "spool"))
	if err != nil {
		t.Fatal(err)
	}
	same := fmt.Sprintf("Uid: %[1]d %[1]d %[1]d %[1]d\n", os.Getuid())
	if got := self(s); !strings.Contains(got, same) || strings.Contains(got, "Uid: 65534 ") != (os.Getuid() == nobody) {
		t.Errorf("a spool of its own: %s, want %s", got, same)
	}
	if os.Getuid() != 0 {
		return // what follows is root's affair
	}
	if err := os.Remove(s.Path("sendq/q1")); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"", SendQ, DocQ, Tmp} {
		if err := os.Chown(s.Path(name), nobody, nobody); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(self(s)), "\n")
	for i, line := range lines {
		want := []string{"Uid: 65534 65534 65534 65534", "Gid: 65534 65534 65534 65534", "Groups: 65534"}[i%3]
		if line != want {
			t.Errorf("line %d: %q, want %q", i, line, want)
		}
	}
	info, err := os.Stat(s.Path("sendq/q1"))
	if err != nil {
		t.Fatal(err)
	}
	if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Uid != nobody || st.Gid != nobody {
		t.Errorf("its files belong to %d:%d", st.Uid, st.Gid)
	}
}
