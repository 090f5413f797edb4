package exchange

import (
	"net/netip"
	"time"
)

// A peer with "registrations" above 1 may be registered from several addresses
// at once: a call rings at all of them and the first that answers has it. The
// oldest is its location in Exchange.where, which alone is watched (qualify); the
// others are contacts. As with Asterisk the default is one: a new address takes
// the place of the former.

// contact is a further registration of a peer.
type contact struct {
	addr  netip.AddrPort
	until time.Time
}

// addContact notes a registration beside the first and tells whether it did:
// false means that the address is, or is to become, the first. x.mu is held.
func (x *Exchange) addContact(p *peerConfig, first *location, at netip.AddrPort, until time.Time) bool {
	if p == nil || p.registrations < 2 {
		return false
	}
	if first == nil || !first.until.After(time.Now()) {
		x.dropContact(p.name, at, false) // it becomes the first
		return false
	}
	list := x.liveContacts(p.name)
	for i := range list {
		if list[i].addr == at {
			list[i].until = until
			return true
		}
	}
	if len(list) >= p.registrations-1 {
		list = list[1:]
	}
	x.contacts[p.name] = append(list, contact{at, until})
	return true
}

// dropContact forgets a registration: true if it was not the first. If it was,
// the next takes its place where promote is set. x.mu is held.
func (x *Exchange) dropContact(name string, at netip.AddrPort, promote bool) bool {
	list := x.liveContacts(name)
	for i, c := range list {
		if c.addr == at {
			x.contacts[name] = append(list[:i:i], list[i+1:]...)
			return true
		}
	}
	if len(list) == 0 || !promote {
		return false
	}
	x.contacts[name] = list[1:]
	x.where[name] = &location{addr: list[0].addr, until: list[0].until}
	return true
}

// liveContacts drops those that ran out. x.mu is held.
func (x *Exchange) liveContacts(name string) []contact {
	var live []contact
	for _, c := range x.contacts[name] {
		if c.until.After(time.Now()) {
			live = append(live, c)
		}
	}
	if len(live) == 0 {
		delete(x.contacts, name)
		return nil
	}
	x.contacts[name] = live
	return live
}

// addresses are all where a call for a peer is to ring.
func (x *Exchange) addresses(p *peerConfig) []netip.AddrPort {
	var list []netip.AddrPort
	if first := x.at(p); first.IsValid() && !x.unreachable(p.name) {
		list = append(list, first)
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range x.liveContacts(p.name) {
		list = append(list, c.addr)
	}
	return list
}
