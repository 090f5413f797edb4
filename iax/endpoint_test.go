package iax

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax/internal/memnet"
)

// lineMedia sends a running count as samples and keeps what it hears.
type lineMedia struct {
	mu        sync.Mutex
	next      int16
	heard     []int16
	concealed int
	frames    int
	limit     int // frames until Done; 0: for ever
}

func (m *lineMedia) Receive(pcm []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, pcm...)
}

func (m *lineMedia) Conceal(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.concealed += n
}

func (m *lineMedia) Transmit(out []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range out {
		out[i] = 1000 + m.next
		m.next = (m.next + 1) % 20000
	}
	m.frames++
}

func (m *lineMedia) Done() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.limit > 0 && m.frames >= m.limit
}

// samples gives the heard samples that the other lineMedia sent, and checks
// that they are a run without a slip, concealed places aside.
func (m *lineMedia) checkNoSlip(t *testing.T, who string) int {
	t.Helper()
	m.mu.Lock()
	defer m.mu.Unlock()
	start := -1
	good := 0
	for i, s := range m.heard {
		if s < 1000 {
			continue
		}
		at := (i - int(s-1000)) % 20000
		if at < 0 {
			at += 20000
		}
		if start < 0 {
			start = at
		}
		if at == start {
			good++
		}
	}
	if good == 0 {
		t.Fatalf("%s heard nothing in %d samples", who, len(m.heard))
	}
	return good
}

// pair is two endpoints on a network in memory; b answers.
type pair struct {
	net  *memnet.Net
	a, b *Endpoint
}

func newPair(t *testing.T, cfgB Config) *pair {
	t.Helper()
	p := &pair{net: memnet.New()}
	var err error
	if p.a, err = Listen(Config{Conn: p.net.Listen("10.0.0.1:4569")}); err != nil {
		t.Fatal(err)
	}
	cfgB.Conn = p.net.Listen("10.0.0.2:4569")
	if p.b, err = Listen(cfgB); err != nil {
		t.Fatal(err)
	}
	return p
}

func (p *pair) close(t *testing.T) {
	t.Helper()
	if err := p.a.Close(); err != nil {
		t.Error(err)
	}
	if err := p.b.Close(); err != nil {
		t.Error(err)
	}
}

// secretAuthority lets one name in with a secret.
type secretAuthority struct {
	policy     Policy
	mu         sync.Mutex
	registered []string
}

func (s *secretAuthority) Caller(CallInfo) Policy { return s.policy }

func (s *secretAuthority) Registrant(name string, _ netip.AddrPort) Policy {
	if name != "line" {
		return Policy{Refuse: &CallError{Cause: CauseFacilityRejected, Text: "Registration Refused"}}
	}
	return s.policy
}

func (s *secretAuthority) Registered(name string, at netip.AddrPort, refresh time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.registered = append(s.registered, name+" "+at.String()+" "+refresh.String())
}

// TestWhoCalls: all that NEW tells of the caller, his wish to be shown included,
// reaches the other end.
func TestWhoCalls(t *testing.T) {
	for _, tc := range []struct {
		caller   CallerID
		withheld bool
	}{
		{CallerID{Number: "1000", Name: "Line 0"}, false},
		{CallerID{Number: "1000", Name: "Line 0", Presentation: 0x03}, false}, // allowed, of the network
		{CallerID{Number: "1000", Name: "Line 0", Presentation: 0x23}, true},  // restricted, of the network
		{CallerID{Presentation: 0x43}, false},                                 // not available
	} {
		synctest.Test(t, func(t *testing.T) {
			in := make(chan CallInfo, 1)
			p := newPair(t, Config{Incoming: func(c *Call) { in <- c.Info(); c.Reject(CauseBusy, "") }})
			defer p.close(t)
			c, err := p.a.Dial(context.Background(), DialParams{Server: "10.0.0.2", Number: "1001", Context: "fax", Caller: tc.caller, ANI: "5550", RDNIS: "7000"})
			if err != nil {
				t.Fatal(err)
			}
			<-c.Done()
			got := <-in
			if got.Caller != tc.caller || got.Caller.Withheld() != tc.withheld {
				t.Errorf("caller %+v, want %+v, withheld %v", got.Caller, tc.caller, tc.withheld)
			}
			if got.ANI != "5550" || got.RDNIS != "7000" || got.Called != "1001" || got.DNID != "1001" || got.Context != "fax" {
				t.Errorf("info %+v", got)
			}
		})
	}
}

func TestCallWithAudio(t *testing.T) {
	for _, tc := range []struct {
		name   string
		policy Policy
		params DialParams
		want   CallInfo
	}{
		{"no authentication", Policy{}, DialParams{}, CallInfo{Codec: ULaw}},
		{"MD5", Policy{Methods: AuthMD5, Secret: "frog"}, DialParams{Account: Account{Username: "line", Secret: "frog"}}, CallInfo{Codec: ULaw, Auth: AuthMD5}},
		{"plain text", Policy{Methods: AuthPlaintext, Secret: "frog"}, DialParams{Account: Account{Username: "line", Secret: "frog", Allow: AuthPlaintext}}, CallInfo{Codec: ULaw, Auth: AuthPlaintext}},
		{"encrypted", Policy{Methods: AuthMD5, Secret: "frog", Encryption: EncryptDemand}, DialParams{Account: Account{Username: "line", Secret: "frog"}, Encryption: EncryptAllow}, CallInfo{Codec: ULaw, Auth: AuthMD5, Encrypt: true}},
		{"linear", Policy{Codecs: []Codec{SLinear, ULaw}}, DialParams{}, CallInfo{Codec: SLinear}},
		{"caller's wish", Policy{Codecs: []Codec{SLinear, ULaw, ALaw}, CallerFirst: true}, DialParams{Codecs: []Codec{ALaw, ULaw}}, CallInfo{Codec: ALaw}},
		{"token required", Policy{RequireToken: true}, DialParams{}, CallInfo{Codec: ULaw}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				in := make(chan *Call, 1)
				answerer := &lineMedia{}
				p := newPair(t, Config{Authority: &secretAuthority{policy: tc.policy}, Incoming: func(c *Call) {
					c.Ring()
					time.Sleep(2 * time.Second)
					c.Answer(answerer)
					in <- c
				}})
				defer p.close(t)
				tc.params.Server, tc.params.Number, tc.params.Caller = "10.0.0.2", "1001", CallerID{Number: "1000", Name: "Line 0"}
				c, err := p.a.Dial(context.Background(), tc.params)
				if err != nil {
					t.Fatal(err)
				}
				caller := &lineMedia{limit: 100}
				c.Attach(caller)
				if err := c.WaitAnswer(context.Background()); err != nil {
					t.Fatal(err)
				}
				<-c.Done()
				other := <-in
				<-other.Done()
				if got := c.Info(); got.Codec != tc.want.Codec || got.Auth != tc.want.Auth || got.Encrypt != tc.want.Encrypt {
					t.Errorf("caller's info = %+v, want %+v", got, tc.want)
				}
				if got := other.Info(); got.Called != "1001" || got.Caller.Number != "1000" || got.Caller.Name != "Line 0" || got.Encrypt != tc.want.Encrypt {
					t.Errorf("callee's info = %+v", got)
				}
				if e := c.Err(); !e.Local || e.Cause != CauseNormalClearing {
					t.Errorf("caller's end = %+v", e)
				}
				if e := other.Err(); !e.Remote || e.Cause != CauseNormalClearing {
					t.Errorf("callee's end = %+v", e)
				}
				if n := len(answerer.heard); n < 100*FrameSamples {
					t.Errorf("answerer heard %d samples, want %d", n, 100*FrameSamples)
				}
				if n := len(caller.heard); n < 99*FrameSamples {
					t.Errorf("caller heard %d samples", n)
				}
				if tc.want.Codec == SLinear {
					if good := answerer.checkNoSlip(t, "answerer"); good != len(answerer.heard) {
						t.Errorf("%d of %d samples in place", good, len(answerer.heard))
					}
				}
				if s := other.Stats(); s.Received != c.Stats().Sent || s.Lost != 0 || s.Late != 0 {
					t.Errorf("stats = %v", s)
				}
			})
		})
	}
}

func TestRegister(t *testing.T) {
	for _, tc := range []struct {
		name   string
		secret string
		user   string
		want   RegState
	}{
		{"right secret", "frog", "line", Registered},
		{"wrong secret", "toad", "line", RegRejected},
		{"unknown name", "frog", "lime", RegRejected},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				auth := &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog", RequireToken: true}}
				p := newPair(t, Config{Authority: auth})
				defer p.close(t)
				states := make(chan RegStatus, 64)
				r, err := p.a.Register(Registration{
					Account: Account{Username: tc.user, Secret: tc.secret}, Server: "10.0.0.2", Refresh: 300 * time.Second,
					OnStatus: func(s RegStatus) { states <- s },
				})
				if err != nil {
					t.Fatal(err)
				}
				s := <-states
				if s.State == RegTrying {
					s = <-states
				}
				if s.State != tc.want {
					t.Fatalf("state = %v (%s), want %v", s.State, s.Text, tc.want)
				}
				if tc.want == Registered {
					if s.Refresh != 300*time.Second || s.Apparent != netip.MustParseAddrPort("10.0.0.1:4569") {
						t.Errorf("status = %+v", s)
					}
					time.Sleep(20 * time.Minute) // it must refresh
					auth.mu.Lock()
					if n := len(auth.registered); n < 4 || n > 6 {
						t.Errorf("registered %d times in 20 minutes", n)
					}
					auth.mu.Unlock()
				}
				if err := r.Close(); err != nil {
					t.Error(err)
				}
				if tc.want == Registered {
					if last := auth.registered[len(auth.registered)-1]; last != "line 10.0.0.1:4569 0s" {
						t.Errorf("last word to the registrar = %q", last)
					}
				}
			})
		})
	}
}

// TestSignallingSurvivesLoss sets up and clears calls while a third of all
// packets is lost.
func TestSignallingSurvivesLoss(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, Config{Authority: &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog"}}, Incoming: func(c *Call) { c.Answer(&lineMedia{}) }})
		p.net.SetFate(func(rnd *rand.Rand, _ []byte, _, _ netip.AddrPort) []time.Duration {
			if rnd.IntN(3) == 0 {
				return nil
			}
			return []time.Duration{10 * time.Millisecond}
		})
		defer p.close(t)
		for i := range 20 {
			c, err := p.a.Dial(context.Background(), DialParams{Account: Account{Username: "line", Secret: "frog"}, Server: "10.0.0.2", Number: "1"})
			if err != nil {
				t.Fatal(err)
			}
			c.Attach(&lineMedia{limit: 50})
			if err := c.WaitAnswer(context.Background()); err != nil {
				t.Fatalf("call %d: %v", i, err)
			}
			<-c.Done()
		}
	})
}

// TestRegistrationFailsOver: a server that does not answer makes room for the
// next one in the list, and is tried again in its turn.
func TestRegistrationFailsOver(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPair(t, Config{Authority: &secretAuthority{policy: Policy{Methods: AuthMD5, Secret: "frog"}}})
		defer p.close(t)
		begin := time.Now()
		var states []string
		ok := make(chan struct{})
		_, err := p.a.Register(Registration{
			Account: Account{Username: "line", Secret: "frog"}, Server: "10.0.0.99", Backups: []string{"10.0.0.98", "10.0.0.2"},
			OnStatus: func(s RegStatus) {
				states = append(states, s.State.String()+" "+s.Server)
				if s.State == Registered {
					close(ok)
				}
			},
		})
		if err != nil {
			t.Fatal(err)
		}
		<-ok
		want := []string{"trying 10.0.0.99", "no answer 10.0.0.99", "no answer 10.0.0.98", "registered 10.0.0.2"}
		if !slices.Equal(states, want) || time.Since(begin) > 25*time.Second {
			t.Errorf("after %v: %q, want %q", time.Since(begin), states, want)
		}
	})
}

// TestStallOfOurs: frames that could not be sent in time follow faster than
// real time, but not all at once, and the schedule is reached again.
func TestStallOfOurs(t *testing.T) {
	start := time.Unix(1000, 0)
	var p pacer
	p.begin(start, 100)
	now := start
	for k := range 10 {
		now = p.next()
		if ts := p.take(now); ts != 100+uint32(k)*20 {
			t.Errorf("frame %d has time stamp %d", k, ts)
		}
	}
	now = now.Add(300 * time.Millisecond) // a stall
	last := now
	for k := 10; k < 60; k++ {
		now = later(now, p.next())
		if gap := now.Sub(last); k > 10 && gap < catchUpGap {
			t.Errorf("frame %d follows after %v", k, gap)
		}
		last = now
		if ts := p.take(now); ts != 100+uint32(k)*20 {
			t.Errorf("frame %d has time stamp %d", k, ts)
		}
	}
	if want := start.Add(59 * 20 * time.Millisecond); !now.Equal(want) {
		t.Errorf("frame 59 was sent %v off", now.Sub(want))
	}
	now = now.Add(5 * time.Second) // too long to make good
	if ts := p.take(now); ts < 100+59*20+4900 {
		t.Errorf("after five seconds the time stamp is %d", ts)
	}
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
