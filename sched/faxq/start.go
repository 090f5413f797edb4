package faxq

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// statusTimeout is how long a line's process may take to say at the start what
// it is doing.
const statusTimeout = 3 * time.Second

// start finds out what the last faxq left: lines, calls that go on, jobs in
// every state.
func (s *Server) start() error {
	s.useConfig(s.cfg)
	s.repeatNotices()
	calls := s.findLines()
	ids, err := s.spool.Jobs(spool.SendQ)
	if err != nil {
		return err
	}
	for _, id := range ids {
		s.found(spool.JobName(spool.SendQ, id), calls)
	}
	for devid, batch := range calls {
		s.rejoin(devid, batch)
	}
	debug.FreeOSMemory() // reading the files left more garbage than there is of jobs
	s.log.Info().Int("jobs", s.queue.Len()).Int("lines", len(s.lines)).Msg("queue read")
	return nil
}

// findLines makes the lines known that faxgettys serve (FIFO.devid) or that
// have a socket, and tells which job files are in a call on which line.
func (s *Server) findLines() map[string][]string {
	fifos, _ := filepath.Glob(s.spool.Path(spool.QueuerFIFO + ".*"))
	for _, f := range fifos {
		if info, err := os.Stat(f); err == nil && info.Mode()&fs.ModeNamedPipe != 0 {
			s.line(strings.TrimPrefix(filepath.Base(f), spool.QueuerFIFO+"."))
		}
	}
	calls := map[string][]string{}
	sockets, err := linectl.Lines(s.spool.Dir())
	if err != nil {
		s.warn(err)
	}
	for _, devid := range sockets {
		st, ok := s.askLine(devid)
		if !ok {
			continue
		}
		s.line(devid)
		switch st.State {
		case linectl.Idle:
			s.queue.LineReady(devid, nil, 0, s.now())
		case linectl.Sending:
			s.queue.LineBusy(devid)
			calls[devid] = st.Jobs
		case linectl.Receiving:
			s.queue.LineBusy(devid)
		case linectl.Down:
		}
	}
	return calls
}

// askLine asks a line's process for its state.
func (s *Server) askLine(devid string) (linectl.Line, bool) {
	c, err := linectl.Dial(s.spool.Dir(), devid)
	if err != nil {
		if !errors.Is(err, linectl.ErrNoLine) {
			s.warn(err)
		}
		return linectl.Line{}, false
	}
	ctx, cancel := context.WithTimeout(s.ctx, statusTimeout)
	defer cancel()
	st, err := c.Status(ctx)
	if err != nil {
		s.log.Warn().Str("line", devid).Err(err).Msg("line does not say what it is doing")
		return linectl.Line{}, false
	}
	return st, true
}

// found takes one job file of the send queue over, whatever its state.
func (s *Server) found(name string, calls map[string][]string) {
	if n, ok := spool.JobNumber(name); !ok || s.jobs[jobID(n)] != nil {
		return
	}
	for devid, batch := range calls {
		for _, n := range batch {
			if n == name {
				s.adopt(name, devid)
				return
			}
		}
	}
	l, err := s.spool.TryLockJob(name)
	if errors.Is(err, spool.ErrLocked) {
		s.awaitOrphan(name)
		return
	}
	if l == nil {
		s.log.Error().Str("file", name).Err(err).Msg("job file cannot be read; left alone")
		return
	}
	j := *l.Job
	l.Unlock()
	switch {
	case err != nil && s.lookLater(name):
		s.log.Warn().Str("file", name).Msg("job file is empty; looked at again in a minute, as its client may be about to write it")
	case errors.Is(err, spool.ErrDamaged):
		s.submitFile(name, &j, err, true)
	case j.State == spool.StateSuspended && j.HasState() && s.faults(s.idOf(name, &j), &j, err) != nil:
		s.log.Warn().Str("file", name).AnErr("fault", err).Msg("suspended job is not complete; left to the client that writes it")
	case err != nil:
		s.submitFile(name, &j, err, true)
	case j.State.Over():
		s.refile(name, &j)
	case j.State == spool.StateActive && linectl.Result(j.Returned) != linectl.NoBatch:
		// The attempt ended while nobody looked.
		s.adoptAs(name, &j, orphan+name)
		id := s.idOf(name, &j)
		s.queue.JobEnded(id, s.outcome(id), s.now())
		s.queue.CallEnded(orphan+name, s.now())
	default:
		s.submitFile(name, &j, nil, true)
	}
}

// freshness is the age below which an empty job file may be one whose writer does not have its lock yet:
// HylaFAX's hfaxd makes the file, locks it, and then writes it. All who write job files hold the lock, so
// that one with something in it is as whole as it will ever be.
const freshness = time.Minute

// lookLater notes an empty file that somebody may be about to write, to look at it again when nobody can
// be any more.
func (s *Server) lookLater(name string) bool {
	info, err := os.Stat(s.spool.Path(name))
	if err != nil || info.Size() > 0 || s.now().Sub(info.ModTime()) >= freshness {
		return false
	}
	s.unwritten[name] = info.ModTime().Add(freshness)
	return true
}

// lookAgain looks at the files that were empty.
func (s *Server) lookAgain() {
	for name, at := range s.unwritten {
		if !s.now().Before(at) {
			delete(s.unwritten, name)
			if _, err := os.Stat(s.spool.Path(name)); err == nil {
				s.found(name, nil)
			}
		}
	}
}

// orphan begins the name under which the queue knows the line of a job that a
// send command has in hand which an earlier faxq started.
const orphan = "?"

// awaitOrphan takes over a job whose file somebody holds locked: a send command
// of an earlier faxq, or a client that changes it just now. When the lock is
// free the file tells which.
func (s *Server) awaitOrphan(name string) {
	s.log.Info().Str("file", name).Msg("job file is in use by another process; waiting for it")
	s.work(func() {
		l, err := s.spool.LockJob(name)
		if l != nil {
			l.Unlock()
		}
		s.tell(func() {
			if err == nil || l != nil {
				s.found(name, nil)
			}
		})
	})
}

// adopt takes over a job that is in a call on a line.
func (s *Server) adopt(name, devid string) {
	j, err := s.spool.ReadJob(name)
	if err != nil {
		s.log.Error().Str("file", name).Str("line", devid).Err(err).Msg("job in a call cannot be read")
		return
	}
	s.adoptAs(name, j, devid)
}

func (s *Server) adoptAs(name string, j *spool.Job, devid string) {
	sj := s.describe(name, j, nil)
	s.remember(name, j, sj.Dest)
	s.queue.Adopt(sj, devid, s.now())
}

// rejoin follows a call that a line is making since before our start.
func (s *Server) rejoin(devid string, names []string) {
	c := s.newCall(devid)
	for _, n := range names {
		if id, ok := spool.JobNumber(n); ok {
			c.jobs = append(c.jobs, jobID(id))
		}
	}
	s.log.Info().Str("line", devid).Strs("jobs", names).Msg("call goes on")
	s.work(func() { s.follow(c, nil) })
}

// refile completes the end of a job that was decided and not carried out.
func (s *Server) refile(name string, j *spool.Job) {
	id := s.idOf(name, j)
	s.remember(name, j, s.canonical(j.Number))
	why := sched.WhyFailed
	if j.State == spool.StateDone {
		why = sched.WhyDone
	}
	s.jobs[id].reaped = true // the queue never knew it
	s.finish(sched.Finish{Job: id, State: sched.State(j.State), Why: why, SchedPri: j.SchedPri})
}
