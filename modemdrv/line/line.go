package line

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// State is what a line is doing. The names in comments are HylaFAX's.
type State uint8

// States of a line.
const (
	// Initializing (BASE): the process sets the line up.
	Initializing State = iota
	// Idle (RUNNING): takes a call or a job. Left by either, or when the
	// registration is lost.
	Idle
	// Waiting (MODEMWAIT): the exchange does not know us. Left when the
	// registration succeeds.
	Waiting
	// Sending (SENDING): a batch of jobs is on its way. Left at the call's end.
	Sending
	// Answering (ANSWERING): a call came in and is not taken yet.
	Answering
	// Receiving (RECEIVING): a call was taken. Left at the call's end.
	Receiving
	// Closed: the line is removed; nothing more happens.
	Closed
)

var stateNames = [...]string{"BASE", "RUNNING", "MODEMWAIT", "SENDING", "ANSWERING", "RECEIVING", "CLOSED"}

// String gives HylaFAX's name of the state, for logs.
func (s State) String() string { return stateNames[min(s, Closed)] }

// Line is one fax line.
type Line struct {
	process *Process
	spool   *spool.Spool
	log     zerolog.Logger
	devid   string
	fifo    *spool.FIFO
	ctl     *linectl.Server
	base    *Line // whose channel this is; nil: a line with its own account

	identity atomic.Pointer[identity] // for incoming calls

	mu         sync.Mutex // guards the rest
	conf       *config.Config
	set        *Settings
	endpoint   *iax.Endpoint
	registrar  *iax.Registrar
	registered bool
	trouble    string // why it is not registered
	leaving    bool   // it is removed as soon as no call needs it
	state      State
	status     string
	jobs       []string // job files of the batch being sent
	current    string   // job id being sent
	commid     string
	abort      func(job string) error // ends the call in progress
	pickUp     chan struct{}          // closed: the call that rings is to be answered; nil: none rings
}

// open begins to take orders: those of a scheduler on the line's socket, those
// of the administrator's programs on its FIFO.
func (l *Line) open() (err error) {
	if l.process.o.deaf {
		return nil
	}
	if l.ctl, err = linectl.Listen(l.spool.Dir(), l.devid, l); err != nil {
		return err
	}
	if l.fifo, err = l.spool.OpenFIFO(spool.QueuerFIFO+"."+l.devid, 0o600); err != nil {
		l.ctl.Close()
	}
	return err
}

// close ends the taking of orders.
func (l *Line) close() {
	if l.process.o.deaf {
		return
	}
	l.ctl.Close()
	l.fifo.Close()
}

// setState is the only place where the state changes. It tells the world:
// status/DEVID for faxstat, a message for faxq.
func (l *Line) setState(s State) {
	if l.state == Closed {
		return
	}
	if s == Idle && (!l.registered || l.leaving) {
		s = Waiting
	}
	l.log.Debug().Stringer("from", l.state).Stringer("to", s).Msg("STATE CHANGE")
	l.state = s
	switch s {
	case Idle:
		l.say(spool.StatusIdle)
		l.tellReady()
	case Waiting:
		text := spool.StatusModemWait
		if l.leaving {
			text += ": " + leavingText
		} else if l.trouble != "" {
			text += ": " + l.trouble
		}
		l.say(text)
		l.tell(spool.ModemDown)
	case Answering:
		l.say(spool.StatusAnswering)
		l.tell(spool.ModemBusy)
	case Sending:
		l.say(spool.StatusSending)
	case Receiving:
		l.say(spool.StatusReceiving)
	case Initializing:
		l.say(spool.StatusInitializing)
	case Closed:
		l.say("Not running") // as faxquit leaves it, but honest
		l.tell(spool.ModemDown)
	}
}

// say writes status/DEVID.
func (l *Line) say(text string) {
	if l.status == text {
		return
	}
	l.status = text
	if err := l.spool.SetStatus(l.devid, text); err != nil {
		l.log.Error().Err(err).Msg("status cannot be written")
	}
}

// sayNow is say for those who do not hold the mutex.
func (l *Line) sayNow(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.say(fmt.Sprintf(format, args...))
}

// tell sends a message about the line to faxq. That nobody listens is no
// trouble: faxq asks with HELLO when it starts.
func (l *Line) tell(message string) {
	if err := l.spool.ModemStatus(l.devid, message); err != nil && !errors.Is(err, spool.ErrNobody) {
		l.log.Warn().Err(err).Msg("faxq does not hear")
	}
}

func (l *Line) tellReady() {
	l.tell(l.set.Ready + capabilities(l.set.Priority&0xff).Encode())
}

// registrationNews is told by the IAX2 endpoint. What counts is how the present
// registration does now: news may come late, and from a former one.
func (l *Line) registrationNews(r *iax.Registrar) {
	l.takeRegistration(r)
	for _, channel := range l.process.channels(l) {
		channel.baseNews()
	}
}

func (l *Line) takeRegistration(r *iax.Registrar) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if r != l.registrar {
		return
	}
	s := r.Status()
	l.registered = s.State == iax.Registered
	l.trouble = ""
	if !l.registered {
		l.trouble = trouble(l.set, s)
	}
	switch {
	case l.state == Initializing, l.state == Waiting:
		if s.State != iax.RegTrying || s.Text != "" {
			l.setState(Idle) // or Waiting with another text
		}
	case l.state == Idle && !l.registered && s.State != iax.RegTrying:
		l.setState(Waiting)
	}
}

// listen obeys the line's FIFO (faxgetty(8)) until it is closed.
func (l *Line) listen() {
	for {
		m, err := l.fifo.Next()
		if err != nil {
			return
		}
		l.obey(m)
	}
}

func (l *Line) obey(m string) {
	l.log.Info().Str("message", m).Msg("FIFO")
	switch rest := m[1:]; m[0] {
	case spool.LineHello:
		l.mu.Lock()
		defer l.mu.Unlock()
		l.tell(spool.ModemNumber + l.set.Number)
		switch l.state {
		case Idle:
			l.tellReady()
		case Sending, Answering, Receiving:
			l.tell(spool.ModemBusy)
		default:
			l.tell(spool.ModemDown)
		}
	case spool.LineQuit:
		go l.process.Remove(l.devid)
	case spool.LineState:
		l.configure("ModemReadyState: " + rest)
	case spool.LineConfig:
		l.configure(rest)
	case spool.LineAbort:
		if err := l.abortCall(""); err != nil {
			l.log.Info().Err(err).Msg("nothing to abort")
		}
	case spool.LineAnswer:
		l.answerNow(rest)
	case spool.LineRescan:
		l.process.calls.Go(l.process.Rescan)
	case spool.LineLockWait:
		l.log.Warn().Str("message", m).Msg("not supported on a line over IAX2: there is no lock to wait for")
	default:
		l.log.Warn().Str("message", m).Msg("bad FIFO message")
	}
}

// configure sets a parameter until the configuration is read again.
func (l *Line) configure(item string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	conf := l.conf.Clone()
	if err := conf.Set(item, "FIFO."+l.devid); err != nil {
		l.log.Error().Err(err).Msg("parameter not set")
		return
	}
	set, problems, err := l.readSettings(conf)
	for _, p := range problems[min(len(l.conf.Problems), len(problems)):] {
		l.log.Warn().Msg(p.Error())
	}
	if err != nil {
		l.log.Error().Err(err).Msg("parameter not set")
		return
	}
	l.conf, l.set = conf, set
	l.publish()
	if l.state == Idle {
		l.tellReady()
	}
}

// abortCall ends the call in progress: of the given job, or whatever it is.
func (l *Line) abortCall(job string) error {
	l.mu.Lock()
	abort := l.abort
	l.mu.Unlock()
	if abort == nil {
		return linectl.ErrIdle
	}
	return abort(job)
}

// Status answers a scheduler (linectl.Handler).
func (l *Line) Status() linectl.Line {
	l.mu.Lock()
	defer l.mu.Unlock()
	v := linectl.Line{Text: l.status, CommID: l.commid}
	switch l.state {
	case Idle:
		v.State = linectl.Idle
	case Sending:
		v.State, v.Jobs, v.Current = linectl.Sending, l.jobs, l.current
	case Answering, Receiving:
		v.State = linectl.Receiving
	case Initializing, Waiting, Closed:
		v.State = linectl.Down
	}
	return v
}

// Abort ends a job's call (linectl.Handler).
func (l *Line) Abort(job string) error { return l.abortCall(job) }

// Send takes a batch of jobs (linectl.Handler).
func (l *Line) Send(b linectl.Batch, report func(linectl.Event)) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch l.state {
	case Idle:
	case Sending:
		return &linectl.Refusal{Reason: "line is sending", Busy: true}
	case Answering, Receiving:
		return &linectl.Refusal{Reason: "line is receiving a fax", Busy: true}
	default:
		return &linectl.Refusal{Reason: "line is down: " + l.status}
	}
	set := l.set
	if len(b.Config) > 0 {
		conf := l.conf.Clone()
		for _, item := range b.Config {
			if err := conf.Set(item, "batch"); err != nil {
				return &linectl.Refusal{Reason: err.Error()}
			}
		}
		var err error
		if set, _, err = l.readSettings(conf); err != nil {
			return &linectl.Refusal{Reason: err.Error()}
		}
		applyDesired(conf, set)
	}
	l.jobs = b.Jobs
	l.setState(Sending)
	l.process.calls.Go(func() { l.send(set, b.Jobs, report) })
	return nil
}

// finished makes the line free after a call.
func (l *Line) finished() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.jobs, l.current, l.commid, l.abort = nil, "", "", nil
	l.reread()
	l.setState(Idle)
	if l.leaving {
		l.left()
	}
}

// reread takes a changed configuration between two calls, as faxgetty does. The
// mutex is held.
func (l *Line) reread() {
	if l.state == Closed || l.leaving || !l.conf.Stale() {
		return
	}
	if err := l.process.reconfigure(l); err != nil {
		l.log.Error().Err(err).Msg("the changed configuration is not usable; the former holds")
	}
}

// hangUpLimit is how long a call may take to end after it was told to.
const hangUpLimit = 10 * time.Second

// waitEnd waits until a call is over.
func waitEnd(call *iax.Call, ctx context.Context) {
	select {
	case <-call.Done():
	case <-ctx.Done():
		call.Hangup(iax.CauseNormalClearing, "the fax server is stopped")
		select {
		case <-call.Done():
		case <-time.After(hangUpLimit):
		}
	}
}
