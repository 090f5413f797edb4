package server

import (
	"context"
	"net"
	"strings"
	"sync"
	"time"
)

// peer is the other end of a connection.
type peer struct {
	addr string
	host string // "" until looked up
}

// Bounds of looking up the names of clients.
const (
	lookupTimeout = 3 * time.Second
	lookupTTL     = time.Minute
	maxHostCache  = 4096
)

// hostCache remembers the names of clients for a while.
type hostCache struct {
	lookup func(context.Context, string) string

	mu    sync.Mutex // guards names
	names map[string]cachedName
}

type cachedName struct {
	name string
	at   time.Time
}

func newHostCache(lookup func(context.Context, string) string) *hostCache {
	if lookup == nil {
		lookup = lookupHost
	}
	return &hostCache{lookup: lookup, names: map[string]cachedName{}}
}

// lookupHost returns the name of an address if the name leads back to it, else the address.
func lookupHost(ctx context.Context, addr string) string {
	names, err := net.DefaultResolver.LookupAddr(ctx, addr)
	if err != nil {
		return addr
	}
	ip := net.ParseIP(addr)
	for _, name := range names {
		name = strings.TrimSuffix(name, ".")
		addrs, err := net.DefaultResolver.LookupIP(ctx, "ip", name)
		if err != nil {
			continue
		}
		for _, a := range addrs {
			if a.Equal(ip) {
				return name
			}
		}
	}
	return addr
}

// find returns the name of an address, or the address where it has none.
func (h *hostCache) find(addr string, now time.Time) string {
	h.mu.Lock()
	known, ok := h.names[addr]
	h.mu.Unlock()
	if ok && now.Sub(known.at) < lookupTTL {
		return known.name
	}
	ctx, cancel := context.WithTimeout(context.Background(), lookupTimeout)
	defer cancel()
	name := h.lookup(ctx, addr)
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.names) >= maxHostCache {
		clear(h.names)
	}
	h.names[addr] = cachedName{name, now}
	return name
}

// host is the client's name as it stands in jobs and as hosts.hfaxd is asked for it.
func (s *session) host() string {
	if s.peer.host == "" {
		s.peer.host = s.srv.hosts.find(s.peer.addr, s.srv.now())
	}
	return s.peer.host
}
