package line

import (
	"fmt"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// news follows the session of a transmission. What must be on disk before the
// session goes on is written here.
func (t *transmission) news(_ t30.Samples, n t30.News) {
	if t.connected.IsZero() {
		t.connected = time.Now()
		t.trace("DIAL: answered, %s", carriage(t.call.Info()))
	}
	t.tracer.news(n)
	t.pollNews(n)
	switch n := n.(type) {
	case t30.RemoteNews:
		t.heard(n.Remote)
	case t30.NegotiatedNews:
		if n.Sending {
			t.params, t.known = n.Parameters, true
		}
	case t30.PageStartNews:
		if n.Sending {
			t.pageBegins(n)
		}
	case t30.FramesSentNews:
		t.framesOut(n)
	case t30.RequestNews:
		if n.Sending {
			t.refused()
		}
	case t30.PageNews:
		if n.Sending {
			t.params = n.Parameters
			t.pageThrough(n)
		}
	}
}

// heard notes that the far end is a fax machine.
func (t *transmission) heard(remote t30.Remote) {
	first := t.remote.Capabilities == nil && remote.Capabilities != nil
	t.remote = remote
	if !first {
		return
	}
	s := t.jobs[t.at]
	nsf := ""
	if remote.StationID != "" {
		nsf = "Equipment:unknown:Station:" + clean(remote.StationID)
	}
	t.check(s, s.attempt.Connected(t.csi(), nsf))
	t.report(linectl.Event{Event: linectl.Connected, Job: s.job.JobID, CommID: t.log.CommID, CSI: t.csi()})
}

func (t *transmission) csi() string {
	if id := clean(t.remote.ID); id != "" {
		return id
	}
	return unspecified
}

// check looks at an error of writing the job file. The fax goes on: the file
// says what was true before, and the end will be written again.
func (t *transmission) check(s *sending, err error) {
	if err != nil {
		t.trace("job %s: %v", s.job.JobID, err)
		t.Line.log.Error().Str("job", s.job.JobID).Err(err).Msg("job file cannot be written")
	}
}

// pageBegins notes the page, and turns to the next job where it is its first.
func (t *transmission) pageBegins(n t30.PageStartNews) {
	if n.Page > t.page {
		t.leave(t.page)
	}
	first := n.Page > t.page
	t.page, t.pageStart = n.Page, time.Now()
	t.params, t.known = n.Parameters, true
	ref := t.outbox.ref(n.Page)
	if ref.job != t.at && !t.next(ref.job) {
		return
	}
	s := t.jobs[t.at]
	if first {
		t.skip(s, ref.before)
		t.fileBegins(ref.file)
	}
	t.sayNow("Sending job %s, page %d of %d at %v", s.job.JobID, s.job.NPages+1, max(s.job.TotPages, 1), n.Parameters.Rate)
}

func (t *transmission) fileBegins(file string) {
	if file != t.file {
		t.file, t.fileStart = file, t.pageStart
		t.trace("SEND file %q", file)
	}
}

// next turns to another job of the batch in the midst of the call.
func (t *transmission) next(job int) bool {
	if !t.begin(job, true) {
		t.broken = true // the far end was told of pages that do not come
		t.session.Abort()
		return false
	}
	s := t.jobs[job]
	t.check(s, s.attempt.Connected(t.csi(), ""))
	t.report(linectl.Event{Event: linectl.Connected, Job: s.job.JobID, CommID: t.log.CommID, CSI: t.csi()})
	return true
}

// skip counts pages that are not to be sent (a page range of the job).
func (t *transmission) skip(s *sending, pages []skipped) {
	for _, p := range pages {
		t.check(s, s.attempt.Skipped(p.last))
		s.job.NPages++
		e := linectl.Event{Event: linectl.Page, Job: s.job.JobID, CommID: t.log.CommID, File: p.file, Pages: s.job.NPages}
		if t.set.CountSkipped {
			t.report(e)
		}
		if p.last {
			t.documentSent(s, e)
		}
	}
}

// documentSent reports that all pages of a document are sent; e is the event of
// its last page.
func (t *transmission) documentSent(s *sending, e linectl.Event) {
	e.Event = linectl.Document
	if e.File == t.file {
		took := time.Since(t.fileStart)
		e.Seconds = int(took / time.Second)
		t.trace("SEND FAX (%s): FROM %s TO %s (%s sent in %s)", t.log.CommID, s.job.MailAddr, destination(s.job), e.File, spool.FormatDuration(took))
	}
	t.report(e)
}

// framesOut looks for the command after the last page of a job: from then on
// the far end may have the fax without our knowing.
func (t *transmission) framesOut(n t30.FramesSentNews) {
	if t.page == 0 || !t.outbox.ref(t.page).lastOfJob {
		return
	}
	for _, f := range n.Frames {
		switch f.PostMessage() {
		case t30.MPS, t30.EOM, t30.EOP, t30.PRIMPS, t30.PRIEOM, t30.PRIEOP:
			if s := t.jobs[t.at]; s.attempt != nil && !s.ended {
				t.check(s, s.attempt.LastPageOut())
			}
			return
		}
	}
}

// refused: the far end wants frames of the block again, so it does not have
// the page.
func (t *transmission) refused() {
	if s := t.jobs[t.at]; t.page > 0 && t.outbox.ref(t.page).lastOfJob && s.attempt != nil && !s.ended {
		t.check(s, s.attempt.LastPageRefused())
	}
}

// pageThrough counts a page that the far end confirmed.
func (t *transmission) pageThrough(n t30.PageNews) {
	if !n.Confirmed {
		t.refused()
		return
	}
	t.count(n.Page)
	if s := t.jobs[t.at]; t.outbox.ref(n.Page).lastOfJob && !s.ended && t.poll == nil {
		t.end(s, linectl.Ending{Result: linectl.Done})
	}
}

// leave counts a page that the far end refused and that the session left at
// that, as RTNHandlingMethod has it.
func (t *transmission) leave(page int) {
	if page > t.through && t.outbox.ref(page).job == t.at && t.jobs[t.at].attempt != nil {
		t.trace("SEND: page %d was refused, and counts as sent", page)
		t.count(page)
	}
}

// count writes that a page was sent, and reports it.
func (t *transmission) count(page int) {
	s, ref := t.jobs[t.at], t.outbox.ref(page)
	t.through = page
	npages, err := s.attempt.PageSent(ref.lastOfFile)
	t.check(s, err)
	if err == nil {
		s.job.NPages = npages
	}
	s.pages++
	now := time.Now()
	e := linectl.Event{Event: linectl.Page, Job: s.job.JobID, CommID: t.log.CommID, File: ref.file, Pages: s.job.NPages,
		Seconds: int(now.Sub(t.pageStart) / time.Second), Params: packParameters(t.params)}
	t.trace("SEND FAX (%s): FROM %s TO %s (page %d of %d sent in %s)", t.log.CommID, s.job.MailAddr, destination(s.job), s.job.NPages,
		max(s.job.TotPages, s.job.NPages), spool.FormatDuration(now.Sub(t.pageStart)))
	t.report(e)
	if ref.lastOfFile {
		t.documentSent(s, e)
	}
	t.skip(s, ref.after)
}

// over ends the jobs that the call did not finish, by what became of it.
func (t *transmission) over(result t30.Result) {
	t.trace("SEND: %v", result)
	if result.Reason != "" {
		t.trace("SEND: %s", result.Reason)
	}
	s := t.jobs[t.at]
	if s.ended {
		return // the rest of the batch was not begun
	}
	if result.Outcome == t30.Done {
		t.leave(t.page)
	}
	if t.poll != nil {
		if e, ok := t.pollOver(s, result); ok {
			t.end(s, e)
			return
		}
	}
	t.end(s, t.ending(s, result))
}

// ending translates a session's result.
func (t *transmission) ending(s *sending, r t30.Result) linectl.Ending {
	if r.Outcome == t30.Done {
		return linectl.Ending{Result: linectl.Done}
	}
	text := r.Status.Text
	if text == "" {
		text = statusText(r)
	}
	e := linectl.Ending{Result: linectl.Retry, Status: text, Code: r.Status.Code, TTS: t.set.Redial.Session(time.Now()), NoPage: s.pages == 0 && (t.poll == nil || t.poll.documents == 0)}
	switch {
	case t.session.userAborted():
		return linectl.Ending{Result: linectl.Retry, Status: "Call aborted by user", Code: codeAborted}
	case r.Outcome == t30.Rejected:
		e.Result, e.TTS = linectl.Failed, time.Time{}
	case r.Outcome == t30.NoFax:
		cause, code, text := nobody(text)
		return t.redial(s.job, cause, code, text)
	case r.Outcome == t30.Unconfirmed:
		e.Result, e.TTS = linectl.Failed, time.Time{}
	}
	return e
}

// nobody tells what the network said in tones where no fax was found: that the far
// end is busy, or rang for a minute after the call was connected.
func nobody(status string) (cause sched.Cause, code int, text string) {
	switch status {
	case iax.DialBusy.String():
		return sched.CauseBusy, codeBusy, status
	case iax.DialNoAnswer.String():
		return sched.CauseNoAnswer, codeNoAnswer, status
	}
	return sched.CauseNoCarrier, codeNoCarrier, iax.DialNoCarrier.String()
}

// samePageLimit is how many calls in a row may bring no page over.
const samePageLimit = 3

// enough ends the attempts for a job that has had all it may have.
func (t *transmission) enough(s *sending, e *linectl.Ending) {
	j, err := t.spool.ReadJob(s.name) // with what the call has counted
	if err != nil {
		j = s.job
	}
	reason, code := "", 0
	switch {
	case e.Result != linectl.Retry || e.Code == codeAborted:
		return
	case e.NoPage && j.NTries+1 >= samePageLimit:
		reason, code = "Giving up after 3 attempts to send same page", codeSamePage
	case j.MaxDials > 0 && j.TotDials >= j.MaxDials:
		reason, code = "too many attempts to dial", codeTooManyDials
	case j.MaxTries > 0 && j.TotTries >= j.MaxTries:
		reason, code = "too many attempts to send", codeTooManyTries
	default:
		return
	}
	e.Result, e.Code, e.TTS = linectl.Failed, code, time.Time{}
	e.Status = strings.TrimPrefix(e.Status+"; "+reason, "; ")
}

// end writes the result of a job, its record, and reports it.
func (t *transmission) end(s *sending, e linectl.Ending) {
	s.ended = true
	if t.known {
		e.SignalRate, e.DataFormat = fmt.Sprintf("%d bit/s", t.params.Rate.BitRate), formatName(t.params.Coding)
	}
	t.enough(s, &e)
	result, err := s.attempt.End(e)
	t.check(s, err)
	final, readErr := t.spool.ReadJob(s.name)
	if readErr != nil || final == nil {
		final = s.job
		final.Returned, final.Status, final.StatusCode = int(result), e.Status, e.Code
	}
	if result != linectl.Done {
		t.trace("SEND FAILED: JOB %s DEST %s ERR [%d] %s", s.job.JobID, destination(s.job), final.StatusCode, final.Status)
	}
	t.record(s, final, result)
	t.learn(s, result, e.Status)
	t.report(linectl.Event{Event: linectl.JobEnd, Job: s.job.JobID, CommID: t.log.CommID, Pages: s.job.NPages, Result: result, Status: final.Status, Code: final.StatusCode,
		Unconfirmed: final.StatusCode == linectl.CodeUnconfirmed, CSI: t.csi()})
}

// record writes the SEND record (xferfaxlog(5)).
func (t *transmission) record(s *sending, j *spool.Job, result linectl.Result) {
	rec := &spool.Record{Kind: "SEND", Start: s.start, CommID: t.log.CommID, Device: t.devid, JobID: j.JobID, JobTag: j.JobTag, User: j.MailAddr,
		Dest: destination(j), NPages: s.pages, Duration: time.Since(s.start), Owner: j.Owner}
	if t.remote.ID != "" {
		rec.CSI = t.csi()
	}
	if !t.connected.IsZero() {
		rec.ConnTime = max(time.Since(t.connected), time.Second)
	}
	if t.known {
		rec.Params = packParameters(t.params)
	}
	if result != linectl.Done {
		rec.Status = strings.ReplaceAll(j.Status, "\n", " ")
	}
	if err := t.spool.AppendRecord(rec); err != nil {
		t.Line.log.Error().Err(err).Msg("SEND record cannot be written")
	}
}
