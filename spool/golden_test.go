package spool

import (
	"bytes"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// golden are spools that HylaFAX 6.0.7 wrote while it sent, failed to send,
// waited, was told to suspend, kill and poll.
const golden = "testdata/hylafax-6.0.7"

// goldenFiles lists the files that match a pattern in both of them.
func goldenFiles(t *testing.T, pattern string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(golden, "*", pattern))
	if err != nil || len(files) == 0 {
		t.Fatalf("no %s in %s: %v", pattern, golden, err)
	}
	return files
}

// TestGoldenJobs: every job file is read without a complaint, and written
// without a changed octet, also when it is written as a new job is.
func TestGoldenJobs(t *testing.T) {
	states := map[JobState]int{}
	for _, f := range goldenFiles(t, "*/q[0-9]*") {
		in, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		j, err := ParseJob(f, in)
		if err != nil {
			t.Error(err)
		}
		if err := j.Validate(); err != nil {
			t.Errorf("%s: %v", f, err)
		}
		if got := j.Format(); !bytes.Equal(got, in) {
			t.Errorf("%s is written as\n%s", f, got)
		}
		states[j.State]++
		j.lines = nil
		if got := j.Format(); !bytes.Equal(got, in) && !strings.Contains(j.Status, "Ghostscript") { // its text ends with newlines
			t.Errorf("%s is written anew as\n%s", f, got)
		}
	}
	for s := StateSuspended; s <= StateFailed; s++ {
		if states[s] == 0 && s != StateReady { // a state that lasts no time
			t.Errorf("no job is %v", s)
		}
	}
}

// TestGoldenSaved: the same through the file system, under the lock.
func TestGoldenSaved(t *testing.T) {
	s := newSpool(t)
	if err := os.CopyFS(s.Dir()+"/copy", os.DirFS(filepath.Join(golden, "later"))); err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{SendQ, DoneQ} {
		ids, err := s.Jobs("copy/" + q)
		if err != nil || len(ids) == 0 {
			t.Fatalf("%s: %v, %v", q, ids, err)
		}
		for _, id := range ids {
			name := JobName("copy/"+q, id)
			before, err := os.Stat(s.Path(name))
			if err != nil {
				t.Fatal(err)
			}
			l, err := s.LockJob(name)
			if err != nil {
				t.Fatal(err)
			}
			if err := l.Save(); err != nil {
				t.Fatal(err)
			}
			l.TotDials++
			if err := l.Save(); err != nil {
				t.Fatal(err)
			}
			l.TotDials--
			if err := l.Save(); err != nil {
				t.Fatal(err)
			}
			l.Unlock()
			got, err1 := os.ReadFile(s.Path(name))
			want, err2 := os.ReadFile(filepath.Join(golden, "later", q, filepath.Base(name)))
			after, err3 := os.Stat(s.Path(name))
			if err1 != nil || err2 != nil || err3 != nil || !bytes.Equal(got, want) {
				t.Errorf("%s was changed: %v %v %v\n%s", name, err1, err2, err3, got)
			}
			if !os.SameFile(before, after) {
				t.Errorf("%s is another file now: a HylaFAX program that waits for its lock would not see it", name)
			}
		}
	}
}

func TestGoldenInfo(t *testing.T) {
	for _, f := range goldenFiles(t, "info/*") {
		in, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		d, err := ParseInfo(f, in)
		if err != nil {
			t.Error(err)
		}
		if got := d.Format(); !bytes.Equal(got, in) {
			t.Errorf("%s is written as\n%s", f, got)
		}
	}
}

// TestGoldenStatus: the files are one line; what our lines write has the same
// words.
func TestGoldenStatus(t *testing.T) {
	known := []string{StatusIdle, StatusModemWait, "Sending job ", "Receiving from \""}
	s := newSpool(t)
	for _, f := range goldenFiles(t, "status/tty*") {
		in, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		text := strings.TrimSuffix(string(in), "\n")
		found := false
		for _, k := range known {
			found = found || strings.HasPrefix(text, k)
		}
		if !found {
			t.Errorf("%s says %q", f, in)
		}
		if err := s.SetStatus("ttyIAX0", text); err != nil {
			t.Fatal(err)
		}
		if out, err := os.ReadFile(s.Path(Status, "ttyIAX0")); err != nil || !bytes.Equal(out, in) {
			t.Errorf("written %q, want %q, %v", out, in, err)
		}
	}
}

// TestGoldenRecords: every record is read and written without a changed octet.
func TestGoldenRecords(t *testing.T) {
	for _, f := range goldenFiles(t, "log/xferfaxlog") {
		in, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for raw := range strings.Lines(string(in)) {
			n++
			r, err := ParseRecord(strings.TrimSuffix(raw, "\n"), time.UTC)
			if err != nil {
				t.Errorf("%s:%d: %v", f, n, err)
				continue
			}
			if got := string(r.Format()); got != raw {
				t.Errorf("%s:%d: written as\n%qwant\n%q", f, n, got, raw)
			}
		}
	}
}

// TestGoldenSequences: HylaFAX's sequence files hold the next number.
func TestGoldenSequences(t *testing.T) {
	s := newSpool(t)
	for dir, want := range map[string]int{SendQ: 20, DocQ: 18, RecvQ: 4, Log: 39} {
		in, err := os.ReadFile(filepath.Join(golden, "later", dir, seqFile))
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(s.Path(dir, seqFile), in, fs.FileMode(seqMode)); err != nil {
			t.Fatal(err)
		}
		if n, err := s.next(dir); err != nil || n != want {
			t.Errorf("%s: next number %d, %v, want %d (%q)", dir, n, err, want, in)
		}
	}
}

// TestGoldenSessionLog: our lines look like those of a session log of HylaFAX.
func TestGoldenSessionLog(t *testing.T) {
	in, err := os.ReadFile(goldenFiles(t, "log/c*")[0])
	if err != nil {
		t.Fatal(err)
	}
	shape := func(line string) string { // digits of the time and process are not compared
		head, text, _ := strings.Cut(line, "]: ")
		head = strings.Map(func(r rune) rune {
			if r >= '0' && r <= '9' || r == ' ' {
				return '9'
			}
			return r
		}, head)
		return head + "]: " + text
	}
	theirs := strings.Split(string(in), "\n")
	s := newSpool(t)
	if err := os.WriteFile(s.Path(Log, seqFile), []byte("16"), 0o600); err != nil {
		t.Fatal(err)
	}
	now := time.Date(2026, 11, 21, 9, 33, 7, 280_000_000, time.UTC)
	l, err := s.BeginSession(now, "+1 800 602", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	l.End(now)
	out, err := os.ReadFile(s.Path(Log, "c"+l.CommID))
	if err != nil {
		t.Fatal(err)
	}
	ours := strings.Split(string(out), "\n")
	if a, b := shape(ours[0]), shape(theirs[0]); a != b {
		t.Errorf("first line %q, want %q", a, b)
	}
	if a, b := shape(ours[len(ours)-2]), shape(theirs[len(theirs)-2]); a != b {
		t.Errorf("last line %q, want %q", a, b)
	}
}

func FuzzParseRecord(f *testing.F) {
	f.Add("11/21/26 09:29\tSEND\t000000003\tttyIAX1\t2\t\"\"\ta@b\t\"486\"\t\"\"\t2220072\t0\t0:00:01\t0:00:00\t\"Busy\"\t\"\"\t\"\"\t\"\"\t\"root\"\t\"00\"")
	f.Fuzz(func(t *testing.T, line string) {
		r, err := ParseRecord(line, time.UTC)
		if err != nil {
			return
		}
		text := strings.TrimSuffix(string(r.Format()), "\n")
		again, err := ParseRecord(text, time.UTC)
		if err != nil || again.NPages != r.NPages || again.Duration != r.Duration {
			t.Fatalf("%q is written as %q: %v", line, text, err)
		}
	})
}
