package iax

import (
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// While a registration is held its server is asked for a sign of life (POKE, RFC
// 5456 6.7.1), so that one that is gone makes room for the next long before the
// registration ends, and one that was away is told again who we are. It also
// keeps the way through a NAT open.
const (
	watchEvery = 5 * time.Second
	// watchWait is how long a POKE, with its repetitions, waits for PONG.
	watchWait = 3 * time.Second
	// watchMisses POKEs without an answer and the server counts as gone.
	watchMisses = 2
)

// watchSlow is how much later than twice the round trip PONG comes where the first
// POKE was not answered but its repetition (after 300 ms) was.
const watchSlow = 250 * time.Millisecond

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
func (w *serverWatch) begin(now time.Time, addr netip.AddrPort) {
	*w = serverWatch{addr: addr, answered: w.answered && w.addr == addr, at: now.Add(watchEvery)}
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
		w.at = now.Add(watchEvery)
		return
	}
	w.asked, w.sent, w.at = true, now, now.Add(watchWait)
	m.link = newLink(now, number, &m.out, m.trace)
	m.sendIAX(now, wire.Poke, nil)
}

// serverAnswered takes PONG. A server that missed a POKE before, or the first of its
// repetitions, may have been started anew and know nothing of us.
func (m *regMachine) serverAnswered(now time.Time) {
	w := &m.watch
	if m.phase != regHeld || !w.asked {
		return
	}
	w.answered = true
	if w.missed > 0 || now.Sub(w.sent) > 2*m.status.RTT+watchSlow {
		m.timer = now // the next step registers again
		w.stop()
		return
	}
	w.asked, w.at = false, now.Add(watchEvery)
}
