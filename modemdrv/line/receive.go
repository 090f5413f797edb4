package line

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/spool"
)

// unspecified stands for the name of a far end that told none, as in HylaFAX.
const unspecified = "<UNSPECIFIED>"

// noID stands where the exchange told nothing, as iaxmodem has it.
const noID = "<NONE>"

// reception is a call that came in.
type reception struct {
	*Line
	set     *Settings
	call    *iax.Call
	session *media
	log     *spool.SessionLog
	tracer  tracer
	start   time.Time
	origin
	inbox   *inbox
	pollbox *pollbox // nil: there is nothing to be polled
	status  string   // of the call, for the CALL record; empty: all went well
}

// take begins with a call, unless the line is in use.
func (l *Line) take(c *iax.Call) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.state != Idle {
		return false
	}
	l.setState(Answering)
	r := &reception{Line: l, set: l.set, call: c, start: time.Now(), origin: origin{sender: unspecified}}
	l.process.calls.Go(r.run)
	return true
}

func (r *reception) run() {
	defer r.finished()
	info := r.call.Info()
	r.callIDs = callIDs(info)
	var err error
	if r.log, err = r.spool.BeginSession(r.start, r.set.Number, r.set.LogMode); err != nil {
		r.Line.log.Error().Err(err).Msg("no session log; the call is not taken")
		r.call.Reject(iax.CauseTemporaryFailure, "fax server has trouble")
		return
	}
	r.tracer = tracer{log: r.log, role: "RECV", id: "TSI"}
	r.mu.Lock()
	r.commid = r.log.CommID
	r.mu.Unlock()
	r.tellNow(spool.ModemSession + r.log.CommID)
	for i, id := range r.callIDs {
		r.trace("ANSWER: Call ID %d %q", i+1, id)
	}
	if from := clean(info.RDNIS); from != "" {
		r.trace("ANSWER: Redirected by %q", from)
	}
	r.tellNow(spool.ModemCallID + `"` + strings.Join(r.callIDs, `","`) + `"`)
	if r.accepted() && r.rung() {
		r.answer()
	}
	r.tellNow(spool.ModemSession)
	r.record()
	r.log.End(time.Now())
}

// callIDs gives what is known of the caller: number, name, ANI, and the number
// that was called. Exchanges tell as ANI the very number that a caller withholds.
func callIDs(info iax.CallInfo) []string {
	ids := []string{info.Caller.Number, info.Caller.Name, info.ANI, info.Called}
	if info.Caller.Withheld() {
		clear(ids[:3])
	}
	for i, id := range ids {
		if ids[i] = clean(id); ids[i] == "" && i > 1 {
			ids[i] = noID
		}
	}
	return ids
}

func (r *reception) tellNow(message string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.tell(message)
}

// trace writes a line into the session log.
func (r *reception) trace(format string, args ...any) {
	r.log.Printf(time.Now(), format, args...)
}

// accepted asks DynamicConfig, if there is one, and RejectCall.
func (r *reception) accepted() bool {
	if r.set.DynamicConfig != "" {
		if err := r.dynamicConfig(); err != nil {
			r.trace("DynamicConfig: %v; the configuration holds as it is", err)
		}
	}
	if !r.set.RejectCall {
		return true
	}
	r.status = "ANSWER: CALL REJECTED"
	r.trace("%s", r.status)
	r.call.Reject(iax.CauseRejected, "call rejected")
	return false
}

// ringTime is from ring to ring, as in the United States.
const ringTime = 6 * time.Second

// rung lets the call ring as often as RingsBeforeAnswer says, or with 0 until
// faxanswer(8) orders to take it. It is false if the caller gave up.
func (r *reception) rung() bool {
	if r.set.Rings == 1 {
		return true
	}
	pickUp := make(chan struct{})
	r.mu.Lock()
	r.pickUp = pickUp
	r.mu.Unlock()
	defer func() {
		r.mu.Lock()
		r.pickUp = nil
		r.mu.Unlock()
	}()
	r.trace("ANSWER: RING, %d before the answer", r.set.Rings)
	r.call.Ring()
	var enough <-chan time.Time
	if r.set.Rings > 1 {
		enough = time.After(time.Duration(r.set.Rings-1) * ringTime)
	}
	select {
	case <-enough:
		return true
	case <-pickUp:
		r.trace("ANSWER: by order")
		return true
	case <-r.call.Done():
		r.status = "ANSWER: the caller gave up"
	case <-r.process.ctx.Done():
		r.status = "ANSWER: the fax server is stopped"
		r.call.Reject(iax.CauseTemporaryFailure, "the fax server is stopped")
	}
	r.trace("%s", r.status)
	return false
}

// answerNow takes the call that rings (faxanswer(8)). how is the kind of call;
// there are only faxes here.
func (l *Line) answerNow(how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch how {
	case "", "fax", "any":
	default:
		l.log.Warn().Str("kind", how).Msg("not supported on a line over IAX2: only faxes can be answered")
		return
	}
	if l.pickUp == nil {
		l.log.Info().Msg("no call rings that could be answered")
		return
	}
	close(l.pickUp)
	l.pickUp = nil
}

// dynamicConfig runs the script with the caller's identities and takes the
// parameters that it prints.
func (r *reception) dynamicConfig() error {
	s := script{command: r.set.DynamicConfig, args: append([]string{r.devid}, r.callIDs...), dir: r.spool.Dir(), limit: dynamicConfigLimit}
	r.trace("DynamicConfig: %s", s)
	out, err := s.run(r.process.ctx)
	if err != nil {
		return err
	}
	r.mu.Lock()
	conf := r.conf.Clone()
	r.mu.Unlock()
	known := len(conf.Problems)
	for line := range strings.Lines(string(out)) {
		if err := conf.Set(strings.TrimSpace(line), "DynamicConfig"); err != nil {
			return err
		}
	}
	for _, p := range conf.Problems[known:] {
		r.trace("DynamicConfig: %v", p)
	}
	set, _, err := r.readSettings(conf)
	if err == nil {
		r.set = set
	}
	return err
}

// answer takes the call and receives until it is over.
func (r *reception) answer() {
	r.mu.Lock()
	r.setState(Receiving)
	r.mu.Unlock()
	r.trace("ANSWER: FAX CONNECTION  DEVICE '%s'", r.devid)
	r.trace("ANSWER: %s", carriage(r.call.Info()))
	r.trace("RECV FAX: begin")
	r.inbox = newInbox(r.Line, r.set, r.log, &r.origin, r)
	cfg := r.set.Session
	cfg.ID, cfg.StationID, cfg.Pages, cfg.Accept = r.set.LocalID, r.set.LocalID, r.inbox, r.permitted
	if r.pollbox = openPollbox(r); r.pollbox != nil {
		defer r.pollbox.close()
		cfg.Document, cfg.AcceptPoll = r.pollbox, r.pollbox.permit
	}
	session, err := r.openSession(r.set, modemdrv.Config{Config: cfg, Observer: modemdrv.ObserverFunc(r.news), Level: r.set.Level}, r.log)
	if err != nil {
		r.status = err.Error()
		r.trace("RECV FAX: %v", err)
		r.call.Reject(iax.CauseTemporaryFailure, "fax server has trouble")
		return
	}
	r.session = session
	r.mu.Lock()
	r.abort = func(job string) error {
		if job != "" {
			return errors.New("line is receiving")
		}
		r.trace("ABORT: job abort requested: Receive aborted due to operator intervention")
		r.session.wanted.Store(true)
		return nil
	}
	r.mu.Unlock()
	_ = r.spool.RecvStatus(r.devid, "B")
	r.session.tapes.follow(r.call)
	r.call.Answer(r.session)
	ctx, cancel := context.WithCancel(r.process.ctx)
	defer cancel()
	waitEnd(r.call, ctx)
	r.over(r.session.result())
}

// over finishes the documents of a call.
func (r *reception) over(result t30.Result) {
	_ = r.spool.RecvStatus(r.devid, "E")
	r.trace("%s", callStats(r.call))
	if result.Outcome != t30.Done {
		r.status = statusText(result)
		r.trace("RECV FAX: %s (%s)", r.status, result.Reason)
	}
	r.inbox.end(result)
	r.pollbox.over(result)
	r.trace("RECV FAX: end")
}

// permitted judges a caller by QualifyTSI and QualifyPWD (tsi(5)).
func (r *reception) permitted(remote t30.Remote) error {
	if err := r.qualified("TSI", r.set.QualifyTSI, remote.ID); err != nil {
		return err
	}
	return r.qualified("PWD", r.set.QualifyPWD, remote.Password)
}

// qualified looks what a caller told up in a file of patterns; "": there is none,
// and everybody is welcome.
func (r *reception) qualified(what, file, value string) error {
	if file == "" {
		return nil
	}
	if value == "" {
		value = unspecified
	}
	ok, err := qualifies(below(r.spool, file), value)
	if err != nil {
		r.trace("%s: %v", what, err)
	}
	if !ok {
		r.trace("REJECT %s %q", what, value)
		return fmt.Errorf("Permission denied (unacceptable client %s)", what) //nolint:staticcheck // HylaFAX's words, shown as they are
	}
	r.trace("ACCEPT %s %q", what, value)
	return nil
}

// news follows the session.
func (r *reception) news(_ t30.Samples, n t30.News) {
	r.tracer.news(n)
	r.pollbox.news(n)
	switch n := n.(type) {
	case t30.RemoteNews:
		if n.Remote.ID != "" {
			r.sender = clean(n.Remote.ID)
		}
		r.passwd, r.subaddr = clean(n.Remote.Password), clean(n.Remote.Subaddress)
		r.sayNow("Receiving from %q", r.sender)
	case t30.PageStartNews:
		if !n.Sending {
			r.sayNow("Receiving from %q, page %d at %v", r.sender, n.Page, n.Parameters.Rate)
		}
	}
}

// record writes the CALL record.
func (r *reception) record() {
	if !r.set.LogCalls {
		return
	}
	took := time.Since(r.start)
	rec := &spool.Record{Kind: "CALL", Start: r.start, CommID: r.log.CommID, Device: r.devid, User: "fax", Dest: r.set.Number,
		Duration: took, ConnTime: took, Status: r.status, CallIDs: r.callIDs}
	if err := r.spool.AppendRecord(rec); err != nil {
		r.Line.log.Error().Err(err).Msg("CALL record cannot be written")
	}
}

// pageReceived tells faxq (recipient).
func (r *reception) pageReceived(d *received) {
	_ = r.spool.RecvStatus(r.devid, "P"+r.inbox.info(d, "").String())
}

// documentReceived tells faxq and runs FaxRcvdCmd (recipient).
func (r *reception) documentReceived(d *received, reason string) {
	_ = r.spool.RecvStatus(r.devid, "D"+r.inbox.info(d, reason).String())
	r.deliver(r.inbox.polled.delivery(r.set, d.file.Name, r.log.CommID, r.devid, reason, r.callIDs), d.file.Name, r.inbox.trace)
}

// deliver runs the command for a received document, beside the next calls. trace,
// which may be nil, is for the session log.
func (l *Line) deliver(s script, file string, trace func(format string, args ...any)) {
	if trace == nil {
		trace = func(string, ...any) {}
	}
	s.dir, s.limit = l.spool.Dir(), receivedLimit
	program, _, _ := strings.Cut(s.command, " ")
	if _, err := os.Stat(below(l.spool, program)); err != nil {
		trace("FAX: %s is not there: the fax stays in %s, nobody is told", program, file)
		return
	}
	trace("FAX: %s", s)
	l.process.calls.Go(func() {
		if _, err := s.run(l.process.ctx); err != nil {
			l.log.Error().Str("file", file).Err(err).Msg("received fax was not delivered; it stays in recvq")
		}
	})
}

// clean makes a text from the network safe for logs, records and scripts.
func clean(s string) string {
	return strings.TrimSpace(strings.Map(func(c rune) rune {
		if c < ' ' || c == 0x7f || c == '"' || c == '\\' {
			return -1
		}
		return c
	}, s))
}

// hostname is the name of this machine, as received files carry it.
func hostname() string {
	name, err := os.Hostname()
	if err != nil {
		return ""
	}
	return name
}
