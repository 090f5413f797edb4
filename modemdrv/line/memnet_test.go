package line

import (
	"net"
	"net/netip"
	"sync"

	"github.com/litoria-fax/litoria/iax"
)

// network carries datagrams in memory, inside a synctest bubble.
type network struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*memConn
	dead  bool // nothing is delivered any more
	lost  func(datagram []byte) bool
}

type datagram struct {
	b    []byte
	from netip.AddrPort
}

// memConn is one socket of a network (iax.PacketConn).
type memConn struct {
	net    *network
	addr   netip.AddrPort
	in     chan datagram
	closed chan struct{}
	once   sync.Once
}

func newNetwork() *network { return &network{conns: map[netip.AddrPort]*memConn{}} }

func (n *network) listen(addr string) *memConn {
	c := &memConn{net: n, addr: netip.MustParseAddrPort(addr), in: make(chan datagram, 4096), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns[c.addr] = c
	return c
}

// cut makes the network lose everything from now on, or no longer.
func (n *network) cut(dead bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.dead = dead
}

func (c *memConn) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-c.in:
		return copy(b, p.b), p.from, nil
	case <-c.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (c *memConn) WriteTo(b []byte, to netip.AddrPort) error {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	other := c.net.conns[to]
	if other == nil || c.net.dead || c.net.lost != nil && c.net.lost(b) {
		return nil
	}
	select {
	case other.in <- datagram{append([]byte(nil), b...), c.addr}:
	default:
	}
	return nil
}

func (c *memConn) LocalAddr() netip.AddrPort { return c.addr }

func (c *memConn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.net.mu.Lock()
		defer c.net.mu.Unlock()
		delete(c.net.conns, c.addr)
	})
	return nil
}

var _ iax.PacketConn = (*memConn)(nil)
