package exchange

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax"
)

// counter sends a count of samples and keeps what it hears, sample by sample.
type counter struct {
	mu    sync.Mutex
	next  int16
	heard []int16
	made  int
}

func (m *counter) Done() bool { return false }

func (m *counter) Conceal(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.made += n
}

func (m *counter) Receive(pcm []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, pcm...)
}

func (m *counter) Transmit(out []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range out {
		out[i] = 1000 + m.next
		m.next = (m.next + 1) % 20000
	}
}

// slips gives how often the count that was heard does not go on by one, made up
// sound aside, and by how many samples it slipped altogether.
func (m *counter) slips() (n, by int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	first := true
	base := 0
	for i, s := range m.heard {
		if s < 1000 {
			continue
		}
		at := ((i-int(s-1000))%20000 + 20000) % 20000
		switch {
		case first:
			base, first = at, false
		case at != base:
			n++
			by += at - base
			base = at
		}
	}
	return n, by
}

// TestTransfer lets a connected call leave the exchange. Both ends hear every
// sample of each other, in every mode; where the exchange lets go, nothing goes
// through it any more.
func TestTransfer(t *testing.T) {
	for _, tc := range []struct {
		name           string
		caller, callee string // transfer= of the two
		refuse         bool   // the callee's line refuses
		blocked        bool   // the two ends do not reach each other
		jitter         time.Duration
		audio, leaves  bool // the audio goes directly; the exchange is out of it
	}{
		{name: "yes", caller: "yes", callee: "yes", audio: true, leaves: true},
		{name: "yes with jitter", caller: "yes", callee: "yes", jitter: 15 * time.Millisecond, audio: true, leaves: true},
		{name: "mediaonly", caller: "mediaonly", callee: "yes", audio: true},
		{name: "mediaonly with jitter", caller: "mediaonly", callee: "mediaonly", jitter: 15 * time.Millisecond, audio: true},
		{name: "no at one peer", caller: "yes", callee: "no"},
		{name: "refused by a line", caller: "yes", callee: "yes", refuse: true},
		{name: "no way between the ends", caller: "yes", callee: "yes", blocked: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				runTransfer(t, tc.caller, tc.callee, tc.refuse, tc.blocked, tc.jitter, tc.audio, tc.leaves)
			})
		})
	}
}

func runTransfer(t *testing.T, callerMode, calleeMode string, refuse, blocked bool, jitter time.Duration, audio, leaves bool) {
	t.Helper()
	w := newWorld(t)
	conf := strings.Replace(testPeers, "context=fax", "context=fax\ndisallow=all\nallow=slin", 1) // samples are compared
	conf = strings.Replace(conf, "secret=frog0", "secret=frog0\ntransfer="+callerMode, 1)
	w.write("iax.conf", strings.Replace(conf, "secret=frog1", "secret=frog1\ntransfer="+calleeMode, 1))
	if err := w.x.Reload(); err != nil {
		t.Fatal(err)
	}
	in := make(chan *iax.Call, 1)
	callee, caller := &counter{}, &counter{}
	a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
	b, err := iax.Listen(iax.Config{
		Conn: w.net.Listen("10.0.0.3:4569"), Authority: iax.SamePolicy{NoTransfer: refuse}, Incoming: func(c *iax.Call) {
			in <- c
			c.Answer(callee)
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.register(b, "line1", "frog1")
	defer w.close(a, b)
	exchange := netip.MustParseAddrPort("10.0.0.1:4569")
	var mu sync.Mutex
	over, direct := 0, 0
	w.net.SetFate(func(rnd *rand.Rand, d []byte, from, to netip.AddrPort) []time.Duration {
		mu.Lock()
		defer mu.Unlock()
		way := 4 * time.Millisecond
		if from != exchange && to != exchange {
			if blocked {
				return nil
			}
			way = 3 * time.Millisecond
		}
		if len(d) > 160 {
			if from != exchange && to != exchange {
				direct++
			} else {
				over++
			}
		}
		return []time.Duration{way + time.Duration(rnd.Float64()*float64(jitter))}
	})
	c := dial(t, a, "line0", "frog0", "1001")
	c.Attach(caller)
	if err := c.WaitAnswer(context.Background()); err != nil {
		t.Fatal(err)
	}
	time.Sleep(5 * time.Second)
	mu.Lock()
	over, direct = 0, 0
	mu.Unlock()
	time.Sleep(70 * time.Second) // twice past the place where a time stamp wraps
	mu.Lock()
	if (direct > 6900) != audio || (over < 20) != audio {
		t.Errorf("%d frames went directly, %d over the exchange", direct, over)
	}
	mu.Unlock()
	if got := len(w.x.e.Calls()) == 0; got != leaves {
		t.Errorf("the exchange has %d calls", len(w.x.e.Calls()))
	}
	other := <-in
	c.Hangup(iax.CauseNormalClearing, "")
	<-c.Done()
	<-other.Done()
	if e := other.Err(); !e.Remote || e.Cause != iax.CauseNormalClearing {
		t.Errorf("callee's end: %v", e)
	}
	for who, m := range map[string]*counter{"caller": caller, "callee": callee} {
		if n, by := m.slips(); n > 0 || m.made > 0 {
			t.Errorf("%s: %d slips by %d samples altogether, %d made up", who, n, by, m.made)
		}
		if n := len(m.heard); n < 74*8000 {
			t.Errorf("%s heard %d samples", who, n)
		}
	}
}
