package line

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// TestCallsThatReachNobody: each failure of a call leaves the job as HylaFAX
// would, with a reason for people.
func TestCallsThatReachNobody(t *testing.T) {
	const never = -1
	for _, row := range []struct {
		name, number string
		set          func(w *world) // before the lines start
		break1       func(w *world) // after
		result       linectl.Result
		code         int
		status       string // begins so
		wait         int    // seconds to tts
	}{
		{name: "busy", number: "486", result: linectl.Retry, code: 1, status: "Busy signal detected", wait: 180},
		{name: "congestion", number: "503", result: linectl.Retry, code: 1, status: "Circuits are congested", wait: 300},
		{name: "no answer", number: "408", result: linectl.Retry, code: 3, status: "No answer from remote", wait: 300},
		{name: "unknown number", number: "999", result: linectl.Retry, code: 5, status: "Call rejected (", wait: 300},
		{name: "no fax", number: "200", result: linectl.Retry, code: 2, status: "No carrier detected", wait: 300},
		{name: "exchange is gone", number: "1001", break1: func(w *world) { w.net.cut(true) }, result: linectl.Retry, code: 4, status: "No local dialtone (", wait: 300},
		{name: "retry limit", number: "486", set: func(w *world) { w.config("ttyIAX0", "JobRetryBusy: 0") }, result: linectl.Failed, code: 1, status: "Busy signal detected", wait: never},
		{name: "max dials", number: "486", result: linectl.Failed, code: 333, status: "Busy signal detected (the far end is busy); too many attempts to dial", wait: never},
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				if row.set != nil {
					row.set(w)
				}
				w.start("ttyIAX0")
				a := w.line("ttyIAX0")
				job := w.job(row.number, func(j *spool.Job) {
					j.TotDials, j.MaxDials = 2, 12
					if row.code == 333 {
						j.MaxDials = 3
					}
				}, w.document("doc1.ps;00", dotted(50, 1)))
				if row.break1 != nil {
					row.break1(w)
				}
				events := w.sent(a, job)
				ended := time.Now()
				w.net.cut(false)
				j := w.final(job)
				t.Logf("%s: %q %d", kinds(events), j.Status, j.StatusCode)
				if j.Returned != int(row.result) || j.StatusCode != row.code || !strings.HasPrefix(j.Status, row.status) || j.NDials != 1 || j.TotTries != 0 {
					t.Errorf("returned %d, code %d, status %q, ndials %d, tottries %d", j.Returned, j.StatusCode, j.Status, j.NDials, j.TotTries)
				}
				wait := int(j.TTS - ended.Unix())
				if row.wait == never && j.TTS != 0 || row.wait != never && (wait < row.wait-1 || wait > row.wait) {
					t.Errorf("again in %d s, want %d", wait, row.wait)
				}
				if got := kinds(events); got != "dialing job done" {
					t.Errorf("events %s", got)
				}
				if r := w.records(); len(r) != 1 || !strings.Contains(r[0], "\tSEND\t") || !strings.Contains(r[0], strings.TrimSuffix(row.status, " (")) {
					t.Errorf("records %q", r)
				}
				idle(a)
			})
		})
	}
}

// TestNotRegistered: a line that the exchange does not know, or that has no
// exchange, takes no jobs, and says why and what to look at.
func TestNotRegistered(t *testing.T) {
	for _, row := range []struct{ config, want string }{
		{"IAXSecret: toad", "the exchange 10.0.0.9 refuses the peer ttyIAX0 (Registration Refused); check IAXPeer and IAXSecret"},
		{"IAXPeer: newt", "the exchange 10.0.0.9 refuses the peer newt (the server refuses and gives no cause); check IAXPeer and IAXSecret"},
		{"IAXServer: 10.0.0.77", "the exchange 10.0.0.77 does not take the registration of the peer ttyIAX0 (the server does not answer); check IAXServer, and that the exchange runs"},
	} {
		t.Run(row.config, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.config("ttyIAX0", row.config)
				w.start("ttyIAX0")
				a := w.line("ttyIAX0")
				time.Sleep(15 * time.Second)
				err := a.Send(linectl.Batch{Jobs: []string{w.job("1001", nil, w.document("doc1.ps;00", dotted(50, 1)))}}, func(linectl.Event) {})
				status, _ := w.spool.ReadStatus("ttyIAX0")
				want := spool.StatusModemWait + ": " + row.want
				if status != want {
					t.Errorf("status %q, want %q", status, want)
				}
				if err == nil || !strings.Contains(err.Error(), "line is down: "+want) {
					t.Errorf("Send = %v, want a refusal with the status", err)
				}
				if got := a.Status().State; got != linectl.Down {
					t.Errorf("state %v", got)
				}
			})
		})
	}
}

// checkRecords looks at what a broken call left in xferfaxlog, and what faxrcvd
// was told.
func (w *world) checkRecords(result linectl.Result, got int) {
	w.t.Helper()
	told, _ := os.ReadFile(w.spool.Path("faxrcvd.out"))
	for _, line := range w.records() {
		r, err := spool.ParseRecord(line, time.Local)
		if err != nil {
			w.t.Fatal(err)
		}
		w.t.Logf("%s %d pages %q", r.Kind, r.NPages, r.Status)
		switch {
		case r.Kind == "SEND" && (r.Status == "") != (result == linectl.Done):
			w.t.Errorf("SEND record says %q", r.Status)
		case r.Kind == "RECV" && (r.NPages != got || r.Status != strings.TrimSpace(string(told))):
			w.t.Errorf("RECV record of %d pages says %q, and faxrcvd was told %q", r.NPages, r.Status, told)
		}
	}
}

// TestCut: the network goes away at some instant of a call.
func TestCut(t *testing.T) {
	for _, row := range []struct {
		name   string
		when   string        // a line of the sender's log
		after  time.Duration // how long after it
		result linectl.Result
		code   int // -1: any
		sent   int // pages that the job counts
		got    int // pages that arrive
	}{
		{"in the training", "SEND send TSI", 3 * time.Second, linectl.Retry, -1, 0, 0},
		{"in the first page", "SEND begin page 1", time.Second, linectl.Retry, -1, 0, 1}, // the part that came is kept
		{"in the second of three pages", "SEND begin page 2", time.Second, linectl.Retry, -1, 1, 2},
		{"before the last confirmation", "SEND send PPS-EOP", 1500 * time.Millisecond, linectl.Failed, linectl.CodeUnconfirmed, 1, 2},
		{"after the last confirmation", "SEND send DCN", 0, linectl.Done, 0, 2, 2},
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				a, b := w.both()
				write(t, w.spool.Path("bin", "faxrcvd"), "#!/bin/sh\necho \"$4\" >faxrcvd.out\n")
				pages := []*t4.Bitmap{dotted(1000, 1), dotted(1000, 2)}
				if strings.Contains(row.name, "three") {
					pages = append(pages, dotted(10, 3))
				}
				job := w.job("1001", nil, w.document("doc1.ps;00", pages...))
				done := w.send(a, job)
				w.await("c000000001", row.when)
				time.Sleep(row.after)
				w.net.cut(true)
				events := <-done
				time.Sleep(time.Minute)
				w.net.cut(false)
				j := w.final(job)
				t.Logf("%s: %d pages, %q %d", kinds(events), j.NPages, j.Status, j.StatusCode)
				if j.Returned != int(row.result) || row.code >= 0 && j.StatusCode != row.code || j.NPages != row.sent {
					t.Errorf("returned %d, code %d, status %q, %d pages", j.Returned, j.StatusCode, j.Status, j.NPages)
				}
				if row.result == linectl.Retry && j.Documents[0].DirNum != row.sent {
					t.Errorf("goes on with page %d", j.Documents[0].DirNum+1)
				}
				idle(a, b)
				n := 0
				for _, f := range w.received() {
					n += len(f)
				}
				if n != row.got {
					t.Errorf("%d pages arrived, want %d", n, row.got)
				}
				w.checkRecords(row.result, row.got)
			})
		})
	}
}
