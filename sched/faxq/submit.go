package faxq

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"
	"unique"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

func jobID(n int) sched.ID { return sched.ID(strconv.Itoa(n)) }

// submit takes the job that a client names: a new one, or a suspended one that
// comes back. It tells whether the queue has it.
func (s *Server) submit(id string) bool {
	n, err := strconv.Atoi(id)
	if err != nil || n < 1 {
		s.log.Error().Str("job", id).Msg("SUBMIT: not a job number")
		return false
	}
	if st, ok := s.queue.Has(jobID(n)); ok && st != sched.Suspended {
		return true
	}
	name := spool.JobName(spool.SendQ, n)
	l, err := s.spool.LockJob(name)
	if l == nil {
		if errors.Is(err, fs.ErrNotExist) {
			s.log.Error().Str("job", id).Msg("SUBMIT: no such job file")
		} else {
			s.log.Error().Str("job", id).Err(err).Msg("SUBMIT: job file cannot be read")
		}
		return false
	}
	j := *l.Job
	l.Unlock()
	if err == nil && j.State.Over() {
		s.log.Error().Str("job", id).Msg("SUBMIT: a completed job cannot be submitted again")
		return false
	}
	if !s.submitFile(name, &j, err, false) {
		return false
	}
	// The answer must be true even if we are killed right after it: the job is
	// no longer suspended on disk before its client hears that it was taken.
	s.turn()
	return true
}

// submitFile gives a job that was read to the queue.
func (s *Server) submitFile(name string, j *spool.Job, damage error, asFound bool) bool {
	sj := s.describe(name, j, damage)
	s.remember(name, j, sj.Dest)
	return s.queue.Submit(sj, asFound, s.now())
}

// remember makes the driver's record of a job.
func (s *Server) remember(name string, j *spool.Job, dest string) {
	id := s.idOf(name, j)
	s.jobs[id] = &job{
		name: name, dest: dest, state: sched.State(j.State), schedPri: j.SchedPri,
		tts: j.TTS, kill: j.KillTime, device: unique.Make(j.Modem).Value(), commid: strings.Clone(j.CommID),
	}
}

// idOf is the number in the file's name: what the file says may be damaged.
func (s *Server) idOf(name string, j *spool.Job) sched.ID {
	if n, ok := spool.JobNumber(name); ok {
		return jobID(n)
	}
	return sched.ID(j.JobID)
}

// describe tells the queue what it must know of a job.
func (s *Server) describe(name string, j *spool.Job, damage error) sched.Job {
	sj := sched.Job{
		ID:         s.idOf(name, j),
		Dest:       strings.Clone(s.canonical(j.Number)), // not a part of the whole file's text
		Modem:      unique.Make(j.Modem).Value(),
		Type:       unique.Make(j.JobType).Value(),
		Priority:   j.Priority,
		SchedPri:   schedPri(j),
		KillTime:   time.Unix(j.KillTime, 0),
		RetryTime:  time.Duration(j.RetryTime) * time.Second,
		TotDials:   j.TotDials,
		MaxDials:   j.MaxDials,
		TotTries:   j.TotTries,
		MaxTries:   j.MaxTries,
		TotPages:   j.TotPages,
		PageWidth:  j.PageWidth,
		PageLength: j.PageLength,
		Resolution: j.Resolution,
		Poll:       j.Find(spool.OpPoll) >= 0,
		Prepared:   prepared(j),
		State:      sched.State(j.State),
	}
	if j.TTS > 0 {
		sj.TTS = time.Unix(j.TTS, 0)
	}
	sj.Refuse = s.faults(sj.ID, j, damage)
	return sj
}

// unsetPriority is what hfaxd writes as schedpri of a new job.
const unsetPriority = 65535

// schedPri is a job's scheduling priority: the client's as long as there is no
// other.
func schedPri(j *spool.Job) int {
	if j.SchedPri < 0 || j.SchedPri >= unsetPriority {
		return j.Priority
	}
	return j.SchedPri
}

// prepared tells whether a job's documents are ready to be sent.
func prepared(j *spool.Job) bool {
	for _, d := range j.Documents {
		if convertible(d.Op) {
			return false
		}
	}
	return j.Cover == "" && (j.PageHandling != "" || j.Find(spool.OpFax) < 0)
}

// convertible tells documents that must be converted.
func convertible(op spool.DocumentOp) bool {
	switch op {
	case spool.OpPostScript, spool.OpPDF, spool.OpPCL, spool.OpTIFF, spool.OpData:
		return true
	}
	return false
}

// faults looks for what makes a job impossible from the start. The codes are
// HylaFAX's.
func (s *Server) faults(id sched.ID, j *spool.Job, damage error) *sched.Note {
	if damage != nil {
		s.log.Error().Str("job", string(id)).Err(damage).Msg("job file is damaged")
		return &sched.Note{Code: 326, Text: "Invalid or corrupted job description file: " + damageText(damage)}
	}
	if err := j.Validate(); err != nil {
		s.log.Error().Str("job", string(id)).Err(err).Msg("job file is incomplete")
		return &sched.Note{Code: 326, Text: fmt.Sprintf("Invalid or corrupted job description file: %v", err)}
	}
	if len(j.Documents) == 0 {
		return &sched.Note{Code: 329, Text: "REJECT: No work found in job file"}
	}
	for _, d := range j.Documents {
		if !convertible(d.Op) && d.Op != spool.OpFax {
			continue
		}
		if err := spool.CheckName(d.File); err != nil {
			return &sched.Note{Code: 326, Text: fmt.Sprintf("Invalid document file %q in job description file", d.File)}
		}
		if info, err := os.Stat(s.spool.Path(d.File)); err != nil || !info.Mode().IsRegular() {
			return &sched.Note{Code: 326, Text: fmt.Sprintf("Can not access document file %q", d.File)}
		}
	}
	return nil
}

// damageText is what is wrong with a job file, in one line without the file's name: its first fault.
func damageText(err error) string {
	var line *spool.ParseError
	if errors.As(err, &line) {
		return fmt.Sprintf("line %d: %s", line.Line, line.Text)
	}
	text, _, _ := strings.Cut(err.Error(), "\n")
	if _, after, ok := strings.Cut(text, spool.ErrDamaged.Error()+": "); ok {
		return after
	}
	return text
}

// canonical is the number by which destinations are told apart: "" if the dial
// rules fail on it.
func (s *Server) canonical(number string) string {
	c, err := s.cfg.canonical(number)
	if err != nil {
		s.warn(err)
		return ""
	}
	return c
}
