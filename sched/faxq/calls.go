package faxq

import (
	"context"
	"errors"
	"os"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// line is what the driver keeps of a line beside what the queue knows.
type line struct {
	id      string
	number  string
	commid  string
	caps    uint32 // as told, for triggers
	poll    bool
	pri     int
	call    *call // ours
	polling bool  // its lock is being watched
}

// line finds or makes the record of a line.
func (s *Server) line(id string) *line {
	l := s.lines[id]
	if l == nil {
		l = &line{id: id, pri: 255}
		s.lines[id] = l
		s.queue.AddLine(id)
	}
	return l
}

// call is a call that is being made for us.
type call struct {
	line  string
	jobs  []sched.ID
	ended map[sched.ID]bool
	// signal interrupts the send command; nil with a line's process.
	signal func()
}

func (s *Server) newCall(devid string) *call {
	c := &call{line: devid, ended: map[sched.ID]bool{}}
	s.line(devid).call = c
	return c
}

// startCall hands a batch to a line: to the process that listens on its socket,
// or else to the send command.
func (s *Server) startCall(a sched.Start, faulty map[sched.ID]bool) {
	c := s.newCall(a.Line)
	var b linectl.Batch
	b.Config = a.Args
	jobtype := ""
	for _, id := range a.Jobs {
		j := s.jobs[id]
		if j == nil || faulty[id] {
			continue
		}
		j.began, j.commid = s.now().Unix(), ""
		c.jobs = append(c.jobs, id)
		b.Jobs = append(b.Jobs, j.name)
		if jobtype == "" {
			jobtype = s.jobType(j)
		}
	}
	if len(b.Jobs) == 0 {
		s.callOver(c, nil)
		return
	}
	s.log.Info().Str("line", a.Line).Strs("jobs", b.Jobs).Msg("call begins")
	cfg := s.cfg
	s.work(func() { s.place(cfg, c, b, jobtype) })
}

// jobType is what kind of send command a job needs.
func (s *Server) jobType(j *job) string {
	f, err := s.spool.ReadJob(j.name)
	if err != nil {
		return ""
	}
	return f.JobType
}

// place runs in a worker from the hand-over of a batch to the end of its call.
func (s *Server) place(cfg *Config, c *call, b linectl.Batch, jobtype string) {
	client, err := linectl.Dial(s.spool.Dir(), c.line)
	if errors.Is(err, linectl.ErrNoLine) && !s.hasSocket(c.line) {
		s.sendCommand(cfg, c, b, jobtype)
		return
	}
	if err != nil {
		s.warn(err)
		s.tell(func() { s.refused(c, err) })
		return
	}
	s.follow(c, func(f func(linectl.Event)) error { return client.Send(s.ctx, b, f) })
}

// follow hears a call to its end. With hand nil it joins one that goes on; so
// it does when the connection breaks while the line's process lives.
func (s *Server) follow(c *call, hand func(func(linectl.Event)) error) {
	event := func(e linectl.Event) { s.tell(func() { s.lineEvent(c, e) }) }
	var err error
	if hand != nil {
		err = hand(event)
	} else {
		err = s.attach(c, event)
	}
	for errors.Is(err, linectl.ErrLost) && s.ctx.Err() == nil {
		s.log.Warn().Str("line", c.line).Err(err).Msg("connection to the line lost")
		if !s.stillSending(c) {
			break
		}
		err = s.attach(c, event)
	}
	if s.ctx.Err() != nil {
		return // the next faxq finds the call
	}
	var refusal *linectl.Refusal
	switch {
	case errors.As(err, &refusal):
		s.tell(func() { s.refused(c, err) })
	case err == nil || errors.Is(err, linectl.ErrIdle):
		s.tell(func() { s.callOver(c, nil) })
	default:
		s.tell(func() { s.callOver(c, err) })
	}
}

func (s *Server) attach(c *call, event func(linectl.Event)) error {
	client, err := linectl.Dial(s.spool.Dir(), c.line)
	if err != nil {
		return err
	}
	return client.Attach(s.ctx, event)
}

// stillSending asks the line whether it has our jobs.
func (s *Server) stillSending(c *call) bool {
	st, ok := s.askLine(c.line)
	if !ok || st.State != linectl.Sending {
		return false
	}
	for _, name := range st.Jobs {
		if n, ok := spool.JobNumber(name); ok && jobID(n) == c.jobs[0] {
			return true
		}
	}
	return false
}

// lineEvent is news of a call from a line's process.
func (s *Server) lineEvent(c *call, e linectl.Event) {
	id := sched.ID(e.Job)
	if j := s.jobs[id]; j != nil && e.CommID != "" {
		j.commid = e.CommID
	}
	info, _ := e.FIFOMessage()
	if len(info) > 0 {
		info = info[1:]
	}
	switch e.Event {
	case linectl.Dialing:
		s.trigger(sched.SendCall, id, "")
	case linectl.Connected:
		s.trigger(sched.SendConnected, id, "")
	case linectl.Page:
		s.trigger(sched.SendPage, id, info)
	case linectl.Document:
		s.unref(e.File)
		s.trigger(sched.SendDoc, id, info)
	case linectl.PollReceived:
		s.trigger(sched.SendPollRcvd, id, info)
	case linectl.PollDone:
		s.trigger(sched.SendPollDone, id, info)
	case linectl.JobEnd:
		s.jobEnded(c, id)
	case linectl.Accepted, linectl.CallEnd, linectl.Refused, linectl.StatusNow, linectl.Aborting, linectl.Error:
	}
}

// jobEnded takes the result of a job of a call from its file.
func (s *Server) jobEnded(c *call, id sched.ID) {
	if c.ended[id] || s.jobs[id] == nil {
		return
	}
	o := s.outcome(id)
	if o.Result == sched.NoBatch {
		return
	}
	c.ended[id] = true
	s.log.Info().Str("job", string(id)).Str("line", c.line).Str("result", linectl.Result(o.Result).String()).
		Str("status", o.Text).Msg("attempt over")
	s.queue.JobEnded(id, o, s.now())
}

// callOver ends a call: whatever was not reported is in the job files. err
// says that the line's process was lost.
func (s *Server) callOver(c *call, err error) {
	for _, id := range c.jobs {
		s.jobEnded(c, id)
	}
	s.line(c.line).call = nil
	if err != nil {
		s.log.Error().Str("line", c.line).Err(err).Msg("line lost in a call; it is down until it announces itself")
		s.queue.LineDown(c.line)
		s.watch(c.line)
	}
	s.queue.CallEnded(c.line, s.now())
	s.log.Info().Str("line", c.line).Msg("call over")
}

// refused ends a call that never was. The line is looked at again when it says
// something, or after PollLockWait.
func (s *Server) refused(c *call, err error) {
	s.log.Info().Str("line", c.line).Err(err).Msg("line did not take the jobs")
	s.line(c.line).call = nil
	s.queue.Refused(c.line, s.now())
	s.watch(c.line)
}

// abort ends the attempt of a job.
func (s *Server) abort(a sched.Abort) {
	l := s.lines[a.Line]
	if l == nil || l.call == nil {
		s.log.Warn().Str("job", string(a.Job)).Msg("attempt cannot be ended from here: it was begun by an earlier faxq")
		return
	}
	if l.call.signal != nil {
		l.call.signal()
		return
	}
	devid, id := a.Line, string(a.Job)
	s.work(func() {
		c, err := linectl.Dial(s.spool.Dir(), devid)
		if err == nil {
			ctx, cancel := context.WithTimeout(s.ctx, statusTimeout)
			defer cancel()
			err = c.Abort(ctx, id)
		}
		if err != nil {
			s.log.Warn().Str("line", devid).Str("job", id).Err(err).Msg("attempt could not be ended")
		}
	})
}

// watch looks at a line again and again until it is free: for lines whose
// process says nothing, and modems that another program has locked.
func (s *Server) watch(devid string) {
	l := s.line(devid)
	if l.polling {
		return
	}
	l.polling = true
	cfg := s.cfg
	s.work(func() {
		for {
			select {
			case <-s.ctx.Done():
				return
			case <-time.After(cfg.PollLockWait):
			}
			if st, ok := s.askLine(devid); ok && st.State != linectl.Idle || !ok && (s.hasSocket(devid) || cfg.locked(devid, s.now())) {
				continue
			}
			s.tell(func() {
				if l.polling { // nothing was heard of it meanwhile
					l.polling = false
					s.queue.LineReady(devid, nil, 0, s.now())
				}
			})
			return
		}
	})
}

// hasSocket tells whether a line is one of those that a process of ours serves,
// alive or dead.
func (s *Server) hasSocket(devid string) bool {
	_, err := os.Lstat(s.spool.Path(linectl.SocketName(devid)))
	return err == nil
}
