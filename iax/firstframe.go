package iax

import (
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// firstFrame treats a NEW, REGREQ or REGREL that begins something. Until the
// sender has shown a call token (where it knows them) nothing is kept.
func (e *Endpoint) firstFrame(p *datagram, f *wire.Full, cmd wire.Command) {
	ies, err := wire.ParseIEs(f.Data)
	if err != nil {
		e.counters.malformed.Add(1)
		return
	}
	now := time.Now()
	asked := len(p.bytes())
	token, knowsTokens := ies.Get(wire.IECallToken)
	if knowsTokens && len(token) == 0 {
		var reply wire.IEs
		reply.AddRaw(wire.IECallToken, e.tokens.make(now, p.from))
		e.counters.tokens.Add(1)
		e.answerFree(p.from, f, wire.CallToken, reply, asked)
		return
	}
	if knowsTokens && !e.tokens.valid(now, p.from, token) {
		e.refuseFree(p.from, f, cmd, &CallError{Cause: CauseRejected, Text: "call token not valid"}, asked)
		return
	}
	if cmd == wire.New {
		e.firstNew(now, p, f, ies, knowsTokens)
		return
	}
	e.firstRegister(now, p, f, ies, knowsTokens)
}

// refuseFree refuses a first frame without keeping anything.
func (e *Endpoint) refuseFree(to netip.AddrPort, f *wire.Full, cmd wire.Command, why *CallError, asked int) {
	e.counters.refused.Add(1)
	answer := wire.RegRej
	if cmd == wire.New {
		answer = wire.Reject
	}
	e.log.Debug().Stringer("from", to).Str("why", why.Error()).Msg("iax: refused " + cmd.String())
	e.answerFree(to, f, answer, causeElements(why.Cause, why.Text), asked)
}

// firstNew begins an incoming call.
func (e *Endpoint) firstNew(now time.Time, p *datagram, f *wire.Full, ies wire.IEs, token bool) {
	asked := len(p.bytes())
	if v, ok := ies.Uint(wire.IEVersion); !ok || v != protocolVersion {
		e.refuseFree(p.from, f, wire.New, &CallError{Cause: CauseProtocolError, Text: "IAX version 2 only"}, asked)
		return
	}
	info := readCallInfo(ies, p.from)
	policy := e.cfg.Authority.Caller(info)
	switch {
	case policy.RequireToken && !token:
		e.refuseFree(p.from, f, wire.New, &CallError{Cause: CauseRejected, Text: "CallToken support required"}, asked)
		return
	case policy.Refuse != nil:
		e.refuseFree(p.from, f, wire.New, policy.Refuse, asked)
		return
	case e.cfg.Incoming == nil:
		e.refuseFree(p.from, f, wire.New, &CallError{Cause: CauseFacilityRejected, Text: "no calls are taken here"}, asked)
		return
	}
	if len(policy.Codecs) == 0 {
		policy.Codecs = e.cfg.Codecs
	}
	if !e.roomFor(p.from, token) {
		e.refuseFree(p.from, f, wire.New, &CallError{Cause: CauseSwitchCongestion, Text: "too many calls"}, asked)
		return
	}
	var c *Call
	d, err := e.open(p.from, func(number wire.CallNumber, d *dialog) machine {
		c = newCall(e, d)
		c.keepEarly(captured{now, p.from, c.local, p.bytes()})
		c.m.newIncoming(now, number, f, ies, info, policy)
		return c
	})
	if err != nil {
		e.refuseFree(p.from, f, wire.New, &CallError{Cause: CauseSwitchCongestion, Text: "no call number is free"}, asked)
		return
	}
	c.snapshot()
	e.mu.Lock()
	e.calls[c] = struct{}{}
	if c.proved = token; !token {
		e.unproved[p.from.Addr()]++
	}
	e.mu.Unlock()
	e.bind(d, f.Source)
	go d.run()
}

// unprovedMax bounds the incoming calls and registrations from one address whose
// sender showed no call token and did not answer us: it cannot hear us, or does
// not want to.
const unprovedMax = 32

// roomFor tells whether a further call or registration from an address may
// begin.
func (e *Endpoint) roomFor(from netip.AddrPort, token bool) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return len(e.calls) < e.cfg.MaxCalls && (token || e.unproved[from.Addr()] < unprovedMax)
}

// proved notes that the sender of a first frame hears us, or that what it began
// is over.
func (e *Endpoint) proved(from netip.Addr) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.unproved[from]--; e.unproved[from] <= 0 {
		delete(e.unproved, from)
	}
}

// readCallInfo reads what NEW tells about a call.
func readCallInfo(ies wire.IEs, from netip.AddrPort) CallInfo {
	pres, _ := ies.Uint(wire.IECallingPres)
	return CallInfo{
		Incoming: true,
		Remote:   from,
		Username: ies.Text(wire.IEUsername),
		Called:   ies.Text(wire.IECalledNumber),
		Context:  ies.Text(wire.IECalledContext),
		DNID:     ies.Text(wire.IEDNID),
		Caller: CallerID{
			Number:       ies.Text(wire.IECallingNumber),
			Name:         ies.Text(wire.IECallingName),
			Presentation: uint8(pres), //nolint:gosec // one octet by its type
		},
		ANI:      ies.Text(wire.IECallingANI),
		RDNIS:    ies.Text(wire.IERDNIS),
		Language: ies.Text(wire.IELanguage),
	}
}
