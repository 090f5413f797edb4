package exchange

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax"
)

// authority is the Exchange as its endpoint sees it.
type authority Exchange

// policy is how a peer is treated.
func (a *authority) policy(peers *peerFile, p *peerConfig, from netip.AddrPort) iax.Policy {
	if !p.allowed(from.Addr()) {
		return refusal(iax.CauseFacilityNotSubscr, "No authority found")
	}
	return iax.Policy{
		RequireToken: p.token, Methods: p.methods, Secret: p.secret, Keys: p.keys, Codecs: p.codecs, CallerFirst: p.callerFirst,
		Encryption: p.encryption, NoTransfer: p.transfer == transferNo, Trunk: peers.trunkMode(p),
	}
}

// trunkMode is how audio is sent to a peer.
func (f *peerFile) trunkMode(p *peerConfig) iax.TrunkMode {
	switch {
	case !p.trunk:
		return iax.TrunkNo
	case f.general.trunkPlain:
		return iax.TrunkPlain
	}
	return iax.TrunkYes
}

func refusal(cause iax.Cause, text string) iax.Policy {
	return iax.Policy{Refuse: &iax.CallError{Cause: cause, Text: text}}
}

// Caller decides about a call that arrives.
func (a *authority) Caller(in iax.CallInfo) iax.Policy {
	x := (*Exchange)(a)
	peers, plan := x.config()
	p := x.callerOf(peers, in)
	if p == nil {
		x.log.Warn().Str("name", in.Username).Stringer("from", in.Remote).Str("number", in.Called).Msg("exchange: call refused: no such user in iax.conf")
		return refusal(iax.CauseFacilityNotSubscr, "No authority found")
	}
	policy := a.policy(peers, p, in.Remote)
	policy.Admit = func(info iax.CallInfo) *iax.CallError {
		if plan.find(p.context, info.Called) == nil {
			x.log.Warn().Str("name", p.name).Str("number", info.Called).Str("context", p.context).Msg("exchange: call refused: no such number")
			return &iax.CallError{Cause: iax.CauseNoRoute, Text: "No such context/extension"}
		}
		return nil
	}
	return policy
}

// callerOf finds who calls: by name; without one, who is registered at the
// address, else the peer "guest" if there is one without a secret.
func (x *Exchange) callerOf(peers *peerFile, in iax.CallInfo) *peerConfig {
	if in.Username != "" {
		if p := peers.peers[in.Username]; p != nil && p.user {
			return p
		}
		return nil
	}
	for _, name := range peers.names() {
		if p := peers.peers[name]; p.user && p.methods == 0 && x.at(p) == in.Remote {
			return p
		}
	}
	if p := peers.peers["guest"]; p != nil && p.user && p.methods == 0 {
		return p
	}
	return nil
}

// Registrant decides about a registration.
func (a *authority) Registrant(name string, from netip.AddrPort) iax.Policy {
	x := (*Exchange)(a)
	peers, _ := x.config()
	p := peers.peers[name]
	if p == nil || !p.peer || !p.dynamic {
		x.log.Warn().Str("name", name).Stringer("from", from).Msg("exchange: registration refused: no peer of this name with host=dynamic in iax.conf")
		return refusal(iax.CauseFacilityRejected, "Registration Refused")
	}
	policy := a.policy(peers, p, from)
	policy.MinRefresh, policy.MaxRefresh = peers.general.minRefresh, peers.general.maxRefresh
	return policy
}

// Registered notes where a peer is.
func (a *authority) Registered(name string, at netip.AddrPort, refresh time.Duration) {
	x := (*Exchange)(a)
	x.mu.Lock()
	defer x.mu.Unlock()
	old := x.where[name]
	if refresh == 0 {
		if !x.dropContact(name, at, true) {
			delete(x.where, name)
		}
		x.log.Info().Str("name", name).Msg("exchange: released")
		return
	}
	until := time.Now().Add(refresh)
	if old != nil && old.addr == at {
		old.until = until
		return
	}
	if x.addContact(x.peers.peers[name], old, at, until) {
		return
	}
	x.where[name] = &location{addr: at, until: until}
	x.log.Info().Str("name", name).Stringer("at", at).Dur("refresh", refresh).Msg("exchange: registered")
}

// at gives where a peer is, the zero address if that is not known.
func (x *Exchange) at(p *peerConfig) netip.AddrPort {
	x.mu.Lock()
	defer x.mu.Unlock()
	if l := x.where[p.name]; l != nil && (l.until.IsZero() || l.until.After(time.Now())) {
		return l.addr
	}
	return netip.AddrPort{}
}

// literal gives the address of a host that is written as one; the zero address
// where a name has to be looked up.
func (p *peerConfig) literal() netip.AddrPort {
	ip, err := netip.ParseAddr(p.host)
	if err != nil {
		return netip.AddrPort{}
	}
	return netip.AddrPortFrom(ip, p.portOr())
}

func (p *peerConfig) portOr() uint16 {
	if p.port == 0 {
		return iax.DefaultPort
	}
	return uint16(p.port) //nolint:gosec // checked when read
}

const (
	// resolveTimeout bounds the look-up of a peer's fixed host, resolveEvery
	// is how often it is repeated.
	resolveTimeout = 5 * time.Second
	resolveEvery   = time.Minute
)

// toResolve gives the peers whose host name is to be looked up now.
func (x *Exchange) toResolve(now time.Time) []*peerConfig {
	x.mu.Lock()
	defer x.mu.Unlock()
	var list []*peerConfig
	for name, l := range x.where {
		p := x.peers.peers[name]
		if p == nil || p.dynamic || p.literal().IsValid() || now.Sub(l.looked) < resolveEvery {
			continue
		}
		l.looked = now
		list = append(list, p)
	}
	return list
}

// resolve looks up one peer's host.
func (x *Exchange) resolve(ctx context.Context, p *peerConfig) {
	ctx, cancel := context.WithTimeout(ctx, resolveTimeout)
	defer cancel()
	addr, err := iax.Resolve(ctx, p.host)
	if err != nil {
		x.log.Warn().Str("peer", p.name).Err(err).Msg("exchange: host")
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	if l := x.where[p.name]; l != nil && l.until.IsZero() {
		l.addr = netip.AddrPortFrom(addr.Addr(), p.portOr())
	}
}

// peerState is how a peer that is watched does.
type peerState uint8

const (
	peerUnknown     peerState = iota // not watched, or not asked yet
	peerOK                           // answered in time
	peerLagged                       // answered too late
	peerUnreachable                  // did not answer
)

// String names the state as Asterisk does.
func (s peerState) String() string {
	switch s {
	case peerOK:
		return "OK"
	case peerLagged:
		return "LAGGED"
	case peerUnreachable:
		return "UNREACHABLE"
	case peerUnknown:
	}
	return "Unmonitored"
}

// PeerStatus is how a peer does.
type PeerStatus struct {
	Name    string
	Dynamic bool
	Addr    netip.AddrPort // zero: not registered
	Expires time.Time      // end of the registration
	State   string         // OK, LAGGED, UNREACHABLE or Unmonitored
	RTT     time.Duration
}

// Peers tells how the peers do.
func (x *Exchange) Peers() []PeerStatus {
	peers, _ := x.config()
	var list []PeerStatus
	for _, name := range peers.names() {
		p := peers.peers[name]
		if !p.peer {
			continue
		}
		s := PeerStatus{Name: name, Dynamic: p.dynamic, Addr: x.at(p), State: peerUnknown.String()}
		x.mu.Lock()
		if l := x.where[name]; l != nil {
			s.Expires, s.State, s.RTT = l.until, l.state.String(), l.rtt
		}
		x.mu.Unlock()
		list = append(list, s)
	}
	return list
}

// watchTick is how often the registry is looked through.
const watchTick = time.Second

// watch forgets registrations that ran out and asks watched peers whether they
// are there, until ctx ends.
func (x *Exchange) watch(ctx context.Context) {
	tick := time.NewTicker(watchTick)
	defer tick.Stop()
	var pokes sync.WaitGroup
	defer pokes.Wait()
	for {
		select {
		case <-ctx.Done():
			return
		case now := <-tick.C:
			for _, p := range x.toResolve(now) {
				pokes.Go(func() { x.resolve(ctx, p) })
			}
			for name, addr := range x.toPoke(now) {
				pokes.Go(func() { x.poke(ctx, name, addr) })
			}
		}
	}
}

// toPoke gives the peers whose turn it is, and forgets those that ran out.
func (x *Exchange) toPoke(now time.Time) map[string]netip.AddrPort {
	x.mu.Lock()
	defer x.mu.Unlock()
	list := make(map[string]netip.AddrPort)
	for name, l := range x.where {
		if !l.until.IsZero() && l.until.Before(now) {
			delete(x.where, name)
			x.log.Info().Str("name", name).Msg("exchange: registration ran out")
			continue
		}
		p := x.peers.peers[name]
		if p == nil || p.qualify == 0 || !l.addr.IsValid() {
			continue
		}
		every := x.peers.general.qualifyOK
		if l.state != peerOK {
			every = x.peers.general.qualifyNotOK
		}
		if now.Sub(l.checked) >= every {
			l.checked = now
			list[name] = l.addr
		}
	}
	return list
}

// poke asks one peer.
func (x *Exchange) poke(ctx context.Context, name string, addr netip.AddrPort) {
	ctx, cancel := context.WithTimeout(ctx, defaultQualifyNotOK)
	defer cancel()
	rtt, err := x.e.Poke(ctx, addr)
	x.mu.Lock()
	defer x.mu.Unlock()
	l, p := x.where[name], x.peers.peers[name]
	if l == nil || p == nil || l.addr != addr {
		return
	}
	was := l.state
	switch {
	case err != nil:
		l.state = peerUnreachable
	case rtt > p.qualify:
		l.state, l.rtt = peerLagged, rtt
	default:
		l.state, l.rtt = peerOK, rtt
	}
	if l.state != was {
		x.log.Info().Str("peer", name).Stringer("state", l.state).Dur("rtt", l.rtt).Msg("exchange: peer")
	}
}
