package line

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// offer puts a document into pollq.
func (w *world) offer(name string, pages ...*t4.Bitmap) {
	w.t.Helper()
	if err := os.Rename(w.spool.Path(w.document("poll", pages...)), w.spool.Path(spool.PollQ, name)); err != nil {
		w.t.Fatal(err)
	}
}

// asking adds a poll request to a job.
func asking(address, password string) func(*spool.Job) {
	return func(j *spool.Job) {
		j.Documents = append(j.Documents, spool.Document{Op: spool.OpPoll, Addr: address, File: password})
	}
}

// TestPoll polls from line to line. What is in pollq at the far end, what the job
// asks for, and what came of it.
func TestPoll(t *testing.T) {
	var (
		news, list = []*t4.Bitmap{dotted(300, 1), dotted(200, 2)}, []*t4.Bitmap{dotted(150, 3)}
		letter     = []*t4.Bitmap{dotted(120, 4), dotted(110, 5)}
		both       = map[string][]*t4.Bitmap{"fax.tif": news, "fax77.tif": list}
	)
	for _, row := range []struct {
		name              string
		pollq             map[string][]*t4.Bitmap
		config            []string // of the polled line
		send              []*t4.Bitmap
		address, password string
		result            linectl.Result
		status            string
		code              int
		events            string
		came              [][]*t4.Bitmap // into recvq, by both lines
	}{
		{name: "without an address", pollq: both, result: linectl.Done, events: "dialing connected pollreceived polldone job done", came: [][]*t4.Bitmap{news}},
		{name: "with an address", pollq: both, address: "77", result: linectl.Done, events: "dialing connected pollreceived polldone job done", came: [][]*t4.Bitmap{list}},
		{name: "the only one", pollq: map[string][]*t4.Bitmap{"fax77.tif": list}, result: linectl.Done, events: "dialing connected pollreceived polldone job done", came: [][]*t4.Bitmap{list}},
		{name: "with the password", pollq: both, config: []string{"PollPassword: geheim"}, password: "geheim", result: linectl.Done,
			events: "dialing connected pollreceived polldone job done", came: [][]*t4.Bitmap{news}},
		{name: "send and poll", pollq: both, send: letter, result: linectl.Done,
			events: "dialing connected page page document pollreceived polldone job done", came: [][]*t4.Bitmap{letter, news}},
		{name: "wrong password", pollq: both, config: []string{"PollPassword: geheim"}, password: "falsch", result: linectl.Failed,
			status: "Poll request refused by the remote side", code: 602, events: "dialing connected job done"},
		{name: "unwanted caller", pollq: both, config: []string{"QualifyCIG: etc/cig"}, result: linectl.Failed,
			status: "Poll request refused by the remote side", code: 602, events: "dialing connected job done"},
		{name: "no such address", pollq: both, address: "4711", result: linectl.Failed,
			status: "Poll request refused by the remote side", code: 602, events: "dialing connected job done"},
		{name: "nothing there", result: linectl.Failed, status: "remote has no document to poll", code: 601, events: "dialing connected job done"},
		{name: "send, nothing there", send: letter, result: linectl.Failed, status: "remote has no document to poll", code: 601,
			events: "dialing connected page page document job done", came: [][]*t4.Bitmap{letter}},
		{name: "send, then refused", pollq: both, send: letter, address: "4711", result: linectl.Failed, status: "Poll request refused by the remote side", code: 602,
			events: "dialing connected page page document job done", came: [][]*t4.Bitmap{letter}},
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				for name, pages := range row.pollq {
					w.offer(name, pages...)
				}
				write(t, w.spool.Path(spool.Etc, "cig"), "^Line 7$\n")
				w.config("ttyIAX1", append(row.config, "FAXNumber: 1001", `LocalIdentifier: "Line 1"`)...)
				a, b := w.both()
				var files []string
				if row.send != nil {
					files = append(files, w.document("doc1.ps;00", row.send...))
				}
				job := w.job("1001", asking(row.address, row.password), files...)
				events := w.sent(a, job)
				idle(a, b)
				if got := kinds(events); got != row.events {
					t.Errorf("events %s, want %s", got, row.events)
				}
				j := w.final(job)
				left := 1
				if row.result == linectl.Done {
					left = 0
				}
				if j.Returned != int(row.result) || j.Status != row.status || j.StatusCode != row.code || j.NPages != len(row.send) || len(j.Documents) != left || j.CSI != "Line 1" {
					t.Errorf("the job says %s", j.Format())
				}
				got := w.received()
				if len(got) != len(row.came) {
					t.Fatalf("%d files received, want %d", len(got), len(row.came))
				}
				for i := range got {
					samePages(t, row.name, got[i], row.came[i])
				}
			})
		})
	}
}

// callStatistics are lines of figures in a session log.
var callStatistics = regexp.MustCompile(`(?m)^(IAX2|(POLL|RECV|SEND) line at) .*\n`)

// TestPollDelivery: what is written about a poll, at both ends, and who is told.
func TestPollDelivery(t *testing.T) {
	inWorld(t, func(w *world) {
		w.offer("fax77.tif", dotted(200, 1), dotted(100, 2))
		write(t, w.spool.Path(spool.PollQ, "fax78.tif"), "not a TIFF file")
		write(t, w.spool.Path("bin", "pollrcvd"), "#!/bin/sh\nfor a; do echo \"<$a>\"; done >pollrcvd.out\n")
		write(t, w.spool.Path("bin", "faxrcvd"), "#!/bin/sh\ntouch faxrcvd.out\n")
		a, b := w.both()
		job := w.job("1001", asking("77", ""))
		events := w.sent(a, job)
		idle(a, b)
		i := slices.IndexFunc(events, func(e linectl.Event) bool { return e.Event == linectl.PollReceived })
		if i < 0 {
			t.Fatalf("events %s", kinds(events))
		}
		if e := events[i]; e.File != "recvq/fax000000001.tif" || e.Pages != 2 || e.CSI != "Line 1" || e.Reason != "" || e.Params == 0 {
			t.Errorf("the event says %+v", e)
		}
		for i, log := range w.sessionLogs() {
			log = strings.ReplaceAll(log, w.spool.Dir(), "SPOOL")
			golden(t, []string{"poll.log", "polled.log"}[i], callStatistics.ReplaceAllString(stamp.ReplaceAllString(log, ""), ""))
		}
		golden(t, "poll-xferfaxlog", strings.Join(slices.Sorted(slices.Values(w.records())), ""))
		out, _ := os.ReadFile(w.spool.Path("pollrcvd.out"))
		golden(t, "pollrcvd", string(out))
		if _, err := os.Stat(w.spool.Path("faxrcvd.out")); err == nil {
			t.Error("faxrcvd was told of a polled document")
		}
		if _, err := os.Stat(w.spool.Path(spool.PollQ, "fax77.tif")); err != nil {
			t.Errorf("the document that was polled is gone: %v", err)
		}
	})
}

// TestPollBroken: the call ends within the polled document. The requester gets
// what came, with the reason; the job is to be tried again.
func TestPollBroken(t *testing.T) {
	inWorld(t, func(w *world) {
		w.offer("fax.tif", dotted(200, 1), dotted(2000, 2), dotted(2000, 3))
		write(t, w.spool.Path("bin", "pollrcvd"), "#!/bin/sh\nfor a; do echo \"<$a>\"; done >pollrcvd.out\n")
		a, b := w.both()
		job := w.job("1001", asking("", ""))
		done := w.send(a, job)
		w.await("c000000001", "POLL begin page 2")
		time.Sleep(time.Second)
		if err := b.Abort(""); err != nil {
			t.Fatal(err)
		}
		events := <-done
		idle(a, b)
		if got, want := kinds(events), "dialing connected pollreceived job done"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
		j := w.final(job)
		if j.Returned != int(linectl.Retry) || j.Status == "" || j.NTries != 0 || j.Find(spool.OpPoll) < 0 {
			t.Errorf("the job says %s", j.Format())
		}
		out, _ := os.ReadFile(w.spool.Path("pollrcvd.out"))
		if !strings.Contains(string(out), "<ann@pond>\n<recvq/fax000000001.tif>\n<ttyIAX0>\n<000000001>\n<"+j.Status) {
			t.Errorf("the requester was told %s (the job: %s)", out, j.Status)
		}
	})
}

// TestPollKilled: the process was killed within a poll. The next one hands what came
// to the requester.
func TestPollKilled(t *testing.T) {
	inWorld(t, func(w *world) {
		write(t, w.spool.Path("bin", "pollrcvd"), "#!/bin/sh\nfor a; do echo \"<$a>\"; done >pollrcvd.out\n")
		file := w.document("x", dotted(100, 1))
		if err := os.Rename(w.spool.Path(file), w.spool.Path(spool.RecvQ, "fax000000001.tif")); err != nil {
			t.Fatal(err)
		}
		write(t, w.spool.Path(spool.Tmp, ".recv.ttyIAX0"), `{"Documents":[{"File":"recvq/fax000000001.tif","Start":"2000-01-01T00:00:00Z"}],"CommID":"000000009","Sender":"Line 1",`+
			`"Polled":{"Job":"12","Tag":"tag","User":"ann@pond","Dest":"1001"}}`)
		a, _ := w.both()
		idle(a)
		out, _ := os.ReadFile(w.spool.Path("pollrcvd.out"))
		if want := "<ann@pond>\n<recvq/fax000000001.tif>\n<ttyIAX0>\n<000000009>\n<" + reasonKilled + ">\n"; string(out) != want {
			t.Errorf("the requester was told %q, want %q", out, want)
		}
		if got := strings.Join(w.records(), ""); !strings.Contains(got, "\tPOLL\t000000009\tttyIAX0\t12\t\"tag\"\tann@pond\t\"1001\"\t\"Line 1\"") {
			t.Errorf("xferfaxlog has %s", got)
		}
		if left, _ := filepath.Glob(w.spool.Path(spool.Tmp, ".recv.*")); len(left) != 0 {
			t.Errorf("%v is left", left)
		}
	})
}

// TestPollBatch: a job that polls is not sent together with others.
func TestPollBatch(t *testing.T) {
	inWorld(t, func(w *world) {
		w.offer("fax.tif", dotted(200, 1))
		a, b := w.both()
		first := w.job("1001", nil, w.document("doc1.ps;00", dotted(100, 2)))
		second := w.job("1001", asking("", ""))
		w.sent(a, first, second)
		idle(a, b)
		if one, two := w.final(first), w.final(second); one.Returned != int(linectl.Done) || two.Returned != int(linectl.NoBatch) {
			t.Errorf("results %d and %d", one.Returned, two.Returned)
		}
	})
}

// TestPollTwice: a job with two poll requests; a call answers one.
func TestPollTwice(t *testing.T) {
	inWorld(t, func(w *world) {
		w.offer("fax1.tif", dotted(200, 1))
		w.offer("fax2.tif", dotted(200, 2))
		a, b := w.both()
		job := w.job("1001", func(j *spool.Job) { asking("1", "")(j); asking("2", "")(j) })
		for i, want := range []linectl.Result{linectl.Retry, linectl.Done} {
			w.sent(a, job)
			idle(a, b)
			if j := w.final(job); j.Returned != int(want) || len(j.Documents) != 1-i {
				t.Errorf("call %d: the job says %s", i+1, j.Format())
			}
		}
		got := w.received()
		if len(got) != 2 {
			t.Fatalf("%d files", len(got))
		}
		samePages(t, "first", got[0], []*t4.Bitmap{dotted(200, 1)})
		samePages(t, "second", got[1], []*t4.Bitmap{dotted(200, 2)})
	})
}
