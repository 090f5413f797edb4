package spool

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

func newSpool(t testing.TB) *Spool {
	t.Helper()
	s, err := Create(filepath.Join(t.TempDir(), "spool"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func goodJob(id string) *Job {
	j := NewJob()
	j.JobID, j.Number, j.MailAddr, j.Sender, j.Modem, j.Client, j.Owner = id, "1001", "a@b", "A", "any", "localhost", "a"
	j.Documents = []Document{{Op: OpPDFSaved, File: "docq/doc3.pdf.1"}, {Op: OpFax, DirNum: 2, File: "docq/doc3.pdf;41"}, {Op: OpPoll, Addr: "x", File: "12"}}
	return j
}

func TestJobRoundTrip(t *testing.T) {
	j := goodJob("12")
	j.Status = "first\nsecond"
	text := j.Format()
	back, err := ParseJob("q12", text)
	if err != nil {
		t.Fatal(err)
	}
	if got := back.Format(); !bytes.Equal(got, text) {
		t.Errorf("a job that was read is written as\n%s\nnot\n%s", got, text)
	}
	if len(back.Documents) != 3 || back.Documents[1] != j.Documents[1] || back.Documents[2].Addr != "x" {
		t.Errorf("documents: %+v", back.Documents)
	}
}

// TestUnknownLinesSurvive: a field of a newer generation, odd spacing and the
// order of lines stay to the letter; a changed field changes its line alone.
func TestUnknownLinesSurvive(t *testing.T) {
	in := "newfield:7\njobid:  12\nno colon here\nstate:2\ntts: 0\nfax:0::docq/a\n\nzfield:x\n"
	j, err := ParseJob("q12", []byte(in))
	var p *ParseError
	if !errors.As(err, &p) || p.Line != 3 {
		t.Errorf("error for line 3: %v", err)
	}
	if got := string(j.Format()); got != in {
		t.Errorf("written unchanged:\n%q\nwant\n%q", got, in)
	}
	j.State = StateActive
	if got, want := string(j.Format()), strings.Replace(in, "state:2", "state:6", 1); got != want {
		t.Errorf("after a change:\n%q\nwant\n%q", got, want)
	}
}

func TestParseErrors(t *testing.T) {
	for _, row := range []struct{ text, want string }{
		{"", "empty or half-written"},
		{"a\x00b:\n", "binary data"},
		{"npages:x\n", "q:1: npages: \"x\" is not a number"},
		{"npages:99999999999\n", "is not a number"},
		{"tts:-5\n", "is not a time"},
		{"fax:0::/etc/passwd\n", "is not a file below the spool"},
		{"fax:0::../x\n", "is not a file below the spool"},
		{"notify:sometimes\n", "is none of"},
	} {
		if _, err := ParseJob("q", []byte(row.text)); err == nil || !strings.Contains(err.Error(), row.want) {
			t.Errorf("ParseJob(%q) = %v, want ...%s...", row.text, err, row.want)
		}
	}
}

func TestValueCannotBeginAField(t *testing.T) {
	j := goodJob("1")
	j.Sender = "x\nstate:7"
	j.Status = "a\nstate:7\\"
	back, err := ParseJob("q1", j.Format())
	if err != nil || back.State != StateSuspended {
		t.Errorf("state %v, %v", back.State, err)
	}
}

func TestSaveAndMove(t *testing.T) {
	s := newSpool(t)
	l, err := s.CreateJob(SendQ, goodJob("7"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.TryLockJob("sendq/q7"); !errors.Is(err, ErrLocked) {
		t.Errorf("a second lock: %v, want ErrLocked", err)
	}
	l.State = StateDone
	if err := l.Save(); err != nil {
		t.Fatal(err)
	}
	if err := l.Move(DoneQ); err != nil {
		t.Fatal(err)
	}
	l.Unlock()
	if ids, err := s.Jobs(SendQ); err != nil || len(ids) != 0 {
		t.Errorf("sendq has %v, %v", ids, err)
	}
	if j, err := s.ReadJob("doneq/q7"); err != nil || j.State != StateDone {
		t.Errorf("%v, %v", j.State, err)
	}
}

// TestNewJobIsWhole: at no moment is there a file of a new job in the queue that
// is not the whole job, so none is left by a writer that was killed.
func TestNewJobIsWhole(t *testing.T) {
	const jobs = 200
	s := newSpool(t)
	whole := len(goodJob("100").Format())
	done := make(chan error, 1)
	go func() {
		for id := 100; id < 100+jobs; id++ {
			l, err := s.CreateJob(SendQ, goodJob(strconv.Itoa(id)))
			if err != nil {
				done <- err
				return
			}
			l.Unlock()
		}
		done <- nil
	}()
	for id := 100; id < 100+jobs; {
		select {
		case err := <-done:
			if err != nil {
				t.Fatal(err)
			}
		default:
		}
		info, err := os.Stat(s.Path(JobName(SendQ, id)))
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil || info.Size() != int64(whole) {
			t.Fatalf("q%d appeared with %d octets of %d, %v", id, info.Size(), whole, err)
		}
		id++
	}
	if _, err := s.CreateJob(SendQ, goodJob("100")); !errors.Is(err, fs.ErrExist) {
		t.Errorf("a second job 100: %v, want fs.ErrExist", err)
	}
	if left, err := os.ReadDir(s.Path(Tmp)); err != nil || len(left) != 0 {
		t.Errorf("left in tmp: %v, %v", left, err)
	}
}

// TestKilledWhileSaving: whoever takes the lock after a writer was killed, at
// any moment of its writing, finds the old text or the new one; what another
// program wrote since is left alone.
func TestKilledWhileSaving(t *testing.T) {
	s := newSpool(t)
	l, err := s.CreateJob(SendQ, goodJob("7"))
	if err != nil {
		t.Fatal(err)
	}
	long := l.Format()
	l.NPages, l.Status, l.Documents = 3, "short", l.Documents[2:]
	short := l.Format()
	l.Unlock()
	for _, texts := range [][2][]byte{{long, short}, {short, long}} {
		old, text := texts[0], texts[1]
		for k := 0; k <= len(text); k += min(7, max(1, len(text)-k)) {
			torn := slices.Clone(text[:k])
			if k < len(old) {
				torn = append(torn, old[k:]...)
			}
			if err := errors.Join(writeNote(s.savePath("q7"), old, text), os.WriteFile(s.Path("sendq/q7"), torn, 0o600)); err != nil {
				t.Fatal(err)
			}
			if j, err := s.ReadJob("sendq/q7"); err != nil || !bytes.Equal(j.Format(), text) {
				t.Fatalf("at %d of %d: read as %q, %v", k, len(text), j.Format(), err)
			}
			again, err := s.LockJob("sendq/q7")
			if err != nil || !bytes.Equal(again.Format(), text) {
				t.Fatalf("at %d of %d: %q, %v", k, len(text), again.Format(), err)
			}
			again.Unlock()
			if _, err := os.Stat(s.savePath("q7")); !os.IsNotExist(err) {
				t.Fatalf("at %d of %d: the note stayed: %v", k, len(text), err)
			}
		}
	}
	foreign := bytes.Replace(long, []byte("npages:0"), []byte("npages:9"), 1)
	for _, note := range [][]byte{nil, []byte("litoria-save 1"), []byte("litoria-save 1 1 00000000\nxx")} {
		if note == nil {
			err = writeNote(s.savePath("q7"), long, short)
		} else {
			err = os.WriteFile(s.savePath("q7"), note, 0o600)
		}
		if err := errors.Join(err, os.WriteFile(s.Path("sendq/q7"), foreign, 0o600)); err != nil {
			t.Fatal(err)
		}
		again, err := s.LockJob("sendq/q7")
		if err != nil || again.NPages != 9 {
			t.Errorf("what another program wrote was lost: npages %d, %v", again.NPages, err)
		}
		again.Unlock()
	}
}

// TestReadWhileLocked: a job that somebody has locked for the length of a call
// can be read meanwhile.
func TestReadWhileLocked(t *testing.T) {
	s := newSpool(t)
	l, err := s.CreateJob(SendQ, goodJob("7"))
	if err != nil {
		t.Fatal(err)
	}
	defer l.Unlock()
	l.NPages = 5
	if err := l.Save(); err != nil {
		t.Fatal(err)
	}
	if j, err := s.ReadJob("sendq/q7"); err != nil || j.NPages != 5 {
		t.Errorf("npages %d, %v", j.NPages, err)
	}
}

// TestDocumentsInPlace: lines of documents that stay keep their place and
// spelling; new ones stand where they belong.
func TestDocumentsInPlace(t *testing.T) {
	in := "jobid:1\n!tiff: docq/a.tif\nx:1\nfax:0::docq/a;40\ny:2\nfax:007::docq/b\n"
	j, err := ParseJob("q1", []byte(in+"tiff:0::/etc/passwd\n"))
	if err == nil || len(j.Documents) != 3 {
		t.Fatalf("%v, %d documents", err, len(j.Documents))
	}
	if got := string(j.Format()); got != in {
		t.Errorf("unchanged:\n%s", got)
	}
	j.Documents[1].DirNum = 2
	if got, want := string(j.Format()), "jobid:1\n!tiff: docq/a.tif\nx:1\ny:2\nfax:2::docq/a;40\nfax:007::docq/b\n"; got != want {
		t.Errorf("changed:\n%s\nwant\n%s", got, want)
	}
	j.Documents = nil
	if got, want := string(j.Format()), "jobid:1\nx:1\ny:2\n"; got != want {
		t.Errorf("without documents:\n%s\nwant\n%s", got, want)
	}
}

func TestSequence(t *testing.T) {
	s := newSpool(t)
	for want := 1; want <= 3; want++ {
		if n, err := s.NextJob(); n != want || err != nil {
			t.Errorf("NextJob = %d, %v, want %d", n, err, want)
		}
	}
	if err := os.WriteFile(s.Path(SendQ, "seqf"), []byte("999999998"), 0o600); err != nil {
		t.Fatal(err)
	}
	if n, _ := s.NextJob(); n != 999999998 {
		t.Errorf("the last number: %d", n)
	}
	if n, _ := s.NextJob(); n != 1 {
		t.Errorf("after the last number: %d", n)
	}
	if id, err := s.NextCommID(); id != "000000001" || err != nil {
		t.Errorf("NextCommID = %q, %v", id, err)
	}
}

func TestFIFO(t *testing.T) {
	s := newSpool(t)
	if err := s.ModemStatus("tty", ModemBusy); !errors.Is(err, ErrNobody) {
		t.Errorf("no reader: %v", err)
	}
	q, err := s.OpenFIFO(QueuerFIFO, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	for _, m := range []string{"S1", "K2"} {
		if err := s.Send(QueuerFIFO, m); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(s.Path(QueuerFIFO), []byte("by echo\n"), 0); err != nil {
		t.Fatal(err)
	}
	if err := s.ModemStatus("ttyIAX0", ModemNumber+"1000"); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"S1", "K2", "by echo", "+ttyIAX0:N1000"} {
		if m, err := q.Next(); m != want || err != nil {
			t.Errorf("Next = %q, %v, want %q", m, err, want)
		}
	}
}

// TestMessageWithoutNUL: HylaFAX's faxmodem ends its message with nothing; the
// next one must not be glued to it.
func TestMessageWithoutNUL(t *testing.T) {
	s := newSpool(t)
	q, err := s.OpenFIFO(QueuerFIFO, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	for _, m := range []string{"+ttyS0:Rp", "S\x00"} {
		if err := os.WriteFile(s.Path(QueuerFIFO), []byte(m), 0); err != nil {
			t.Fatal(err)
		}
		if got, err := q.Next(); got != strings.TrimSuffix(m, "\x00") || err != nil {
			t.Errorf("Next = %q, %v, want %q", got, err, m)
		}
	}
}

func TestRecord(t *testing.T) {
	r := Record{Kind: "SEND", Start: time.Date(2026, 11, 21, 8, 5, 0, 0, time.UTC), CommID: "000000003", Device: "ttyIAX0", JobID: "12", JobTag: `a "b"`,
		User: "a@b", Dest: "1001", CSI: "x\ty", Params: 35, NPages: 2, Duration: 75 * time.Second, ConnTime: 3661 * time.Second, CallIDs: []string{"100", "Name", "1001"}, Owner: "a"}
	want := "11/21/26 08:05\tSEND\t000000003\tttyIAX0\t12\t\"a \\\"b\\\"\"\ta@b\t\"1001\"\t\"x y\"\t35\t2\t0:01:15\t1:01:01\t\"\"\t\"Name\"\t\"100\"\t\"1001\"\t\"a\"\t\"\"\n"
	if got := string(r.Format()); got != want {
		t.Errorf("record\n%q\nwant\n%q", got, want)
	}
}

func FuzzParseJob(f *testing.F) {
	f.Add([]byte("jobid:1\nstatus:a\\\nb\nfax:0:x:docq/a\nfoo\n"))
	f.Add(goodJob("5").Format())
	f.Fuzz(func(t *testing.T, b []byte) {
		j, err := ParseJob("q1", b)
		if err != nil {
			return
		}
		text := j.Format()
		again, err := ParseJob("q1", text)
		if err != nil {
			t.Fatalf("own text: %v\n%q", err, text)
		}
		if !bytes.Equal(again.Format(), text) {
			t.Fatalf("%q becomes %q", text, again.Format())
		}
	})
}
