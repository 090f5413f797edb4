package server_test

import (
	"bufio"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/server"
)

// watchLeaks notes what this process and the spool hold, and returns a check that all of it is back.
func (s *testServer) watchLeaks(t *testing.T) (check func()) {
	t.Helper()
	s.served(t) // what is made once is there
	s.closeClients()
	leftovers := func() string {
		var names []string
		for _, dir := range []string{"tmp", "client", "docq", "sendq"} {
			names = append(names, files(t, filepath.Join(s.dir, dir), "")...)
		}
		return strings.Join(names, " ")
	}
	descriptors := func() int { return len(files(t, "/proc/self/fd", "")) }
	goroutines, fds, names := runtime.NumGoroutine(), descriptors(), leftovers()
	return func() {
		t.Helper()
		s.closeClients()
		deadline := time.Now().Add(10 * time.Second)
		for runtime.NumGoroutine() > goroutines || descriptors() > fds || leftovers() != names {
			if time.Now().After(deadline) {
				stacks := make([]byte, 1<<16)
				t.Fatalf("leaks: %d goroutines of %d, %d descriptors of %d, files %q of %q\n%s", runtime.NumGoroutine()-goroutines,
					goroutines, descriptors()-fds, fds, leftovers(), names, stacks[:runtime.Stack(stacks, true)])
			}
			time.Sleep(2 * time.Millisecond)
		}
	}
}

// served checks that another client is served as if it were alone.
func (s *testServer) served(t *testing.T) {
	t.Helper()
	began := time.Now()
	c := s.login(t, "ann")
	d := c.data()
	c.cmd("LIST sendq", "150")
	io.Copy(io.Discard, d)
	c.want("226")
	c.cmd("QUIT", "221")
	if took := time.Since(began); took > 5*time.Second {
		t.Errorf("another client waited %v", took)
	}
}

// impatient makes the server wait no longer than a second for logins and data connections. Commands
// have the usual time, unless IDLE 1 says otherwise.
func impatient(cfg *server.Config) {
	cfg.Settings = server.DefaultSettings()
	cfg.Settings.LoginTimeout = time.Second
	cfg.DataTimeout = time.Second
}

// Clients that send an octet now and then do not keep their connection, whatever they send.
func TestSlowLoris(t *testing.T) {
	s := newServer(t, impatient)
	check := s.watchLeaks(t)
	var wait sync.WaitGroup
	for i := range 50 {
		var c *conn
		if i%2 == 0 {
			c = s.dial(t)
		} else {
			c = s.login(t, "joe")
			c.cmd("IDLE 1", "213")
		}
		wait.Add(1)
		go func() {
			defer wait.Done()
			defer c.Close()
			began := time.Now()
			lines := make(chan string, 1)
			go func() {
				line, _ := c.in.ReadString('\n')
				lines <- line
			}()
			tick := time.NewTicker(20 * time.Millisecond)
			defer tick.Stop()
			for {
				select {
				case line := <-lines:
					if !strings.HasPrefix(line, "421 Timeout") || time.Since(began) > 5*time.Second {
						t.Errorf("after %v: %q, want 421", time.Since(began), line)
					}
					return
				case <-tick.C:
					c.Write([]byte{"NOOP "[i%5]})
				}
			}
		}()
	}
	s.served(t)
	wait.Wait()
	check()
}

// A data connection that the client orders and does not make ends with a reply; ABOR ends it at once.
func TestHalfOpenPassive(t *testing.T) {
	s := newServer(t, impatient)
	check := s.watchLeaks(t)
	c := s.login(t, "joe")
	c.cmd("PASV", "227")
	c.cmd("STOT", "425 Cannot build data connection: Connection timed out.")
	for _, command := range []string{"LIST doneq", "STOT", "RETR recvq/fax000000001.tif"} {
		c.cmd("PASV", "227")
		io.WriteString(c, command+"\r\n")
		s.served(t)
		io.WriteString(c, "ABOR\r\n")
		c.want("426")
		c.want("226")
		c.cmd("EPSV", "229")
		c.cmd("PASV", "227") // the port before is given up
	}
	c.cmd("QUIT", "221")
	for _, end := range []string{"PASV\r\n", "PASV\r\nLIST doneq\r\n", "PASV\r\nSTOU\r\n"} { // and then it dies
		c := s.login(t, "joe")
		io.WriteString(c, end)
		c.want("227")
		c.Close()
	}
	check()
}

// deadEnd is a port on this machine where a call is neither taken nor refused.
func deadEnd(t *testing.T) int {
	t.Helper()
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { unix.Close(fd) })
	if err := unix.Bind(fd, &unix.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := unix.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	port := name.(*unix.SockaddrInet4).Port
	for { // fill the queue of those who wait to be accepted
		c, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), 300*time.Millisecond)
		if err != nil {
			return port
		}
		t.Cleanup(func() { c.Close() })
	}
}

// A port that does not answer holds up nobody but the client that gave it, and that one not when it
// aborts or leaves.
func TestHalfOpenActive(t *testing.T) {
	port := deadEnd(t)
	s := newServer(t, impatient)
	check := s.watchLeaks(t)
	c := s.login(t, "joe")
	eprt := fmt.Sprintf("EPRT |1|127.0.0.1|%d|", port)
	c.cmd(eprt, "200")
	c.cmd("LIST doneq", "425 Cannot build data connection: Connection timed out.")
	c.cmd(eprt, "200")
	io.WriteString(c, "STOT\r\n")
	s.served(t)
	began := time.Now()
	io.WriteString(c, "ABOR\r\n")
	c.want("426")
	c.want("226")
	if took := time.Since(began); took > 900*time.Millisecond {
		t.Errorf("ABOR took %v", took)
	}
	c.data()
	c.cmd("LIST doneq", "150")
	c.want("226")
	c.cmd(eprt, "200")
	io.WriteString(c, "STOU\r\n")
	c.Close()
	check()
}

// A client that makes the data connection and then neither sends nor reads is given up, with what it
// left.
func TestStalledTransfer(t *testing.T) {
	s := newServer(t, impatient)
	big := filepath.Join(s.dir, "docq/doc77.ps") // more than the buffers of the connection take
	if err := os.WriteFile(big, make([]byte, 16<<20), 0o644); err != nil {
		t.Fatal(err)
	}
	check := s.watchLeaks(t)
	var stalled []*conn
	for _, command := range []string{"STOT", "RETR docq/doc77.ps", "STOR docq/doc88.ps"} {
		c := s.login(t, "joe")
		c.cmd("TYPE I", "200")
		c.cmd("IDLE 1", "213")
		c.data()
		c.cmd(command, "150")
		stalled = append(stalled, c)
	}
	s.served(t)
	for _, c := range stalled {
		c.want("426 Data Connection: Connection timed out.")
	}
	check()
}

// A client that dies in the middle of an upload leaves no part of a document, whichever way it stores.
func TestDiesStoring(t *testing.T) {
	s := newServer(t, nil)
	check := s.watchLeaks(t)
	for _, command := range []string{"STOT", "STOU", "STOR docq/doc99.ps", "STOR tmp/doc99.ps", "APPE docq/doc98.ps"} {
		for _, how := range []string{"both", "control", "abort"} {
			c := s.login(t, "joe")
			c.cmd("TYPE I", "200")
			d := c.data()
			c.cmd(command, "150")
			fmt.Fprint(d, "%!PS half a document")
			c.cmd("STAT", "213")
			switch how {
			case "both":
				d.(*net.TCPConn).SetLinger(0) // RST: not the end of the document
				d.Close()
				c.Close()
			case "control":
				c.Close()
			case "abort":
				io.WriteString(c, "ABOR\r\n")
				c.want("426")
				c.want("226")
				c.Close()
			}
			check() // also before the next client comes
		}
	}
}

// A thousand clients at once are served; the next is told so, and served when there is room.
func TestThousandConnections(t *testing.T) {
	const most = 1000
	s := newServer(t, func(cfg *server.Config) {
		cfg.Settings = server.DefaultSettings()
		cfg.Settings.MaxConnections = most
	})
	check := s.watchLeaks(t)
	clients := make([]*conn, most)
	var wait sync.WaitGroup
	for i := range clients {
		wait.Add(1)
		go func() {
			defer wait.Done()
			nc, err := net.Dial("tcp", s.addr)
			if err != nil {
				t.Error(err)
				return
			}
			clients[i] = &conn{t, nc, bufio.NewReader(nc), s}
			fmt.Fprint(nc, "USER joe\r\n")
			for _, want := range []string{"220", "230"} {
				if lines := clients[i].reply(); !strings.HasPrefix(lines[0], want) {
					t.Errorf("client %d: %q, want %s", i, lines, want)
				}
			}
		}()
	}
	wait.Wait()
	if t.Failed() {
		return
	}
	for range 50 {
		nc, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		c := &conn{t, nc, bufio.NewReader(nc), s}
		c.want("421 Too many connections")
		if _, err := c.in.ReadByte(); err != io.EOF {
			t.Errorf("after 421: %v, want the end", err)
		}
		nc.Close()
	}
	clients[0].cmd("NOOP", "200")
	clients[most-1].cmd("QUIT", "221")
	eventually(t, "a free place", func() bool {
		nc, err := net.Dial("tcp", s.addr)
		if err != nil {
			return false
		}
		defer nc.Close()
		line, _ := bufio.NewReader(nc).ReadString('\n')
		return strings.HasPrefix(line, "220")
	})
	for _, c := range clients {
		c.Close()
	}
	check()
}

// Clients that send commands at random, and leave at any moment, leave nothing behind.
func TestRandomCommands(t *testing.T) {
	s := newServer(t, impatient)
	check := s.watchLeaks(t)
	var words []string
	for _, c := range protocol.Commands() {
		if c.Name != "SHUT" && c.Name != "QUIT" { // the end of it all is not what is tested
			words = append(words, c.Name)
		}
	}
	words = append(words, "JPARM DOCUMENT", "JPARM POLL", "JPARM COVER", "SITE TRIGGER", "SITE ADDUSER")
	arguments := []string{
		"", "", "", "sendq", "doneq/q5", "10", "100", "default", "x,y", `"a b"`, "tmp/doc200.ps", "docq/doc9.ps", "../etc", "I",
		"S", "Z", "TIFF", "1", "-1", "NOW", "Secret1", "joe", "boss", "\xff\xf4\xff\xf2", strings.Repeat("z", 400), "J*S*", "|1|127.0.0.1|1|",
	}
	var wait sync.WaitGroup
	for i := range 16 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			random := rand.New(rand.NewPCG(uint64(i), 5))
			for range 20 {
				c, err := net.Dial("tcp", s.addr)
				if err != nil {
					t.Error(err)
					return
				}
				go io.Copy(io.Discard, c) // ends with the connection
				fmt.Fprintf(c, "USER %s\r\nADMIN Secret1\r\n", []string{"joe", "boss"}[random.IntN(2)])
				for range random.IntN(40) {
					fmt.Fprintf(c, "%s %s\r\n", words[random.IntN(len(words))], arguments[random.IntN(len(arguments))])
				}
				c.Close()
			}
		}()
	}
	wait.Wait()
	s.served(t)
	check()
}

// dialWhenFree connects as soon as there is a place.
func (s *testServer) dialWhenFree(t *testing.T) (c *conn) {
	t.Helper()
	eventually(t, "a place", func() bool {
		nc, err := net.Dial("tcp", s.addr)
		if err != nil {
			t.Fatal(err)
		}
		c = &conn{t, nc, bufio.NewReader(nc), s}
		if line, _ := c.in.ReadString('\n'); strings.HasPrefix(line, "220") {
			return true
		}
		nc.Close()
		return false
	})
	return c
}

// Silent clients lock nobody out: after a while they give way to one that comes.
func TestStrangersGiveWay(t *testing.T) {
	s := newServer(t, func(cfg *server.Config) {
		cfg.Settings = server.DefaultSettings()
		cfg.Settings.MaxConnections = 3
	})
	check := s.watchLeaks(t)
	known := s.login(t, "joe")
	silent := []*conn{s.dialWhenFree(t), s.dialWhenFree(t)} // the place of an earlier client is free soon
	c := s.dialWhenFree(t)
	c.cmd("USER joe", "230")
	known.cmd("NOOP", "200")
	_ = silent[0].SetReadDeadline(time.Now().Add(5 * time.Second))
	if _, err := io.Copy(io.Discard, silent[0].in); os.IsTimeout(err) {
		t.Error("the oldest stranger has kept its place")
	}
	for _, c := range []*conn{known, silent[0], silent[1], c} {
		c.Close()
	}
	check()
}
