package line

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// Options say what a process of lines is to do.
type Options struct {
	Spool *spool.Spool
	// Lines are device identifiers; none means every etc/config.DEVID that is
	// of a line over IAX2.
	Lines []string
	// Params are parameters that go before the configuration ("Tag: value").
	Params []string
	// IAXModem is a directory with configurations of iaxmodem(1): the lines of
	// their devices are driven too, also those without an etc/config.DEVID.
	// Empty: only the accounts of lines that have one are looked up, in
	// /etc/iaxmodem.
	IAXModem string
	Log      zerolog.Logger

	// For tests: a network in memory; no FIFOs and sockets for orders.
	listen func(iax.Config) (*iax.Endpoint, error)
	deaf   bool
}

// Process is a set of lines, their sockets and calls.
type Process struct {
	o     Options
	log   zerolog.Logger
	ctx   context.Context
	calls sync.WaitGroup

	mu        sync.Mutex // guards the rest
	lines     map[string]*Line
	endpoints map[string]*iax.Endpoint // by bind address
	numbers   *iax.NumberPool

	fitting   sync.Mutex // held while channels of a line come and go
	following sync.Mutex // held while the set of lines follows the files
}

// Start begins to serve the lines. A line that cannot be served does not hinder
// the others; it is an error only when none can.
func Start(ctx context.Context, o Options) (*Process, error) {
	p := &Process{o: o, log: o.Log, ctx: ctx, lines: map[string]*Line{}, endpoints: map[string]*iax.Endpoint{}, numbers: iax.NewNumberPool(nil)}
	ids := o.Lines
	if len(ids) == 0 {
		var err error
		if ids, err = p.configured(); err != nil {
			return nil, err
		}
		if len(ids) == 0 {
			return nil, fmt.Errorf("%s has no etc/config.DEVID of a line over IAX2 (one with IAXServer and IAXPeer in it)", o.Spool.Dir())
		}
	}
	var errs []error
	for _, id := range ids {
		if err := p.Add(id); err != nil {
			p.refuse(id, err)
			errs = append(errs, err)
		}
	}
	if len(errs) == len(ids) {
		p.Close()
		return nil, errors.Join(errs...)
	}
	return p, nil
}

// configured lists the lines over IAX2 that have a configuration.
func configured(s *spool.Spool) ([]string, error) {
	files, err := filepath.Glob(s.Path(spool.Etc, "config.*"))
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, f := range files {
		id := strings.TrimPrefix(filepath.Base(f), "config.")
		if spool.CheckDevID(id) != nil || strings.HasSuffix(id, "~") || strings.Contains(id, ".") {
			continue
		}
		if c, err := config.Read(s.Dir(), filepath.Join(spool.Etc, filepath.Base(f))); err == nil && (c.Has("IAXServer") || c.Has("IAXPeer")) {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids, nil
}

// Add takes up a line.
func (p *Process) Add(devid string) error {
	if err := spool.CheckDevID(devid); err != nil {
		return err
	}
	l := &Line{process: p, spool: p.o.Spool, devid: devid, log: p.log.With().Str("line", devid).Logger()}
	if p.line(devid) != nil {
		return fmt.Errorf("line %s is there already", devid)
	}
	if err := p.serve(l); err != nil {
		return err
	}
	p.fitChannels(l)
	return nil
}

// serve reads a line's configuration and begins to take calls and orders for it.
func (p *Process) serve(l *Line) error {
	conf, set, err := p.read(l)
	if err != nil {
		return err
	}
	l.conf, l.set = conf, set
	if err := l.open(); err != nil {
		return err
	}
	l.announceLeftover()
	p.mu.Lock()
	p.lines[l.devid] = l
	p.mu.Unlock()
	l.mu.Lock()
	l.setState(Initializing)
	l.tell(spool.ModemNumber + l.set.Number)
	err = p.connect(l)
	l.mu.Unlock()
	if err != nil {
		p.Remove(l.devid)
		return err
	}
	if l.fifo != nil {
		go l.listen()
	}
	l.log.Info().Str("number", set.Number).Str("exchange", set.Registration.Server).Str("peer", set.Registration.Username).Msg("OPEN")
	return nil
}

// read reads a line's configuration and names what is wrong in it.
func (p *Process) read(l *Line) (*config.Config, *Settings, error) {
	conf, err := p.readConfig(l.account())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil, fmt.Errorf("there is no etc/config.%s in %s", l.account(), p.o.Spool.Dir())
	}
	if err != nil {
		return nil, nil, err
	}
	for _, item := range p.o.Params {
		if err := conf.Set(item, "command line"); err != nil {
			return nil, nil, err
		}
	}
	set, problems, err := l.readSettings(conf)
	for _, problem := range problems {
		l.log.Warn().Msg(problem.Error())
	}
	if err != nil {
		return nil, nil, err
	}
	if n := conf.NoEffect(); len(n) > 0 {
		names := make([]string, len(n))
		for i, item := range n {
			names[i] = item.Tag
		}
		l.log.Info().Strs("parameters", names).Msg("these are about a modem on a serial port and have no effect here")
	}
	return conf, set, nil
}

// reconfigure reads a line's configuration again. The line's mutex is held and
// it is not in a call.
func (p *Process) reconfigure(l *Line) error {
	conf, set, err := p.read(l)
	if err != nil {
		return err
	}
	before := l.set
	l.conf, l.set = conf, set
	l.log.Info().Msg("configuration reread")
	l.tell(spool.ModemNumber + set.Number)
	defer p.calls.Go(func() { p.fitChannels(l) })
	old := l.registrar
	if old == nil {
		return p.connect(l)
	}
	if before.Bind == set.Bind && reflect.DeepEqual(before.Registration, set.Registration) {
		l.publish()
		return nil // the registration stays
	}
	l.registrar, l.registered = nil, false
	l.setState(Idle) // that is, Waiting
	p.calls.Go(func() {
		_ = old.Close() // first: a release that comes later would undo the new one
		l.mu.Lock()
		defer l.mu.Unlock()
		if l.state == Closed || l.registrar != nil {
			return
		}
		if err := p.connect(l); err != nil {
			l.log.Error().Err(err).Msg("line not connected")
		}
	})
	return nil
}

// connect gives the line its socket and registers it. The line's mutex is held.
func (p *Process) connect(l *Line) error {
	e, err := p.endpoint(l.set.Bind, l.devid)
	if err != nil {
		return fmt.Errorf("line %s: %w", l.devid, err)
	}
	l.endpoint = e
	defer l.publish()
	if l.base != nil {
		l.base.mu.Lock()
		l.registered, l.trouble = l.base.registered, l.base.trouble
		l.base.mu.Unlock()
		l.setState(Idle)
		return nil
	}
	if !l.set.registers() {
		l.registered = true // a static address: nothing to wait for
		l.setState(Idle)
		return nil
	}
	r := l.set.Registration
	var registrar *iax.Registrar
	known := make(chan struct{})
	defer close(known)
	r.OnStatus = func(iax.RegStatus) {
		go func() {
			<-known
			l.registrationNews(registrar)
		}()
	}
	registrar, err = e.Register(r)
	l.registrar = registrar
	return err
}

// endpoint finds or opens the socket on an address. All lines without a port of
// their own share one; devid is of the first that needs it.
func (p *Process) endpoint(bind, devid string) (*iax.Endpoint, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if e := p.endpoints[bind]; e != nil {
		return e, nil
	}
	listen := p.o.listen
	if listen == nil {
		listen = iax.Listen
	}
	cfg := iax.Config{Listen: bind, Authority: callers{process: p, bind: bind}, Incoming: func(c *iax.Call) { p.incoming(bind, c) }, Numbers: p.numbers, Logger: p.log.Level(max(p.log.GetLevel(), zerolog.InfoLevel))}
	former, choice := formerPort(p.o.Spool, devid, bind)
	cfg.Listen = former
	e, err := listen(cfg)
	if err != nil && former != bind { // somebody else has it by now
		cfg.Listen = bind
		e, err = listen(cfg)
	}
	if err != nil {
		return nil, err
	}
	if choice {
		if err := keepPort(p.o.Spool, devid, e.Addr().Port()); err != nil {
			p.log.Warn().Err(err).Msg("the UDP port cannot be noted for the next start")
		}
	}
	p.endpoints[bind] = e
	return e, nil
}

func sortedIDs(m map[string]*Line) []string {
	ids := make([]string, 0, len(m))
	for id := range m {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

// Remove drops a line: a call in progress is ended first.
func (p *Process) Remove(devid string) {
	p.mu.Lock()
	l := p.lines[devid]
	delete(p.lines, devid)
	p.mu.Unlock()
	if l == nil {
		return
	}
	if l.abortCall("") == nil {
		l.log.Info().Msg("the line is removed in the middle of a call")
	}
	l.mu.Lock()
	l.setState(Closed)
	registrar := l.registrar
	l.mu.Unlock()
	p.fitChannels(l)
	if registrar != nil {
		registrar.Close()
	}
	l.close()
	l.log.Info().Msg("CLOSE")
}

// Lines lists the lines that are served, in order.
func (p *Process) Lines() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return sortedIDs(p.lines)
}

// stopLimit is how long calls may take to end when the process is stopped.
const stopLimit = 15 * time.Second

// Close ends all calls and lines.
func (p *Process) Close() {
	for _, id := range p.Lines() {
		p.Remove(id)
	}
	done := make(chan struct{})
	go func() { p.calls.Wait(); close(done) }()
	select {
	case <-done:
	case <-time.After(stopLimit):
		p.log.Error().Msg("a call or script did not end")
	}
	p.mu.Lock()
	endpoints := slices.Collect(maps.Values(p.endpoints))
	p.mu.Unlock()
	for _, e := range endpoints {
		_ = e.Close()
	}
}

// String names the process, for logs.
func (p *Process) String() string {
	return fmt.Sprintf("process %d with lines %s", os.Getpid(), strings.Join(p.Lines(), ", "))
}
