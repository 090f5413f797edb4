package iax

import (
	"maps"
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// While a registration is held its server is asked for a sign of life (POKE, RFC
// 5456 6.7.1), so that one that is gone makes room for the next long before the
// registration ends, and one that was away is told again who we are. It also
// keeps the way through a NAT open.
const (
	watchEvery = 15 * time.Second
	// watchPulse is the same for one registration of an endpoint at a server,
	// which tells the others what it notices.
	watchPulse = 2 * time.Second
	// watchWait is how long a POKE, with its repetitions, waits for PONG.
	watchWait = 3 * time.Second
	// watchMisses POKEs without an answer and the server counts as gone.
	watchMisses = 2
)

// watchSlow is how much later than twice the round trip PONG comes where neither
// POKE nor its first repetition was answered (they go out at 0, 300 and 900 ms).
const watchSlow = 800 * time.Millisecond

// serverWatch is the watch of a server. One that never answered a POKE is
// not judged by it.
type serverWatch struct {
	addr     netip.AddrPort // the server that answered
	answered bool
	asked    bool      // a POKE waits for its PONG
	sent     time.Time // when it left
	missed   int
	at       time.Time // of the next step; zero: none
}

// begin starts the watch of a server that we are registered at.
func (w *serverWatch) begin(at time.Time, addr netip.AddrPort) {
	*w = serverWatch{addr: addr, answered: w.answered && w.addr == addr, at: at}
}

func (w *serverWatch) stop() { w.asked, w.missed, w.at = false, 0, time.Time{} }

// watchServer asks the server, or notes that it did not answer.
func (m *regMachine) watchServer(now time.Time) {
	w := &m.watch
	if m.phase != regHeld {
		w.stop()
		return
	}
	if w.asked {
		w.missed++
		m.pending = m.pending[:0]
		if w.missed == 1 {
			m.tellOthers((*regMachine).bounced)
		}
	}
	if w.missed >= watchMisses {
		if !w.answered {
			w.stop()
			return
		}
		m.fail(now, RegNoAnswer, "the server gives no sign of life")
		return
	}
	number, ok := m.attempt(now, m.status.Addr)
	if !ok {
		w.at = now.Add(m.watchPause())
		return
	}
	w.asked, w.sent, w.at = true, now, now.Add(watchWait)
	m.link = newLink(now, number, &m.out, m.trace)
	m.sendIAX(now, wire.Poke, nil)
}

// serverAnswered takes PONG. A server that missed a POKE before, or its first
// repetition, may have been started anew and know nothing of us.
func (m *regMachine) serverAnswered(now time.Time) {
	w := &m.watch
	if m.phase != regHeld || !w.asked {
		return
	}
	w.answered = true
	if w.missed > 0 || now.Sub(w.sent) > 2*m.status.RTT+watchSlow {
		m.timer = now // the next step registers again
		w.stop()
		m.tellOthers((*regMachine).forgotten)
		return
	}
	w.asked, w.at = false, now.Add(m.watchPause())
}

// watchPause is the time between two signs of life: short for the one that watches
// for all.
func (m *regMachine) watchPause() time.Duration {
	if m.leads != nil && m.leads(m.status.Addr) {
		return watchPulse
	}
	return watchEvery
}

// tellOthers lets the other registrations at the server know, if we watch for them.
func (m *regMachine) tellOthers(tell func(*regMachine, time.Time)) {
	if m.leads != nil && m.leads(m.status.Addr) {
		m.spread(m.status.Addr, tell)
	}
}

// leads tells whether a registration watches a server for all of the endpoint. The
// first that asks does, until it resigns or goes elsewhere.
func (e *Endpoint) leads(r *Registrar, server netip.AddrPort) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	l := e.leaders[server]
	if _, there := e.regs[l]; !there || l.d.remote != server {
		e.leaders[server], l = r, r
	}
	return l == r
}

// resign lets others watch.
func (e *Endpoint) resign(r *Registrar) {
	e.mu.Lock()
	defer e.mu.Unlock()
	maps.DeleteFunc(e.leaders, func(_ netip.AddrPort, l *Registrar) bool { return l == r })
}
