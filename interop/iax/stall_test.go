//go:build interop

package iax_test

import (
	"fmt"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/interop/lab"
)

// counted sends a sequence in which every sample tells its place, and finds
// where what it hears is out of its place.
type counted struct {
	mu        sync.Mutex
	sent      int
	limit     int
	heard     int
	conceal   int // made-up samples yet to come
	concealed int
	at        int // place of the sample to be heard next, -1 unknown
	swaps     int // places where the order is not that of the source
	net       int // samples by which what is heard now is ahead of its place
}

const (
	period  = 20000
	step    = 7919 // prime to period
	inverse = 17679
)

func (m *counted) Transmit(out []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for i := range out {
		out[i] = int16(1000 + m.sent*step%period)
		m.sent++
	}
}

func (m *counted) Conceal(n int) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.conceal += n
	m.concealed += n
}

func (m *counted) Receive(pcm []int16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, s := range pcm {
		m.heard++
		if m.conceal > 0 {
			m.conceal--
			m.at++
			continue
		}
		place := (int(s) - 1000) * inverse % period
		if m.at >= 0 && s >= 1000 && place != m.at%period {
			d := (place-m.at%period+period+period/2)%period - period/2
			m.swaps++
			m.net += d
		}
		if s >= 1000 {
			m.at = place
		}
		m.at++
	}
}

func (m *counted) Done() bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.sent >= m.limit
}

// TestAsteriskStalls stops Asterisk for a while, again and again, in a call
// between two of our lines. Asterisk loses nothing by that, but its threads put the
// packets that waited in a wrong order and its time stamps jump. We must not lose,
// make up or shift anything: after the burst each sample is in its place.
func TestAsteriskStalls(t *testing.T) {
	peers, plan := "", ""
	for i := range 2 {
		peers += fmt.Sprintf("[sl%d]\ntype=friend\nhost=dynamic\ncontext=fax\nsecret=s\ndisallow=all\nallow=slin\n\n", i)
		plan += fmt.Sprintf("exten => 310%d,1,Dial(IAX2/sl%d/${EXTEN})\n", i, i)
	}
	a := lab.StartAsterisk(t, peers, plan)
	server := fmt.Sprintf("127.0.0.1:%d", a.Port)
	numbers := iax.NewNumberPool(nil)
	caller, callee := &counted{limit: 8000 * 30, at: -1}, &counted{limit: 8000 * 60, at: -1}
	in := make(chan *iax.Call, 1)
	from := listen(t, numbers, nil)
	to := listen(t, numbers, func(c *iax.Call) { c.Answer(callee); in <- c })
	account := iax.Account{Username: "sl0", Secret: "s"}
	register(t, from, server, account)
	register(t, to, server, iax.Account{Username: "sl1", Secret: "s"})
	c := call(t, from, iax.DialParams{Account: account, Server: server, Number: "3101"}, caller)
	other := <-in
	time.Sleep(3 * time.Second)
	for _, ms := range []int{100, 200, 250, 300, 350, 400} {
		_ = syscall.Kill(a.Pid(), syscall.SIGSTOP)
		time.Sleep(time.Duration(ms) * time.Millisecond)
		_ = syscall.Kill(a.Pid(), syscall.SIGCONT)
		time.Sleep(3500 * time.Millisecond)
	}
	<-c.Done()
	<-other.Done()
	for who, m := range map[string]*counted{"caller": caller, "callee": callee} {
		t.Logf("%s: heard %d, made up %d, out of order at %d places, off by %d in the end", who, m.heard, m.concealed, m.swaps, m.net)
		if m.concealed != 0 || m.net != 0 {
			t.Errorf("%s: %d samples made up, off by %d in the end; nothing was lost", who, m.concealed, m.net)
		}
	}
	t.Logf("caller: %v", c.Stats())
	t.Logf("callee: %v", other.Stats())
}
