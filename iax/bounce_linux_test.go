package iax

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

// TestBounce: the system's socket tells of a datagram to a port that nobody listens
// at, and what is sent to others meanwhile arrives, whole.
func TestBounce(t *testing.T) {
	for _, address := range []string{"127.0.0.1:0", ":0"} {
		conn, err := listenUDP(address)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close() //nolint:errcheck // a test's
		told := make(chan netip.AddrPort, 64)
		conn.(*udpConn).OnBounce(func(to netip.AddrPort) {
			select {
			case told <- to:
			default:
			}
		})
		other, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close() //nolint:errcheck // a test's
		closed, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		nobody := closed.LocalAddr().(*net.UDPAddr).AddrPort()
		_ = closed.Close()
		go func() { // the endpoint's reader
			b := make([]byte, 100)
			for {
				if _, _, err := conn.ReadFrom(b); err != nil {
					return
				}
			}
		}()
		const n = 20
		for i := range n {
			if err := conn.WriteTo([]byte{1}, nobody); err != nil {
				t.Errorf("to a closed port: %v", err)
			}
			if err := conn.WriteTo([]byte{byte(i)}, other.LocalAddr().(*net.UDPAddr).AddrPort()); err != nil {
				t.Errorf("to another one: %v", err)
			}
		}
		_ = other.SetReadDeadline(time.Now().Add(10 * time.Second))
		for i := range n {
			b := make([]byte, 10)
			if _, err := other.Read(b); err != nil || b[0] != byte(i) {
				t.Fatalf("datagram %d: %v, %v", i, b[0], err)
			}
		}
		select {
		case to := <-told:
			if to != nobody {
				t.Errorf("%v came back, %v was asked", to, nobody)
			}
		case <-time.After(10 * time.Second):
			t.Errorf("%s: nothing is told", address)
		}
	}
}
