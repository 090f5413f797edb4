package faxq

import (
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/spool"
)

// noise is what is in a file whose disk has lost it.
func noise(size int) []byte {
	b := make([]byte, size)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(random.Uint32())
	}
	return b
}

// A job file of which nothing, or a part, is left is rejected at once: its
// sender, or else the administrator, is told; the file is kept; the others go on.
func TestDamagedJobFiles(t *testing.T) {
	whole := "owner:joe\nmailaddr:joe@here\nnumber:5551234\nstate:5\n"
	for _, c := range []struct {
		name, text   string
		status, mail string
		kept         bool // the original in tmp
	}{
		{"noise", string(noise(4000)), "it has binary data in it", "FaxMaster", true},
		{"a part overwritten", whole + string(noise(4000)), "it has binary data in it", "joe@here", true},
		{"noise by chance without a zero", whole + "\x01\xff\x80noise\n\x7f:\n", `line 5: no ':' in "\x01\xff\x80noise"`, "joe@here", true},
		{"zeros", whole + strings.Repeat("\x00", 512), "it has binary data in it", "joe@here", true},
		{"not ours", "What is this?\n", `line 1: no ':' in "What is this?"`, "FaxMaster", true},
		{"cut off", whole, "null or missing sender in job request", "joe@here", false},
		{"no state", strings.Replace(whole, "state:5", "state:5\r", 1), `line 4: state: "5\r" is not a number`, "joe@here", true},
		{"an octet", "x", "it is empty or half-written", "FaxMaster", true},
		{"endless", whole + strings.Repeat("comments:more\n", 1<<17), "it is over 1048576 octets long", "joe@here", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, "")
			w.line("ttyIAX0", nil)
			w.write("bin/notify", "#!/bin/sh\necho \"$1 $2 `grep ^mailaddr: $1`\" >>notified\n")
			w.write("sendq/q7", c.text)
			w.job(8, func(j *spool.Job) { j.State = spool.StateReady })
			w.start()
			j := w.waitDone(7)
			if want := "Invalid or corrupted job description file: " + c.status; j.State != spool.StateFailed || j.StatusCode != 326 || j.Status != want {
				t.Errorf("job: %v %d %q, want %q", j.State, j.StatusCode, j.Status, want)
			}
			if err := j.Validate(); err != nil {
				t.Errorf("nobody will take it for a job: %v", err)
			}
			w.wait("the notice", func() bool {
				b, _ := os.ReadFile(w.spool.Path("notified"))
				return strings.Contains(string(b), "doneq/q7 rejected mailaddr:"+c.mail+"\n")
			})
			kept, err := os.ReadFile(w.spool.Path("tmp/q7.damaged"))
			if (err == nil) != c.kept || c.kept && string(kept) != c.text {
				t.Errorf("kept: %d octets of %d, %v", len(kept), len(c.text), err)
			}
			if b, _ := os.ReadFile(w.spool.Path("doneq/q7")); strings.HasPrefix(c.text, whole) && !strings.Contains(string(b), "owner:joe\nmailaddr:joe@here\nnumber:5551234\n") {
				t.Errorf("the job file has lost its lines: %q", b)
			}
			if j := w.waitDone(8); j.State != spool.StateDone {
				t.Errorf("the other job: %v %q", j.State, j.Status)
			}
		})
	}
}

// A damaged file that has another job's lines in it does not take that job's document away.
func TestDamagedFileNamesDocumentOfAnother(t *testing.T) {
	w := newWorld(t, "")
	w.line("ttyIAX0", nil)
	w.job(8, func(j *spool.Job) { j.State = spool.StateReady })
	text, err := os.ReadFile(w.spool.Path("sendq/q8"))
	if err != nil {
		t.Fatal(err)
	}
	j, err := w.spool.ReadJob("sendq/q8")
	if err != nil || len(j.Documents) == 0 {
		t.Fatal(err, j.Documents)
	}
	source := j.Documents[0]
	pages := spool.Document{Op: spool.OpFax, File: "docq/doc9.ps;c0"}
	w.write(pages.File, "pages of job 9")
	w.write("docq/doc9.ps.9", "source of job 9")
	damaged := strings.Replace(string(text), "npages:0", "npages:none", 1)
	damaged = strings.Replace(damaged, source.File, "docq/doc9.ps.9", 1) + "fax:0::" + pages.File + "\n"
	w.write("sendq/q7", strings.Replace(damaged, "\n"+string(source.Op)+":", "\n"+string(source.Op.AsSaved())+":", 1))
	w.start()
	if j := w.waitDone(7); j.State != spool.StateFailed || !strings.Contains(j.Status, "npages") {
		t.Errorf("the damaged job: %v %q", j.State, j.Status)
	}
	if j := w.waitDone(8); j.State != spool.StateDone {
		t.Errorf("the other job: %v %q", j.State, j.Status)
	}
	for _, name := range []string{pages.File, "docq/doc9.ps.9"} {
		if _, err := os.Stat(w.spool.Path(name)); err != nil {
			t.Error(err)
		}
	}
}

// What has a job file's name and is no file is named in the log and left alone; the others go on.
func TestNoJobFiles(t *testing.T) {
	w := newWorld(t, "")
	w.line("ttyIAX0", nil)
	w.job(8, func(j *spool.Job) { j.State = spool.StateReady })
	for name, err := range map[string]error{
		"q5": syscall.Mkfifo(w.spool.Path("sendq/q5"), 0o600),
		"q6": os.Mkdir(w.spool.Path("sendq/q6"), 0o700),
		"q7": os.Symlink("q8", w.spool.Path("sendq/q7")),
	} {
		if err != nil {
			t.Fatal(name, err)
		}
	}
	w.start()
	if j := w.waitDone(8); j.State != spool.StateDone {
		t.Errorf("the other job: %v %q", j.State, j.Status)
	}
	for _, name := range []string{"q5", "q6", "q7"} {
		if _, err := os.Lstat(w.spool.Path("sendq/" + name)); err != nil || !strings.Contains(w.log.String(), "sendq/"+name) {
			t.Errorf("%s: %v; log:\n%s", name, err, w.log.String())
		}
	}
}

// HylaFAX's hfaxd makes a job file, locks it, and writes it. Between these
// steps the file is nobody's business but its own.
func TestJobFileInTheMaking(t *testing.T) {
	w := newWorld(t, "")
	w.line("ttyIAX0", nil)
	w.job(1, nil)
	text, err := os.ReadFile(w.spool.Path("sendq/q1"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("sendq/q1", string(text[:40]))
	f, err := os.OpenFile(w.spool.Path("sendq/q1"), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"sendq/q2", "sendq/q3"} { // made, not locked yet
		w.write(name, "")
	}
	w.start()
	w.wait("faxq to see them", func() bool {
		return strings.Contains(w.log.String(), "job file is in use") && strings.Count(w.log.String(), "job file is empty") == 2
	})
	if w.done(1) || w.done(2) || w.done(3) {
		t.Fatal("a job file in the making was taken for damaged")
	}
	// The first is completed, and its lock given up; the second is written and submitted; nobody comes for the third.
	if _, err := f.WriteAt(text, 0); err != nil {
		t.Fatal(err)
	}
	f.Close()
	if err := os.Remove(w.spool.Path("sendq/q2")); err != nil {
		t.Fatal(err)
	}
	w.job(2, nil)
	w.send("S:1")
	w.send("S:2")
	for id := range 2 {
		if j := w.waitDone(id + 1); j.State != spool.StateDone {
			t.Errorf("job %d: %v %q", id+1, j.State, j.Status)
		}
	}
	if w.done(3) {
		t.Error("the empty file is judged at once")
	}
	w.ahead(2 * time.Minute)
	if j := w.waitDone(3); j.State != spool.StateFailed || !strings.HasSuffix(j.Status, "it is empty or half-written") {
		t.Errorf("the empty file after two minutes: %v %q", j.State, j.Status)
	}
}

// A suspended job is its client's, whatever is wrong in it; the client hears of
// it when it submits the job.
func TestSuspendedAndIncomplete(t *testing.T) {
	w := newWorld(t, "")
	w.line("ttyIAX0", nil)
	w.job(1, nil)
	text, err := os.ReadFile(w.spool.Path("sendq/q1"))
	if err != nil {
		t.Fatal(err)
	}
	w.write("sendq/q1", strings.Replace(string(text), "npages:0", "npages:none", 1))
	w.start()
	w.wait("faxq to see it", func() bool { return strings.Contains(w.log.String(), "left to the client that writes it") })
	if w.done(1) {
		t.Fatal("rejected behind its client's back")
	}
	w.send("S:1")
	if j := w.waitDone(1); j.State != spool.StateFailed || !strings.Contains(j.Status, "npages") {
		t.Errorf("job: %v %q", j.State, j.Status)
	}
}
