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

// How long after REGREQ further hints are not looked at: one who forges them makes no
// flood of us. Each hint that was followed doubles that, until there was none for a
// while: Asterisk keeps the call number of a REGREQ for a minute, and has 2048 for an
// address.
const (
	hintRest    = 2 * time.Second
	hintRestMax = 64 * time.Second
	hintCalm    = 3 * time.Minute
)

// hints is what a registration remembers of the hints that it followed.
type hints struct {
	last time.Time
	rest time.Duration
}

// follow tells whether a hint is to be followed, asked being when REGREQ left.
func (h *hints) follow(now, asked time.Time) bool {
	calm := now.Sub(h.last) >= hintCalm
	if !calm && now.Sub(asked) < h.rest || now.Sub(asked) < hintRest {
		return false
	}
	if h.rest = min(2*h.rest, hintRestMax); calm {
		h.rest = 2 * hintRest
	}
	h.last = now
	return true
}

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
		if w.at.IsZero() || w.missed > 0 || !m.hints.follow(now, m.asked) {
			return // it never answered a POKE, is in doubt already, or has just been told
		}
		w.missed = 1
		if !w.asked {
			w.at = now
		}
	}
}

// forgotten: the server does not know a call that we had over it. It was started
// anew, and is told at once who we are.
func (m *regMachine) forgotten(now time.Time) {
	if m.phase == regHeld && m.hints.follow(now, m.asked) {
		m.watch.stop()
		m.timer = now
	}
}
