//go:build crash

package crash

import (
	"bufio"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"sync"

	"github.com/litoria-fax/litoria/interop/fastline"
)

// ledger is the far end: the only one who knows which faxes have arrived.
type ledger struct {
	mu     sync.Mutex // guards the rest
	faxes  map[string]*fax
	calls  int
	broken int
}

// fax is what has arrived of one job, by its tag.
type fax struct {
	pages     map[string]int // "file page": how often
	complete  int            // how often the last page came with EOP and was not refused
	confirmed int            // how often the confirmation was said
}

// How often the far end is not friendly, in percent.
const (
	percentBusy    = 5
	percentBreaks  = 3 // a page arrives or not, and the call breaks
	percentRefused = 3
)

// serve answers calls on a socket until it is closed. One connection is one
// call; "page TAG FILE NUM LAST" gets MCF, RTN or nothing.
func (g *ledger) serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() { defer c.Close(); g.call(c) }()
	}
}

func (g *ledger) call(c net.Conn) {
	g.mu.Lock()
	g.calls++
	g.mu.Unlock()
	if rand.IntN(100) < percentBusy {
		fmt.Fprintln(c, "busy")
		return
	}
	fmt.Fprintln(c, "connected")
	for in := bufio.NewScanner(c); in.Scan(); {
		var p fastline.Page
		if _, err := fmt.Sscanf(in.Text(), "page %s %s %d %t", &p.Job, &p.File, &p.Num, &p.Last); err != nil {
			return
		}
		answer := g.page(p)
		if answer == "" {
			return
		}
		fmt.Fprintln(c, answer)
	}
}

// page enters a page before it is confirmed, as a receiver does.
func (g *ledger) page(p fastline.Page) string {
	g.mu.Lock()
	defer g.mu.Unlock()
	chance := rand.IntN(100)
	lost, mute, refused := chance == 0, chance < percentBreaks, chance >= 100-percentRefused
	if mute {
		g.broken++
	}
	if lost {
		return ""
	}
	if refused {
		return "RTN"
	}
	f := g.faxes[p.Job]
	if f == nil {
		f = &fax{pages: map[string]int{}}
		g.faxes[p.Job] = f
	}
	f.pages[fmt.Sprint(p.File, " ", p.Num)]++
	if p.Last {
		f.complete++
	}
	if mute {
		return ""
	}
	if p.Last {
		f.confirmed++
	}
	return "MCF"
}

// of gives a copy of what has arrived of a job.
func (g *ledger) of(tag string) fax {
	g.mu.Lock()
	defer g.mu.Unlock()
	if f := g.faxes[tag]; f != nil {
		return *f
	}
	return fax{}
}

// network is the way of a line's process to the ledger.
type network string

// Call implements fastline.FarEnd.
func (n network) Call(string) (fastline.Session, error) {
	c, err := net.Dial("unix", string(n))
	if err != nil {
		return nil, err
	}
	s := &session{c, bufio.NewScanner(c)}
	if !s.in.Scan() || s.in.Text() != "connected" {
		c.Close()
		return nil, fastline.ErrBusy
	}
	return s, nil
}

type session struct {
	net.Conn
	in *bufio.Scanner
}

// Page implements fastline.Session.
func (s *session) Page(p fastline.Page) (bool, error) {
	if _, err := fmt.Fprintf(s.Conn, "page %s %s %d %t\n", p.Job, p.File, p.Num, p.Last); err != nil {
		return false, fastline.ErrBroken
	}
	if !s.in.Scan() {
		return false, fastline.ErrBroken
	}
	return strings.TrimSpace(s.in.Text()) == "MCF", nil
}

// Close implements fastline.Session.
func (s *session) Close() { s.Conn.Close() }
