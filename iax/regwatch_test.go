package iax

import (
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// TestServerGoes: a server that goes while it holds a registration for an hour
// is noticed within twelve seconds: the next one in the list is registered at;
// where it comes back, it is told again who we are.
func TestServerGoes(t *testing.T) {
	for _, tc := range []struct {
		name   string
		away   time.Duration // how long the server does not answer
		backup bool
		noPoke bool // a server that answers no POKE
		within time.Duration
		want   string // states after the first registration; "": none, but the server is told again
	}{
		{name: "for good, with another one", away: time.Hour, backup: true, within: 12 * time.Second, want: "no answer 10.0.0.2, registered 10.0.0.3"},
		{name: "for a minute", away: time.Minute, within: 72 * time.Second, want: "no answer 10.0.0.2, registered 10.0.0.2"},
		{name: "for the time of a restart", away: 5 * time.Second, within: 7 * time.Second},
		{name: "answers no POKE at all", noPoke: true, backup: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				auth := &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog"}}
				p := newPair(t, Config{Authority: auth})
				defer p.close(t)
				second, err := Listen(Config{Conn: p.net.Listen("10.0.0.3:4569"), Authority: auth})
				if err != nil {
					t.Fatal(err)
				}
				defer second.Close() //nolint:errcheck // the pair's are looked at
				var gone atomic.Bool
				first := netip.MustParseAddr("10.0.0.2")
				p.net.SetFate(func(_ *rand.Rand, b []byte, from, to netip.AddrPort) []time.Duration {
					var f wire.Full
					poke := wire.ParseFull(b, &f) == nil && f.Type == wire.TypeIAX && wire.Command(f.Subclass) == wire.Poke
					if gone.Load() && (from.Addr() == first || to.Addr() == first) || tc.noPoke && poke {
						return nil
					}
					return []time.Duration{5 * time.Millisecond}
				})
				states := make(chan string, 100)
				reg := Registration{Account: Account{Username: "line", Secret: "frog"}, Server: "10.0.0.2", Refresh: time.Hour,
					OnStatus: func(s RegStatus) {
						if s.State != RegTrying {
							states <- s.State.String() + " " + s.Server
						}
					}}
				if tc.backup {
					reg.Backups = []string{"10.0.0.3"}
				}
				if _, err := p.a.Register(reg); err != nil {
					t.Fatal(err)
				}
				if s := <-states; s != "registered 10.0.0.2" {
					t.Fatal(s)
				}
				time.Sleep(45*time.Second + 100*time.Millisecond) // between two signs of life
				begin := time.Now()
				var got []string
				if tc.noPoke {
					time.Sleep(20 * time.Minute)
					if len(states) > 0 {
						t.Errorf("it became %s", <-states)
					}
					return
				}
				gone.Store(true)
				time.AfterFunc(tc.away, func() { gone.Store(false) })
				if tc.want == "" {
					time.Sleep(tc.within)
					auth.mu.Lock()
					defer auth.mu.Unlock()
					if len(states) > 0 || len(auth.registered) != 2 {
						t.Errorf("%d changes of the state, the server was told %q", len(states), auth.registered)
					}
					return
				}
				for !strings.HasSuffix(strings.Join(got, ", "), tc.want) && len(got) < 10 {
					got = append(got, <-states)
				}
				if took := time.Since(begin); took > tc.within || len(got) > strings.Count(tc.want, ",")+3 {
					t.Errorf("after %v: %q, want %s within %v", took, got, tc.want, tc.within)
				}
			})
		})
	}
}
