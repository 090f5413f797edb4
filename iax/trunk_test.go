package iax

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// TestTrunk lets the audio of several calls go in trunk frames, both ways: no
// sample slips, and there are far fewer datagrams than frames.
func TestTrunk(t *testing.T) {
	for _, tc := range []struct {
		name   string
		mode   TrunkMode
		crypt  Encryption
		jitter time.Duration
		loss   float64
		want   bool // trunk frames are seen
	}{
		{name: "no", mode: TrunkNo},
		{name: "with time stamps", mode: TrunkYes, want: true},
		{name: "without time stamps", mode: TrunkPlain, want: true},
		{name: "with time stamps, jitter and loss", mode: TrunkYes, jitter: 30 * time.Millisecond, loss: 0.01, want: true},
		{name: "without time stamps, jitter that keeps the order", mode: TrunkPlain, jitter: 4 * time.Millisecond, want: true},
		{name: "encrypted calls are not trunked", mode: TrunkYes, crypt: EncryptDemand},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) { runTrunk(t, tc.mode, tc.crypt, tc.jitter, tc.loss, tc.want) })
		})
	}
}

func runTrunk(t *testing.T, mode TrunkMode, crypt Encryption, jitter time.Duration, loss float64, want bool) {
	t.Helper()
	const calls, frames = 5, 1700 // more than a time stamp's half
	in, answered := make(chan *lineMedia, calls), make(chan *Call, calls)
	policy := Policy{Codecs: []Codec{SLinear}, Methods: AuthMD5, Secret: "frog", Encryption: crypt, Trunk: mode}
	p := newPair(t, Config{Authority: &secretAuthority{policy: policy}, Incoming: func(c *Call) {
		m := &lineMedia{}
		c.Answer(m)
		in <- m
		answered <- c
	}})
	defer p.close(t)
	var mu sync.Mutex // the loops of the calls count, and go on when the test reads
	datagrams, trunked, lost := 0, 0, 0
	p.net.SetFate(func(rnd *rand.Rand, b []byte, _, _ netip.AddrPort) []time.Duration {
		kind, _ := wire.Peek(b)
		mu.Lock()
		defer mu.Unlock()
		datagrams++
		if kind == wire.KindTrunk {
			trunked++
			if len(b) > trunkRoom+700 {
				t.Errorf("a trunk frame of %d octets", len(b))
			}
		}
		if len(b) > 300 && rnd.Float64() < loss {
			lost++
			return nil
		}
		return []time.Duration{5*time.Millisecond + time.Duration(rnd.Float64()*float64(jitter))}
	})
	var media []*lineMedia
	var all []*Call
	for i := range calls {
		c, err := p.a.Dial(context.Background(), DialParams{
			Account: Account{Username: "line", Secret: "frog"}, Server: "10.0.0.2", Number: "1", Encryption: crypt, Trunk: mode,
		})
		if err != nil {
			t.Fatal(err)
		}
		m := &lineMedia{limit: frames}
		c.Attach(m)
		media, all = append(media, m), append(all, c)
		time.Sleep(time.Duration(3+i) * time.Millisecond) // each in its own place of the 20 ms
	}
	for range calls {
		media, all = append(media, <-in), append(all, <-answered)
	}
	for _, c := range all {
		<-c.Done()
	}
	mu.Lock()
	defer mu.Unlock()
	for i, m := range media {
		good := m.checkNoSlip(t, "a line")
		if made := m.concealed; made > 0 && lost == 0 || good < len(m.heard)-made-10*FrameSamples || good < 1600*FrameSamples {
			t.Errorf("line %d: %d heard, %d in place, %d made up, %d datagrams lost", i, len(m.heard), good, made, lost)
		}
	}
	if (trunked > 0) != want || want && datagrams > 2*calls*frames/2 {
		t.Errorf("%d datagrams for %d frames, %d of them trunk frames", datagrams, 2*calls*frames, trunked)
	}
}

// TestTrunkEnds: a trunk that nobody uses is forgotten; its frame goes when it
// is full.
func TestTrunkEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		tr := &trunks{write: func([]byte, netip.AddrPort) { sent++ }}
		to := netip.MustParseAddrPort("10.0.0.2:4569")
		for n := range 20 {
			m := wire.Mini{Source: wire.CallNumber(n + 1), Data: make([]byte, 160)}
			tr.add(time.Now(), to, TrunkYes, time.Now(), m.Append(nil))
		}
		state := func() (frames, trunks int) {
			tr.mu.Lock() // the timers' goroutines write, too
			defer tr.mu.Unlock()
			return sent, len(tr.paths)
		}
		if n, _ := state(); n != 2 {
			t.Errorf("%d trunk frames at once, want 2", n)
		}
		time.Sleep(trunkWait + time.Millisecond)
		synctest.Wait()
		if n, trunks := state(); n != 3 || trunks != 1 {
			t.Errorf("%d trunk frames, %d trunks", n, trunks)
		}
		time.Sleep(trunkIdle + time.Second)
		synctest.Wait()
		if _, trunks := state(); trunks != 0 {
			t.Error("the trunk is still there")
		}
		tr.close()
	})
}
