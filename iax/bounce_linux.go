package iax

import (
	"encoding/binary"
	"errors"
	"net/netip"
	"syscall"
)

// Linux keeps what came back of an unconnected socket in its error queue (ip(7),
// IP_RECVERR). The error itself is told to the next call on the socket, whatever
// that is about.

const (
	ipv6RecvErr     = 25 // IPV6_RECVERR
	originICMP      = 2  // sock_extended_err, ee_origin
	originICMP6     = 3
	extendedErrLen  = 16
	originAt        = 4
	errorQueueSpace = 512
	errorsAtOnce    = 64
)

// OnBounce implements bouncer.
func (c *udpConn) OnBounce(f func(to netip.AddrPort)) {
	raw, err := c.SyscallConn()
	if err != nil {
		return
	}
	_ = raw.Control(func(fd uintptr) { // without them nothing is told
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IP, syscall.IP_RECVERR, 1) //nolint:gosec // a descriptor
		_ = syscall.SetsockoptInt(int(fd), syscall.IPPROTO_IPV6, ipv6RecvErr, 1)      //nolint:gosec // a descriptor
	})
	c.bounce = f
}

// failed looks whether the error of a call is about a datagram that came back; then
// the call is to be made again.
func (c *udpConn) failed(err error) (again bool) {
	if c.bounce == nil || !errors.Is(err, syscall.ECONNREFUSED) && !errors.Is(err, syscall.EHOSTUNREACH) && !errors.Is(err, syscall.ENETUNREACH) {
		return false
	}
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	var data, oob [errorQueueSpace]byte
	found := false
	_ = raw.Control(func(fd uintptr) {
		for range errorsAtOnce {
			_, n, _, from, err := syscall.Recvmsg(int(fd), data[:], oob[:], syscall.MSG_ERRQUEUE|syscall.MSG_DONTWAIT) //nolint:gosec // a descriptor
			if err != nil {
				return
			}
			if to := addressOf(from); to.IsValid() && cameBack(oob[:n]) {
				found = true
				c.bounce(to)
			}
		}
	})
	return found
}

// cameBack tells whether a control message is about an ICMP message.
func cameBack(oob []byte) bool {
	messages, err := syscall.ParseSocketControlMessage(oob)
	if err != nil {
		return false
	}
	for _, m := range messages {
		if len(m.Data) < extendedErrLen {
			continue
		}
		errno := syscall.Errno(binary.NativeEndian.Uint32(m.Data))
		if origin := m.Data[originAt]; errno != 0 && (origin == originICMP || origin == originICMP6) {
			return true
		}
	}
	return false
}

// addressOf is the address that a datagram was sent to.
func addressOf(a syscall.Sockaddr) netip.AddrPort {
	switch a := a.(type) {
	case *syscall.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)) //nolint:gosec // a port
	case *syscall.SockaddrInet6:
		return netip.AddrPortFrom(netip.AddrFrom16(a.Addr).Unmap(), uint16(a.Port)) //nolint:gosec // a port
	}
	return netip.AddrPort{}
}
