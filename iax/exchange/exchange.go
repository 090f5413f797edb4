package exchange

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/rs/zerolog"
)

// Config is how an Exchange is to be.
type Config struct {
	IAXConf    string // path of iax.conf
	Extensions string // path of extensions.conf
	KeyDir     string // where NAME.pub and NAME.key of inkeys and outkey are; "keys" beside IAXConf if empty
	// Listen, if not empty, overrides bindaddr and bindport.
	Listen string
	Conn   iax.PacketConn // for tests; see iax.Config
	Logger zerolog.Logger
	Trace  func(iax.TraceEntry)
	// Fax makes the fax machines of ReceiveFAX and SendFAX; nil: there are none.
	Fax FaxMachines
	// Problems is told what is wrong or unknown in the files, at the start
	// and at each Reload; nil: they go to the log.
	Problems func([]Problem)
}

// ErrConfig is wrapped by the error of Start and Reload for files that cannot
// be used; the problems were told before.
var ErrConfig = errors.New("the configuration cannot be used")

// Exchange is a running exchange.
type Exchange struct {
	cfg Config
	e   *iax.Endpoint
	log zerolog.Logger

	mu    sync.Mutex // guards what follows: the endpoint's reader, the calls and Reload meet here
	peers *peerFile
	plan  *dialPlan
	where map[string]*location // registered peers

	contacts map[string][]contact // further registrations of peers that may have several

	stop context.CancelFunc
	work sync.WaitGroup
}

// location is where a peer is and how it does.
type location struct {
	addr    netip.AddrPort
	until   time.Time // the registration's end; zero for a fixed host
	checked time.Time // last asked for a sign of life
	looked  time.Time // last look-up of a fixed host's name
	rtt     time.Duration
	state   peerState
}

// Start reads the files, opens the socket and serves.
func Start(cfg Config) (*Exchange, error) {
	x := &Exchange{cfg: cfg, log: cfg.Logger, where: make(map[string]*location), contacts: make(map[string][]contact)}
	if err := x.load(); err != nil {
		return nil, err
	}
	listen := cfg.Listen
	if listen == "" {
		listen = x.peers.general.listen
	}
	var err error
	x.e, err = iax.Listen(iax.Config{
		Listen: listen, Conn: cfg.Conn, Incoming: x.incoming, Authority: (*authority)(x), Logger: cfg.Logger, Trace: cfg.Trace,
	})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithCancel(context.Background())
	x.stop = cancel
	x.work.Go(func() { x.watch(ctx) })
	return x, nil
}

// Addr is the address that the exchange listens on.
func (x *Exchange) Addr() netip.AddrPort { return x.e.Addr() }

// Close hangs up all calls and ends.
func (x *Exchange) Close() error {
	x.stop()
	err := x.e.Close()
	x.work.Wait()
	return err
}

// Reload reads the files again. Calls and registrations go on; a file that
// cannot be used leaves everything as it was.
func (x *Exchange) Reload() error { return x.load() }

// Check reads the files and tells what is wrong or unknown in them.
func Check(cfg Config) []Problem {
	_, _, problems := readFiles(cfg)
	return problems
}

func readFiles(cfg Config) (*peerFile, *dialPlan, []Problem) {
	keyDir := cfg.KeyDir
	if keyDir == "" {
		keyDir = filepath.Join(filepath.Dir(cfg.IAXConf), "keys")
	}
	peers := readPeers(cfg.IAXConf, keyDir)
	plan := readDialPlan(cfg.Extensions)
	problems := append(append([]Problem{}, peers.problems...), plan.problems...)
	return peers, plan, append(problems, crossCheck(peers, plan)...)
}

func (x *Exchange) load() error {
	peers, plan, problems := readFiles(x.cfg)
	x.tell(problems)
	for _, p := range problems {
		if p.Fatal {
			return fmt.Errorf("exchange: %w: %v", ErrConfig, p)
		}
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	x.peers, x.plan = peers, plan
	for name, l := range x.where {
		if p := peers.peers[name]; p == nil || !p.dynamic || l.until.IsZero() {
			delete(x.where, name)
			delete(x.contacts, name)
		}
	}
	for name, p := range peers.peers {
		if !p.dynamic {
			x.where[name] = &location{addr: p.literal()}
		}
	}
	return nil
}

func (x *Exchange) tell(problems []Problem) {
	if x.cfg.Problems != nil {
		if len(problems) > 0 {
			x.cfg.Problems(problems)
		}
		return
	}
	for _, p := range problems {
		ev := x.log.Warn()
		if p.Fatal {
			ev = x.log.Error()
		}
		ev.Msg(p.String())
	}
}

// crossCheck looks for contexts and peers that one file names and the other
// lacks.
func crossCheck(peers *peerFile, plan *dialPlan) []Problem {
	var list []Problem
	for _, name := range peers.names() {
		p := peers.peers[name]
		if p.user && p.context == "" {
			list = append(list, Problem{File: p.file, Line: p.line, Text: fmt.Sprintf("[%s] has no context: its calls reach no number", name)})
		} else if p.user && plan.contexts[p.context] == nil {
			list = append(list, Problem{File: p.file, Line: p.line, Text: fmt.Sprintf("[%s] has the context %q, which extensions.conf does not have", name, p.context)})
		}
	}
	for _, c := range plan.contexts {
		for _, e := range c.extensions {
			for _, s := range e.steps {
				list = append(list, checkDial(s, peers)...)
			}
		}
	}
	return list
}

// checkDial names peers that a Dial calls and iax.conf lacks.
func checkDial(s *step, peers *peerFile) []Problem {
	if !strings.EqualFold(s.app, "Dial") {
		return nil
	}
	targets, _, _, err := parseDial(s.args)
	if err != nil {
		return []Problem{{s.file, s.line, err.Error(), true}}
	}
	var list []Problem
	for _, t := range targets {
		if peers.peers[t.peer] == nil && !strings.Contains(t.peer, "$") {
			list = append(list, Problem{s.file, s.line, fmt.Sprintf("Dial calls the peer %q, which iax.conf does not have", t.peer), false})
		}
	}
	return list
}

// config gives the files as they are now.
func (x *Exchange) config() (*peerFile, *dialPlan) {
	x.mu.Lock()
	defer x.mu.Unlock()
	return x.peers, x.plan
}
