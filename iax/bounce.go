package iax

import (
	"net/netip"
	"time"
)

// A server that stops is noticed at once where its host says so: a datagram to a
// port that nobody listens at comes back as an ICMP message. That is a hint only
// (anybody can forge one), so it makes a registration ask for a sign of life, and
// nothing else.

// bouncer is a PacketConn that learns of datagrams that nobody took. f must not
// block; it may be called by any goroutine.
type bouncer interface {
	OnBounce(f func(to netip.AddrPort))
}

// bouncesWaiting bounds the hints that wait to be looked at; more say nothing new.
const bouncesWaiting = 16

// hintRest is how long after REGREQ further hints are not looked at: one who forges
// them makes no flood of us.
const hintRest = 2 * time.Second

// watchBounces is the goroutine that tells the registrations.
func (e *Endpoint) watchBounces() {
	for to := range e.bounces {
		e.doubt(to, (*regMachine).bounced)
	}
}

// bounced takes a hint from the socket.
func (e *Endpoint) bounced(to netip.AddrPort) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		return
	}
	select {
	case e.bounces <- to:
	default:
	}
}

// doubt tells the registrations at a server that it may have been started anew.
func (e *Endpoint) doubt(server netip.AddrPort, tell func(m *regMachine, now time.Time)) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for r := range e.regs {
		if r.d.remote == server {
			r.d.post(func(now time.Time) { tell(&r.m, now) })
		}
	}
}

// bounced: nobody listens at the server's port. While registered, POKE is sent until
// it answers, and then it is told who we are; it has the time of a missed sign of
// life for that. During an attempt the next server of the list gets its turn.
func (m *regMachine) bounced(now time.Time) {
	switch m.phase { //nolint:exhaustive // the others wait for something else
	case regAsked, regProved:
		if len(m.cfg.Backups) > 0 {
			m.fail(now, RegNoAnswer, "the server's port is closed")
		}
	case regHeld:
		w := &m.watch
		if w.at.IsZero() || now.Sub(m.asked) < hintRest {
			return // it never answered a POKE, or has just been told
		}
		w.missed = max(w.missed, 1)
		if !w.asked {
			w.at = now
		}
	}
}

// forgotten: the server does not know a call that we had over it. It was started
// anew, and is told at once who we are.
func (m *regMachine) forgotten(now time.Time) {
	if m.phase == regHeld && now.Sub(m.asked) >= hintRest {
		m.watch.stop()
		m.timer = now
	}
}
