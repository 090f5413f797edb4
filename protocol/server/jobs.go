package server

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"syscall"

	"github.com/litoria-fax/litoria/protocol"
)

// Directories of the job queues, relative to the spool.
const (
	sendQueue = "sendq"
	doneQueue = "doneq"
)

var (
	errJobGone    = errors.New("job deleted by another party")
	errJobCorrupt = errors.New("invalid or corrupted job description file")
	errJobPerm    = errors.New("Permission denied") //nolint:staticcheck // HylaFAX's words
)

// isJobID reports whether id can be the number of a job: it becomes part of a file name.
func isJobID(id string) bool {
	return id != "" && len(id) <= 10 && strings.Trim(id, "0123456789") == ""
}

// findJob returns a job that the session may look at, with the state that it has on disk now.
func (s *session) findJob(id string) (*job, error) {
	if strings.EqualFold(id, protocol.DefaultJob) {
		return s.def, nil
	}
	if !isJobID(id) {
		return nil, fmt.Errorf("job does not exist (%s)", strerror(syscall.ENOENT))
	}
	if j := s.jobs[id]; j != nil {
		if s.refresh(j) == nil {
			return j, nil
		}
		delete(s.jobs, id)
	}
	j, err := s.loadJob(id)
	if err != nil {
		return nil, err
	}
	if len(s.jobs) > maxSessionJobs {
		for other := range s.jobs {
			if s.jobs[other] != s.curJob && s.blank[other] == nil {
				delete(s.jobs, other)
			}
		}
	}
	s.jobs[id] = j
	return j, nil
}

// maxSessionJobs is how many jobs a session keeps in mind.
const maxSessionJobs = 100

// loadJob reads a job from the queues.
func (s *session) loadJob(id string) (*job, error) {
	var firstErr error
	for _, dir := range []string{sendQueue, doneQueue} {
		rel := path.Join(dir, "q"+id)
		info, err := s.srv.root.Lstat(rel)
		if err != nil {
			firstErr = err
			continue
		}
		if !info.Mode().IsRegular() {
			return nil, errors.New("job description file is not a regular file")
		}
		data, err := s.srv.jobCache.load(s.srv, rel, info)
		if err != nil {
			return nil, err
		}
		if !s.maySeeJob(data, info) {
			return nil, errJobPerm
		}
		return &job{id: id, file: rel, stamp: stampOf(info), data: data.clone()}, nil
	}
	return nil, fmt.Errorf("job does not exist (%s)", reason(firstErr))
}

// maySeeJob reports whether the client may see a job at all.
func (s *session) maySeeJob(data *jobData, info fs.FileInfo) bool {
	return s.srv.settings().PublicJobQueue || data.get("owner") == s.user || s.fileRight(info, rightRead)
}

// refresh reads a job anew if it changed on disk. A job that has left its queue is an error.
func (s *session) refresh(j *job) error {
	if j == s.def {
		return nil
	}
	info, err := s.srv.root.Lstat(j.file)
	if err != nil {
		return errJobGone
	}
	if stamp := stampOf(info); stamp != j.stamp {
		data, err := s.srv.jobCache.load(s.srv, j.file, info)
		if err != nil {
			return err
		}
		if !s.maySeeJob(data, info) {
			return errJobPerm
		}
		j.data, j.stamp = data.clone(), stamp
	}
	return nil
}

// mayOperate reports whether the client may change a job: its owner may, and who may write its file.
func (s *session) mayOperate(j *job) bool {
	if s.admin || j.owner() == s.user {
		return true
	}
	info, err := s.srv.root.Lstat(j.file)
	return err == nil && s.fileRight(info, rightWrite)
}

// jobArgument takes the optional job of a command; the current one is the default.
func (s *session) jobArgument(a *args) string {
	if a.atEnd() {
		return s.curJob.id
	}
	return strings.ToLower(a.only("job identifer"))
}

// operable finds the job of a command that changes it.
func (s *session) operable(a *args, op string) (*job, error) {
	id := s.jobArgument(a)
	if a.err != nil {
		return nil, a.err
	}
	j, err := s.findJob(id)
	switch {
	case err != nil:
		return nil, protocol.Errorf(protocol.CodeSyntax, "Cannot %s job %s; %s.", op, id, err)
	case j == s.def:
		return nil, protocol.Errorf(protocol.CodeBadJob, "Cannot %s default job.", op)
	case !s.mayOperate(j):
		return nil, protocol.Errorf(protocol.CodeBadJob, "Cannot %s job: %s.", op, strerror(syscall.EPERM))
	}
	return j, nil
}

// cmdJNEW makes a job with the parameters of the current one.
func (s *session) cmdJNEW(a *args) error {
	if !a.end() {
		return a.err
	}
	if !s.admin && s.curJob.owner() != s.user { // its parameters may hold secrets
		return protocol.Errorf(protocol.CodeBadValue, "Permission denied; cannot inherit from job %s.", s.curJob.id)
	}
	id, err := s.srv.nextJobID()
	if err != nil {
		return protocol.Errorf(protocol.CodeBadValue, "%s.", reason(err))
	}
	group := s.curJob.group()
	if group == "" {
		group = id
	}
	j := &job{id: id, file: path.Join(sendQueue, "q"+id)}
	j.data = newJobData(s.curJob, id, group, s.user, s.host())
	if err := s.srv.createJob(j, s.uid()); err != nil {
		return s.diskFault(protocol.CodeBadValue, err, "Cannot open/create job description file /%s: %s.", j.file, reason(err))
	}
	s.jobs[id], s.blank[id], s.curJob = j, j, j
	s.reply(protocol.CodeOK, "New job created: jobid: %s groupid: %s.", id, group)
	return nil
}

// removeBlankJobs removes the jobs that were made and not submitted.
func (s *session) removeBlankJobs() {
	for id, j := range s.blank {
		if err := s.srv.root.Remove(j.file); err != nil && !isNotExist(err) {
			s.log.Error().Err(err).Str("job", id).Msg("job without submission")
		}
		for _, item := range j.data.items {
			if item.isDocument() {
				s.srv.root.Remove(item.file) //nolint:errcheck // a link of a document that goes away
			}
		}
	}
	clear(s.blank)
}

// cmdJOB chooses the current job.
func (s *session) cmdJOB(a *args) error {
	id := s.jobArgument(a)
	if a.err != nil {
		return a.err
	}
	j, err := s.findJob(id)
	if err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "Cannot set job %s; %s.", id, err)
	}
	s.curJob = j
	s.replyCurrentJob("Current job:")
	return nil
}

func (s *session) replyCurrentJob(leader string) {
	if s.curJob == s.def {
		s.reply(protocol.CodeOK, "%s (default).", leader)
		return
	}
	s.reply(protocol.CodeOK, "%s jobid: %s groupid: %s.", leader, s.curJob.id, s.curJob.group())
}

// cmdJREST forgets what was set in a job and not submitted.
func (s *session) cmdJREST(a *args) error {
	id := s.jobArgument(a)
	if a.err != nil {
		return a.err
	}
	j, err := s.findJob(id)
	switch {
	case err != nil:
		return protocol.Errorf(protocol.CodeSyntax, "Cannot reset job %s; %s.", id, err)
	case j == s.def:
		s.resetDefaultJob()
		if s.curJob == j {
			s.curJob = s.def
		}
		s.reply(protocol.CodeOK, "Default job reset to initial state.")
		return nil
	case j.state() != stateSuspended:
		return protocol.Errorf(protocol.CodeBadJob, "Job %s not reset; must be suspended.", id)
	}
	j.stamp = fileStamp{}
	if err := s.refresh(j); err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "Cannot reset job %s; %s.", id, err)
	}
	s.reply(protocol.CodeOK, "Job %s reset to last state saved to disk.", id)
	return nil
}

// cmdJGNEW makes the current job the first of a group of its own.
func (s *session) cmdJGNEW(a *args) error {
	if !a.end() {
		return a.err
	}
	s.curJob.data.set("groupid", s.curJob.id)
	if s.curJob == s.def { // the jobs made from it shall each begin a group
		s.curJob.data.set("groupid", "")
	}
	s.ack(protocol.CodeOK, "JGNEW")
	return nil
}

// jobOperation makes the handler of a command that asks the scheduler to do something to a job.
func jobOperation(what string, op queueOp) handler {
	return func(s *session, a *args) error {
		j, err := s.operable(a, what)
		if err != nil {
			return err
		}
		if j.state().final() {
			return protocol.Errorf(protocol.CodeBadJob, "Job %s not %sed; already done.", j.id, what)
		}
		if err := s.askQueue(op, j.id); err != nil {
			return protocol.Errorf(protocol.CodeSchedulerFailed, "Failed to %s job %s: %s.", what, j.id, err)
		}
		s.reply(protocol.CodeOK, "Job %s %sed.", j.id, what)
		return nil
	}
}

// cmdJSUBM hands a job to the scheduler.
func (s *session) cmdJSUBM(a *args) error {
	j, err := s.operable(a, "submit")
	if err != nil {
		return err
	}
	switch state := j.state(); {
	case state.final():
		return protocol.Errorf(protocol.CodeBadJob, "Job %s not submitted; already done.", j.id)
	case state != stateSuspended:
		return protocol.Errorf(protocol.CodeBadJob, "Job %s not submitted; use JSUSP first.", j.id)
	}
	for _, required := range []jobField{
		{"number", "DIALSTRING"}, {"mailaddr", "NOTIFYADDR"}, {"sender", "FROMUSER"}, {"modem", "MODEM"}, {"client", "CLIENT"},
	} {
		if j.text(required.tag) == "" {
			return protocol.Errorf(protocol.CodeBadJob, "Cannot submit job %s; null or missing %s parameter.", j.id, required.value)
		}
	}
	if j.text("external") == "" {
		j.data.set("external", j.text("number"))
	}
	if err := s.saveJob(j); err != nil {
		return s.diskFault(protocol.CodeBusy, err, "Job %s not submitted: %s.", j.id, reason(err))
	}
	if err := s.submitOnce(j); err != nil {
		return err
	}
	delete(s.blank, j.id)
	j.stamp = fileStamp{} // faxq writes it anew
	s.reply(protocol.CodeOK, "Job %s submitted.", j.id)
	return nil
}

// submitOnce hands a job to the scheduler, unless a job of the same owner was
// submitted with the same DUPKEY.
func (s *session) submitOnce(j *job) error {
	dupKey := j.text("dupkey")
	if dupKey == "" {
		return s.submitJob(j)
	}
	key, err := s.srv.spool.LockKey(j.owner(), dupKey)
	if err != nil {
		return protocol.Errorf(protocol.CodeBusy, "%s.", reason(err))
	}
	defer key.Close() //nolint:errcheck // what counts was synced
	if other := key.Submitted(); other != "" && other != j.id {
		return protocol.Errorf(protocol.CodeDuplicate, "Job %s not submitted; DUPKEY was submitted before: jobid: %s.", j.id, other)
	}
	if err := key.Claim(j.id); err != nil {
		return protocol.Errorf(protocol.CodeBusy, "%s.", reason(err))
	}
	if err := s.submitJob(j); err != nil {
		return err
	}
	if err := key.Take(j.id); err != nil { // Submitted finds it by the job's state
		s.log.Error().Err(err).Str("job", j.id).Msg("submission key")
	}
	return nil
}

func (s *session) submitJob(j *job) error {
	if err := s.askQueue(opSubmit, j.id); err != nil {
		return protocol.Errorf(protocol.CodeSchedulerFailed, "Failed to submit job %s: %s.", j.id, err)
	}
	return nil
}

// saveJob writes a job and its documents to disk: what is submitted outlasts a loss of power.
func (s *session) saveJob(j *job) error {
	documents := make(chan error, 1)
	go func() { documents <- s.srv.syncDocuments(j) }() // at the same time: the disk is waited for once
	info, err := s.srv.saveJob(j, s.lockTimeout)
	if err := errors.Join(err, <-documents); err != nil {
		return err
	}
	j.stamp = stampOf(info)
	return nil
}

// cmdJDELE removes a job that is over, or suspended.
func (s *session) cmdJDELE(a *args) error {
	j, err := s.operable(a, "delete")
	if err != nil {
		return err
	}
	state := j.state()
	if !state.final() && state != stateSuspended {
		return protocol.Errorf(protocol.CodeBadJob, "Job %s not deleted; use JSUSP first.", j.id)
	}
	err = s.srv.removeJob(j, s.lockTimeout, func() { s.removeDocuments(j, state) })
	if err != nil {
		return protocol.Errorf(protocol.CodeBadJob, "Cannot delete job: %s.", reason(err))
	}
	delete(s.jobs, j.id)
	delete(s.blank, j.id)
	if j == s.curJob {
		s.curJob = s.def
	}
	s.replyCurrentJob(fmt.Sprintf("Job %s deleted; current job:", j.id))
	return nil
}

// removeDocuments removes the documents of a job that goes. Jobs that are over hold references to
// documents that others may share; faxqclean removes those. Only the cover page is the job's own.
func (s *session) removeDocuments(j *job, state jobState) {
	for _, item := range j.data.items {
		switch {
		case state == stateSuspended && item.op == "fax":
			if err := s.askQueue(opUnreference, item.file); err != nil {
				s.log.Debug().Err(err).Str("file", item.file).Msg("prepared document")
			}
		case item.isDocument() && (state == stateSuspended || item.isCover()) && isDocumentPath(item.file):
			if err := s.srv.root.Remove(item.file); err != nil && !isNotExist(err) {
				s.log.Error().Err(err).Str("file", item.file).Msg("document of a deleted job")
			}
		}
	}
}

// isDocumentPath reports whether a file of a job lies where documents lie.
func isDocumentPath(rel string) bool {
	dir := path.Dir(rel)
	return path.Clean(rel) == rel && (dir == "docq" || dir == "tmp")
}

// cmdJWAIT waits for the end of a job. The client breaks it off with ABOR.
func (s *session) cmdJWAIT(a *args) error {
	id := s.jobArgument(a)
	if a.err != nil {
		return a.err
	}
	j, err := s.findJob(id)
	switch {
	case err != nil:
		return protocol.Errorf(protocol.CodeSyntax, "Cannot wait for job %s; %s.", id, err)
	case j == s.def:
		return protocol.Errorf(protocol.CodeBadJob, "Cannot wait for default job.")
	case j.state().final():
		s.reply(protocol.CodeWaitDone, "Job %s done (already).", id)
		return nil
	}
	if err := s.beginTrigger(fmt.Sprintf("J<%s>%04x", id, 1<<eventJobDead)); err != nil {
		return protocol.Errorf(protocol.CodeBadJob, "Cannot register trigger: %s.", err)
	}
	defer s.endTrigger()
	s.more(protocol.CodeWaitDone, "Waiting for job %s; use ABOR command to interrupt.", id)
	s.flush()
	if s.waitForJob(id) {
		s.reply(protocol.CodeWaitDone, "Wait for job %s completed.", id)
	}
	return nil
}
