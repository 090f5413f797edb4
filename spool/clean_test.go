package spool

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"
)

// cleanWorld is a spool with jobs and documents of many ages.
type cleanWorld struct {
	t   *testing.T
	s   *Spool
	now time.Time
}

func (w *cleanWorld) file(name, text string, age time.Duration) {
	w.t.Helper()
	if err := os.WriteFile(w.s.Path(name), []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	if err := os.Chtimes(w.s.Path(name), w.now.Add(-age), w.now.Add(-age)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *cleanWorld) job(queue string, id int, age time.Duration, doneop string, docs ...string) {
	w.t.Helper()
	var b strings.Builder
	fmt.Fprintf(&b, "state:7\nnumber:1\nmailaddr:a\nsender:a\njobid:%d\nmodem:any\nclient:c\nowner:o\ndoneop:%s\n", id, doneop)
	for _, d := range docs {
		fmt.Fprintf(&b, "!postscript:0::docq/%s\n", d)
	}
	w.file(JobName(queue, id), b.String(), age)
}

// left lists what there is of names.
func (w *cleanWorld) left() (names []string) {
	for _, d := range []string{DoneQ, DocQ} {
		entries, err := os.ReadDir(w.s.Path(d))
		if err != nil {
			w.t.Fatal(err)
		}
		for _, e := range entries {
			if e.Name() != seqFile {
				names = append(names, d+"/"+e.Name())
			}
		}
	}
	return names
}

func newCleanWorld(t *testing.T) *cleanWorld {
	s, err := Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	return &cleanWorld{t: t, s: s, now: time.Unix(1_800_000_000, 0)}
}

func TestClean(t *testing.T) {
	const young, old = time.Minute, 24 * time.Hour
	for _, row := range []struct {
		name string
		make func(w *cleanWorld)
		gone []string // of what was there
		c    Cleaning
	}{
		{"old and young jobs", func(w *cleanWorld) {
			w.job(DoneQ, 1, old, "default")
			w.job(DoneQ, 2, young, "default")
		}, []string{"doneq/q1"}, Cleaning{}},
		{"a file that is no job goes", func(w *cleanWorld) {
			w.file("doneq/q3", "", young)
			w.file("doneq/q4", "state:7\n", young)
			w.file("doneq/other", "x", old)
		}, []string{"doneq/q3", "doneq/q4"}, Cleaning{}},
		{"nothing is done in a dry run", func(w *cleanWorld) {
			w.job(DoneQ, 1, old, "default", "doc1.ps")
			w.file("docq/doc1.ps", "x", old)
		}, nil, Cleaning{DryRun: true}},
		{"documents of jobs over", func(w *cleanWorld) {
			w.job(DoneQ, 1, young, "default", "doc1.ps")
			w.job(DoneQ, 2, old, "default", "doc2.ps")
			w.file("docq/doc1.ps", "x", old)
			w.file("docq/doc2.ps", "x", old)
			w.file("docq/doc3.ps", "x", young)
			w.file("docq/doc4.ps", "x", old)
			w.file("docq/letter", "x", old)
		}, []string{"doneq/q2", "docq/doc2.ps", "docq/doc4.ps"}, Cleaning{}},
		{"links of jobs in sendq", func(w *cleanWorld) {
			w.job(SendQ, 12, old, "")
			w.file("docq/doc1.ps.12", "x", old)
			w.file("docq/doc1.ps.13", "x", old)
			w.file("docq/doc1.ps;e1", "x", old)
			w.file("docq/doc2.ps;e1", "x", old)
		}, []string{"docq/doc1.ps.13", "docq/doc2.ps;e1"}, Cleaning{}},
		{"cover pages", func(w *cleanWorld) {
			w.job(SendQ, 12, old, "")
			w.file("docq/cover12.ps", "x", old)
			w.file("docq/cover13.ps", "x", old)
			w.file("docq/cover12.cover", "x", old)
			w.file("docq/doc12.cover", "x", old)
			w.file("docq/doc13.cover", "x", old)
			w.file("docq/cover12", "x", old)
		}, []string{"docq/cover13.ps", "docq/doc13.cover"}, Cleaning{}},
		{"what a job in sendq names stays", func(w *cleanWorld) {
			w.job(SendQ, 12, old, "", "doc7.ps", "cover12.ps;e1")
			w.file("docq/doc7.ps", "x", old)
			w.file("docq/cover12.ps;e1", "x", old)
		}, nil, Cleaning{}},
		{"two links", func(w *cleanWorld) {
			w.file("docq/doc1.ps", "x", old)
			if err := os.Link(w.s.Path("docq/doc1.ps"), w.s.Path("tmp/doc1")); err != nil {
				w.t.Fatal(err)
			}
		}, nil, Cleaning{}},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newCleanWorld(t)
			row.make(w)
			want := slices.DeleteFunc(w.left(), func(n string) bool { return slices.Contains(row.gone, n) })
			row.c.JobAge, row.c.DocAge = CleanJobAge, CleanDocAge
			if err := w.s.Clean(row.c, w.now); err != nil {
				t.Fatal(err)
			}
			if got := w.left(); !slices.Equal(got, want) {
				t.Errorf("left %v, want %v", got, want)
			}
		})
	}
}

func TestCleanArchives(t *testing.T) {
	for _, row := range []struct {
		all  bool
		want string
	}{{false, "[1]"}, {true, "[1 2]"}} {
		w := newCleanWorld(t)
		w.job(DoneQ, 1, time.Hour, "archive")
		w.job(DoneQ, 2, time.Hour, "default")
		w.job(DoneQ, 3, 0, "archive")
		var archived []string
		c := Cleaning{JobAge: CleanJobAge, ArchiveAll: row.all, Archive: func(id string) error {
			archived = append(archived, id)
			return os.Rename(w.s.Path("doneq/q"+id), w.s.Path("archive/q"+id))
		}}
		if err := w.s.Clean(c, w.now); err != nil || fmt.Sprint(archived) != row.want {
			t.Errorf("all %v: archived %v, %v", row.all, archived, err)
		}
		if got := fmt.Sprint(w.left()); got != "[doneq/q3]" {
			t.Errorf("all %v: left %v", row.all, got)
		}
	}
}

// A job that cannot be archived stays with its documents, and so does one that
// somebody has locked.
func TestCleanLeavesAlone(t *testing.T) {
	w := newCleanWorld(t)
	w.job(DoneQ, 1, time.Hour, "archive", "doc1.ps")
	w.job(DoneQ, 2, time.Hour, "default", "doc2.ps")
	w.file("docq/doc1.ps", "x", 2*time.Hour)
	w.file("docq/doc2.ps", "x", 2*time.Hour)
	l, err := w.s.LockJob("doneq/q2")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	err = w.s.Clean(Cleaning{JobAge: CleanJobAge, DocAge: CleanDocAge, Archive: func(string) error { return os.ErrPermission }}, w.now)
	if err == nil || !strings.Contains(err.Error(), "doneq/q1") {
		t.Errorf("error %v, want one that names doneq/q1", err)
	}
	if n := len(w.left()); n != 4 {
		t.Errorf("left %v", w.left())
	}
}

func TestCleanWithoutQueues(t *testing.T) {
	w := newCleanWorld(t)
	if err := os.RemoveAll(w.s.Path(DoneQ)); err != nil {
		t.Fatal(err)
	}
	w.file("docq/doc1.ps", "x", 2*time.Hour)
	if err := w.s.Clean(Cleaning{JobAge: CleanJobAge, DocAge: CleanDocAge}, w.now); err == nil {
		t.Error("a missing doneq was not told")
	}
	if _, err := os.Stat(w.s.Path("docq/doc1.ps")); err != nil {
		t.Errorf("the document went, though nobody knows whether a job needs it: %v", err)
	}
}
