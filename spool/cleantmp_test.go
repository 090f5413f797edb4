package spool

import (
	"os"
	"slices"
	"syscall"
	"testing"
	"time"
)

// What a killed program left in tmp goes when it is old; what is being written,
// and what is not ours, stays.
func TestCleanTemporary(t *testing.T) {
	w := newCleanWorld(t)
	const old, damaged = CleanTempAge + time.Hour, CleanDamagedAge + time.Hour
	for name, age := range map[string]time.Duration{
		"tmp/q12.new3918": old, "tmp/doc1.ps;c0.tmp": old, "tmp/cover7.ps;c0.tmp": old, "tmp/.writable77": old, "tmp/q5.damaged": damaged,
		"tmp/q13.new1": time.Hour, "tmp/q14.new5": old, "tmp/q6.damaged": old, "tmp/doc2.ps;c0.tmp": time.Minute,
		"tmp/q12.save": damaged, "tmp/notice.9": damaged, "tmp/q12.new": damaged, "tmp/docs.tmp": damaged, "tmp/sndfaxAb12": damaged,
	} {
		w.file(name, "x", age)
	}
	writer, err := os.Open(w.s.Path("tmp/q14.new5"))
	if err != nil {
		t.Fatal(err)
	}
	defer writer.Close()
	if err := syscall.Flock(int(writer.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	stays := func() (names []string) {
		entries, err := os.ReadDir(w.s.Path(Tmp))
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			names = append(names, e.Name())
		}
		return names
	}
	if err := w.s.Clean(Cleaning{DryRun: true}, w.now); err != nil || len(stays()) != 14 {
		t.Errorf("a trial removes files: %v, %v", stays(), err)
	}
	if err := w.s.Clean(Cleaning{}, w.now); err != nil {
		t.Fatal(err)
	}
	want := []string{"doc2.ps;c0.tmp", "docs.tmp", "notice.9", "q12.new", "q12.save", "q13.new1", "q14.new5", "q6.damaged", "sndfaxAb12"}
	if got := stays(); !slices.Equal(got, want) {
		t.Errorf("left: %q, want %q", got, want)
	}
}

// The file that a writer killed within CreateJob leaves is of a name that Clean
// knows.
func TestCleanKnowsTheNames(t *testing.T) {
	w := newCleanWorld(t)
	f, err := newJobFile(w.s, "sendq/q12")
	if err != nil {
		t.Fatal(err)
	}
	f.Close() // and killed
	if err := w.s.Clean(Cleaning{}, time.Now().Add(CleanTempAge+time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(f.Name()); !os.IsNotExist(err) {
		t.Errorf("%s stays: %v", f.Name(), err)
	}
}
