package linectl

import (
	"os"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/spool"
)

// newJob puts an active job of two documents, three and one pages, into a
// fresh spool.
func newJob(t *testing.T) (*spool.Spool, string) {
	t.Helper()
	s, err := spool.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	j := spool.NewJob()
	j.JobID, j.State, j.Number, j.Modem, j.MailAddr, j.Sender, j.Client, j.Owner = "12", spool.StateActive, "1001", "any", "me@here", "me", "here", "me"
	j.TTS, j.Returned = 1, int(NoBatch)
	j.PageHandling = "20S20Z01f0S20S20P"
	j.Documents = []spool.Document{
		{Op: spool.OpPostScriptSaved, File: "docq/doc1.ps.12"}, {Op: spool.OpFax, File: "docq/doc1.ps;c0"},
		{Op: spool.OpTIFFSaved, File: "docq/doc2.tif.12"}, {Op: spool.OpFax, File: "docq/doc2.tif;c0"},
	}
	for _, d := range j.Documents {
		if err := os.WriteFile(s.Path(d.File), []byte("x"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	l, err := s.CreateJob(spool.SendQ, j)
	if err != nil {
		t.Fatal(err)
	}
	l.Unlock()
	return s, l.Name
}

// What the job file says after each step is what a scheduler would find if the
// line died there.
func TestAttemptTellsTheTruthAtEveryStep(t *testing.T) {
	s, name := newJob(t)
	var a *Attempt
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	page := func(last bool) error { _, err := a.PageSent(last); return err }
	for _, step := range []struct {
		what                              string
		do                                func() error
		result                            Result
		code, dials, fails, tries, npages int
		docs, dirnum                      int
	}{
		{"dialling", func() (err error) { a, _, err = BeginAttempt(s, name, "000000007", false); return err }, Retry, CodeLineDied, 1, 1, 0, 0, 4, 0},
		{"connected", func() error { return a.Connected("+1", "") }, Retry, CodeLineDied, 1, 0, 1, 0, 4, 0},
		{"page 1", func() error { return page(false) }, Retry, CodeLineDied, 1, 0, 1, 1, 4, 1},
		{"page 2", func() error { return page(false) }, Retry, CodeLineDied, 1, 0, 1, 2, 4, 2},
		{"page 3", func() error { return page(true) }, Retry, CodeLineDied, 1, 0, 1, 3, 3, 0},
		{"last page out", func() error { return a.LastPageOut() }, Failed, CodeUnconfirmed, 1, 0, 1, 3, 3, 0},
		{"last page refused", func() error { return a.LastPageRefused() }, Retry, CodeLineDied, 1, 0, 1, 3, 3, 0},
		{"last page out again", func() error { return a.LastPageOut() }, Failed, CodeUnconfirmed, 1, 0, 1, 3, 3, 0},
		{"confirmed", func() error { return page(true) }, Done, 0, 1, 0, 1, 4, 2, 0},
		{"end", func() error { _, err := a.End(Ending{Result: Done, SignalRate: "14400 bit/s"}); return err }, Done, 0, 1, 0, 1, 4, 2, 0},
	} {
		must(step.do())
		j, err := s.ReadJob(name)
		must(err)
		if Result(j.Returned) != step.result || j.StatusCode != step.code || j.TotDials != step.dials || j.NDials != step.fails ||
			j.TotTries != step.tries || j.NPages != step.npages || len(j.Documents) != step.docs {
			t.Errorf("%s: returned %v code %d dials %d/%d tries %d npages %d documents %d, want %+v",
				step.what, Result(j.Returned), j.StatusCode, j.TotDials, j.NDials, j.TotTries, j.NPages, len(j.Documents), step)
		}
		if i := j.Find(spool.OpFax); i >= 0 && j.Documents[i].DirNum != step.dirnum {
			t.Errorf("%s: dirnum %d, want %d", step.what, j.Documents[i].DirNum, step.dirnum)
		}
	}
	j, _ := s.ReadJob(name)
	if j.PageHandling != "" || j.CommID != "000000007" || j.CSI != "+1" || j.SignalRate != "14400 bit/s" || j.Documents[0].File != "docq/doc1.ps" {
		t.Errorf("job at the end: %+v", j)
	}
	if _, err := os.Stat(s.Path("docq/doc1.ps")); err != nil {
		t.Errorf("source not released: %v", err)
	}
}

// No answer to the last page's EOP: whatever the line calls it, it stays
// unconfirmed.
func TestUnconfirmedCannotBeTalkedAway(t *testing.T) {
	s, name := newJob(t)
	a, _, err := BeginAttempt(s, name, "000000007", true)
	if err != nil {
		t.Fatal(err)
	}
	if err := a.LastPageOut(); err != nil {
		t.Fatal(err)
	}
	r, err := a.End(Ending{Result: Retry, Status: "No response to EOP repeated 3 tries", Code: 151, TTS: time.Unix(99, 0)})
	j, _ := s.ReadJob(name)
	if err != nil || r != Failed || j.StatusCode != CodeUnconfirmed || j.TotTries != 1 {
		t.Errorf("End = %v, %v; job: %q (%d)", r, err, j.Status, j.StatusCode)
	}
	if want := textUnconfirmed + " (No response to EOP repeated 3 tries)"; j.Status != want {
		t.Errorf("status %q, want %q", j.Status, want)
	}
}

// A job that sends and polls: with its pages confirmed it is not done, and what
// is left of it, should the line die, is to poll.
func TestPollDone(t *testing.T) {
	s, name := newJob(t)
	l, err := s.LockJob(name)
	if err != nil {
		t.Fatal(err)
	}
	l.Documents = append(l.Documents, spool.Document{Op: spool.OpPoll, Addr: "77"}, spool.Document{Op: spool.OpPoll})
	if err := l.Save(); err != nil {
		t.Fatal(err)
	}
	l.Unlock()
	a, _, err := BeginAttempt(s, name, "000000007", true)
	if err != nil {
		t.Fatal(err)
	}
	expect := func(what string, result Result, code, polls int) {
		t.Helper()
		j, err := s.ReadJob(name)
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for _, d := range j.Documents {
			if d.Op == spool.OpPoll {
				n++
			}
		}
		if Result(j.Returned) != result || j.StatusCode != code || n != polls {
			t.Errorf("%s: %v, code %d, %d polls left, want %v, %d, %d", what, Result(j.Returned), j.StatusCode, n, result, code, polls)
		}
	}
	for { // the pages
		if err := a.LastPageOut(); err != nil {
			t.Fatal(err)
		}
		j, _ := s.ReadJob(name)
		fax := 0
		for _, d := range j.Documents {
			if d.Op == spool.OpFax {
				fax++
			}
		}
		if _, err := a.PageSent(true); err != nil {
			t.Fatal(err)
		}
		if fax == 1 {
			break
		}
	}
	expect("pages confirmed", Retry, CodeLineDied, 2)
	for _, want := range []struct{ left, code int }{{1, CodeLineDied}, {0, 0}} {
		left, err := a.PollDone()
		if err != nil || left != want.left {
			t.Errorf("PollDone = %d, %v, want %d", left, err, want.left)
		}
		expect("polled", map[bool]Result{true: Done, false: Retry}[left == 0], want.code, left)
	}
	if _, err := a.PollDone(); err == nil {
		t.Error("a poll that nobody asked for is done")
	}
}

func TestAttemptNeedsAnActiveJob(t *testing.T) {
	s, name := newJob(t)
	l, err := s.LockJob(name)
	if err != nil {
		t.Fatal(err)
	}
	l.State = spool.StateSuspended
	if err := l.Save(); err != nil {
		t.Fatal(err)
	}
	l.Unlock()
	if _, _, err := BeginAttempt(s, name, "1", false); err == nil {
		t.Error("a suspended job was begun")
	}
	if _, _, err := BeginAttempt(s, "sendq/q99", "1", false); err == nil {
		t.Error("a job without a file was begun")
	}
}

func TestReleaseSource(t *testing.T) {
	s, err := spool.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	// Two jobs share a document by links; the common name is a third link.
	if err := os.WriteFile(s.Path("docq/doc1.ps.1"), []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, n := range []string{"docq/doc1.ps.2", "docq/doc1.ps"} {
		if err := os.Link(s.Path("docq/doc1.ps.1"), s.Path(n)); err != nil {
			t.Fatal(err)
		}
	}
	for range 2 { // the second time it is gone already
		if got := ReleaseSource(s, "docq/doc1.ps.1"); got != "docq/doc1.ps" {
			t.Errorf("ReleaseSource = %q", got)
		}
	}
	if _, err := os.Stat(s.Path("docq/doc1.ps.1")); err == nil {
		t.Error("the job's link is still there")
	}
	for _, bad := range []string{"../x.y", "docq/nothing.ps.1"} {
		if got := ReleaseSource(s, bad); got != bad {
			t.Errorf("ReleaseSource(%q) = %q", bad, got)
		}
	}
}

func TestCutPage(t *testing.T) {
	for in, want := range map[string]string{"20S20P": "20P", "20Z01f0S20P": "20P", "20P": "", "20": "", "": "", "20Z01": ""} {
		if got := CutPage(in); got != want {
			t.Errorf("CutPage(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestFIFOMessage(t *testing.T) {
	e := Event{Event: Page, Job: "12", CommID: "000000042", Pages: 2, Seconds: 31, Params: 0x20a825, File: "docq/doc1.ps;c0"}
	if m, ok := e.FIFOMessage(); !ok || m != `d1f,2,20a825,000000042,"docq/doc1.ps;c0"` {
		t.Errorf("FIFOMessage = %q, %v", m, ok)
	}
	e = Event{Event: PollReceived, CommID: "000000042", Pages: 2, Seconds: 31, Params: 0x20a825, File: "recvq/fax000000001.tif", CSI: "+1 2", Reason: "cut off"}
	if m, ok := e.FIFOMessage(); !ok || m != `p1f,2,20a825,recvq/fax000000001.tif,000000042,"+1 2","","","cut off",""` {
		t.Errorf("FIFOMessage = %q, %v", m, ok)
	}
	if _, ok := (&Event{Event: JobEnd}).FIFOMessage(); ok {
		t.Error("a message for the end of a job")
	}
}
