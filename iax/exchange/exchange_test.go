package exchange

import (
	"context"
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/internal/memnet"
)

const testPeers = `
[general]
bindport=4569
disallow=all
allow=ulaw
allow=alaw
allow=slin
requirecalltoken=yes

[line](!)
type=friend
host=dynamic
context=fax

[line0](line)
secret=frog0
callerid="Line 0" <1000>

[line1](line)
secret=frog1

[line2](line)
secret=frog2
disallow=all
allow=alaw
`

const testPlan = `
[general]
static=yes
[globals]
HUNT=1500
[fax]
exten => 1000,1,Dial(IAX2/line0/${EXTEN})
exten => _100[1-2],1,Dial(IAX2/line${EXTEN:3}/${EXTEN},20)
; the hunt of the IAXmodem FAQ
exten => fax,1,Dial(IAX2/line1/${EXTEN})
exten => fax,2,Dial(IAX2/line2/${EXTEN})
exten => fax,3,Busy(1)
exten => fax,4,Hangup
exten => 600,1,Answer()
 same => n,Echo()
exten => 601,1,Milliwatt()
exten => 486,1,Busy(5)
exten => 503,1,Congestion(5)
exten => _404X.,1,Hangup(${EXTEN:3})
exten => 408,1,Ringing()
 same => n,Wait(300)
exten => 700,1,Dial(IAX2/line9/1)
exten => 800,1,Dial(IAX2/line1/1&IAX2/line2/2,30)
exten => 900,1,Goto(600,1)
exten => 901,1,Goto(901,1)
`

// world is an exchange with lines on a network in memory.
type world struct {
	t       *testing.T
	net     *memnet.Net
	x       *Exchange
	dir     string
	mayFail bool // fatal problems are expected
}

// write writes a file of the exchange and gives its path.
func (w *world) write(name, text string) string {
	w.t.Helper()
	path := filepath.Join(w.dir, name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		w.t.Fatal(err)
	}
	return path
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, net: memnet.New(), dir: t.TempDir()}
	var err error
	w.x, err = Start(Config{
		IAXConf: w.write("iax.conf", testPeers), Extensions: w.write("extensions.conf", testPlan), Conn: w.net.Listen("10.0.0.1:4569"),
		Problems: func(list []Problem) {
			for _, p := range list {
				if !w.mayFail && (p.Fatal || p.Text != `Dial calls the peer "line9", which iax.conf does not have`) {
					t.Errorf("problem: %v", p)
				}
			}
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// line starts an endpoint that is registered as a peer.
func (w *world) line(addr, name, secret string, incoming func(*iax.Call)) *iax.Endpoint {
	w.t.Helper()
	e, err := iax.Listen(iax.Config{Conn: w.net.Listen(addr), Incoming: incoming})
	if err != nil {
		w.t.Fatal(err)
	}
	w.register(e, name, secret)
	return e
}

// register registers an endpoint as a peer.
func (w *world) register(e *iax.Endpoint, name, secret string) {
	w.t.Helper()
	ok := make(chan struct{}, 16)
	_, err := e.Register(iax.Registration{Account: iax.Account{Username: name, Secret: secret}, Server: "10.0.0.1", OnStatus: func(s iax.RegStatus) {
		if s.State == iax.Registered {
			ok <- struct{}{}
		}
	}})
	if err != nil {
		w.t.Fatal(err)
	}
	<-ok
}

func (w *world) close(lines ...*iax.Endpoint) {
	w.t.Helper()
	for _, e := range lines {
		if err := e.Close(); err != nil {
			w.t.Error(err)
		}
	}
	if err := w.x.Close(); err != nil {
		w.t.Error(err)
	}
}

// count sends frames that tell their number and keeps what it hears.
type count struct {
	mu    sync.Mutex
	sent  int16
	heard []int16
	limit int16
}

func (m *count) Conceal(n int) { panic("nothing is lost in this network") }

func (m *count) Done() bool { return m.limit > 0 && m.sent >= m.limit }

func (m *count) Receive(pcm []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.heard = append(m.heard, pcm[0])
}

func (m *count) Transmit(out []int16) {
	m.sent++
	for i := range out {
		out[i] = m.sent * 64
	}
}

func dial(t *testing.T, e *iax.Endpoint, name, secret, number string) *iax.Call {
	t.Helper()
	c, err := e.Dial(context.Background(), iax.DialParams{Account: iax.Account{Username: name, Secret: secret}, Server: "10.0.0.1", Number: number})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestLineToLine(t *testing.T) {
	for _, tc := range []struct{ name, number, line, secret string }{
		{"same codec", "1001", "line1", "frog1"},
		{"other codec", "1002", "line2", "frog2"},
		{"hunt to the second", "fax", "line2", "frog2"},
		{"called together", "800", "line2", "frog2"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				in := make(chan *iax.Call, 1)
				callee := &count{}
				a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
				b := w.line("10.0.0.3:4569", tc.line, tc.secret, func(c *iax.Call) {
					in <- c
					c.Ring()
					time.Sleep(time.Second)
					c.Answer(callee)
				})
				defer w.close(a, b)
				c := dial(t, a, "line0", "frog0", tc.number)
				caller := &count{limit: 500}
				c.Attach(caller)
				if err := c.WaitAnswer(context.Background()); err != nil {
					t.Fatal(err)
				}
				other := <-in
				info := other.Info()
				if info.Caller.Number != "1000" || info.Caller.Name != "Line 0" || info.Username != tc.line {
					t.Errorf("callee's info = %+v", info)
				}
				<-c.Done()
				<-other.Done()
				if n := len(callee.heard); n < 499 {
					t.Errorf("callee heard %d frames of 500", n)
				}
				if n := len(caller.heard); n < 495 {
					t.Errorf("caller heard %d frames", n)
				}
				for i := 1; i < len(callee.heard); i++ {
					if callee.heard[i] < callee.heard[i-1] {
						t.Fatalf("frame %d: %d after %d", i, callee.heard[i], callee.heard[i-1])
					}
				}
			})
		})
	}
}

func TestOutcomes(t *testing.T) {
	for _, tc := range []struct {
		number string
		cause  iax.Cause
		result iax.DialResult
	}{
		{"999", iax.CauseNoRoute, iax.DialRejected},
		{"486", iax.CauseBusy, iax.DialBusy},
		{"503", iax.CauseCongestion, iax.DialCongestion},
		{"40421", iax.CauseRejected, iax.DialRejected},
		{"40419", iax.CauseNoAnswer, iax.DialNoAnswer},
		{"1001", iax.CauseSubscriberAbsent, iax.DialNoAnswer},
		{"700", iax.CauseNoRoute, iax.DialRejected},
		{"fax", iax.CauseBusy, iax.DialBusy},
		{"408", iax.CauseNoAnswer, iax.DialNoAnswer},
		{"901", iax.CauseNormalUnspecified, iax.DialNoCarrier},
	} {
		t.Run(tc.number, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
				defer w.close(a)
				c, err := a.Dial(context.Background(), iax.DialParams{
					Account: iax.Account{Username: "line0", Secret: "frog0"}, Server: "10.0.0.1", Number: tc.number, Timeout: time.Minute,
				})
				if err != nil {
					t.Fatal(err)
				}
				<-c.Done()
				if e := c.Err(); e.Cause != tc.cause || e.Result != tc.result {
					t.Errorf("%s: %v (%v, %v), want %v, %v", tc.number, e, e.Cause, e.Result, tc.cause, tc.result)
				}
			})
		})
	}
}

func TestEcho(t *testing.T) {
	for _, number := range []string{"600", "900"} {
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
			defer w.close(a)
			c := dial(t, a, "line0", "frog0", number)
			m := &count{limit: 200}
			c.Attach(m)
			<-c.Done()
			if n := len(m.heard); n < 200 {
				t.Errorf("%s: heard %d of 200 frames (%v)", number, n, c.Err())
			}
		})
	}
}

func TestWrongSecret(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
		defer w.close(a)
		c := dial(t, a, "line0", "toad", "600")
		<-c.Done()
		if e := c.Err(); e.Cause != iax.CauseFacilityNotSubscr || e.Result != iax.DialRejected {
			t.Errorf("end = %v", e)
		}
	})
}

// TestReload: numbers that were added are there after a reload, a call goes on,
// and files that cannot be used change nothing.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
		defer w.close(a)
		c := dial(t, a, "line0", "frog0", "600")
		m := &count{limit: 300}
		c.Attach(m)
		if err := c.WaitAnswer(context.Background()); err != nil {
			t.Fatal(err)
		}
		w.write("extensions.conf", testPlan+"exten => 605,1,Answer()\n same => n,Echo()\n")
		if err := w.x.Reload(); err != nil {
			t.Fatal(err)
		}
		d := dial(t, a, "line0", "frog0", "605")
		if err := d.WaitAnswer(context.Background()); err != nil {
			t.Error(err)
		}
		d.Hangup(iax.CauseNormalClearing, "")
		w.mayFail = true
		w.write("iax.conf", "no section\n")
		if err := w.x.Reload(); !errors.Is(err, ErrConfig) {
			t.Errorf("Reload of a bad file = %v", err)
		}
		d = dial(t, a, "line0", "frog0", "605")
		if err := d.WaitAnswer(context.Background()); err != nil {
			t.Error(err)
		}
		<-c.Done()
		if n := len(m.heard); n < 300 {
			t.Errorf("the call heard %d of 300 frames", n)
		}
	})
}

// TestLineIsBusy: a line that refuses as busy lets the hunt go on.
func TestLineIsBusy(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
		b := w.line("10.0.0.3:4569", "line1", "frog1", func(c *iax.Call) { c.Reject(iax.CauseBusy, "") })
		free := make(chan string, 1)
		d := w.line("10.0.0.4:4569", "line2", "frog2", func(c *iax.Call) { free <- c.Info().Username; c.Answer(&count{}) })
		defer w.close(a, b, d)
		c := dial(t, a, "line0", "frog0", "fax")
		if err := c.WaitAnswer(context.Background()); err != nil {
			t.Fatal(err)
		}
		if name := <-free; name != "line2" {
			t.Errorf("%s answered", name)
		}
		c = dial(t, a, "line0", "frog0", "1001")
		<-c.Done()
		if e := c.Err(); e.Result != iax.DialBusy {
			t.Errorf("a busy line gives %v", e)
		}
	})
}

// TestFixedHost calls a peer that does not register.
func TestFixedHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.write("iax.conf", testPeers+"[pbx]\ntype=peer\nhost=10.0.0.9:5000\nusername=us\nsecret=far\n")
		w.write("extensions.conf", testPlan+"exten => _9X.,1,Dial(IAX2/pbx/${EXTEN:1})\n")
		if err := w.x.Reload(); err != nil {
			t.Fatal(err)
		}
		a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
		got := make(chan iax.CallInfo, 1)
		far, err := iax.Listen(iax.Config{
			Conn: w.net.Listen("10.0.0.9:5000"), Authority: iax.SamePolicy{Methods: iax.AuthMD5, Secret: "far"},
			Incoming: func(c *iax.Call) { got <- c.Info(); c.Answer(&count{}) },
		})
		if err != nil {
			t.Fatal(err)
		}
		defer w.close(a, far)
		c := dial(t, a, "line0", "frog0", "95551234")
		if err := c.WaitAnswer(context.Background()); err != nil {
			t.Fatal(err)
		}
		if info := <-got; info.Called != "5551234" || info.Username != "us" || info.Auth != iax.AuthMD5 {
			t.Errorf("call at the far end: %+v", info)
		}
	})
}

// TestQualify: a peer that goes away without a word is found out and not called.
func TestQualify(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.write("iax.conf", strings.ReplaceAll(testPeers, "[line](!)", "[line](!)\nqualify=yes"))
		if err := w.x.Reload(); err != nil {
			t.Fatal(err)
		}
		a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
		b := w.line("10.0.0.3:4569", "line1", "frog1", func(c *iax.Call) { c.Answer(&count{}) })
		defer w.close(a, b)
		state := func() string {
			for _, p := range w.x.Peers() {
				if p.Name == "line1" {
					return p.State
				}
			}
			return "gone"
		}
		time.Sleep(5 * time.Second)
		if s := state(); s != "OK" {
			t.Errorf("state = %s", s)
		}
		w.net.SetFate(func(_ *rand.Rand, _ []byte, from, to netip.AddrPort) []time.Duration {
			if other := netip.MustParseAddr("10.0.0.3"); from.Addr() == other || to.Addr() == other {
				return nil
			}
			return []time.Duration{0}
		})
		time.Sleep(75 * time.Second)
		if s := state(); s == "OK" {
			t.Errorf("state of a peer that is cut off = %s", s)
		}
		c := dial(t, a, "line0", "frog0", "1001")
		<-c.Done()
		if e := c.Err(); e.Cause != iax.CauseSubscriberAbsent {
			t.Errorf("end = %v", e)
		}
		w.net.SetFate(nil)
	})
}
