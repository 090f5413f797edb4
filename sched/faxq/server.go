package faxq

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/sched/faxq/starter"
	"github.com/litoria-fax/litoria/spool"
)

// Options are what a Server is made of.
type Options struct {
	Spool *spool.Spool
	Log   zerolog.Logger
	// Now is the clock; time.Now if nil.
	Now func() time.Time
	// Preparer converts documents; if nil, the scripts of the configuration where
	// they are in the spool, else package document.
	Preparer Preparer
	// Set are configuration parameters ("Tag: value") stronger than etc/config.
	Set []string
	// Starter starts send commands with root behind them; nil where faxq was
	// not started by root.
	Starter *starter.Client
	// Ready, if set, is called when the spool is taken over and clients are
	// served.
	Ready func() error
}

// ErrRunning says that another faxq already serves the spool.
var ErrRunning = errors.New("another faxq serves this spool already")

// Server is the queue manager of one spool.
type Server struct {
	spool    *spool.Spool
	log      zerolog.Logger
	now      func() time.Time
	preparer Preparer
	starter  *starter.Client
	serves   func() error

	cfg      *Config                // the loop's
	live     atomic.Pointer[Config] // the same, for workers
	cfgFile  configWatch
	queue    *sched.Queue
	jobs     map[sched.ID]*job
	lines    map[string]*line
	docs     docRefs
	triggers triggers
	unfiled  []sched.Finish // ends that could not be written yet
	// job files that were empty, and when to look at them again
	unwritten map[string]time.Time

	news    chan func() // to the loop
	workers sync.WaitGroup
	ctx     context.Context // ends the workers
	notices limiter         // scripts at a time
	quit    bool
	tracing tracing
	limits  timeLimits
	step    func(string) // tests: called before every step that can be cut off
}

// timeLimits are how long scripts may take; tests have less patience.
type timeLimits struct{ control, script, grace time.Duration }

// at marks a point at which a faxq may be killed.
func (s *Server) at(step string) {
	if s.step != nil {
		s.step(step)
	}
}

// job is what the driver keeps of a job in the queue. A site may have a
// hundred thousand of them.
type job struct {
	name  string // sendq/q12
	dest  string // canonical number
	began int64  // start of the present attempt, Unix time
	// on disk
	state    sched.State
	schedPri int
	stop     context.CancelFunc // of the preparation
	control  *jobControl
	filed    bool // in doneq
	reaped   bool // the queue knows it no more
	// for triggers
	tts, kill int64
	device    string
	commid    string
}

// newsBacklog is how many workers' reports may wait for the loop.
const newsBacklog = 64

// New makes a server. Nothing is read or changed before Run.
func New(o Options) (*Server, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	s := &Server{
		spool: o.Spool, log: o.Log, now: o.Now, preparer: o.Preparer, starter: o.Starter, serves: o.Ready,
		jobs: map[sched.ID]*job{}, lines: map[string]*line{}, docs: docRefs{}, unwritten: map[string]time.Time{},
		news: make(chan func(), newsBacklog), notices: newLimiter(maxScripts),
	}
	s.limits = timeLimits{control: controlTimeout, script: noticeTimeout, grace: scriptGrace}
	s.tracing.set(1)
	s.log = traced(o.Log, &s.tracing)
	s.cfgFile = configWatch{path: s.spool.Path(spool.Etc, "config"), set: o.Set}
	cfg, err := s.cfgFile.load(s.warn)
	if err != nil {
		return nil, err
	}
	s.cfg = cfg
	s.live.Store(cfg)
	if s.preparer == nil {
		s.preparer = &documents{scripts{s}}
	}
	s.queue = sched.New(s.cfg.Sched, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	return s, nil
}

func (s *Server) warn(err error) { s.log.Warn().Msg(err.Error()) }

// Run serves the spool until ctx ends or a client asks it to quit. Calls that
// are going on then go on; the next Run finds them.
func (s *Server) Run(ctx context.Context) error {
	lock, err := s.lock()
	if err != nil {
		return err
	}
	defer lock.Close()
	ctx, cancel := context.WithCancel(ctx)
	defer s.workers.Wait()
	defer cancel()
	s.ctx = ctx
	fifo, err := s.spool.OpenFIFO(spool.QueuerFIFO, 0o600)
	if err != nil {
		return err
	}
	defer fifo.Close()
	if err := s.start(); err != nil {
		return err
	}
	messages := s.listen(fifo)
	s.hello()
	if s.serves != nil {
		if err := s.serves(); err != nil {
			return err
		}
	}
	return s.loop(ctx, messages)
}

// lock makes sure that one faxq serves the spool, and that HylaFAX's does not.
// It looks for a reader of the FIFO as HylaFAX does, and keeps a lock that
// goes with the process.
func (s *Server) lock() (*os.File, error) {
	f, err := os.OpenFile(s.spool.Path(spool.SendQ, ".faxq.lock"), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("the spool cannot be written: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, ErrRunning
	}
	fd, err := syscall.Open(s.spool.Path(spool.QueuerFIFO), syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	if err == nil {
		syscall.Close(fd)
		f.Close()
		return nil, fmt.Errorf("%w (something reads %s)", ErrRunning, s.spool.Path(spool.QueuerFIFO))
	}
	return f, nil
}

// listen passes the FIFO's messages on until it is closed.
func (s *Server) listen(fifo *spool.FIFO) <-chan string {
	messages := make(chan string)
	done := s.ctx.Done()
	s.workers.Add(1)
	go func() {
		defer s.workers.Done()
		for {
			m, err := fifo.Next()
			if err != nil {
				if s.ctx.Err() == nil && !errors.Is(err, os.ErrClosed) {
					s.log.Error().Err(err).Msg("FIFO cannot be read any more")
				}
				return
			}
			select {
			case messages <- m:
			case <-done:
				return
			}
		}
	}()
	go func() { <-done; fifo.Close() }()
	return messages
}

// retryUnfiled is how often what could not be written is tried again.
const retryUnfiled = 10 * time.Second

// loop is the one place where news meets the queue.
func (s *Server) loop(ctx context.Context, messages <-chan string) error {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		if s.quit && s.queue.Idle() {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case m := <-messages:
			s.message(m)
		case f := <-s.news:
			f()
		case <-timer.C:
		}
		s.drain(messages)
		s.turn()
		timer.Reset(s.pause())
	}
}

// drain takes what else has arrived, so that a decision sees all of it.
func (s *Server) drain(messages <-chan string) {
	for range newsBacklog {
		select {
		case m := <-messages:
			s.message(m)
		case f := <-s.news:
			f()
		default:
			return
		}
	}
}

// turn lets the queue decide and carries the decisions out, until nothing is
// left to decide now.
func (s *Server) turn() {
	s.reread()
	if len(s.unfiled) > 0 {
		s.refileAll()
	}
	s.lookAgain()
	for {
		actions := s.queue.Run(s.now())
		s.carryOut(actions)
		if !slices.ContainsFunc(actions, notPost) {
			return
		}
	}
}

// notPost tells actions that may have changed something from mere news.
func notPost(a sched.Action) bool {
	_, post := a.(sched.Post)
	return !post
}

// reread takes a changed etc/config over.
func (s *Server) reread() {
	cfg, changed := s.cfgFile.changed(s.now(), s.warn)
	if changed {
		s.log.Info().Msg("configuration reread")
		s.useConfig(cfg)
	}
}

func (s *Server) useConfig(cfg *Config) {
	s.cfg = cfg
	s.live.Store(cfg)
	s.tracing.set(cfg.ServerTracing)
	s.queue.SetConfig(cfg.Sched)
	s.triggers.setHook(cfg.HookCmd, cfg.HookSpec, s.warn)
}

// pause is how long nothing will be due.
func (s *Server) pause() time.Duration {
	d := configInterval
	if at, ok := s.queue.NextDeadline(); ok {
		d = min(d, at.Sub(s.now()))
	}
	if len(s.unfiled) > 0 {
		d = min(d, retryUnfiled)
	}
	for _, at := range s.unwritten {
		d = min(d, at.Sub(s.now()))
	}
	return max(d, 0)
}

// tell brings a worker's report to the loop. After the server's end nobody
// listens: the spool keeps what is to be known.
func (s *Server) tell(f func()) {
	select {
	case s.news <- f:
	case <-s.ctx.Done():
	}
}

// work runs f beside the loop.
func (s *Server) work(f func()) {
	s.workers.Add(1)
	go func() {
		defer s.workers.Done()
		f()
	}()
}

// limiter lets a number of goroutines at a time pass.
type limiter chan struct{}

func newLimiter(n int) limiter { return make(limiter, n) }

// enter waits for a place; false when ctx ended before.
func (l limiter) enter(ctx context.Context) bool {
	select {
	case l <- struct{}{}:
		return true
	case <-ctx.Done():
		return false
	}
}

func (l limiter) leave() { <-l }
