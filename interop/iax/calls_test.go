//go:build interop

package iax_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
)

// plain is a peer and a line without anything special.
var plain = option{peer: "auth=md5\nsecret={p}-s", line: "IAXSecret: {p}-s\nIAXRefresh: 30",
	out: "codec ulaw, authenticated by MD5", in: "codec ulaw"}

// TestFaxChannels sends and receives several faxes at once over one peer with
// one registration.
func TestFaxChannels(t *testing.T) {
	t.Parallel()
	const n = 4
	o := plain
	o.line += fmt.Sprintf("\nIAXChannels: %d", n)
	f := newFaxLab(t, []option{o})
	f.waitIdle(t, n)
	devices := []string{"ttyIAX0"}
	for i := 2; i <= n; i++ {
		devices = append(devices, fmt.Sprintf("ttyIAX0-%d", i))
	}
	all := func(t *testing.T) {
		t.Helper()
		lab.Wait(t, faxLimit, fmt.Sprintf("%d calls of one peer at once", n), func() bool {
			return strings.Count(strings.Join(channels(t, f.a.Asterisk), "\n"), "IAX2/o00-") == n
		})
		peers := f.a.CLI(t, "iax2 show peers")
		if strings.Count(peers, "\no00 ") != 1 || !f.a.Registered("o00") {
			t.Errorf("the peer is not OK, or there is more than one:\n%s", peers)
		}
		begun := time.Now()
		lab.Wait(t, 10*time.Second, "faxstat to show all channels in a call", func() bool {
			out := lab.Run(t, lab.Bin(t, "faxstat"), "-h", f.l.Host(), "-s")
			return strings.Count(out, "Sending")+strings.Count(out, "Receiving") == n
		})
		t.Logf("faxstat agrees after %v", time.Since(begun).Round(time.Millisecond))
	}
	words := "IAXChannels: " + fmt.Sprint(n)
	t.Run(sends, func(t *testing.T) {
		row, begun := recordAs("several calls on one registration", words, sends), time.Now()
		ids := make([]string, n)
		for i, d := range devices {
			ids[i] = f.l.Submit(t, d, fmt.Sprint(2100+i), f.doc, "-m", "-T", "3", "-t", "3")
		}
		all(t)
		for _, id := range ids {
			if job := lab.WaitDone(t, f.spool, id, faxLimit); job["state"] != "7" || job["npages"] != "1" || job["totdials"] != "1" {
				t.Errorf("job %s: state %s, %s pages, %s dials, status %q", id, job["state"], job["npages"], job["totdials"], job["status"])
			}
		}
		files, err := filepath.Glob(filepath.Join(f.a.Dir, "fax", "rx-1300-*.tif"))
		if err != nil || len(files) != n {
			t.Fatalf("Asterisk received %d faxes: %v", len(files), err)
		}
		for _, file := range files {
			lab.SamePages(t, f.doc, file)
		}
		row.passed(t, fmt.Sprintf("%d calls at once", n), "14400", "1", time.Since(begun))
	})
	f.waitIdle(t, n)
	t.Run(receives, func(t *testing.T) {
		row, begun := recordAs("several calls on one registration", words, receives), time.Now()
		for i := range n {
			f.a.SendFax(t, fmt.Sprint("ch", i), "1300", f.doc, lab.SendOptions{})
		}
		all(t)
		for i := range n {
			f.sentByAsterisk(t, fmt.Sprint("ch", i))
		}
		for _, d := range devices {
			var got []reception
			lab.Wait(t, 10*time.Second, "a RECV record of "+d, func() bool { got = receivedOn(f.spool, d); return len(got) == 1 })
			lab.SamePages(t, f.doc, filepath.Join(f.spool, got[0].file))
		}
		row.passed(t, fmt.Sprintf("%d calls at once", n), "14400", "1", time.Since(begun))
	})
}

// waitIdle waits until n lines are ready for a call.
func (f *faxLab) waitIdle(t *testing.T, n int) {
	t.Helper()
	lab.Wait(t, 30*time.Second, fmt.Sprintf("%d lines to be idle", n), func() bool {
		return strings.Count(lab.Run(t, lab.Bin(t, "faxstat"), "-h", f.l.Host(), "-s"), "Running and idle") == n
	})
}

// sentByAsterisk waits for the success of a SendFAX.
func (f *faxLab) sentByAsterisk(t *testing.T, tag string) lab.Fax {
	t.Helper()
	var fax lab.Fax
	lab.Wait(t, faxLimit, "Asterisk's result of "+tag, func() (ok bool) { fax, ok = f.a.FaxResult("tag=" + tag); return ok })
	if fax.Status != "SUCCESS" || fax.Pages != "1" {
		t.Fatalf("Asterisk says of %s: %+v", tag, fax)
	}
	return fax
}

// TestFaxTransfers sends a fax between two lines of ours through an Asterisk that
// may step out of the way, there and back, each way of `transfer` at once.
func TestFaxTransfers(t *testing.T) {
	t.Parallel()
	ways := []struct{ asterisk, line string }{
		{"transfer=yes", "IAXTransfer: yes"}, {"transfer=mediaonly", "IAXTransfer: yes"}, {"transfer=no", "IAXTransfer: yes"}, {"transfer=yes", "IAXTransfer: no"},
		{"transfer=no trunk=yes", "IAXTransfer: no"},
	}
	var all []option
	for _, w := range ways {
		for range 2 {
			o := plain
			o.peer += "\n" + strings.ReplaceAll(w.asterisk, " ", "\n")
			o.line += "\n" + w.line
			all = append(all, o)
		}
	}
	f := newFaxLab(t, all)
	directions := []string{"line to line", "and back"}
	rows := map[string][]*result{}
	for _, w := range ways {
		for _, d := range directions {
			rows[d] = append(rows[d], recordAs(w.asterisk+" of both", w.line, d))
		}
	}
	for back, d := range directions {
		t.Run(d, func(t *testing.T) {
			for i, w := range ways {
				from, to := f.lines[2*i+back], f.lines[2*i+1-back]
				t.Run(w.asterisk+" "+w.line, func(t *testing.T) {
					t.Parallel()
					f.between(t, from, to, rows[d][i])
				})
			}
		})
		f.l.WaitIdle(t)
	}
}

// between sends the page from one line of ours to another.
func (f *faxLab) between(t *testing.T, from, to lab.Line, row *result) {
	t.Helper()
	begun, before := time.Now(), len(receivedOn(f.spool, to.Device))
	id := f.l.Submit(t, from.Device, to.Number, f.doc, "-m", "-T", "3", "-t", "3")
	job := lab.WaitDone(t, f.spool, id, faxLimit)
	if job["state"] != "7" || job["npages"] != "1" {
		t.Fatalf("job %s: state %s, %s pages, status %q", id, job["state"], job["npages"], job["status"])
	}
	var got []reception
	lab.Wait(t, 10*time.Second, "a RECV record of "+to.Device, func() bool { got = receivedOn(f.spool, to.Device); return len(got) > before })
	lab.SamePages(t, f.doc, filepath.Join(f.spool, got[len(got)-1].file))
	rate := strings.TrimSpace(strings.TrimSuffix(job["signalrate"], "bit/s"))
	row.passed(t, "codec ulaw", rate, job["totdials"], time.Since(begun))
}

// TestFaxRestart reloads and restarts Asterisk while lines are idle, and while
// one sends and another receives.
func TestFaxRestart(t *testing.T) {
	t.Parallel()
	f := newFaxLab(t, []option{plain, plain})
	rows := map[string]*result{}
	for _, event := range []string{"reload", "restart"} {
		for _, when := range []string{"idle", "in a call"} {
			for _, d := range []string{sends, receives} {
				rows[event+when+d] = recordAs(event+", "+when, "IAXRefresh: 30", d)
			}
		}
	}
	t.Run("reload, idle", func(t *testing.T) {
		f.a.CLI(t, "module reload chan_iax2.so")
		f.both(t, rows["reloadidle"+sends], rows["reloadidle"+receives])
	})
	t.Run("reload in a call", func(t *testing.T) {
		id := f.beginBoth(t, "reload")
		f.a.CLI(t, "module reload chan_iax2.so")
		if job := lab.WaitDone(t, f.spool, id, faxLimit); job["state"] != "7" || job["totdials"] != "1" {
			t.Fatalf("job %s: state %s after %s dials, status %q", id, job["state"], job["totdials"], job["status"])
		}
		fax := f.sentByAsterisk(t, "reload")
		rows["reloadin a call"+sends].say("the call goes on; same page")
		rows["reloadin a call"+receives].say("the call goes on; same page; %s bit/s", fax.Rate)
	})
	f.l.WaitIdle(t)
	t.Run("restart, idle", func(t *testing.T) {
		if err := os.RemoveAll(filepath.Join(f.a.Dir, "db")); err != nil { // nothing is known of us after it
			t.Fatal(err)
		}
		if err := os.Mkdir(filepath.Join(f.a.Dir, "db"), 0o755); err != nil {
			t.Fatal(err)
		}
		f.restart(t)
		begun := time.Now()
		for _, l := range f.lines {
			lab.Wait(t, 40*time.Second, l.Peer+" to register again", func() bool { return f.a.Registered(l.Peer) })
		}
		t.Logf("registered again after %v", time.Since(begun).Round(time.Second))
		f.both(t, rows["restartidle"+sends], rows["restartidle"+receives])
	})
	f.l.WaitIdle(t)
	t.Run("restart in a call", func(t *testing.T) { f.restartInCall(t, rows) })
}

// restart restarts Asterisk and waits until it is there again.
func (f *faxLab) restart(t *testing.T) {
	t.Helper()
	if _, err := f.a.TryCLI("core restart now"); err != nil {
		t.Logf("core restart now: %v", err) // the console may go first
	}
	time.Sleep(time.Second)
	lab.Wait(t, 30*time.Second, "Asterisk to come back", func() bool {
		out, _ := f.a.TryCLI("core waitfullybooted")
		return strings.Contains(out, "fully booted")
	})
}

// both sends a fax on line 0 while line 1 receives one.
func (f *faxLab) both(t *testing.T, out, in *result) {
	t.Helper()
	t.Run("faxes", func(t *testing.T) {
		t.Run(sends, func(t *testing.T) { t.Parallel(); f.sends(t, 0, out) })
		t.Run(receives, func(t *testing.T) { t.Parallel(); f.receives(t, 1, in) })
	})
}

// beginBoth begins to send on line 0 and to receive on line 1, and returns in the
// middle of the pages.
func (f *faxLab) beginBoth(t *testing.T, tag string) (id string) {
	t.Helper()
	f.a.SendFax(t, tag, f.lines[1].Number, f.doc, lab.SendOptions{})
	id = f.l.Submit(t, f.lines[0].Device, "2100", f.doc, "-m", "-T", "3", "-t", "3")
	lab.Wait(t, faxLimit, "the page to begin", func() bool {
		commid := lab.Job(f.spool, id)["commid"]
		return commid != "" && lab.Contains(filepath.Join(f.spool, "log", "c"+commid), "SEND begin page 1")
	})
	return id
}

func (f *faxLab) restartInCall(t *testing.T, rows map[string]*result) {
	t.Helper()
	before := sessionsOf(f.spool, f.lines[1].Device)
	id := f.beginBoth(t, "cut")
	cut := filepath.Join(f.spool, "log", "c"+lab.Job(f.spool, id)["commid"])
	begun := time.Now()
	f.restart(t)
	var said string
	lab.Wait(t, 30*time.Second, "the job to be given back with a sentence", func() bool {
		said = lab.Job(f.spool, id)["status"]
		return said != "" && !strings.Contains(said, "Sending")
	})
	if said != "Call dropped by the other side" {
		t.Errorf("the job says %q of a call that was cut\n%s", said, lab.Tail(cut, 12))
	}
	t.Logf("after %v the job says %q", time.Since(begun).Round(time.Second), said)
	job := lab.WaitDone(t, f.spool, id, 2*faxLimit)
	if job["state"] != "7" || job["totdials"] != "2" {
		t.Errorf("job %s: state %s after %s dials, status %q", id, job["state"], job["totdials"], job["status"])
	}
	rows["restartin a call"+sends].say("the call ends: \"%s\"; done in the second call, %.0f s after the restart", said, time.Since(begun).Seconds())

	// The line that received says so too, and takes the next call.
	words := ""
	lab.Wait(t, 20*time.Second, "the session log of the line that received", func() bool {
		words = lastWords(f.spool, f.lines[1].Device, before)
		return words != ""
	})
	t.Logf("the line that received says %q", words)
	row := rows["restartin a call"+receives]
	f.receives(t, 1, row)
	if !t.Failed() {
		row.say("the call ends: \"%s\"; the line takes the next call: same page", words)
	}
}

// sessionsOf lists the session logs of calls that a line answered.
func sessionsOf(spool, devid string) map[string]bool {
	logs, _ := filepath.Glob(filepath.Join(spool, "log", "c0*"))
	found := map[string]bool{}
	for _, log := range logs {
		if lab.Contains(log, "ANSWER: FAX CONNECTION  DEVICE '"+devid+"'") {
			found[log] = true
		}
	}
	return found
}

// lastWords are what a line says of the end of a call that it answered, in a log
// that was not there before; "" while the call is not over.
func lastWords(spool, devid string, before map[string]bool) string {
	for log := range sessionsOf(spool, devid) {
		if before[log] || !lab.Contains(log, "SESSION END") {
			continue
		}
		for line := range strings.Lines(lab.Tail(log, 100)) {
			if _, s, ok := strings.Cut(line, "RECV FAX: "); ok && !strings.HasPrefix(s, "begin") && !strings.HasPrefix(s, "end") {
				return strings.TrimSpace(s)
			}
		}
	}
	return ""
}
