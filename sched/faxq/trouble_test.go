package faxq

import (
	"errors"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/spool"
)

// A document that vanished after its job was taken: the job says so and fails,
// the others go on.
func TestVanishedDocument(t *testing.T) {
	w := newWorld(t, "")
	w.prep = nil // the real one
	w.line("ttyIAX0", nil)
	w.start()
	later := w.clock.now().Add(time.Hour).Unix()
	w.job(1, func(j *spool.Job) { j.TTS = later })
	w.write("docq/ready.tif", string(tiffFile(1, 1728, 1143, 98)))
	w.write("docq/gone.tif", string(tiffFile(1, 1728, 1143, 98)))
	fax := func(file, number string, tts int64) func(*spool.Job) {
		return func(j *spool.Job) {
			j.TTS, j.Number, j.Documents = tts, number, []spool.Document{{Op: spool.OpFax, File: file}}
		}
	}
	w.job(2, fax("docq/gone.tif", "1002", later))
	w.job(3, fax("docq/ready.tif", "1003", 0))
	for _, m := range []string{"S:1", "S:2", "S:3"} {
		w.send(m)
	}
	w.waitState(1, spool.StatePending)
	w.waitState(2, spool.StatePending)
	if err := errors.Join(os.Remove(w.spool.Path("docq/doc1.ps.1")), os.Remove(w.spool.Path("docq/doc1.ps")), os.Remove(w.spool.Path("docq/gone.tif"))); err != nil {
		t.Fatal(err)
	}
	w.ahead(2 * time.Hour)
	for id, name := range map[int]string{1: "docq/doc1.ps.1", 2: "docq/gone.tif"} {
		if j := w.waitDone(id); j.State != spool.StateFailed || !strings.Contains(j.Status, name) {
			t.Errorf("job %d: %v %d %q, want a failure that names %s", id, j.State, j.StatusCode, j.Status, name)
		}
	}
	if j := w.waitDone(3); j.State != spool.StateDone {
		t.Errorf("job 3, which has nothing to do with it: %v %q", j.State, j.Status)
	}
}

// While job files cannot be written nothing is done with their jobs; when they
// can be, everything goes on, and each fax is sent once.
func TestSpoolThatCannotBeWritten(t *testing.T) {
	w := newWorld(t, "JobReqOther: 1\n")
	f := w.line("ttyIAX0", nil)
	w.start()
	w.job(1, func(j *spool.Job) { j.TTS = w.clock.now().Add(time.Hour).Unix() })
	w.send("S:1")
	w.waitState(1, spool.StatePending)
	tmp := w.spool.Path(spool.Tmp)
	if err := errors.Join(os.Rename(tmp, tmp+".away"), os.WriteFile(tmp, nil, 0o600)); err != nil { // notes of saves go there
		t.Fatal(err)
	}
	w.ahead(2 * time.Hour)
	w.wait("faxq to say it", func() bool { return strings.Contains(w.log.String(), "job file cannot be used; trying again later") })
	if j := w.read(1); j.State != spool.StatePending || f.ledger.delivered["1"] != 0 {
		t.Errorf("unwritten, the job is %v, delivered %d times", j.State, f.ledger.delivered["1"])
	}
	if err := errors.Join(os.Remove(tmp), os.Rename(tmp+".away", tmp)); err != nil {
		t.Fatal(err)
	}
	w.ahead(time.Minute)
	if j := w.waitDone(1); j.State != spool.StateDone {
		t.Errorf("job: %v %q", j.State, j.Status)
	}
	if f.ledger.delivered["1"] != 1 {
		t.Errorf("delivered %d times", f.ledger.delivered["1"])
	}
}

// A job that is over is filed when that can be written again.
func TestDoneQueueThatCannotBeWritten(t *testing.T) {
	w := newWorld(t, "")
	f := w.line("ttyIAX0", nil)
	w.start()
	doneq := w.spool.Path(spool.DoneQ)
	if err := errors.Join(os.Rename(doneq, doneq+".away"), os.WriteFile(doneq, nil, 0o600)); err != nil {
		t.Fatal(err)
	}
	w.job(1, nil)
	w.send("S:1")
	w.wait("faxq to say it", func() bool { return strings.Contains(w.log.String(), "cannot be moved to doneq; trying again") })
	if err := errors.Join(os.Remove(doneq), os.Rename(doneq+".away", doneq)); err != nil {
		t.Fatal(err)
	}
	w.send("N")
	if j := w.waitDone(1); j.State != spool.StateDone || f.ledger.delivered["1"] != 1 {
		t.Errorf("job: %v %q, delivered %d times", j.State, j.Status, f.ledger.delivered["1"])
	}
}

// The clock jumps: jobs that are due are sent whatever it says, and those that
// wait for a time wait for that time.
func TestClockJumps(t *testing.T) {
	w := newWorld(t, "")
	w.line("ttyIAX0", nil)
	w.start()
	w.job(1, func(j *spool.Job) {
		j.TTS, j.KillTime = w.clock.now().Add(time.Hour).Unix(), w.clock.now().Add(99*time.Hour).Unix()
	})
	w.send("S:1")
	w.waitState(1, spool.StatePending)
	w.ahead(-48 * time.Hour)
	w.job(2, func(j *spool.Job) { j.Number = "1002" })
	w.send("S:2")
	if j := w.waitDone(2); j.State != spool.StateDone {
		t.Errorf("after a jump back: %v %q", j.State, j.Status)
	}
	if j := w.read(1); j.State != spool.StatePending {
		t.Errorf("the job that waits: %v %q", j.State, j.Status)
	}
	w.ahead(50 * time.Hour)
	if j := w.waitDone(1); j.State != spool.StateDone {
		t.Errorf("after a jump forward: %v %q", j.State, j.Status)
	}
	w.job(3, func(j *spool.Job) { j.Number = "1003"; j.TTS = w.clock.now().Add(time.Hour).Unix() })
	w.send("S:3")
	w.waitState(3, spool.StatePending)
	w.ahead(30 * 24 * time.Hour)
	if j := w.waitDone(3); j.State != spool.StateFailed || j.StatusCode != 325 {
		t.Errorf("after a jump over its kill time: %v %d %q", j.State, j.StatusCode, j.Status)
	}
}

// Scripts that hang hold nobody up but their own job, and that not for ever.
func TestHangingScripts(t *testing.T) {
	const hang = "#!/bin/sh\ntrap '' INT TERM\nwhile :; do sleep 0.1; done\n"
	w := newWorld(t, "NotifyCmd: bin/notify\nAuditHook: \"bin/hook: J*\"\nJobControlCmd: bin/control\nWedgedCmd: bin/hook\n")
	w.limits = timeLimits{control: 50 * time.Millisecond, script: 50 * time.Millisecond, grace: 20 * time.Millisecond}
	w.write("bin/notify", hang)
	w.write("bin/hook", hang)
	w.write("bin/control", "#!/bin/sh\ntest $1 = 1 || exit 0\necho MaxDials: 0\ntrap '' INT\nwhile :; do sleep 0.1; done\n")
	w.line("ttyIAX0", nil)
	w.start()
	w.job(1, nil)
	w.job(2, func(j *spool.Job) { j.Number = "1002" })
	w.send("+ttyIAX0:W")
	w.send("S:1")
	w.send("S:2")
	for _, id := range []int{2, 1} {
		if j := w.waitDone(id); j.State != spool.StateDone {
			t.Errorf("job %d: %v %q", id, j.State, j.Status)
		}
	}
	for _, said := range []string{"JobControlCmd failed; the job goes on without it", "notification failed", "AuditHook failed", "WedgedCmd failed"} {
		w.wait("faxq to say: "+said, func() bool { return strings.Contains(w.log.String(), said) })
	}
}

// A converter that hangs costs its job, after PostScriptTimeout.
func TestHangingConverter(t *testing.T) {
	w := newWorld(t, "PS2FaxCmd: bin/ps2fax\nPostScriptTimeout: 1\n")
	w.prep = nil
	w.limits = timeLimits{control: controlTimeout, script: noticeTimeout, grace: 20 * time.Millisecond}
	w.write("bin/ps2fax", "#!/bin/sh\ntrap '' INT\nwhile :; do sleep 0.1; done\n")
	w.line("ttyIAX0", nil)
	w.start()
	w.job(1, nil)
	w.write("docq/ready.tif", string(tiffFile(1, 1728, 1143, 98)))
	w.job(2, func(j *spool.Job) {
		j.Number, j.Documents = "1002", []spool.Document{{Op: spool.OpFax, File: "docq/ready.tif"}}
	})
	w.send("S:1")
	w.send("S:2")
	if j := w.waitDone(2); j.State != spool.StateDone {
		t.Errorf("job 2, which has nothing to do with it: %v %q", j.State, j.Status)
	}
	if j := w.waitDone(1); j.State != spool.StateFailed || !strings.Contains(j.Status, "time limit") {
		t.Errorf("job 1: %v %d %q", j.State, j.StatusCode, j.Status)
	}
}
