package server

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

func TestPlace(t *testing.T) {
	for _, c := range []struct{ addr, want string }{
		{"192.0.2.7", "192.0.2.7"},
		{"::ffff:192.0.2.7", "192.0.2.7"},
		{"2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
		{"2001:db8:1:2::9", "2001:db8:1:2::/64"},
		{"2001:db8:1:3::9", "2001:db8:1:3::/64"},
		{"fe80::1%eth0", "fe80::/64"},
		{"127.0.0.1", ""},
		{"::1", ""},
		{"::ffff:127.0.0.1", ""},
		{"pipe", ""},
		{"", ""},
	} {
		if got := place(c.addr); got != c.want {
			t.Errorf("place(%q) = %q, want %q", c.addr, got, c.want)
		}
	}
}

// remote is a connection from an address of one's choice.
type remote struct {
	net.Conn
	from net.Addr
}

func (r remote) RemoteAddr() net.Addr { return r.from }

// street is a listener whose clients come from everywhere.
type street struct {
	clients chan net.Conn
	closed  chan struct{}
}

func (s *street) Accept() (net.Conn, error) {
	select {
	case c := <-s.clients:
		return c, nil
	case <-s.closed:
		return nil, net.ErrClosed
	}
}

func (s *street) Close() error   { close(s.closed); return nil }
func (s *street) Addr() net.Addr { return &net.TCPAddr{} }

// call connects from an address, and returns the greeting.
func (s *street) call(t *testing.T, from string) (net.Conn, *bufio.Reader, string) {
	t.Helper()
	ours, theirs := net.Pipe()
	t.Cleanup(func() { ours.Close() })
	s.clients <- remote{theirs, &net.TCPAddr{IP: net.ParseIP(from), Port: 1024}}
	in := bufio.NewReader(ours)
	line, err := in.ReadString('\n')
	if err != nil {
		t.Fatal(err)
	}
	return ours, in, strings.TrimSpace(line)
}

// serveStreet starts a server with a limit on the connections of an address.
func serveStreet(t *testing.T, most int) (*Server, *street) {
	t.Helper()
	dir := t.TempDir()
	if err := protocoltest.MakeSpool(dir); err != nil {
		t.Fatal(err)
	}
	conf := DefaultSettings()
	if err := conf.Set("MaxConnectionsPerAddress", fmt.Sprint(most)); err != nil {
		t.Fatal(err)
	}
	srv, err := New(Config{Spool: dir, Settings: conf})
	if err != nil {
		t.Fatal(err)
	}
	l, ended := &street{make(chan net.Conn), make(chan struct{})}, make(chan error)
	go func() { ended <- srv.Serve(l, false) }()
	t.Cleanup(func() {
		if err := srv.Close(); err != nil {
			t.Error(err)
		}
		<-ended
	})
	return srv, l
}

// One address has its share of the places. The next from there is told why it
// is refused; others, and those on the machine itself, are served; and who
// leaves makes room.
func TestConnectionsPerAddress(t *testing.T) {
	srv, l := serveStreet(t, 2)
	greeting := func(from, want string) (net.Conn, *bufio.Reader) {
		t.Helper()
		c, in, line := l.call(t, from)
		if !strings.HasPrefix(line, want) {
			t.Fatalf("a client from %s is told %q, want %s", from, line, want)
		}
		return c, in
	}
	first, in := greeting("192.0.2.7", "220")
	greeting("192.0.2.7", "220")
	_, rest := greeting("192.0.2.7", "421 Too many connections from 192.0.2.7, the most is 2; try again later.")
	if _, err := rest.ReadByte(); err != io.EOF {
		t.Errorf("after 421: %v, want the end", err)
	}
	greeting("192.0.2.8", "220")
	greeting("2001:db8::1", "220")
	greeting("2001:db8::2", "220")
	greeting("2001:db8::3", "421 Too many connections from 2001:db8::/64, the most is 2")
	for range 5 {
		greeting("127.0.0.1", "220")
	}
	go fmt.Fprint(first, "QUIT\r\n")
	if line, _ := in.ReadString('\n'); !strings.HasPrefix(line, "221") {
		t.Fatalf("QUIT: %q", line)
	}
	first.Close()
	for deadline := time.Now().Add(10 * time.Second); ; {
		if _, _, line := l.call(t, "192.0.2.7"); strings.HasPrefix(line, "220") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("no free place after QUIT")
		}
	}
	srv.mu.Lock()
	defer srv.mu.Unlock()
	if got := srv.places.of["192.0.2.7"]; got != 2 {
		t.Errorf("%d connections of 192.0.2.7 are counted, want 2", got)
	}
}

// Without a limit an address may have all places; a client that has not logged
// in gives way to another from its address when the limit is reached.
func TestPlaceOfAStranger(t *testing.T) {
	srv, l := serveStreet(t, 0)
	for range 20 {
		if _, _, line := l.call(t, "192.0.2.7"); !strings.HasPrefix(line, "220") {
			t.Fatalf("without a limit: %q", line)
		}
	}
	srv.settings().MaxConnectionsPerAddress = 20
	now := time.Now()
	if reason := srv.takePlace("192.0.2.7", now); reason == "" {
		t.Error("the 21st has a place at once")
	}
	if reason := srv.takePlace("192.0.2.7", now.Add(2*strangerGrace)); reason != "" {
		t.Errorf("strangers do not give way: %s", reason)
	}
	srv.leavePlace("192.0.2.7")
}
