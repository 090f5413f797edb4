package iax

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax/internal/memnet"
)

// TestServerRestarts: a server ends without a word, and one that knows nothing of
// us takes its place. It is told who we are long before the registration ends.
func TestServerRestarts(t *testing.T) {
	for _, tc := range []struct {
		name    string
		away    time.Duration
		bounces bool // the host tells that nobody listens
		call    bool // there is a call over the server
		lines   int  // further registrations
		within  time.Duration
	}{
		{name: "in a call, the host tells", away: 900 * time.Millisecond, bounces: true, call: true, within: time.Second},
		{name: "in a call, in no time", call: true, within: 21 * time.Second}, // INVAL in answer to PING, 20 s apart
		{name: "idle, the host tells", away: 5 * time.Second, bounces: true, within: 1200 * time.Millisecond},
		{name: "idle, the host tells nothing", away: 5 * time.Second, within: 1200 * time.Millisecond},
		{name: "idle, twenty lines, the host tells nothing", away: 3 * time.Second, lines: 19, within: 1500 * time.Millisecond},
		{name: "idle, for long, the host tells", away: 40 * time.Second, bounces: true, within: 10 * time.Second},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := newPair(t, Config{Authority: &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog"}}, Incoming: func(c *Call) { c.Answer(&lineMedia{}) }})
				defer p.close(t)
				p.net.SetFate(func(*rand.Rand, []byte, netip.AddrPort, netip.AddrPort) []time.Duration {
					return []time.Duration{5 * time.Millisecond}
				})
				p.net.SetBounces(tc.bounces)
				account := Account{Username: "line", Secret: "frog"}
				r, err := p.a.Register(Registration{Account: account, Server: "10.0.0.2", Refresh: time.Hour})
				if err != nil {
					t.Fatal(err)
				}
				for range tc.lines {
					if _, err := p.a.Register(Registration{Account: account, Server: "10.0.0.2", Refresh: time.Hour}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(45*time.Second + 200*time.Millisecond)
				if r.Status().State != Registered {
					t.Fatal(r.Status())
				}
				if tc.call {
					c, err := p.a.Dial(context.Background(), DialParams{Account: account, Server: "10.0.0.2", Number: "1"})
					if err != nil {
						t.Fatal(err)
					}
					c.Attach(&lineMedia{})
					time.Sleep(time.Second)
				}
				p.b.conn.(*memnet.Conn).Vanish()
				time.Sleep(tc.away)
				auth := &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog"}}
				anew, err := Listen(Config{Conn: p.net.Listen("10.0.0.2:4569"), Authority: auth})
				if err != nil {
					t.Fatal(err)
				}
				defer anew.Close() //nolint:errcheck // the pair's are looked at
				back := time.Now()
				told := func() bool {
					auth.mu.Lock()
					defer auth.mu.Unlock()
					return len(auth.registered) > tc.lines
				}
				for !told() && time.Since(back) < time.Hour {
					time.Sleep(10 * time.Millisecond)
				}
				if took := time.Since(back); took > tc.within {
					t.Errorf("the new server was told after %v, want %v", took, tc.within)
				} else {
					t.Logf("told after %v", took)
				}
				time.Sleep(time.Second)
				if s := r.Status(); s.State != Registered {
					t.Errorf("in the end: %v", s)
				}
			})
		})
	}
}

// TestNextServerAtOnce: where the host of the first server tells that nobody
// listens, the next one is asked without waiting for an answer.
func TestNextServerAtOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, Config{Authority: &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog"}}})
		defer p.close(t)
		p.net.SetBounces(true)
		r, err := p.a.Register(Registration{Account: Account{Username: "line", Secret: "frog"}, Server: "10.0.0.7", Backups: []string{"10.0.0.2"}})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(100 * time.Millisecond)
		if s := r.Status(); s.State != Registered || s.Server != "10.0.0.2" {
			t.Errorf("%+v", s)
		}
	})
}

// TestForgedHints: whoever tells for ever that nobody listens makes us ask, but
// neither leave the server nor register more and more often: it becomes once a minute.
func TestForgedHints(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		auth := &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog"}}
		p := newPair(t, Config{Authority: auth})
		defer p.close(t)
		r, err := p.a.Register(Registration{Account: Account{Username: "line", Secret: "frog"}, Server: "10.0.0.2", Refresh: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		time.Sleep(6 * time.Second)
		const n = 1000
		for range n {
			p.a.bounced(netip.MustParseAddrPort("10.0.0.2:4569"))
			time.Sleep(20 * time.Millisecond)
		}
		if s := r.Status(); s.State != Registered {
			t.Errorf("%+v", s)
		}
		auth.mu.Lock()
		defer auth.mu.Unlock()
		const most = 1 + 3 // at first, and after hints at 0, 4 and 12 s
		if told := len(auth.registered); told > most {
			t.Errorf("the server was told %d times in %d s", told, n/50)
		}
	})
}
