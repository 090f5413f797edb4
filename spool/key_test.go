package spool

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

func lockKey(t *testing.T, s *Spool) *Key {
	t.Helper()
	k, err := s.LockKey("ann", "order 7")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { k.Close() })
	return k
}

// What a server finds of a key after its predecessor was killed at any point of
// a submission.
func TestKey(t *testing.T) {
	job := func(t *testing.T, s *Spool, queue string, state JobState) {
		t.Helper()
		j := NewJob()
		j.JobID, j.State = "12", state
		if err := os.WriteFile(s.Path(queue, "q12"), j.Format(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, row := range []struct {
		name   string
		before func(t *testing.T, s *Spool, k *Key)
		want   string
		gone   bool
	}{
		{"new", func(*testing.T, *Spool, *Key) {}, "", false},
		{"claimed, its job still suspended", func(t *testing.T, s *Spool, k *Key) {
			job(t, s, SendQ, StateSuspended)
			_ = k.Claim("12")
		}, "", true},
		{"claimed, no job", func(_ *testing.T, _ *Spool, k *Key) { _ = k.Claim("12") }, "", false},
		{"claimed, the scheduler has its job", func(t *testing.T, s *Spool, k *Key) {
			job(t, s, SendQ, StateReady)
			_ = k.Claim("12")
		}, "12", false},
		{"claimed, its job is over", func(t *testing.T, s *Spool, k *Key) {
			job(t, s, DoneQ, StateDone)
			_ = k.Claim("12")
		}, "12", false},
		{"taken", func(_ *testing.T, _ *Spool, k *Key) { _ = k.Claim("12"); _ = k.Take("12") }, "12", false},
		{"taken, suspended by its owner", func(t *testing.T, s *Spool, k *Key) {
			job(t, s, SendQ, StateSuspended)
			_ = k.Take("12")
		}, "12", false},
		{"claimed after a longer number", func(_ *testing.T, _ *Spool, k *Key) { _ = k.Claim("123456"); _ = k.Take("12") }, "12", false},
		{"torn", func(_ *testing.T, _ *Spool, k *Key) { _, _ = k.f.WriteString("12") }, "", false},
		{"no number", func(_ *testing.T, _ *Spool, k *Key) { _, _ = k.f.WriteString("../x submitted\n") }, "", false},
	} {
		t.Run(row.name, func(t *testing.T) {
			s, err := Create(t.TempDir())
			if err != nil {
				t.Fatal(err)
			}
			k := lockKey(t, s)
			row.before(t, s, k)
			k.Close()
			if got := lockKey(t, s).Submitted(); got != row.want {
				t.Errorf("Submitted() = %q, want %q", got, row.want)
			}
			if _, err := os.Stat(s.Path("sendq/q12")); err == nil && row.gone {
				t.Error("the scheduler may still take the job that does not count")
			}
		})
	}
}

// A second submission waits for the first to end.
func TestKeyLocked(t *testing.T) {
	s, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	first := lockKey(t, s)
	got := make(chan string)
	go func() {
		k, err := s.LockKey("ann", "order 7")
		if err != nil {
			got <- err.Error()
			return
		}
		defer k.Close()
		got <- k.Submitted()
	}()
	if err := first.Take("12"); err != nil {
		t.Fatal(err)
	}
	first.Close()
	if id := <-got; id != "12" {
		t.Errorf("the second submission finds %q", id)
	}
}

func TestCleanKeys(t *testing.T) {
	w := newCleanWorld(t)
	key := func(name, job string, age time.Duration) string {
		k, err := w.s.LockKey("ann", name)
		if err != nil {
			t.Fatal(err)
		}
		defer k.Close()
		if err := k.Take(job); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(k.f.Name(), w.now.Add(-age), w.now.Add(-age)); err != nil {
			t.Fatal(err)
		}
		return filepath.Base(k.f.Name())
	}
	w.job(SendQ, 1, time.Hour, "")
	w.job(DoneQ, 2, 0, "")
	want := map[string]bool{key("a", "1", 48*time.Hour): true, key("b", "2", 48*time.Hour): true, key("c", "3", time.Hour): true, key("d", "4", 48*time.Hour): false}
	if err := w.s.Clean(Cleaning{JobAge: CleanJobAge, DocAge: CleanDocAge}, w.now); err != nil {
		t.Fatal(err)
	}
	for name, stays := range want {
		if _, err := os.Stat(w.s.Path(SendQ, name)); (err == nil) != stays {
			t.Errorf("%s: there %v, want %v", name, err == nil, stays)
		}
	}
}
