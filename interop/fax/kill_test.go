//go:build interop

package fax_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
)

// soon lets a broken call be tried again in seconds instead of minutes.
const soon = "JobReqProto: 3\nJobReqOther: 3\nJobReqError: 3\nJobReqNoCarrier: 3\nJobReqNoAnswer: 3\nJobReqBusy: 6\nSaveUnconfirmedPages: no\n"

// pair is two servers of ours with one line each, at an exchange of ours.
type pair struct {
	doc      string
	from, to *lab.Litoria
}

func newPair(t testing.TB) *pair {
	t.Helper()
	a := lab.Line{Device: "ttyIAX0", Peer: "pond", Secret: "frog", Number: "1000", Config: soon}
	b := lab.Line{Device: "ttyIAX1", Peer: "lake", Secret: "toad", Number: "1001", Config: soon}
	port := lab.StartExchange(t, a, b)
	server := func(l lab.Line) *lab.Litoria {
		spool := lab.NewLitoriaSpool(t, port, l)
		f, err := os.OpenFile(filepath.Join(spool, "etc", "config"), os.O_APPEND|os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer f.Close()
		if _, err := f.WriteString("\n" + soon); err != nil {
			t.Fatal(err)
		}
		return lab.StartLitoria(t, spool, l)
	}
	return &pair{document(t), server(a), server(b)}
}

// status is what status/DEVID says.
func status(l *lab.Litoria, devid string) string {
	return lab.Tail(filepath.Join(l.Spool, "status", devid), 1)
}

// TestKill kills a program with kill -9 while the second of two pages is on the
// line, and starts it again. The fax arrives, each of its pages once.
func TestKill(t *testing.T) {
	for _, c := range []struct {
		name string
		// kill kills the program and starts it again.
		kill func(*testing.T, *pair)
		// tries that the fax takes; a killed line breaks the first. A dial may find
		// the receiver busy with that one still: it is no try, and there is one more
		// dial for each such record, no other.
		tries int
	}{
		{"faxq", func(t *testing.T, p *pair) { p.from.Faxq.Kill(); p.from.StartFaxq(t) }, 1},
		{"hfaxd", func(t *testing.T, p *pair) { p.from.Hfaxd.Kill(); p.from.StartHfaxd(t) }, 1},
		{"sender's faxgetty", func(t *testing.T, p *pair) { p.from.Getty.Kill(); p.from.StartGetty(t) }, 2},
		{"receiver's faxgetty", func(t *testing.T, p *pair) { p.to.Getty.Kill(); p.to.StartGetty(t) }, 2},
		{"everything", func(t *testing.T, p *pair) {
			for _, l := range []*lab.Litoria{p.from, p.to} {
				for _, process := range []*lab.Process{l.Faxq, l.Hfaxd, l.Getty} {
					process.Kill()
				}
				l.StartGetty(t)
				l.StartFaxq(t)
				l.StartHfaxd(t)
			}
		}, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			p := newPair(t)
			id := p.from.Submit(t, "", "1001", p.doc, "-m", "-B", "9600", "-T", "5", "-t", "5")
			lab.Wait(t, time.Minute, "the second page to be on the line", func() bool {
				return strings.Contains(status(p.from, "ttyIAX0"), "page 2 of 2")
			})
			time.Sleep(2 * time.Second) // into the page
			c.kill(t, p)
			job := lab.WaitDone(t, p.from.Spool, id, callLimit)
			if job["state"] != "7" || job["npages"] != "2" || job["tottries"] != fmt.Sprint(c.tries) || job["totdials"] != fmt.Sprint(c.tries+busy(t, p.from.Spool)) {
				t.Errorf("job %s: state %s, %s pages, %s tries, %s dials, status %q", id, job["state"], job["npages"], job["tottries"], job["totdials"], job["status"])
			}
			lab.Wait(t, 20*time.Second, "the receiver to be through", func() bool { return status(p.to, "ttyIAX1") == "Running and idle" })
			lab.SamePages(t, p.doc, lab.Received(p.to.Spool)...)
			p.orderly(t)
		})
	}
}

// busy counts the dials that found the receiver busy, by xferfaxlog.
func busy(t testing.TB, spool string) (n int) {
	t.Helper()
	for _, r := range xferfaxlog(t, spool) {
		if len(r) > 13 && r[1] == "SEND" && strings.HasPrefix(strings.Trim(r[13], `"`), "Busy signal detected") {
			n++
		}
	}
	return n
}

// orderly looks for what a killed program may have left behind.
func (p *pair) orderly(t *testing.T) {
	t.Helper()
	for _, l := range []*lab.Litoria{p.from, p.to} {
		out := lab.Run(t, lab.Bin(t, "faxstat"), "-h", l.Host(), "-s", "-r", "-d")
		if strings.Count(out, "Running and idle") != 1 {
			t.Errorf("faxstat: %s", out)
		}
	}
	for _, pattern := range []string{"sendq/q*", "tmp/[^.]*", "docq/*;*"} {
		if left, _ := filepath.Glob(filepath.Join(p.from.Spool, pattern)); len(left) > 0 {
			t.Errorf("left behind: %v", left)
		}
	}
	for _, f := range lab.Received(p.to.Spool) { // by the process that was killed, or the next
		name := "recvq/" + filepath.Base(f)
		records := 0
		for _, r := range xferfaxlog(t, p.to.Spool) {
			if len(r) > 4 && r[1] == "RECV" && strings.Trim(r[4], `"`) == name {
				records++
			}
		}
		if records != 1 {
			t.Errorf("%d RECV records of %s", records, name)
		}
	}
	sent := 0
	for _, r := range xferfaxlog(t, p.from.Spool) {
		if len(r) > 13 && r[1] == "SEND" && strings.Trim(r[13], `"`) == "" {
			sent++
		}
	}
	if sent != 1 {
		t.Errorf("%d SEND records of a fax that was sent", sent)
	}
}
