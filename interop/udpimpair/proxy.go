package udpimpair

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

// Config of a proxy.
type Config struct {
	Listen, Target, Upstream netip.AddrPort
	Seed                     uint64
	InOrder                  bool   // flows draw by the order in which they came, not by the client's port
	Up, Down                 Params // client to target, target to client
	MaxFlows                 int
}

type flow struct {
	client   netip.AddrPort
	conn     *net.UDPConn
	up, down *Dir
}

// Proxy forwards between clients and one target.
type Proxy struct {
	cfg   Config
	front *net.UDPConn

	mu    sync.Mutex
	flows map[netip.AddrPort]*flow
}

func loopback(what string, a netip.AddrPort) error {
	if !a.Addr().IsLoopback() {
		return fmt.Errorf("%s address %v is not a loopback address", what, a)
	}
	return nil
}

// NewProxy opens the listening socket.
func NewProxy(cfg Config) (*Proxy, error) {
	if err := errors.Join(loopback("listen", cfg.Listen), loopback("target", cfg.Target), loopback("upstream", cfg.Upstream)); err != nil {
		return nil, err
	}
	front, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(cfg.Listen))
	if err != nil {
		return nil, err
	}
	if cfg.MaxFlows <= 0 {
		cfg.MaxFlows = 256
	}
	return &Proxy{cfg: cfg, front: front, flows: map[netip.AddrPort]*flow{}}, nil
}

// Addr is the address the proxy listens on.
func (p *Proxy) Addr() netip.AddrPort { return p.front.LocalAddr().(*net.UDPAddr).AddrPort() }

// Close ends Serve and all flows.
func (p *Proxy) Close() {
	p.front.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.flows {
		f.conn.Close()
		f.up.close()
		f.down.close()
	}
}

func (p *Proxy) flow(client netip.AddrPort) (*flow, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f := p.flows[client]; f != nil {
		return f, nil
	}
	if len(p.flows) >= p.cfg.MaxFlows {
		return nil, errors.New("too many flows")
	}
	local := p.cfg.Upstream
	if local.Port() != 0 {
		local = netip.AddrPortFrom(local.Addr(), local.Port()+uint16(len(p.flows)))
	}
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(local), net.UDPAddrFromAddrPort(p.cfg.Target))
	if err != nil {
		return nil, err
	}
	stream := uint64(client.Port()) << 1
	if p.cfg.InOrder {
		stream = uint64(len(p.flows)) << 1
	}
	f := &flow{client: client, conn: conn}
	f.up = newDir(p.cfg.Up, NewChooser(p.cfg.Up, p.cfg.Seed, stream), func(b []byte) { conn.Write(b) })
	f.down = newDir(p.cfg.Down, NewChooser(p.cfg.Down, p.cfg.Seed, stream|1), func(b []byte) { p.front.WriteToUDPAddrPort(b, client) })
	p.flows[client] = f
	go func() {
		for {
			buf := make([]byte, 2048)
			n, err := conn.Read(buf)
			if err != nil {
				if errors.Is(err, net.ErrClosed) {
					return
				}
				time.Sleep(time.Millisecond) // connection refused: the target is away
				continue
			}
			f.down.Packet(buf[:n], time.Now())
		}
	}()
	return f, nil
}

// Serve forwards until Close.
func (p *Proxy) Serve() error {
	for {
		buf := make([]byte, 2048)
		n, from, err := p.front.ReadFromUDPAddrPort(buf)
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			continue
		}
		from = netip.AddrPortFrom(from.Addr().Unmap(), from.Port())
		if !from.Addr().IsLoopback() {
			continue
		}
		f, err := p.flow(from)
		if err != nil {
			fmt.Fprintln(os.Stderr, "udpimpair:", err)
			continue
		}
		f.up.Packet(buf[:n], time.Now())
	}
}

// Stats returns the sums over all flows.
func (p *Proxy) Stats() (flows int, up, down Stats) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, f := range p.flows {
		up.add(f.up.stats())
		down.add(f.down.stats())
	}
	return len(p.flows), up, down
}
