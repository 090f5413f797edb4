package server_test

import (
	"io"
	"net"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// receive is what comes over the data connection of a command.
func (c *conn) receive(d net.Conn, command string) string {
	c.t.Helper()
	c.cmd(command, "150")
	b, err := io.ReadAll(d)
	if err != nil {
		c.t.Fatal(err)
	}
	c.want("226")
	return string(b)
}

// TestStatusOfJobInCall: what a line writes ahead of the events of its call, for
// the case that it dies, is in the job's file and not in listings as long as
// the call goes on. Once the job is over it is what happened.
func TestStatusOfJobInCall(t *testing.T) {
	srv := newServer(t, nil)
	s, err := spool.Open(srv.dir)
	if err != nil {
		t.Fatal(err)
	}
	var a *linectl.Attempt
	state := func(state spool.JobState) {
		l, err := s.LockJob("sendq/q10")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Unlock()
		l.State = state
		if err := l.Save(); err != nil {
			t.Fatal(err)
		}
	}
	c := srv.login(t, "joe")
	c.cmd(`JOBFMT "%j|%a|%s|"`, "200")
	for _, step := range []struct {
		what string
		do   func() error
		want string
	}{
		{"prepared", func() error { state(spool.StateActive); return nil }, "10|R|No answer from remote|"},
		{"dialling", func() (err error) { a, _, err = linectl.BeginAttempt(s, "sendq/q10", "000000008", false); return err }, "10|R||"},
		{"last page out", func() error { return a.LastPageOut() }, "10|R||"},
		{"the line died, and faxq takes note", func() error { state(spool.StateFailed); return nil },
			"10|F|Unconfirmed: the last page was sent, but the call ended before the receiver confirmed it|"},
		{"ended", func() error {
			state(spool.StateActive)
			_, err := a.End(linectl.Ending{Result: linectl.Retry, Status: "Remote hung up", Code: 12})
			return err
		}, "10|R|Unconfirmed: the last page was sent, but the call ended before the receiver confirmed it (Remote hung up)|"},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if got := strings.TrimSpace(c.receive(c.data(), "LIST sendq")); got != step.want {
			t.Errorf("%s: listed as %q, want %q", step.what, got, step.want)
		}
		if j, err := s.ReadJob("sendq/q10"); err != nil || j.Status == "" {
			t.Errorf("%s: the file says %q, %v", step.what, j.Status, err)
		}
	}
}
