package iax

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// Registrar keeps one registration.
type Registrar struct {
	e    *Endpoint
	d    *dialog
	m    regMachine
	done chan struct{}

	mu     sync.Mutex // guards status: written by the dialog's goroutine
	status RegStatus
}

// Register starts to keep a registration; it returns at once, the outcome comes
// by OnStatus and Registrar.Status.
func (e *Endpoint) Register(reg Registration) (*Registrar, error) {
	if reg.Server == "" || reg.Username == "" {
		return nil, errors.New("iax: register: server and user name are needed")
	}
	r := &Registrar{e: e, done: make(chan struct{})}
	r.m.cfg = reg
	r.m.random = e.cfg.Rand
	r.m.onStatus = r.report
	r.m.resolve = r.lookUp
	r.m.attempt = r.attempt
	r.m.leads = func(server netip.AddrPort) bool { return e.leads(r, server) }
	r.m.spread, r.m.resign = e.doubt, func() { e.resign(r) }
	d, err := e.open(netip.AddrPort{}, func(_ wire.CallNumber, d *dialog) machine {
		r.d = d
		return r
	})
	if err != nil {
		return nil, fmt.Errorf("register %s: %w", reg.Username, err)
	}
	e.mu.Lock()
	e.regs[r] = struct{}{}
	e.mu.Unlock()
	d.post(func(now time.Time) { r.m.begin(now) })
	go d.run()
	return r, nil
}

// Status reports the state now.
func (r *Registrar) Status() RegStatus {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status
}

// Close releases the registration and waits until the server confirms it or is
// given up (2 s).
func (r *Registrar) Close() error {
	r.release()
	<-r.d.gone
	return nil
}

func (r *Registrar) release() { r.d.post(func(now time.Time) { r.m.release(now) }) }

// report takes a change of state from the machine.
func (r *Registrar) report(s RegStatus) {
	r.mu.Lock()
	same := r.status.State == s.State && r.status.Text == s.Text && r.status.Addr == s.Addr
	r.status = s
	r.mu.Unlock()
	ev := r.e.log.Info()
	if same {
		ev = r.e.log.Debug()
	}
	ev.Str("name", r.m.cfg.Username).Str("server", s.Server).Stringer("state", s.State).Str("text", s.Text).Dur("refresh", s.Refresh).Msg("iax: registration")
	if r.m.cfg.OnStatus != nil && !same {
		r.m.cfg.OnStatus(s)
	}
}

// lookUp resolves a server's name on a goroutine of its own.
func (r *Registrar) lookUp(server string) {
	go func() {
		ctx, cancel := context.WithTimeout(context.Background(), resolveTimeout)
		defer cancel()
		addr, err := Resolve(ctx, server)
		r.d.post(func(now time.Time) { r.m.resolved(now, addr, err) })
	}()
}

// attempt gives the machine a new call number for an attempt at addr; the one
// before goes to rest.
func (r *Registrar) attempt(now time.Time, addr netip.AddrPort) (wire.CallNumber, bool) {
	e := r.e
	number, ok := e.numbers.take(now)
	if !ok {
		return 0, false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.byNumber, r.d.number)
	if key := (remoteKey{r.d.remote, r.d.bound}); e.byRemote[key] == r.d {
		delete(e.byRemote, key)
	}
	e.numbers.release(now, r.d.number)
	r.d.number, r.d.remote, r.d.bound = number, addr, 0
	e.byNumber[number] = r.d
	r.m.trace = e.tracer(addr)
	return number, true
}

func (r *Registrar) receive(now time.Time, _ netip.AddrPort, b []byte) { r.m.receive(now, b) }
func (r *Registrar) deadline() (time.Time, bool)                       { return r.m.deadline() }
func (r *Registrar) timeout(now time.Time)                             { r.m.timeout(now) }
func (r *Registrar) output() *output                                   { return &r.m.out }
func (r *Registrar) remoteNumber() wire.CallNumber                     { return r.m.remote }
func (r *Registrar) stepped(time.Time)                                 {}
func (r *Registrar) abandon()                                          { r.m.phase = regOver }

func (r *Registrar) over() bool {
	if r.m.phase != regOver {
		return false
	}
	r.e.mu.Lock()
	defer r.e.mu.Unlock()
	delete(r.e.regs, r)
	maps.DeleteFunc(r.e.leaders, func(_ netip.AddrPort, l *Registrar) bool { return l == r })
	return true
}
