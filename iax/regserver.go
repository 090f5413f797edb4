package iax

import (
	"io"
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// Bounds of what a registration gets where the policy names none; Asterisk's
// minregexpire and maxregexpire.
const (
	defaultMinRefresh = 60 * time.Second
	defaultMaxRefresh = 3600 * time.Second
)

// regServer is the server's side of one registration exchange (RFC 5456 6.1):
// it may ask for a proof, then says yes or no and is over when that is
// acknowledged.
type regServer struct {
	link
	out       output
	policy    Policy
	name      string
	challenge string
	from      netip.AddrPort
	until     time.Time // the exchange must be through
	closed    bool
	heard     bool   // a frame that answers ours came
	proved    bool   // the sender showed a call token, or answered us
	done      func() // takes an unproved one off the count
	success   func(name string, at netip.AddrPort, refresh time.Duration)
}

// firstRegister begins the server's side of a registration.
func (e *Endpoint) firstRegister(now time.Time, p *datagram, f *wire.Full, ies wire.IEs, token bool) {
	asked := len(p.bytes())
	cmd := wire.Command(f.Subclass) //nolint:gosec // RegReq or RegRel
	name := ies.Text(wire.IEUsername)
	policy := e.cfg.Authority.Registrant(name, p.from)
	switch {
	case policy.RequireToken && !token:
		e.refuseFree(p.from, f, cmd, &CallError{Cause: CauseRejected, Text: "CallToken support required"}, asked)
		return
	case policy.Refuse != nil:
		e.refuseFree(p.from, f, cmd, policy.Refuse, asked)
		return
	case !e.roomFor(p.from, token):
		e.refuseFree(p.from, f, cmd, &CallError{Cause: CauseSwitchCongestion, Text: "too many at once"}, asked)
		return
	}
	r := &regServer{policy: policy, name: name, from: p.from, until: now.Add(regTimeout), success: e.cfg.Authority.Registered}
	d, err := e.open(p.from, func(number wire.CallNumber, _ *dialog) machine {
		r.link = newLink(now, number, &r.out, e.tracer(p.from))
		return r
	})
	if err != nil {
		e.refuseFree(p.from, f, cmd, &CallError{Cause: CauseSwitchCongestion, Text: "no call number is free"}, asked)
		return
	}
	if r.proved = token; !token {
		e.mu.Lock()
		e.unproved[p.from.Addr()]++
		e.mu.Unlock()
	}
	r.done = func() { e.proved(p.from.Addr()) }
	e.bind(d, f.Source)
	r.start(now, f, ies, e.cfg.Rand)
	go d.run()
}

// start treats the first REGREQ or REGREL.
func (r *regServer) start(now time.Time, f *wire.Full, ies wire.IEs, random io.Reader) {
	r.accept(now, f)
	r.remote = f.Source
	if r.policy.Methods == 0 {
		r.grant(now, f, ies)
		return
	}
	challenge, err := newChallenge(random)
	if err != nil {
		r.refuse(now, &CallError{Cause: CauseTemporaryFailure, Text: err.Error()})
		return
	}
	r.challenge = challenge
	var reply wire.IEs
	reply.AddU16(wire.IEAuthMethods, uint16(r.policy.Methods))
	reply.AddText(wire.IEChallenge, challenge)
	reply.AddText(wire.IEUsername, r.name)
	r.sendIAX(now, wire.RegAuth, reply)
}

func (r *regServer) receive(now time.Time, _ netip.AddrPort, b []byte) {
	var f wire.Full
	if wire.ParseFull(b, &f) != nil || f.Type != wire.TypeIAX || f.Source != r.remote {
		return
	}
	if r.trace != nil {
		r.trace(false, b)
	}
	ies, err := wire.ParseIEs(f.Data)
	if err != nil || !r.accept(now, &f) {
		return
	}
	r.heard = r.heard || f.Dest == r.local
	switch wire.Command(f.Subclass) { //nolint:exhaustive // what a registrar knows
	case wire.RegReq, wire.RegRel:
		if r.closing || r.challenge == "" {
			break
		}
		if r.policy.verify(r.challenge, ies) == 0 {
			r.refuse(now, &CallError{Cause: CauseFacilityRejected, Text: "Registration Refused"})
			break
		}
		r.grant(now, &f, ies)
	case wire.Inval:
		r.closed = true
	}
	r.finish(&f)
	r.closed = r.closed || r.closing && len(r.pending) == 0
}

// grant says yes.
func (r *regServer) grant(now time.Time, f *wire.Full, ies wire.IEs) {
	refresh := time.Duration(0)
	var reply wire.IEs
	reply.AddText(wire.IEUsername, r.name)
	if wire.Command(f.Subclass) == wire.RegReq { //nolint:gosec // RegReq or RegRel
		refresh = r.bound(ies)
		reply.AddU32(wire.IEDateTime, dateTime(now))
		reply.AddU16(wire.IERefresh, uint16(refresh/time.Second)) //nolint:gosec // bounded
		reply.AddAddr(wire.IEApparentAddr, r.from)
	}
	r.success(r.name, r.from, refresh)
	r.closing = true
	r.sendIAX(now, wire.RegAck, reply)
}

// bound puts the wanted refresh time within the policy's limits.
func (r *regServer) bound(ies wire.IEs) time.Duration {
	want := defaultRefresh
	if s, ok := ies.Uint(wire.IERefresh); ok && s > 0 {
		want = time.Duration(s) * time.Second //nolint:gosec // 16 bits
	}
	low, high := r.policy.MinRefresh, r.policy.MaxRefresh
	if low == 0 {
		low = defaultMinRefresh
	}
	if high == 0 {
		high = defaultMaxRefresh
	}
	return min(max(want, low), high)
}

func (r *regServer) refuse(now time.Time, why *CallError) {
	r.closing = true
	r.sendIAX(now, wire.RegRej, causeElements(why.Cause, why.Text))
}

func (r *regServer) deadline() (time.Time, bool) {
	first, _ := r.link.deadline()
	return earliest(first, r.until), true
}

func (r *regServer) timeout(now time.Time) {
	if !r.link.timeout(now) || due(now, r.until) {
		r.closed = true
	}
}

func (r *regServer) output() *output               { return &r.out }
func (r *regServer) remoteNumber() wire.CallNumber { return r.remote }
func (r *regServer) over() bool                    { return r.closed }
func (r *regServer) abandon()                      { r.closed = true }

// stepped takes the exchange off the count of those whose sender is in doubt.
func (r *regServer) stepped(time.Time) {
	if !r.proved && (r.heard || r.closed) {
		r.proved = true
		r.done()
	}
}
