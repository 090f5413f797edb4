package line

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
	"github.com/litoria-fax/litoria/spool/dialrules"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// transmission is a batch of jobs to one number, in one call.
type transmission struct {
	*Line
	set       *Settings
	report    func(linectl.Event)
	log       *spool.SessionLog
	start     time.Time
	connected time.Time // when the call was answered; zero: it was not
	tracer    tracer
	broken    bool      // the call was ended because a job could not be begun
	early     bool      // mu: the end was asked for before the call was placed
	call      *iax.Call // mu
	session   *media    // mu
	outbox    *outbox
	poll      *poll // nil: the job does not poll
	jobs      []*sending
	at        int // mu: job that is being sent
	remote    t30.Remote
	params    t30.Parameters
	known     bool // params are
	page      int  // page that is being sent, from 1
	through   int  // page that was counted last
	pageStart time.Time
	file      string // that is being sent
	fileStart time.Time
}

// sending is one job of a batch.
type sending struct {
	name    string // sendq/q12
	job     *spool.Job
	attempt *linectl.Attempt // nil: not begun
	start   time.Time
	pages   int // sent in this call
	ended   bool
	dropped bool // mu: aborted before its turn
}

// send makes the call for a batch. Everything that it learns goes into the job
// files before it is reported.
func (l *Line) send(set *Settings, names []string, report func(linectl.Event)) {
	t := &transmission{Line: l, set: set, report: report, start: time.Now()}
	defer l.finished()
	defer report(linectl.Event{Event: linectl.CallEnd})
	if err := t.open(names); err != nil {
		l.log.Error().Err(err).Msg("call not made")
		return
	}
	defer func() { t.log.End(time.Now()) }()
	if t.begin(0, false) {
		t.connect()
	}
}

// turn tells whether a job that was not begun is to be sent when its turn comes:
// nobody dropped it or took it out of the queue meanwhile. The session asks
// before it tells the far end that more is to come.
func (t *transmission) turn(i int) bool {
	s := t.jobs[i]
	t.mu.Lock()
	dropped := s.dropped
	t.mu.Unlock()
	if dropped {
		return false
	}
	j, err := t.spool.ReadJob(s.name)
	switch {
	case err != nil:
		t.trace("SEND: JOB %s left out: %v", s.job.JobID, err)
	case j.State != spool.StateActive:
		t.trace("SEND: JOB %s left out: it is %v now", s.job.JobID, j.State)
	default:
		return true
	}
	return false
}

// open reads the jobs and begins the session log.
func (t *transmission) open(names []string) error {
	for _, name := range names {
		j, err := t.spool.ReadJob(name)
		if err != nil && (j == nil || errors.Is(err, spool.ErrDamaged)) {
			return fmt.Errorf("%s: %w", name, err)
		}
		t.jobs = append(t.jobs, &sending{name: name, job: j})
	}
	var err error
	if t.log, err = t.spool.BeginSession(t.start, t.jobs[0].job.Number, t.set.LogMode); err != nil {
		return fmt.Errorf("no session log: %w", err)
	}
	t.tracer = tracer{log: t.log, role: "SEND", id: "CSI"}
	t.mu.Lock()
	t.commid = t.log.CommID
	t.abort = t.stop
	t.mu.Unlock()
	return nil
}

// trace writes a line into the session log.
func (t *transmission) trace(format string, args ...any) {
	t.log.Printf(time.Now(), format, args...)
}

// begin turns to a job of the batch: its attempt counts from here.
func (t *transmission) begin(i int, answered bool) bool {
	s := t.jobs[i]
	j := s.job
	t.trace("SEND FAX: JOB %s DEST %s COMMID %s DEVICE '%s' FROM '%s <%s>' USER %s", j.JobID, destination(j), t.log.CommID, t.devid, j.Sender, j.MailAddr, j.Owner)
	s.start = time.Now()
	attempt, fresh, err := linectl.BeginAttempt(t.spool, s.name, t.log.CommID, answered)
	if err != nil {
		t.trace("SEND FAILED: JOB %s: %v", j.JobID, err)
		t.Line.log.Error().Err(err).Msg("job not begun")
		return false
	}
	t.mu.Lock()
	s.attempt, s.job = attempt, fresh
	t.at, t.current = i, j.JobID
	t.say("Sending job " + j.JobID)
	t.mu.Unlock()
	t.report(linectl.Event{Event: linectl.Dialing, Job: j.JobID, CommID: t.log.CommID})
	return true
}

func destination(j *spool.Job) string {
	if j.External != "" {
		return j.External
	}
	return j.Number
}

// connect dials and, when somebody answers, runs the session.
func (t *transmission) connect() {
	first := t.jobs[0]
	var err error
	if t.outbox, err = openOutbox(t, t.jobs); err != nil {
		t.end(first, linectl.Ending{Result: linectl.Failed, Status: err.Error(), Code: codeDocument})
		return
	}
	defer t.outbox.close()
	t.pollRequest()
	cfg := t.sessionConfig(first.job)
	cfg.Calling = true
	session, err := t.openSession(t.set, modemdrv.Config{Config: cfg, Observer: modemdrv.ObserverFunc(t.news), Level: t.set.Level}, t.log)
	if err != nil {
		t.end(first, linectl.Ending{Result: linectl.Failed, Status: err.Error(), Code: codeDocument})
		return
	}
	t.mu.Lock()
	t.session = session
	t.session.wanted.Store(t.early)
	t.mu.Unlock()
	if failure := t.dial(first.job); failure != nil {
		session.tapes.remove(session.faxSession)
		t.dialFailed(failure)
		return
	}
	waitEnd(t.call, t.process.ctx)
	t.trace("%s", callStats(t.call))
	t.over(t.session.result())
}

// HylaFAX's codes of reasons that are not T.30's.
const (
	codeDocument      = 904 // document cannot be read
	codeSamePage      = 999 // no page got through for the third time
	codeAborted       = 345
	codeTooManyDials  = 333
	codeTooManyTries  = 334
	codeBusy          = 1
	codeNoCarrier     = 2
	codeNoAnswer      = 3
	codeNoDialtone    = 4
	codeInvalidNumber = 5
	codeDialOther     = 6
)

// dial places the call and waits for the answer. The digits that are dialled
// are not logged where the job has an external form to hide them.
func (t *transmission) dial(j *spool.Job) *iax.CallError {
	p := t.set.Dial
	p.Number = j.Number
	if t.set.Rules != nil {
		n, err := t.set.Rules.Apply(dialrules.DialString, j.Number)
		if err != nil {
			return &iax.CallError{Local: true, Result: iax.DialError, Text: err.Error()}
		}
		p.Number = n
	}
	t.trace("DIAL %s", destination(j))
	if s := t.registeredAt(); s != "" {
		p.Server = s
	}
	if p.Server == "" {
		return &iax.CallError{Local: true, Result: iax.DialNoDialtone, Text: "no IAXServer is configured for this line"}
	}
	if t.session.userAborted() {
		return &iax.CallError{Local: true, Result: iax.DialError, Text: "aborted"}
	}
	ctx, cancel := context.WithTimeout(t.process.ctx, t.set.Answer+hangUpLimit)
	defer cancel()
	call, err := t.endpoint.Dial(ctx, p)
	if err != nil {
		return &iax.CallError{Local: true, Result: iax.DialNoDialtone, Text: err.Error()}
	}
	t.session.tapes.follow(call)
	t.mu.Lock()
	t.call = call
	t.mu.Unlock()
	call.Attach(t.session)
	err = call.WaitAnswer(ctx)
	if err == nil {
		return nil
	}
	var failure *iax.CallError
	if !errors.As(err, &failure) {
		failure = &iax.CallError{Local: true, Result: iax.DialNoAnswer, Text: err.Error()}
		call.Hangup(iax.CauseNormalClearing, "given up")
	}
	return failure
}

// registeredAt is the exchange that holds the registration of the line's account
// now: the one of IAXServer and IAXBackupServer that answers. "" if none does.
func (l *Line) registeredAt() string {
	if l.base != nil {
		l = l.base
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.registrar == nil {
		return ""
	}
	if s := l.registrar.Status(); s.State == iax.Registered {
		return s.Server
	}
	return ""
}

// dialFailed ends a call that reached nobody.
func (t *transmission) dialFailed(failure *iax.CallError) {
	s := t.jobs[t.at]
	t.trace("DIAL: %s; %v", failure.Result, failure)
	if t.session.userAborted() {
		t.end(s, linectl.Ending{Result: linectl.Retry, Status: "Call aborted by user", Code: codeAborted})
		return
	}
	cause, code := sched.CauseOther, codeDialOther
	switch failure.Result {
	case iax.DialBusy, iax.DialCongestion:
		cause, code = sched.CauseBusy, codeBusy
	case iax.DialNoAnswer:
		cause, code = sched.CauseNoAnswer, codeNoAnswer
	case iax.DialNoCarrier:
		cause, code = sched.CauseNoCarrier, codeNoCarrier
	case iax.DialNoDialtone:
		cause, code = sched.CauseNoDialtone, codeNoDialtone
	case iax.DialRejected:
		code = codeInvalidNumber
	case iax.DialOK, iax.DialError:
	}
	e := t.redial(s.job, cause, code, failure.Result.String())
	if failure.Result == iax.DialCongestion && e.Result == linectl.Retry && s.job.RetryTime == 0 {
		e.TTS = time.Now().Add(t.set.Congestion)
	}
	if text := failure.Error(); text != "" {
		e.Status += " (" + strings.TrimPrefix(text, "iax: ") + ")"
	}
	t.end(s, e)
}

// redial decides after a call that did not become a session.
func (t *transmission) redial(j *spool.Job, cause sched.Cause, code int, text string) linectl.Ending {
	now := time.Now()
	result, at := t.set.Redial.Dialed(cause, j.NDials, t.calledBefore(j), time.Duration(j.RetryTime)*time.Second, now)
	e := linectl.Ending{Result: linectl.Retry, Status: text, Code: code, TTS: at}
	if result == sched.Fail {
		e.Result, e.TTS = linectl.Failed, time.Time{}
	}
	return e
}

// sessionConfig is what T.30 is told for a job.
func (t *transmission) sessionConfig(j *spool.Job) t30.Config {
	cfg := t.set.Session
	cfg.ID, cfg.StationID = t.set.LocalID, t.set.LocalID
	if len(t.outbox.pages) > 0 {
		cfg.Document = t.outbox
	}
	if t.set.UseTSI && j.TSI != "" {
		cfg.ID = j.TSI
	}
	cfg.Subaddress, cfg.Password = j.SubAddr, j.Passwd
	t.configurePoll(&cfg)
	cfg.MaxRate, cfg.MinRate = smaller(cfg.MaxRate, bitRate(j.DesiredBR)), bitRate(j.MinBR)
	switch {
	case j.DesiredEC == 0:
		cfg.NoECM = true
	case j.DesiredEC == 1 && cfg.FrameSize == 0:
		cfg.FrameSize = 64
	}
	wanted := t.set.Codings
	if wanted == 0 {
		wanted = codings(j.DesiredDF)
	}
	cfg.Capabilities.Codings &= wanted
	return cfg
}

// applyDesired takes the Desired* parameters of a batch, which go before the
// job's own (faxsend -c, JobControlCmd).
func applyDesired(c *config.Config, set *Settings) {
	if c.Has("DesiredBR") {
		set.Session.MaxRate = bitRate(c.Int("DesiredBR"))
	}
	if c.Has("DesiredDF") {
		set.Codings = codings(c.Int("DesiredDF"))
	}
	if c.Has("DesiredEC") {
		set.Session.NoECM = c.Int("DesiredEC") == 0
		if c.Int("DesiredEC") == 1 {
			set.Session.FrameSize = 64
		}
	}
}

// bitRate is a rate code of sendq(5) in bit/s; what is over 14400 is 14400.
func bitRate(code int) int { return 2400 * (min(max(code, 0), 5) + 1) }

// smaller is the smaller of two limits, of which 0 is none.
func smaller(a, b int) int {
	if a == 0 || b < a {
		return b
	}
	return a
}

// codings are those that a desired data format allows. What HylaFAX 6.0.7
// writes for MMR is 3, the Class 2 code, not the 4 of sendq(5).
func codings(df int) t30.Set {
	switch {
	case df <= spool.DFMH:
		return t30.SetOf(t4.MH)
	case df < spool.DFMMR:
		return t30.SetOf(t4.MH, t4.MR)
	}
	return t30.AllCodings
}

// stop ends the call of a job, or of any. A job whose turn has not come is left
// out of the call, which goes on with the others.
func (t *transmission) stop(job string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if job != "" && job != t.current {
		i := slices.IndexFunc(t.jobs, func(s *sending) bool { return s.job.JobID == job })
		if i <= t.at {
			return linectl.ErrIdle
		}
		t.jobs[i].dropped = true
		t.trace("ABORT: job %s is left out of this call", job)
		return nil
	}
	t.trace("ABORT: job abort requested")
	if t.session == nil { // the call is not placed yet
		t.early = true
		return nil
	}
	t.session.wanted.Store(true)
	if t.call != nil && !t.session.running.Load() {
		t.call.Hangup(iax.CauseNormalClearing, "aborted")
	}
	return nil
}
