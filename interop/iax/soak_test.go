//go:build interop

package iax_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/interop/lab"
)

// The lines of the soak and what is asked of them. LITORIA_SOAK is how long it
// goes on (`make soak-iax`).
const (
	soakLines   = 12
	soakCalls   = 4 // held at any time
	soakDefault = 45 * time.Second
	soakCheck   = 10 * time.Second
	soakGrace   = 3 * time.Second // for Asterisk and us to see the same end of a call
)

// TestSoak holds registrations that are renewed all the time, and calls that
// come and go, for as long as LITORIA_SOAK says. Every ten seconds qualify=yes
// must show OK for each line, and Asterisk must count the calls that we count.
func TestSoak(t *testing.T) {
	t.Parallel()
	length := soakDefault
	if s := os.Getenv("LITORIA_SOAK"); s != "" {
		var err error
		if length, err = time.ParseDuration(s); err != nil {
			t.Fatalf("LITORIA_SOAK: %v", err)
		}
	}
	peers, plan := "", ""
	for i := range soakLines {
		peers += fmt.Sprintf("[soak%02d]\ntype=friend\nhost=dynamic\ncontext=fax\nauth=md5\nsecret=s%d\nqualify=yes\nqualifyfreqok=10000\nqualifyfreqnotok=5000\nrequirecalltoken=yes\n\n", i, i)
		plan += fmt.Sprintf("exten => 12%02d,1,Dial(IAX2/soak%02d/${EXTEN},30)\n", i, i)
	}
	a := lab.StartAsterisk(t, peers, plan)
	server := fmt.Sprintf("127.0.0.1:%d", a.Port)
	e := listen(t, nil, func(c *iax.Call) { c.Ring(); c.Answer(&ear{}) })
	regs := make([]*iax.Registrar, soakLines)
	for i := range regs {
		var err error
		regs[i], err = e.Register(iax.Registration{Account: soakAccount(i), Server: server, Refresh: 30 * time.Second})
		if err != nil {
			t.Fatal(err)
		}
	}
	lab.Wait(t, 20*time.Second, "all lines to be OK", func() bool {
		ok, _ := soakPeers(t, a)
		return ok == soakLines
	})

	end := time.Now().Add(length)
	stop := make(chan struct{})
	done := make(chan string, soakCalls)
	var made atomic.Int64
	for i := range soakCalls {
		go func() { done <- soakCaller(e, server, i, stop, &made) }()
	}
	checks, slowest, renewed := 0, 0, 0
	next := make([]time.Time, soakLines) // when each line registers again
	for time.Now().Before(end) {
		time.Sleep(soakCheck)
		ok, ms := soakPeers(t, a)
		if ok != soakLines {
			t.Errorf("after %v: %d of %d lines are OK:\n%s", length-time.Until(end), ok, soakLines, a.CLI(t, "iax2 show peers"))
		}
		for i, r := range regs {
			s := r.Status()
			if !s.Next.Equal(next[i]) {
				next[i], renewed = s.Next, renewed+1
			}
			if s.State != iax.Registered {
				t.Errorf("after %v: line %d is %v: %s", length-time.Until(end), i, s.State, s.Text)
			}
		}
		sameCalls(t, a, e)
		checks, slowest = checks+1, max(slowest, ms)
		if checks%30 == 0 {
			t.Logf("%s: %d checks, %d registrations, %d calls, slowest answer to qualify %d ms", time.Now().Format(time.TimeOnly), checks, renewed, made.Load(), slowest)
		}
	}
	close(stop)
	for range soakCalls {
		if trouble := <-done; trouble != "" {
			t.Error(trouble)
		}
	}
	if want := int(length/(30*time.Second)) * soakLines / 2; renewed < want {
		t.Errorf("%d registrations in %v, want more than %d", renewed, length, want)
	}
	t.Logf("%v: %d lines OK in each of %d checks; %d registrations, %d calls, slowest answer to qualify %d ms", length, soakLines, checks, renewed, made.Load(), slowest)
}

func soakAccount(i int) iax.Account {
	return iax.Account{Username: fmt.Sprintf("soak%02d", i), Secret: fmt.Sprint("s", i)}
}

// soakCaller makes one call after the other between two of the lines through
// Asterisk, of 5 to 65 seconds each, until stop; it says what went wrong.
func soakCaller(e *iax.Endpoint, server string, from int, stop <-chan struct{}, made *atomic.Int64) string {
	random := rand.New(rand.NewPCG(uint64(from), 1))
	for {
		to := soakCalls + random.IntN(soakLines-soakCalls)
		m := &ear{limit: 8000 * (5 + random.IntN(60))}
		c, err := e.Dial(context.Background(), iax.DialParams{Account: soakAccount(from), Server: server, Number: fmt.Sprintf("12%02d", to), Timeout: 20 * time.Second})
		if err != nil {
			return err.Error()
		}
		c.Attach(m)
		select {
		case <-c.Done():
		case <-stop:
			c.Hangup(iax.CauseNormalClearing, "")
			<-c.Done()
			return ""
		}
		if err := c.Err(); !err.Local {
			return fmt.Sprintf("call from line %d to line %d: %v", from, to, err)
		}
		if l := m.level(1850); l < 6500 || l > 9000 {
			return fmt.Sprintf("line %d hears line %d at %.0f, want 8000", from, to, l)
		}
		made.Add(1)
	}
}

var qualified = regexp.MustCompile(`(?m)^soak\d+ .* OK \((\d+) ms\)`)

// soakPeers counts the lines that `iax2 show peers` calls OK, and gives the
// longest round trip there, ms.
func soakPeers(t *testing.T, a *lab.Asterisk) (ok, ms int) {
	t.Helper()
	for _, m := range qualified.FindAllStringSubmatch(a.CLI(t, "iax2 show peers"), -1) {
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		ok, ms = ok+1, max(ms, n)
	}
	return ok, ms
}

// sameCalls fails the test unless `iax2 show channels` has the calls that the
// endpoint has. Calls come and go meanwhile: both are looked at until they agree.
func sameCalls(t *testing.T, a *lab.Asterisk, e *iax.Endpoint) {
	t.Helper()
	var theirs []string
	ours := 0
	for end := time.Now().Add(soakGrace); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		before := len(e.Calls())
		theirs = channels(t, a)
		if ours = len(e.Calls()); ours == len(theirs) && ours == before {
			return
		}
	}
	t.Errorf("we have %d calls, Asterisk has %d:\n%s", ours, len(theirs), strings.Join(theirs, "\n"))
}

// channels are the rows of `iax2 show channels`.
func channels(t *testing.T, a *lab.Asterisk) []string {
	t.Helper()
	var rows []string
	for line := range strings.Lines(a.CLI(t, "iax2 show channels")) {
		if strings.HasPrefix(line, "IAX2/") || strings.HasPrefix(line, "(None)") {
			rows = append(rows, strings.TrimSpace(line))
		}
	}
	return rows
}
