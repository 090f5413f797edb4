// Package ports gives the tests with real peers ports of loopback for servers that cannot choose one by themselves.
//
// They are taken from below those that the kernel gives to connections and to sockets without a port of their own
// (32768 and up): one of these may take a port between the moment when it was found free and the moment
// when the server binds it.
package ports

import (
	"fmt"
	"net"
	"os"
	"sync"
	"testing"
)

const (
	first = 20000
	last  = 31999
)

var given struct {
	mu   sync.Mutex // guards port
	port int        // the last that was given
}

// UDP gives a port of 127.0.0.1 that nobody uses. None is given twice in one process.
func UDP(t testing.TB) int {
	t.Helper()
	return next(t, func(address string) bool {
		c, err := net.ListenPacket("udp4", address)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// TCP is UDP for TCP. Nor does anybody use the port below: from there HylaFAX's hfaxd calls its clients, and
// it waits for up to 90 seconds until that port is free.
func TCP(t testing.TB) int {
	t.Helper()
	return next(t, func(address string) bool {
		l, err := net.Listen("tcp4", address)
		if err == nil {
			l.Close()
		}
		return err == nil
	})
}

func next(t testing.TB, free func(address string) bool) int {
	t.Helper()
	given.mu.Lock()
	defer given.mu.Unlock()
	if given.port == 0 {
		given.port = first + os.Getpid()*50%(last-first)
	}
	for range (last - first) / 2 {
		if given.port += 2; given.port > last {
			given.port = first + 1
		}
		if free(fmt.Sprintf("127.0.0.1:%d", given.port)) && free(fmt.Sprintf("127.0.0.1:%d", given.port-1)) {
			return given.port
		}
	}
	t.Fatalf("no port from %d to %d is free", first, last)
	return 0
}
