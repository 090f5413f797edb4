package line

import (
	"fmt"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// news follows the session of a transmission. What must be on disk before the
// session goes on is written here.
func (t *transmission) news(_ t30.Samples, n t30.News) {
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
			t.pageThrough(n)
		}
	}
	traceNews(t.log, n)
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
	return "<UNSPECIFIED>"
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
	t.page, t.pageStart = n.Page, time.Now()
	t.params, t.known = n.Parameters, true
	ref := t.outbox.ref(n.Page)
	if ref.job != t.at && t.begin(ref.job, true) {
		s := t.jobs[ref.job]
		t.check(s, s.attempt.Connected(t.csi(), ""))
		t.report(linectl.Event{Event: linectl.Connected, Job: s.job.JobID, CommID: t.log.CommID, CSI: t.csi()})
	}
	t.sayNow("Sending job %s, page %d of %d at %v", t.jobs[t.at].job.JobID, t.jobs[t.at].job.NPages+1, max(t.jobs[t.at].job.TotPages, 1), n.Parameters.Rate)
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
	s, ref := t.jobs[t.at], t.outbox.ref(n.Page)
	npages, err := s.attempt.PageSent(ref.lastOfFile)
	t.check(s, err)
	if err == nil {
		s.job.NPages = npages
	}
	s.pages++
	e := linectl.Event{Event: linectl.Page, Job: s.job.JobID, CommID: t.log.CommID, File: ref.file, Pages: npages,
		Seconds: int(time.Since(t.pageStart) / time.Second), Params: packParameters(n.Parameters)}
	t.report(e)
	if ref.lastOfFile {
		e.Event = linectl.Document
		t.report(e)
	}
	if ref.lastOfJob && !s.ended {
		t.end(s, linectl.Ending{Result: linectl.Done}, t30.Result{Parameters: n.Parameters})
	}
}

// over ends the jobs that the call did not finish, by what became of it.
func (t *transmission) over(result t30.Result) {
	t.trace("SEND: %v; %s", result, result.Reason)
	s := t.jobs[t.at]
	if s.ended {
		return // the rest of the batch was not begun
	}
	t.end(s, t.ending(s, result), result)
}

// ending translates a session's result.
func (t *transmission) ending(s *sending, r t30.Result) linectl.Ending {
	text := r.Status.Text
	if text == "" {
		text = statusText(r)
	}
	e := linectl.Ending{Result: linectl.Retry, Status: text, Code: r.Status.Code, TTS: t.set.Redial.Session(time.Now()), NoPage: s.pages == 0}
	switch r.Outcome {
	case t30.Done:
		e = linectl.Ending{Result: linectl.Done}
	case t30.Aborted:
		e.Status, e.Code, e.TTS = "Call aborted by user", codeAborted, time.Time{}
	case t30.Rejected:
		e.Result, e.TTS = linectl.Failed, time.Time{}
	case t30.NoFax:
		e = t.redial(s.job, sched.CauseNoCarrier, codeNoCarrier, text)
	case t30.Unconfirmed:
		e.Result = linectl.Failed
	case t30.Failed:
	}
	return e
}

// end writes the result of a job, its record, and reports it.
func (t *transmission) end(s *sending, e linectl.Ending, r t30.Result) {
	s.ended = true
	if t.known {
		e.SignalRate, e.DataFormat = fmt.Sprintf("%d bit/s", t.params.Rate.BitRate), formatName(t.params.Coding)
	}
	if e.Result == linectl.Retry {
		switch j := s.job; {
		case j.MaxDials > 0 && j.TotDials >= j.MaxDials:
			e.Result, e.Status, e.Code = linectl.Failed, e.Status+"; too many attempts to dial", codeTooManyDials
		case j.MaxTries > 0 && s.tries(t) >= j.MaxTries:
			e.Result, e.Status, e.Code = linectl.Failed, e.Status+"; too many attempts to send", codeTooManyTries
		}
	}
	result, err := s.attempt.End(e)
	t.check(s, err)
	if result != linectl.Done {
		t.trace("SEND FAILED: JOB %s DEST %s ERR [%d] %s", s.job.JobID, destination(s.job), e.Code, e.Status)
	}
	final, readErr := t.spool.ReadJob(s.name)
	if readErr != nil || final == nil {
		final = s.job
	}
	t.record(s, final, result)
	t.learn(s, result, e.Status)
	ev := linectl.Event{Event: linectl.JobEnd, Job: s.job.JobID, CommID: t.log.CommID, Pages: s.job.NPages, Result: result, Status: final.Status, Code: final.StatusCode,
		Unconfirmed: final.StatusCode == linectl.CodeUnconfirmed, CSI: t.csi()}
	t.report(ev)
}

// tries is tottries of the job by now: it was answered if a fax was heard.
func (s *sending) tries(t *transmission) int {
	if t.remote.Capabilities != nil {
		return s.job.TotTries + 1
	}
	return s.job.TotTries
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
