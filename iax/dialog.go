package iax

import (
	"net/netip"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// machine is what a dialog drives: a call or a registration without I/O.
type machine interface {
	receive(now time.Time, from netip.AddrPort, datagram []byte)
	// deadline is when timeout has something to do.
	deadline() (time.Time, bool)
	timeout(now time.Time)
	output() *output
	remoteNumber() wire.CallNumber
	over() bool
	// stepped is called after each step, when the datagrams are sent; now is
	// the time after that.
	stepped(now time.Time)
}

// roamer is a machine whose other end may change: see transfer.go.
type roamer interface {
	// ways tells where the other end is, and a second one that may speak to
	// us; the number of that is 0 if there is none.
	ways() (home netip.AddrPort, second remoteKey)
}

// inboxLen is how many datagrams of one dialog may wait: more than a second of
// audio.
const inboxLen = 64

// dialog joins a machine to the socket: one goroutine owns the machine, takes
// datagrams and wishes for it, wakes it in time and sends what it says.
type dialog struct {
	e      *Endpoint
	m      machine
	number wire.CallNumber
	remote netip.AddrPort
	inbox  chan *datagram
	gone   chan struct{} // closed when the machine is over

	mu     sync.Mutex // guards wishes: users post from their goroutines
	wishes []func(now time.Time)
	wake   chan struct{}

	bound  wire.CallNumber // remote number under which mini frames find us
	second remoteKey       // another end that may speak to us: see transfer.go
}

// datagram is a received one; its space is used again.
type datagram struct {
	b    []byte
	n    int
	from netip.AddrPort
}

func (p *datagram) bytes() []byte { return p.b[:p.n] }

func newDialog(e *Endpoint, m machine, number wire.CallNumber, remote netip.AddrPort) *dialog {
	return &dialog{
		e: e, m: m, number: number, remote: remote,
		inbox: make(chan *datagram, inboxLen), gone: make(chan struct{}), wake: make(chan struct{}, 1),
	}
}

// post lets f run on the dialog's goroutine. It never blocks; after the end of
// the dialog f is dropped.
func (d *dialog) post(f func(now time.Time)) {
	d.mu.Lock()
	d.wishes = append(d.wishes, f)
	d.mu.Unlock()
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

// offer gives a datagram to the dialog; it is dropped if too many wait.
func (d *dialog) offer(p *datagram) {
	select {
	case d.inbox <- p:
	default:
		d.e.counters.overrun.Add(1)
		d.e.recycle(p)
	}
}

// run is the dialog's goroutine.
func (d *dialog) run() {
	defer d.e.finished(d)
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		now := time.Now()
		d.m.timeout(now)
		d.flush()
		if d.m.over() {
			return
		}
		wait := time.Hour
		if at, ok := d.m.deadline(); ok {
			wait = max(0, at.Sub(now))
		}
		timer.Reset(wait)
		select {
		case p := <-d.inbox:
			d.take(p)
		case <-d.wake:
			d.grant()
		case <-timer.C:
		}
	}
}

// take hands p and all other datagrams that wait to the machine.
func (d *dialog) take(p *datagram) {
	now := time.Now()
	for {
		d.m.receive(now, p.from, p.bytes())
		d.e.recycle(p)
		select {
		case p = <-d.inbox:
		default:
			return
		}
	}
}

// grant runs the posted wishes.
func (d *dialog) grant() {
	d.mu.Lock()
	wishes := d.wishes
	d.wishes = nil
	d.mu.Unlock()
	now := time.Now()
	for _, f := range wishes {
		f(now)
	}
}

// flush sends what the machine said and tells it.
func (d *dialog) flush() {
	out := d.m.output()
	out.each(func(b []byte, e datagramEnd) {
		to := e.to
		if !to.IsValid() {
			to = d.remote
		}
		if e.trunk != TrunkNo {
			d.e.trunks.add(time.Now(), to, e.trunk, e.due, b)
			return
		}
		d.e.write(b, to)
	})
	out.clearPackets()
	if r, ok := d.m.(roamer); ok {
		if home, second := r.ways(); home != d.remote || second != d.second {
			d.e.roam(d, home, second)
		}
	}
	if n := d.m.remoteNumber(); n != d.bound && n != 0 {
		d.e.bind(d, n)
	}
	d.m.stepped(time.Now())
}
