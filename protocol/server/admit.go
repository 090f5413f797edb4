package server

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// places counts the connections that there are, in all and of each place.
type places struct {
	all int
	of  map[string]int
}

// hostBits is how much of an IPv6 address tells one customer from another (RFC 6177): within such a
// network a host may take as many addresses as it likes.
const hostBits = 64

// place is what MaxConnectionsPerAddress counts for an address: the address, of IPv6 its network;
// "" for the machine itself, which is not limited, as gateways and web servers on it speak for many.
func place(addr string) string {
	ip, err := netip.ParseAddr(addr)
	if err != nil {
		return "" // no network: a pipe, inetd
	}
	ip = ip.Unmap().WithZone("")
	if ip.IsLoopback() {
		return ""
	}
	if ip.Is4() {
		return ip.String()
	}
	return netip.PrefixFrom(ip, hostBits).Masked().String()
}

// admit starts the session of a connection, unless there are too many.
func (srv *Server) admit(conn net.Conn, implicitTLS bool) {
	srv.readSettings()
	addr := remoteIP(conn)
	from := place(addr)
	if reason := srv.takePlace(from, time.Now()); reason != "" {
		srv.log.Warn().Str("client", addr).Msg("connection refused: " + reason)
		go refuse(conn, reason)
		return
	}
	go func() {
		defer srv.leavePlace(from)
		if err := srv.ServeConn(conn, implicitTLS); err != nil {
			srv.trace(TraceConnect).Err(err).Str("client", addr).Msg("connection failed")
		}
	}()
}

// takePlace counts one more connection, or says why there is no place for it.
func (srv *Server) takePlace(from string, now time.Time) (refusal string) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	conf := srv.settings()
	most := conf.MaxConnectionsPerAddress
	if from != "" && most > 0 && srv.places.of[from] >= most && !srv.makeRoom(from, now) {
		return fmt.Sprintf("too many connections from %s, the most is %d", from, most)
	}
	if srv.places.all >= conf.MaxConnections && !srv.makeRoom("", now) {
		return "too many connections"
	}
	srv.places.all++
	srv.places.of[from]++
	return ""
}

// leavePlace counts one connection less.
func (srv *Server) leavePlace(from string) {
	srv.mu.Lock()
	defer srv.mu.Unlock()
	srv.places.all--
	srv.places.of[from]--
	if srv.places.of[from] == 0 {
		delete(srv.places.of, from)
	}
}

// strangerGrace is for how long a client that has not logged in keeps its place
// when another needs it: one host with many silent connections locks nobody out.
const strangerGrace = 5 * time.Second

// makeRoom hangs up on the client that has been there longest without a login,
// from one place, or "" for any. The caller holds srv.mu.
func (srv *Server) makeRoom(from string, now time.Time) bool {
	var oldest *session
	for s := range srv.sessions {
		if s.known.Load() || now.Sub(s.began) < strangerGrace || from != "" && place(s.peer.addr) != from {
			continue
		}
		if oldest == nil || s.began.Before(oldest.began) {
			oldest = s
		}
	}
	if oldest == nil {
		return false
	}
	oldest.log.Warn().Msg("hung up on: no login yet, and its place is needed")
	oldest.known.Store(true) // it goes; the next is another
	oldest.raw.Close()
	return true
}

// refuse tells a client why there is no place for it.
func refuse(conn net.Conn, reason string) {
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Second)); err == nil {
		fmt.Fprintf(conn, "%03d %s; try again later.\r\n", protocol.CodeTimeout, strings.ToUpper(reason[:1])+reason[1:])
	}
}
