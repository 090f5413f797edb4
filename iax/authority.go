package iax

import (
	"crypto/rsa"
	"net/netip"
	"time"
)

// Authority decides who may call and register at an endpoint. Its methods are
// called from the goroutine that reads the socket and must answer at once.
type Authority interface {
	// Caller tells how to treat a call that arrives. in.Username is what the
	// caller claims, not yet proved.
	Caller(in CallInfo) Policy
	// Registrant tells how to treat a registration of a name.
	Registrant(name string, from netip.AddrPort) Policy
	// Registered is told of each registration that succeeded; refresh 0 is
	// a release.
	Registered(name string, at netip.AddrPort, refresh time.Duration)
}

// Policy is how an Authority wants a call or a registration treated.
type Policy struct {
	// Refuse, if not nil, refuses at once.
	Refuse *CallError
	// RequireToken refuses whoever knows no call tokens. Those who know them
	// always have to show one.
	RequireToken bool
	// Methods of authentication to offer; 0: none is needed.
	Methods AuthMethods
	Secret  string
	Keys    []*rsa.PublicKey // whose signatures are good for AuthRSA
	// Codecs allowed, in order of preference; nil: those of Config.
	Codecs []Codec
	// CallerFirst lets the caller's preference decide over Codecs' order.
	CallerFirst bool
	Encryption  Encryption
	NoTransfer  bool // transfers of the call are refused, as DialParams.NoTransfer
	Trunk       TrunkMode
	// MinRefresh and MaxRefresh bound what a registration gets; zero: 60 s
	// and 3600 s.
	MinRefresh, MaxRefresh time.Duration
	// Admit, if not nil, has the last word after authentication, before the
	// call is accepted.
	Admit func(CallInfo) *CallError
}

// SamePolicy is an Authority that treats all callers alike and registers
// nobody. For a line that wants its incoming calls encrypted or authenticated it
// holds the line's own secret: Asterisk proves itself with the same.
type SamePolicy Policy

// Caller gives the policy.
func (s SamePolicy) Caller(CallInfo) Policy { return Policy(s) }

// Registrant refuses.
func (SamePolicy) Registrant(string, netip.AddrPort) Policy {
	return Policy{Refuse: &CallError{Cause: CauseFacilityRejected, Text: "this is no registrar"}}
}

// Registered has nothing to do.
func (SamePolicy) Registered(string, netip.AddrPort, time.Duration) {}
