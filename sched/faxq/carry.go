package faxq

import (
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// carryOut does what the queue decided, in order. A job whose state could not
// be saved is left out of what follows: nothing happens that is not on disk.
func (s *Server) carryOut(actions []sched.Action) {
	faulty := map[sched.ID]bool{}
	for i, a := range actions {
		if notPost(a) {
			s.at(fmt.Sprintf("%T", a))
		}
		switch a := a.(type) {
		case sched.Save:
			if s.onDisk(a) || superseded(actions[i+1:], a) {
				continue
			}
			if !s.save(a) {
				faulty[a.Job] = true
			}
		case sched.Start:
			s.startCall(a, faulty)
		case sched.Prepare:
			if !faulty[a.Job] {
				s.prepare(a)
			} else {
				s.queue.Prepared(a.Job, sched.Preparation{Later: true, Note: diskNote}, s.now())
			}
		case sched.RunControl:
			s.control(a.Job)
		case sched.Finish:
			s.finish(a)
		case sched.Notify:
			s.notify(a)
		case sched.Post:
			s.post(a)
		case sched.StopPrepare:
			if j := s.jobs[a.Job]; j != nil && j.stop != nil {
				j.stop()
			}
		case sched.Abort:
			s.abort(a)
		case sched.Unprepare:
			s.unprepare(a.Job)
		case sched.Answer:
			s.answer(a)
		}
	}
}

// diskNote is the status of a job whose file could not be written.
var diskNote = sched.Note{Code: 340, Text: "Job file could not be written; trying again later"}

// supersedeWithin is how many actions are looked through for a later change: a
// job's actions of one decision are near each other.
const supersedeWithin = 32

// onDisk tells whether the job file says already what is to be saved.
func (s *Server) onDisk(a sched.Save) bool {
	j := s.jobs[a.Job]
	return j != nil && j.state == a.State && j.schedPri == a.SchedPri && a.TTS.IsZero() && a.KillTime.IsZero() && a.Note == nil && a.State != sched.Active
}

// superseded tells whether a plain change of state is followed by another one
// of the same job before anything happens because of it.
func superseded(rest []sched.Action, a sched.Save) bool {
	if !a.TTS.IsZero() || !a.KillTime.IsZero() || a.Note != nil {
		return false
	}
	for _, r := range rest[:min(len(rest), supersedeWithin)] {
		switch r := r.(type) {
		case sched.Save:
			if r.Job == a.Job {
				return true
			}
		case sched.Start, sched.Prepare, sched.RunControl, sched.Notify, sched.Finish, sched.Unprepare, sched.Answer:
			return false
		}
	}
	return false
}

// save writes a job's scheduling state. It tells whether what follows for the
// job may be done.
func (s *Server) save(a sched.Save) bool {
	j := s.jobs[a.Job]
	if j == nil {
		return false
	}
	err := s.change(a.Job, func(f *spool.Job) {
		f.State, f.SchedPri = spool.JobState(a.State), a.SchedPri
		if !a.TTS.IsZero() {
			f.TTS = a.TTS.Unix()
		}
		if !a.KillTime.IsZero() {
			f.KillTime = a.KillTime.Unix()
		}
		if a.Note != nil {
			f.Status, f.StatusCode = a.Note.Text, a.Note.Code
		}
		if a.State == sched.Active {
			// Whoever finds the job like this knows that nothing has come
			// of this attempt.
			f.Returned = int(linectl.NoBatch)
		}
		if a.Begin {
			f.CommID = ""
		}
	})
	if err != nil {
		s.jobFault(a.Job, err)
		return false
	}
	j.state, j.schedPri = a.State, a.SchedPri
	if !a.TTS.IsZero() {
		j.tts = a.TTS.Unix()
	}
	if !a.KillTime.IsZero() {
		j.kill = a.KillTime.Unix()
	}
	return true
}

// change rewrites a job file under its lock.
func (s *Server) change(id sched.ID, f func(*spool.Job)) error {
	j := s.jobs[id]
	if j == nil {
		return fs.ErrNotExist
	}
	l, err := s.spool.LockJob(j.name)
	if l != nil {
		defer l.Unlock()
	}
	if err != nil {
		return err
	}
	f(l.Job)
	return l.Save()
}

// jobFault deals with a job file that cannot be read or written. One that is
// gone is gone; otherwise the job is tried again later, its file as it was.
func (s *Server) jobFault(id sched.ID, err error) {
	if errors.Is(err, fs.ErrNotExist) {
		s.log.Error().Str("job", string(id)).Msg("job file vanished; the job is forgotten")
		s.queue.Vanished(id)
		delete(s.jobs, id)
		return
	}
	s.log.Error().Str("job", string(id)).Err(err).Msg("job file cannot be used; trying again later")
	s.queue.Fault(id, s.now())
}

// outcome reads from a job's file what became of it in a call, and arranges
// for a continuation cover page if it was sent in part.
func (s *Server) outcome(id sched.ID) sched.Outcome {
	o := sched.Outcome{Result: sched.Retry, Note: sched.Note{Code: linectl.CodeLineDied, Text: "Result of the call cannot be read"}}
	j := s.jobs[id]
	if j == nil {
		return o
	}
	if j.began > 0 {
		o.Duration = s.now().Sub(time.Unix(j.began, 0))
	}
	err := s.change(id, func(f *spool.Job) {
		o.Result = sched.Result(f.Returned)
		o.Note = sched.Note{Code: f.StatusCode, Text: f.Status}
		o.TotDials, o.TotTries, o.TotPages = f.TotDials, f.TotTries, f.TotPages
		o.Unconfirmed = f.StatusCode == linectl.CodeUnconfirmed && o.Result == sched.Fail
		if f.TTS > 0 {
			o.TTS = time.Unix(f.TTS, 0)
		}
		if o.Result == sched.Retry {
			o.Reprepare = s.continueCover(f)
		}
		j.commid = f.CommID
	})
	if err != nil {
		s.log.Error().Str("job", string(id)).Err(err).Msg("result of the call cannot be read")
	}
	return o
}

// continueCover plans a continuation cover page for a job of which some pages
// were sent, and takes one back that was not (sendq(5): cover, useccover).
func (s *Server) continueCover(f *spool.Job) bool {
	switch {
	case f.Cover != "":
		if i := f.Find(spool.OpFax); i >= 0 && f.Documents[i].File == f.Cover {
			s.removeDoc(f.Cover)
			f.Documents = append(f.Documents[:i], f.Documents[i+1:]...)
		}
		return true
	case f.UseCCover != 0 && f.NPages > 0 && s.cfg.ContCoverPage != "" && f.Find(spool.OpFax) >= 0:
		f.Cover = spool.DocQ + "/cover" + f.JobID + ".ps"
		return true
	}
	return false
}
