package faxq

import (
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// The main path: a submitted job is prepared, sent, filed; its documents are
// gone but the source stays for the sender.
func TestJobIsSentAndFiled(t *testing.T) {
	w := newWorld(t, "")
	f := w.line("ttyIAX0", nil)
	w.start()
	w.job(1, nil)
	w.send("S:1")
	j := w.waitDone(1)
	if j.State != spool.StateDone || j.NPages != 2 || j.TotPages != 2 || j.TotDials != 1 || j.TotTries != 1 || j.NDials != 0 ||
		linectl.Result(j.Returned) != linectl.Done || j.Status != "" || j.CommID == "" || j.SignalRate != "14400 bit/s" {
		t.Errorf("job: %+v", j)
	}
	if want := []spool.Document{{Op: spool.OpPostScriptSaved, File: "docq/doc1.ps"}}; !reflect.DeepEqual(j.Documents, want) {
		t.Errorf("documents %+v, want %+v", j.Documents, want)
	}
	w.wait("the prepared pages to go", func() bool { return len(w.files("docq/*;*")) == 0 })
	if got := w.files("docq/*"); !reflect.DeepEqual(got, []string{"doc1.ps", "seqf"}) {
		t.Errorf("docq: %v", got)
	}
	if f.ledger.delivered["1"] != 1 || len(f.calls) != 1 {
		t.Errorf("delivered %v in calls %v", f.ledger.delivered, f.calls)
	}
}

func TestBusyIsRepeated(t *testing.T) {
	w := newWorld(t, "")
	w.line("ttyIAX0", func(_ string, n int) string { return map[bool]string{true: "busy"}[n <= 2] })
	w.start()
	w.job(1, nil)
	w.send("S:1")
	j := w.waitState(1, spool.StateSleeping)
	if j.Status != "Busy signal detected" || j.StatusCode != 1 || j.TotDials != 1 || j.NDials != 1 || j.TotTries != 0 || j.SchedPri != 126 {
		t.Errorf("after busy: %+v", j)
	}
	w.ahead(4 * time.Minute)
	w.wait("the second call", func() bool { j := w.read(1); return j.TotDials == 2 && j.State == spool.StateSleeping })
	w.ahead(4 * time.Minute)
	if j = w.waitDone(1); j.State != spool.StateDone || j.TotDials != 3 || j.TotTries != 1 {
		t.Errorf("at the end: %+v", j)
	}
}

// A call that breaks goes on with the page that was not confirmed.
func TestBrokenCallContinues(t *testing.T) {
	w := newWorld(t, "")
	f := w.line("ttyIAX0", func(_ string, n int) string { return map[bool]string{true: "break 2"}[n == 1] })
	w.start()
	w.job(1, nil)
	w.send("S:1")
	j := w.waitState(1, spool.StateSleeping)
	if j.NPages != 1 || j.PageHandling != "e0Z0084P" || j.Documents[1].DirNum != 1 {
		t.Errorf("after one page: %+v", j)
	}
	w.ahead(2 * time.Minute)
	w.waitDone(1)
	if f.ledger.pages["1"] != 2 || f.ledger.delivered["1"] != 1 {
		t.Errorf("ledger %+v", f.ledger)
	}
}

func TestUnconfirmedIsToldAndNotRepeated(t *testing.T) {
	w := newWorld(t, "NotifyCmd: bin/notify")
	w.write("bin/notify", "#!/bin/sh\necho \"$@\" >> notices\n")
	f := w.line("ttyIAX0", func(string, int) string { return "unconfirmed" })
	w.start()
	w.job(1, nil)
	w.send("S:1")
	j := w.waitDone(1)
	if j.State != spool.StateFailed || j.StatusCode != linectl.CodeUnconfirmed || !strings.HasPrefix(j.Status, "Unconfirmed") {
		t.Errorf("job: %v %d %q", j.State, j.StatusCode, j.Status)
	}
	if f.ledger.delivered["1"] != 1 {
		t.Errorf("delivered %d times", f.ledger.delivered["1"])
	}
	w.wait("the notice", func() bool {
		b, _ := os.ReadFile(w.spool.Path("notices"))
		return strings.HasPrefix(string(b), "doneq/q1 failed ")
	})
	w.wait("the reminder of it to go", func() bool { return len(w.files("tmp/notice.*")) == 0 })
}

func TestReformatPreparesAnew(t *testing.T) {
	w := newWorld(t, "")
	prep := w.prep.(*fakePreparer)
	w.line("ttyIAX0", func(_ string, n int) string { return map[bool]string{true: "reformat"}[n == 1] })
	w.start()
	w.job(1, nil)
	w.send("S:1")
	w.waitState(1, spool.StateSleeping)
	w.write("info/1001", "CalledBefore: yes\nSupportsMMR: no\nSupports2DEncoding: no\n")
	w.ahead(10 * time.Minute)
	j := w.waitDone(1)
	if j.State != spool.StateDone || prep.count != 2 {
		t.Errorf("%v after %d preparations", j.State, prep.count)
	}
}

func TestDocumentThatCannotBeConverted(t *testing.T) {
	w := newWorld(t, "")
	w.prep.(*fakePreparer).err = &ConvertError{sched.WhyFormatFailed, "syntax error in line 3"}
	w.line("ttyIAX0", nil)
	w.start()
	w.job(1, nil)
	w.job(2, func(j *spool.Job) {
		j.Number = "1002"
		j.Documents = []spool.Document{{Op: spool.OpFax, File: "docq/ready.tif"}}
	})
	w.write("docq/ready.tif", string(tiffFile(1, 1728, 1143, 98)))
	w.send("S:1")
	w.send("S:2")
	j := w.waitDone(1)
	if j.State != spool.StateFailed || j.StatusCode != 347 || j.Status != "syntax error in line 3" {
		t.Errorf("job 1: %v %d %q", j.State, j.StatusCode, j.Status)
	}
	if j := w.waitDone(2); j.State != spool.StateDone {
		t.Errorf("job 2, which has nothing to do with it: %v %q", j.State, j.Status)
	}
	w.wait("one UNSENT record", func() bool {
		log, _ := os.ReadFile(w.spool.Path(w.spool.RecordFile()))
		return strings.Contains(string(log), "UNSENT") && strings.Count(string(log), "\n") == 1
	})
}

func TestBadJobFiles(t *testing.T) {
	w := newWorld(t, "")
	w.line("ttyIAX0", nil)
	w.job(3, func(j *spool.Job) { j.Documents = nil })
	w.job(4, func(j *spool.Job) { j.Documents[0].File = "docq/gone.ps.4" })
	w.job(5, func(j *spool.Job) { j.Modem = "ttyX9" })
	w.job(6, func(j *spool.Job) { j.KillTime = w.clock.now().Unix() - 1 })
	w.job(7, func(j *spool.Job) { j.Documents[0].File = "../etc/passwd" })
	w.job(8, nil)
	w.write("sendq/q1", "")
	w.write("sendq/q2", "state:2\nnumber:1001\n\x00\x01garbage")
	w.start()
	for id := range 10 {
		w.send("S:" + string(rune('0'+id)))
	}
	w.send("S:x")
	for id, code := range map[int]int{2: 326, 3: 329, 4: 326, 5: 328, 6: 325, 7: 326} {
		j := w.waitDone(id)
		if j.State != spool.StateFailed || j.StatusCode != code {
			t.Errorf("job %d: %v %d %q, want code %d", id, j.State, j.StatusCode, j.Status, code)
		}
	}
	if j := w.waitDone(8); j.State != spool.StateDone {
		t.Errorf("the good one: %v %q", j.State, j.Status)
	}
}

// Client requests at every moment of a job's life.
func TestSuspendInterruptKill(t *testing.T) {
	w := newWorld(t, "")
	f := w.line("ttyIAX0", func(_ string, n int) string { return map[bool]string{true: "hold"}[n == 1] })
	w.start()
	fifo, err := w.spool.OpenFIFO("client/99", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	ask := func(m, want string) {
		t.Helper()
		w.send(m)
		for {
			got, err := fifo.Next()
			if err != nil {
				t.Fatal(err)
			}
			if got == "HELLO" {
				continue
			}
			if got != want {
				t.Errorf("%s: answer %q, want %q", m, got, want)
			}
			return
		}
	}
	w.job(1, nil)
	ask("Sclient/99:1", "S*")
	w.wait("the call", func() bool { return f.Status().State == linectl.Sending })
	ask("Yclient/99:1", "Y*")
	if j := w.waitState(1, spool.StateSuspended); j.StatusCode != 344 {
		t.Errorf("interrupted: %d %q", j.StatusCode, j.Status)
	}
	ask("Xclient/99:1", "X*")
	ask("Sclient/99:1", "S*")
	ask("Xclient/99:77", "X!")
	w.waitState(1, spool.StatePending)
	ask("Kclient/99:1", "K*")
	if j := w.waitDone(1); j.StatusCode != 345 || j.Status != "Job aborted by request" {
		t.Errorf("killed: %d %q", j.StatusCode, j.Status)
	}
	ask("Sclient/99:1", "S!")
	ask("Rclient/99:1", "R!")
	ask("Nclient/99:", "N*")
	ask("Cclient/99:MaxDials: 7", "C*")
	ask("Cclient/99:MaxDials: many", "C!")
}

func TestTriggers(t *testing.T) {
	w := newWorld(t, `AuditHook: "bin/hook: J0010"`)
	w.write("bin/hook", "#!/bin/sh\necho \"$@\" >> hooked\n")
	w.line("ttyIAX0", nil)
	w.start()
	w.job(1, nil)
	fifo, err := w.spool.OpenFIFO("client/98", 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	w.send("Tclient/98:S*M<nobody>*")
	w.send("Tclient/98:J*J*")
	w.send("Tclient/98:J<77>*")
	for _, want := range []string{"T*0", "T!", "T!"} {
		got, err := fifo.Next()
		for got == "HELLO" {
			got, err = fifo.Next()
		}
		if err != nil || got != want {
			t.Errorf("answer %q, %v, want %q", got, err, want)
		}
	}
	w.send("S:1")
	w.waitDone(1)
	w.wait("the hook", func() bool { b, _ := os.ReadFile(w.spool.Path("hooked")); return string(b) == "JOB 0x0010 1\n" })
}

// Configuration is taken over while it runs.
func TestConfigReread(t *testing.T) {
	w := newWorld(t, "")
	w.line("ttyIAX0", nil)
	w.start()
	w.send("N")
	w.write("etc/config", "JobControlCmd: bin/jobcontrol\n")
	w.write("bin/jobcontrol", "#!/bin/sh\necho 'RejectNotice: \"No calls on Sundays\" # really'\n")
	w.ahead(time.Minute)
	w.wait("the new configuration", func() bool { return strings.Contains(w.log.String(), "configuration reread") })
	w.job(1, nil)
	w.send("S:1")
	if j := w.waitDone(1); j.Status != "REJECT: No calls on Sundays" || j.StatusCode != 348 {
		t.Errorf("job: %d %q", j.StatusCode, j.Status)
	}
}

// A batch to one number is one call, with a result for each job.
func TestBatch(t *testing.T) {
	w := newWorld(t, "")
	f := w.line("ttyIAX0", func(job string, _ int) string { return map[bool]string{true: "fail"}[job == "2"] })
	for id := range 3 {
		w.job(id+1, func(j *spool.Job) { j.State = spool.StateReady })
	}
	w.start()
	if j := w.waitDone(1); j.State != spool.StateDone {
		t.Errorf("job 1: %v %q", j.State, j.Status)
	}
	if j := w.waitDone(2); j.State != spool.StateFailed || j.Status != "No carrier detected" {
		t.Errorf("job 2: %v %q", j.State, j.Status)
	}
	if j := w.waitDone(3); j.State != spool.StateDone {
		t.Errorf("job 3, which went on in a call of its own: %v %q", j.State, j.Status)
	}
	if f.ledger.delivered["1"] != 1 || f.ledger.delivered["3"] != 1 {
		t.Errorf("delivered %v in calls %v", f.ledger.delivered, f.calls)
	}
}

func TestOneFaxqPerSpool(t *testing.T) {
	w := newWorld(t, "")
	w.start()
	w.send("N")
	srv, err := New(Options{Spool: w.spool})
	if err != nil {
		t.Fatal(err)
	}
	if err := srv.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "another faxq") {
		t.Errorf("second Run = %v", err)
	}
	w.send("Q")
	if err := <-w.ended; err != nil {
		t.Errorf("Run after quit = %v", err)
	}
	w.cancel()
	w.cancel = nil
}
