package exchange

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/wire"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// faxTransfer is a fax between two lines over a call that leaves the exchange, or
// does not.
type faxTransfer struct {
	name           string
	caller, callee string // transfer= of the two
	refuse         int    // which line refuses; 0 none, 1 the caller's, 2 the callee's
	blocked        bool   // the two ends do not reach each other
	jitter         time.Duration
	after          time.Duration // what asks for the transfer is lost until the call is so old
	direct, leaves bool          // the audio goes directly; the exchange is out of it
}

// TestFaxTransferred sends a fax each way between two lines whose call leaves the
// exchange, before the first tone or in the middle of a page. All pages arrive as
// they are, at full speed, and nothing is asked for again: no sample slipped.
func TestFaxTransferred(t *testing.T) {
	for _, tc := range []faxTransfer{
		{name: "yes", caller: "yes", callee: "yes", direct: true, leaves: true},
		{name: "yes with jitter", caller: "yes", callee: "yes", jitter: 15 * time.Millisecond, direct: true, leaves: true},
		{name: "yes in the middle of a page", caller: "yes", callee: "yes", after: 13 * time.Second, direct: true, leaves: true},
		{name: "yes in the middle of a page with jitter", caller: "yes", callee: "yes", jitter: 15 * time.Millisecond, after: 13 * time.Second, direct: true, leaves: true},
		{name: "mediaonly", caller: "mediaonly", callee: "yes", direct: true},
		{name: "mediaonly in the middle of a page", caller: "mediaonly", callee: "mediaonly", after: 13 * time.Second, direct: true},
		{name: "no at one peer", caller: "yes", callee: "no"},
		{name: "refused by the caller's line", caller: "yes", callee: "yes", refuse: 1},
		{name: "refused by the callee's line", caller: "yes", callee: "yes", refuse: 2},
		{name: "no way between the ends", caller: "yes", callee: "yes", blocked: true},
	} {
		for _, back := range []bool{false, true} {
			name := tc.name + ", line 0 calls line 1"
			if back {
				name = tc.name + ", line 1 calls line 0"
			}
			t.Run(name, func(t *testing.T) { synctest.Test(t, func(t *testing.T) { tc.run(t, back) }) })
		}
	}
}

// network is what carries the call; it counts the audio that goes each way.
func (tc *faxTransfer) network(w *world, begin time.Time, direct, over *int) {
	exchange := netip.MustParseAddrPort("10.0.0.1:4569")
	w.net.SetFate(func(rnd *rand.Rand, b []byte, from, to netip.AddrPort) []time.Duration {
		var f wire.Full
		asks := wire.ParseFull(b, &f) == nil && f.Type == wire.TypeIAX && wire.Command(f.Subclass) == wire.TxReq
		between := from != exchange && to != exchange
		switch {
		case asks && time.Since(begin) < tc.after, between && tc.blocked:
			return nil
		case b[0]&0x80 != 0: // no audio, or the first of it
		case between:
			*direct++
		default:
			*over++
		}
		return []time.Duration{4*time.Millisecond + time.Duration(rnd.Float64()*float64(tc.jitter))}
	})
}

// endpoint is a line that may refuse to be transferred.
func (tc *faxTransfer) endpoint(w *world, addr, name string, refuse bool, incoming func(*iax.Call)) *iax.Endpoint {
	w.t.Helper()
	e, err := iax.Listen(iax.Config{Conn: w.net.Listen(addr), Authority: iax.SamePolicy{NoTransfer: refuse}, Incoming: incoming})
	if err != nil {
		w.t.Fatal(err)
	}
	w.register(e, name, "frog"+name[len("line"):])
	return e
}

func (tc *faxTransfer) run(t *testing.T, back bool) {
	t.Helper()
	w := newWorld(t)
	from, to := "0", "1"
	if back {
		from, to = "1", "0"
	}
	conf := strings.Replace(testPeers, "frog"+from, "frog"+from+"\ntransfer="+tc.caller, 1)
	w.write("iax.conf", strings.Replace(conf, "frog"+to, "frog"+to+"\ntransfer="+tc.callee, 1))
	if err := w.x.Reload(); err != nil {
		t.Fatal(err)
	}
	f, again := &folder{}, 0
	for i := range 3 {
		f.pages = append(f.pages, dotted(700, uint64(i))) //nolint:gosec // small
	}
	sender, receiver := faxPairObserved(t, f, modemdrv.ObserverFunc(func(_ t30.Samples, n t30.News) {
		if got, ok := n.(t30.FrameReceivedNews); ok && (!got.Good || strings.HasPrefix(fmt.Sprint(got.Frame), "PPR")) {
			again++
		}
	}))
	in := make(chan *iax.Call, 1)
	a := tc.endpoint(w, "10.0.0.2:4569", "line"+from, tc.refuse == 1, nil)
	b := tc.endpoint(w, "10.0.0.3:4569", "line"+to, tc.refuse == 2, func(c *iax.Call) { c.Answer(receiver); in <- c })
	defer w.close(a, b)
	var direct, over int // written by the network, one datagram after the other
	tc.network(w, time.Now(), &direct, &over)
	c, err := a.Dial(t.Context(), iax.DialParams{Account: iax.Account{Username: "line" + from, Secret: "frog" + from},
		Server: "10.0.0.1", Number: "100" + to, NoTransfer: tc.refuse == 1})
	if err != nil {
		t.Fatal(err)
	}
	c.Attach(sender)
	other := <-in
	time.Sleep(max(20*time.Second, tc.after+5*time.Second))
	if got := len(w.x.e.Calls()) == 0; got != tc.leaves {
		t.Errorf("the exchange has %d calls", len(w.x.e.Calls()))
	}
	<-c.Done()
	<-other.Done()
	w.net.SetFate(nil)
	if (direct > 1000) != tc.direct || (over > 3000) == tc.direct || tc.after > 0 && over < 800 {
		t.Errorf("%d frames of audio went directly, %d over the exchange", direct, over)
	}
	sender.LineDown()
	receiver.LineDown()
	t.Logf("%v: %d frames directly, %d over the exchange; %v; %v", sender.Result(), direct, over, c.Stats(), other.Stats())
	if again != 0 {
		t.Errorf("the sender had %d requests for a repetition and damaged frames", again)
	}
	tc.check(t, f, sender.Result(), c.Stats(), other.Stats())
}

// check looks at what arrived and at what both ends say of the network.
func (tc *faxTransfer) check(t *testing.T, f *folder, r t30.Result, both ...iax.Stats) {
	t.Helper()
	if r.Outcome != t30.Done || r.Sent != len(f.pages) || len(f.got) != len(f.pages) || r.Parameters.Rate.BitRate != 14400 {
		t.Fatalf("%d of %d pages arrived at %v: %v", len(f.got), len(f.pages), r.Parameters.Rate, r)
	}
	for i := range f.got {
		if !bytes.Equal(f.got[i].Pix, f.pages[i].Pix) {
			t.Errorf("page %d differs", i+1)
		}
	}
	for _, s := range both {
		// With jitter the second packet of a call may overtake the first.
		if s.Lost != 0 || s.Concealed != 0 || s.Late > 1 || s.Late > 0 && tc.jitter == 0 {
			t.Errorf("something was lost where nothing was: %v", s)
		}
	}
}
