package faxq

import (
	"errors"
	"io/fs"
	"time"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// finish files a job in doneq. What cannot be written now (a full disk) is
// kept and tried again; the job file says what it is until then.
func (s *Server) finish(a sched.Finish) {
	j := s.jobs[a.Job]
	if j == nil {
		return
	}
	err := s.file(j, a)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		s.log.Error().Str("job", string(a.Job)).Err(err).Msg("job is over, but cannot be moved to doneq; trying again")
		s.unfiled = append(s.unfiled, a)
		return
	}
	if j.filed = true; j.reaped {
		delete(s.jobs, a.Job)
	}
	if err != nil {
		s.log.Error().Str("job", string(a.Job)).Msg("job file vanished before it was moved to doneq")
	}
}

// refileAll tries again to file what could not be filed.
func (s *Server) refileAll() {
	again := s.unfiled
	s.unfiled = nil
	for _, a := range again {
		s.finish(a)
	}
}

// file writes the end into the job file, moves it, and lets everybody know.
// Killed at any point it is repeated from the job's state at the next start.
func (s *Server) file(j *job, a sched.Finish) error {
	l, err := s.spool.LockJob(j.name)
	if l != nil {
		defer l.Unlock()
	}
	if l == nil {
		return err
	}
	damaged := err != nil
	if err := s.mend(l, err, string(a.Job)); err != nil {
		return err
	}
	f := l.Job
	f.State, f.SchedPri = spool.JobState(a.State), a.SchedPri
	if a.Note != nil {
		f.Status, f.StatusCode = a.Note.Text, a.Note.Code
	}
	if a.State == sched.Failed {
		f.Returned = int(linectl.Failed)
	}
	if f.External == "" {
		f.External = j.dest
	}
	f.TTS = s.now().Unix() // when it ended
	var docs []string
	if !damaged { // its documents may be another job's; faxqclean knows those that nobody needs
		docs = s.releaseAll(f)
	}
	s.at("end released")
	if err := l.Save(); err != nil {
		return err
	}
	s.at("end saved")
	n := notice{File: spool.DoneQ + "/" + base(j.name), Why: string(a.Why), Duration: spool.FormatDuration(a.Duration)}
	pending, err := s.keepNotice(a.Job, n)
	if err != nil {
		return err
	}
	s.at("notice kept")
	if err := l.Move(spool.DoneQ); err != nil {
		return err
	}
	s.at("moved")
	s.log.Info().Str("job", string(a.Job)).Str("why", string(a.Why)).Str("status", f.Status).Msg("job over")
	for _, d := range docs {
		s.unref(d)
	}
	if a.Unsent {
		s.recordUnsent(f, j, a)
	}
	s.runNotice(n, pending)
	return nil
}

// mend makes a job that can be filed and seen of a damaged job file; what was in the file is kept.
func (s *Server) mend(l *spool.LockedJob, damage error, id string) error {
	if damage == nil && l.Validate() == nil {
		return nil
	}
	if damage != nil {
		kept, err := l.KeepOriginal()
		if err != nil {
			return err
		}
		s.log.Error().Str("job", id).Err(damage).Str("kept", kept).Msg("damaged job file goes to doneq as far as it can be read")
	}
	l.Mend(id)
	return nil
}

// releaseAll takes the prepared documents off a job that is over and gives its
// links to their sources up. It returns the prepared files.
func (s *Server) releaseAll(f *spool.Job) []string {
	var docs []string
	kept := f.Documents[:0:0]
	for _, d := range f.Documents {
		if d.Op != spool.OpFax {
			kept = append(kept, d)
			continue
		}
		if n := len(kept); n > 0 && kept[n-1].Op.Saved() {
			kept[n-1].File = linectl.ReleaseSource(s.spool, kept[n-1].File)
		}
		docs = append(docs, d.File)
	}
	f.Documents = kept
	return docs
}

// recordUnsent logs the end of a job that no call's record tells about.
func (s *Server) recordUnsent(f *spool.Job, j *job, a sched.Finish) {
	r := spool.Record{
		Kind: "UNSENT", Start: s.now(), CommID: f.CommID, Device: f.Modem, JobID: string(a.Job), JobTag: f.JobTag,
		User: f.MailAddr, Dest: f.External, CSI: f.CSI, NPages: 0, Status: f.Status, Owner: f.Owner,
	}
	if j.began > 0 {
		r.Start = time.Unix(j.began, 0)
	}
	if err := s.spool.AppendRecord(&r); err != nil {
		s.log.Error().Str("job", string(a.Job)).Err(err).Msg("xferfaxlog cannot be written")
	}
}
