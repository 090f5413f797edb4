// Package memnet is a network in memory for tests: datagrams between its
// connections can be lost, delayed, doubled and reordered, repeatably. Its
// connections are what an iax.Endpoint takes for a socket, and work inside a
// synctest bubble.
package memnet

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Net is the network.
type Net struct {
	mu    sync.Mutex
	conns map[netip.AddrPort]*Conn
	rnd   *rand.Rand

	flights []flight // by time of arrival
	fate    Fate
	bounces bool
}

// Fate tells what happens to a packet: the delays of its copies; none: it is
// lost.
type Fate func(rnd *rand.Rand, b []byte, from, to netip.AddrPort) []time.Duration

// SetFate changes what happens to packets from now on; nil: all are delivered
// at once.
func (n *Net) SetFate(f Fate) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.fate = f
}

// SetBounces decides whether senders are told of packets to addresses where nobody
// listens, as ICMP does.
func (n *Net) SetBounces(on bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.bounces = on
}

// New makes a network that loses nothing.
func New() *Net {
	return &Net{conns: make(map[netip.AddrPort]*Conn), rnd: rand.New(rand.NewPCG(1, 2))}
}

type packet struct {
	b    []byte
	from netip.AddrPort
}

// Conn is one socket of the network.
type Conn struct {
	net    *Net
	addr   netip.AddrPort
	in     chan packet
	closed chan struct{}
	once   sync.Once
	gone   bool
	bounce func(to netip.AddrPort)
}

// OnBounce sets who is told of packets that nobody took.
func (c *Conn) OnBounce(f func(to netip.AddrPort)) { c.bounce = f }

// Vanish is what the end of its process without a word does to a socket: nothing
// goes in or out any more, and another one can listen at its address.
func (c *Conn) Vanish() {
	c.net.mu.Lock()
	defer c.net.mu.Unlock()
	c.gone = true
	if c.net.conns[c.addr] == c {
		delete(c.net.conns, c.addr)
	}
}

// Listen opens a socket.
func (n *Net) Listen(addr string) *Conn {
	c := &Conn{net: n, addr: netip.MustParseAddrPort(addr), in: make(chan packet, 4096), closed: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.conns[c.addr] = c
	return c
}

// ReadFrom waits for a datagram.
func (c *Conn) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-c.in:
		return copy(b, p.b), p.from, nil
	case <-c.closed:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

// WriteTo sends a datagram to the fate that the network has for it.
func (c *Conn) WriteTo(b []byte, to netip.AddrPort) error {
	n := c.net
	n.mu.Lock()
	defer n.mu.Unlock()
	if c.gone {
		return nil
	}
	delays := []time.Duration{0}
	if n.fate != nil {
		delays = n.fate(n.rnd, b, c.addr, to)
	}
	for _, d := range delays {
		p := packet{append([]byte(nil), b...), c.addr}
		if d == 0 {
			n.put(to, p)
			continue
		}
		n.delay(to, p, d)
	}
	return nil
}

// flight is a packet on its way.
type flight struct {
	at time.Time
	to netip.AddrPort
	p  packet
}

// delay delivers a packet later. Packets that are due at one instant arrive in
// the order in which they were sent.
func (n *Net) delay(to netip.AddrPort, p packet, d time.Duration) {
	f := flight{time.Now().Add(d), to, p}
	i := len(n.flights)
	for i > 0 && n.flights[i-1].at.After(f.at) {
		i--
	}
	n.flights = slices.Insert(n.flights, i, f)
	time.AfterFunc(d, func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		first := n.flights[0]
		n.flights = n.flights[1:]
		n.put(first.to, first.p)
	})
}

func (n *Net) put(to netip.AddrPort, p packet) {
	c := n.conns[to]
	if c == nil {
		if from := n.conns[p.from]; n.bounces && from != nil && from.bounce != nil {
			from.bounce(to)
		}
		return
	}
	select {
	case c.in <- p:
	default:
	}
}

// LocalAddr is the socket's address.
func (c *Conn) LocalAddr() netip.AddrPort { return c.addr }

// Close ends ReadFrom.
func (c *Conn) Close() error {
	c.once.Do(func() {
		close(c.closed)
		c.net.mu.Lock()
		defer c.net.mu.Unlock()
		if c.net.conns[c.addr] == c {
			delete(c.net.conns, c.addr)
		}
	})
	return nil
}

// Waiting is how many datagrams have arrived and are not read.
func (c *Conn) Waiting() int { return len(c.in) }
