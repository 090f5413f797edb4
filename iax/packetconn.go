package iax

import (
	"fmt"
	"net"
	"net/netip"
)

// PacketConn is what an Endpoint needs of a UDP socket. Tests put a network in
// memory here.
type PacketConn interface {
	ReadFrom(b []byte) (n int, from netip.AddrPort, err error)
	WriteTo(b []byte, to netip.AddrPort) error
	LocalAddr() netip.AddrPort
	Close() error
}

// socketBuffer is asked for both directions: a second of 100 calls.
const socketBuffer = 1 << 20

// retries bounds how often a call is made again because of an earlier datagram.
const retries = 3

type udpConn struct {
	*net.UDPConn
	bounce func(to netip.AddrPort) // nil: nobody asks for it
}

func listenUDP(address string) (PacketConn, error) {
	a, err := net.ResolveUDPAddr("udp", address)
	if err != nil {
		return nil, fmt.Errorf("iax: address to listen on: %w", err)
	}
	c, err := net.ListenUDP("udp", a)
	if err != nil {
		return nil, fmt.Errorf("iax: %w", err)
	}
	_ = c.SetReadBuffer(socketBuffer)  // the system's limit may be lower; it works with less
	_ = c.SetWriteBuffer(socketBuffer) // likewise
	return &udpConn{UDPConn: c}, nil
}

func (c *udpConn) ReadFrom(b []byte) (int, netip.AddrPort, error) {
	n, from, err := c.ReadFromUDPAddrPort(b)
	for tries := 0; err != nil && tries < retries && c.failed(err); tries++ {
		n, from, err = c.ReadFromUDPAddrPort(b)
	}
	return n, netip.AddrPortFrom(from.Addr().Unmap(), from.Port()), err
}

func (c *udpConn) WriteTo(b []byte, to netip.AddrPort) error {
	_, err := c.WriteToUDPAddrPort(b, to)
	for tries := 0; err != nil && tries < retries && c.failed(err); tries++ {
		_, err = c.WriteToUDPAddrPort(b, to) // the error was about an earlier one
	}
	return err
}

func (c *udpConn) LocalAddr() netip.AddrPort {
	a := c.UDPConn.LocalAddr().(*net.UDPAddr).AddrPort() //nolint:forcetypeassert // of a UDPConn
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}
