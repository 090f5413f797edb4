//go:build interop

package spool_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
)

// tools is where Debian has HylaFAX's administrators' programs without the
// wrappers that mount /etc/hylafax.
const tools = "/usr/lib/hylafax/bin/"

// inPlace runs a command that knows no spool but /var/spool/hylafax: a spool of
// ours stands there, for this command alone.
func inPlace(t *testing.T, spool, command string) string {
	t.Helper()
	return lab.Run(t, "unshare", "-m", "/bin/sh", "-ec", "mount --bind "+spool+" /var/spool/hylafax; cd /var/spool/hylafax; export LC_ALL=C; "+command)
}

// want fails the test unless every pattern is found in a program's output.
func want(t *testing.T, what, out string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile("(?m)" + p).MatchString(out) {
			t.Errorf("%s: nothing matches %q in\n%s", what, p, out)
		}
	}
}

// TestTools: HylaFAX's programs for administrators read what our servers write
// and are heard by them. A fax goes from one of our lines to another, and a call
// to a number that is busy fails.
func TestTools(t *testing.T) {
	lab.Need(t, "faxq", "unshare", "sendfax")
	lines := []lab.Line{
		{Device: "ttyT0", Peer: "t0", Secret: "s0", Number: "1000"},
		{Device: "ttyT1", Peer: "t1", Secret: "s1", Number: "1001"},
	}
	port := lab.StartExchange(t, lines...)
	spool := lab.NewHylaFAXSpool(t, nil)
	for _, l := range lines {
		text := fmt.Sprintf("FAXNumber: %s\nLocalIdentifier: %q\nSessionTracing: 0xFFF\nRecvFileMode: 0644\nLogFileMode: 0644\nModemType: IAX2\nIAXServer: 127.0.0.1:%d\nIAXPeer: %s\nIAXSecret: %s\n", l.Number, l.Device, port, l.Peer, l.Secret)
		if err := os.WriteFile(filepath.Join(spool, "etc/config."+l.Device), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	s := lab.StartLitoria(t, spool, lines...)
	watch := lab.Start(t, t.TempDir(), "faxwatch", tools+"faxwatch", "-h", s.Host(), "J*S*R*M*")
	lab.Wait(t, 10*time.Second, "faxwatch to be connected", func() bool { return lab.Contains(s.Hfaxd.Log, "TRIGGER") || len(files(spool, "client/*")) > 2 })

	busy := s.Submit(t, "ttyT0", "486", "/etc/hostname", "-t", "1", "-T", "1")
	if j := lab.WaitDone(t, spool, busy, time.Minute); j["state"] != "8" {
		t.Errorf("the busy number: %v", j)
	}
	id := s.Submit(t, "ttyT0", "1001", "/etc/hostname", "-i", "tools")
	if j := lab.WaitDone(t, spool, id, 2*time.Minute); j["state"] != "7" {
		t.Fatalf("the fax failed: %v", j)
	}
	lab.Wait(t, 10*time.Second, "the fax in recvq", func() bool { return len(lab.Received(spool)) == 1 })

	t.Run("faxwatch", func(t *testing.T) {
		lab.Wait(t, 10*time.Second, "faxwatch to tell of the reception", func() bool { return lab.Contains(watch.Log, "RECV FAX: Call ended") })
		want(t, "faxwatch", lab.Tail(watch.Log, 500), "JOB "+id+" .*: Created", "JOB "+id+" .*: SEND FAX: Begin attempt", "JOB "+id+" .*: SEND FAX: Call placed",
			"JOB "+id+" .*: SEND FAX: Connected to remote device", "JOB "+id+" .*: SEND FAX: Page 1 sent in .*<A4, 3.85 line/mm, 2-D MMR, 14400 bit/s, 0 ms>",
			"JOB "+id+` \(dest \+1001 pri 127 com \d+\): SEND FAX: Job completed`, "RECV FAX: Call started", "RECV FAX: From ttyT0 .* page 1 in", "MODEM ttyT0: Released", "MODEM ttyT1: Marked ready")
	})
	t.Run("faxinfo", func(t *testing.T) {
		want(t, "faxinfo", lab.Run(t, tools+"faxinfo", lab.Received(spool)[0]), `Sender: ttyT0`, `Pages: 1`, `Quality: (Normal|Fine)`, `Received: `, `TimeToRecv: \d`, `SignalRate: 14400 bit/s`, `DataFormat: 2-D`, `ErrCorrect: Yes`, `Page: 1728 by \d+`)
	})
	t.Run("xferfaxstats", func(t *testing.T) {
		out := inPlace(t, spool, tools+"xferfaxstats")
		want(t, "xferfaxstats", out, `^root.* 1 +0:\d\d`, `Total .* 1 `)
		want(t, "xferfaxstats -dest", inPlace(t, spool, tools+"xferfaxstats -dest"), `1001|ttyT1`)
	})
	t.Run("recvstats", func(t *testing.T) {
		want(t, "recvstats", inPlace(t, spool, tools+"recvstats"), `ttyT0 .* 1 `, `Total .* 1 `)
	})
	t.Run("faxcron", func(t *testing.T) { faxcron(t, spool) })
	t.Run("messages", func(t *testing.T) { messages(t, spool, s) })
}

func files(spool, pattern string) []string {
	names, _ := filepath.Glob(filepath.Join(spool, pattern))
	return names
}

// faxcron reports and removes what is old, and nothing of what is in use.
func faxcron(t *testing.T, spool string) {
	long := time.Now().Add(-100 * 24 * time.Hour)
	for _, name := range []string{"recvq/fax000000099.tif", "tmp/old"} {
		path := filepath.Join(spool, name)
		if err := os.WriteFile(path, []byte("old"), 0o600); err != nil {
			t.Fatal(err)
		}
		lab.Run(t, "chown", "uucp:uucp", path)
		if err := os.Chtimes(path, long, long); err != nil {
			t.Fatal(err)
		}
	}
	out := inPlace(t, spool, tools+"faxcron -l '01/01/00 00:00' -rcv 7 -tmp 1 -info 30 -log 30")
	want(t, "faxcron", out, `Facsimile transmitted since`, `Total .* 1 `, `Facsimile received since`, `ttyT0 .* 1 `)
	for name, stays := range map[string]bool{"recvq/fax000000099.tif": false, "recvq/" + filepath.Base(lab.Received(spool)[0]): true, "sendq/seqf": true, "info/1001": true} {
		if _, err := os.Stat(filepath.Join(spool, name)); (err == nil) != stays {
			t.Errorf("faxcron: %s is there: %v, want %v\n%s", name, err == nil, stays, out)
		}
	}
}

// messages: faxmodem, faxstate and faxconfig tell faxq and faxgetty.
func messages(t *testing.T, spool string, s *lab.Litoria) {
	// A modem that no faxgetty serves: faxq runs the send command for it.
	ran := filepath.Join(spool, "tmp", "ran")
	script := filepath.Join(spool, "tmp", "send")
	if err := os.WriteFile(script, []byte("#!/bin/sh\necho \"$@\" >"+ran+"\nexit 2\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, tools+"faxconfig", "-q", spool, "SendFaxCmd", script)
	lab.Wait(t, 10*time.Second, "faxq to hear of it", func() bool { return lab.Contains(s.Faxq.Log, "SendFaxCmd") }) // faxconfig does not end its messages
	lab.Run(t, tools+"faxconfig", "-q", spool, "UUCPLockDir", filepath.Join(spool, "tmp"))
	lab.Wait(t, 10*time.Second, "faxq to hear of it", func() bool { return lab.Contains(s.Faxq.Log, "UUCPLockDir") })
	lab.Run(t, tools+"faxmodem", "-q", spool, "-u", "7", "ttyT9")
	id := s.Submit(t, "ttyT9", "5551234", "/etc/hostname")
	lab.WaitDone(t, spool, id, 20*time.Second)
	if b, _ := os.ReadFile(ran); !strings.Contains(string(b), "-m ttyT9 sendq/q"+id) {
		t.Errorf("the send command was run with %q", b)
	}
	lab.Run(t, tools+"faxstate", "-q", spool, "-n", "-s", "down", "ttyT9")
	id = s.Submit(t, "ttyT9", "5551234", "/etc/hostname")
	lab.Wait(t, 10*time.Second, "the job to wait", func() bool { return lab.Job(spool, id)["state"] == "5" })
	lab.Run(t, tools+"faxstate", "-q", spool, "-n", "-s", "ready", "ttyT9")
	lab.WaitDone(t, spool, id, 20*time.Second)

	// A line that our faxgetty serves: it tells faxq what the administrator says.
	for _, state := range []string{"down", "busy"} {
		lab.Run(t, tools+"faxstate", "-q", spool, "-s", state, "ttyT0")
		id = s.Submit(t, "ttyT0", "486", "/etc/hostname", "-T", "1")
		lab.Wait(t, 10*time.Second, "the job to wait", func() bool { return lab.Job(spool, id)["state"] == "5" })
		lab.Run(t, tools+"faxstate", "-q", spool, "-s", "ready", "ttyT0")
		lab.WaitDone(t, spool, id, 20*time.Second)
	}
}
