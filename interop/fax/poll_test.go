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

// TestPoll polls our pollq over Asterisk: by our sendfax -p, and by HylaFAX with an
// iaxmodem. HylaFAX itself has nothing to be polled, and says so when we ask.
func TestPoll(t *testing.T) {
	doc := document(t)
	ours := ourLines()[:3]
	a := asteriskFor(t, ours, 1)
	lab.StartIAXModem(t, "ttyLIT0", a.Port, "ref0", "refsecret0", "1000")
	hylaSpool := lab.NewHylaFAXSpool(t, map[string]string{"ttyLIT0": "1000"})
	h := lab.StartHylaFAX(t, hylaSpool, "ttyLIT0")
	spool := lab.NewLitoriaSpool(t, a.Port, ours...)
	offered := filepath.Join(spool, "pollq", "fax77.tif")
	lab.Run(t, "cp", doc, offered)
	lab.Run(t, "chown", lab.Owner, offered)
	l := lab.StartLitoria(t, spool, ours...)
	registered(t, a, ours)
	script := filepath.Join(spool, "bin", "pollrcvd")
	if err := os.WriteFile(script, []byte("#!/bin/sh\nfor a; do echo \"<$a>\"; done >log/pollrcvd\n"), 0o755); err != nil {
		t.Fatal(err)
	}

	t.Run("something here", func(t *testing.T) {
		t.Run("ours", func(t *testing.T) {
			t.Parallel()
			id := lab.RequestID(t, lab.Run(t, lab.Bin(t, "sendfax"), "-f", "ann@pond", "-p", "-h", ours[0].Device+"@"+l.Host(), "-d", ours[1].Number))
			polledWell(t, spool, id, doc, ours[0].Device)
		})
		t.Run("HylaFAX", func(t *testing.T) {
			t.Parallel()
			lab.Run(t, "sendfax", "-f", "ann@pond", "-p", "-h", "ttyLIT0@"+h.Host(), "-d", ours[2].Number)
			polledByHylaFAX(t, hylaSpool, doc)
		})
	})
	t.Run("nothing at HylaFAX", func(t *testing.T) {
		l.WaitIdle(t)
		lab.Wait(t, 40*time.Second, "HylaFAX's modem to be idle again", func() bool {
			return lab.Contains(filepath.Join(hylaSpool, "status", "ttyLIT0"), "Running and idle")
		})
		id := lab.RequestID(t, lab.Run(t, lab.Bin(t, "sendfax"), "-p", "-h", ours[0].Device+"@"+l.Host(), "-d", "1000"))
		job := lab.WaitDone(t, spool, id, callLimit)
		if job["state"] != "8" || job["statuscode"] != "601" || job["status"] != "remote has no document to poll" {
			t.Errorf("job %s: state %s, code %s, status %q", id, job["state"], job["statuscode"], job["status"])
		}
	})
}

// polledWell looks at a poll that is over: the job is done, the document is in
// recvq, has its record and was handed to the requester.
func polledWell(t *testing.T, spool, id, doc, devid string) {
	t.Helper()
	job := lab.WaitDone(t, spool, id, callLimit)
	if job["state"] != "7" || job["status"] != "" || job["poll"] != "" {
		t.Errorf("job %s: state %s, status %q, poll %q", id, job["state"], job["status"], job["poll"])
	}
	var file string
	for _, f := range xferfaxlog(t, spool) {
		if len(f) > 10 && f[1] == "POLL" && f[3] == devid && strings.Trim(f[4], `"`) == id {
			if f[10] != "2" {
				t.Errorf("the record has %s pages: %q", f[10], f)
			}
			file = "found"
		}
	}
	if file == "" {
		t.Errorf("xferfaxlog has no POLL record of job %s: %q", id, xferfaxlog(t, spool))
	}
	var args []string
	lab.Wait(t, 20*time.Second, "pollrcvd to be run", func() bool {
		args = strings.Fields(lab.Tail(filepath.Join(spool, "log", "pollrcvd"), 10))
		return len(args) == 5
	})
	file = strings.Trim(args[1], "<>")
	if want := []string{"<ann@pond>", fmt.Sprintf("<%s>", file), "<" + devid + ">", args[3], "<>"}; strings.Join(args, " ") != strings.Join(want, " ") {
		t.Errorf("pollrcvd was told %v, want %v", args, want)
	}
	lab.SamePages(t, doc, filepath.Join(spool, file))
}

// polledByHylaFAX looks at what HylaFAX polled. Its session log and the file tell: then
// faxsend of 6.0.7 dies of a protection fault, before its record and pollrcvd.
func polledByHylaFAX(t *testing.T, spool, doc string) {
	t.Helper()
	log := filepath.Join(spool, "log", "c000000001")
	lab.Wait(t, callLimit, "HylaFAX to have polled", func() bool { return lab.Contains(log, "POLL FAX: end") })
	file := filepath.Join(spool, "recvq", "fax000000001.tif")
	if !lab.Contains(log, "recvq/fax000000001.tif from ttyIAX2") || !lab.Contains(log, ", 2 pages in") {
		t.Errorf("HylaFAX's session log has\n%s", lab.Tail(log, 20))
	}
	lab.SamePages(t, doc, file)
}
