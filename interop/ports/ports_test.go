package ports

import (
	"fmt"
	"net"
	"testing"
)

// TestPorts: each port can be bound, with the one below it, and none comes twice.
func TestPorts(t *testing.T) {
	given := map[int]bool{}
	for n := range 100 {
		p := TCP(t)
		if n%2 == 1 {
			p = UDP(t)
		}
		if p <= first || p > last || given[p] || given[p-1] || given[p+1] {
			t.Fatalf("port %d, after %v", p, given)
		}
		given[p] = true
	}
	taken, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", TCP(t)+2))
	if err == nil { // else somebody has it already
		defer taken.Close()
	}
	p := TCP(t)
	l, err := net.Listen("tcp4", fmt.Sprintf("127.0.0.1:%d", p))
	if err != nil {
		t.Fatalf("port %d was said to be free: %v", p, err)
	}
	l.Close()
}
