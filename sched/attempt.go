package sched

import "time"

// Preparation is how the preparation of a job's documents ended.
type Preparation struct {
	// Failed: why, and what to tell. Empty when the documents are ready.
	Failed Why
	Note   Note
	// Later: it could not be tried (no resources); the job sleeps.
	Later bool
	// TotPages as counted.
	TotPages int
}

// Prepared brings the end of a preparation.
func (q *Queue) Prepared(id ID, p Preparation, now time.Time) {
	q.now = now
	e := q.jobs[id]
	if e == nil || e.phase != phasePrepare {
		return
	}
	q.preparing--
	e.dest.preparing--
	q.post(JobPrepEnd, id)
	if p.Failed == "" && !p.Later {
		e.Prepared, e.TotPages = true, p.TotPages
	}
	defer q.unpark(e.dest)
	switch {
	case e.stop != nil:
		q.stopped(e)
	case e.expired:
		q.timeOut(e, 0)
	case p.Later:
		q.delay(e, now.Add(q.requeueAfter(e)), p.Note)
	case p.Failed != "":
		q.finish(e, p.Failed, &p.Note, 0, true)
	default:
		q.setReady(e)
	}
}

// JobEnded brings what became of a job in a call, while the call may go on
// with others of the batch.
func (q *Queue) JobEnded(id ID, o Outcome, now time.Time) {
	q.now = now
	e := q.jobs[id]
	if e == nil || e.phase != phaseCall || o.Result == NoBatch {
		return
	}
	if c := q.calls[e.line]; c != nil {
		c.drop(e)
	}
	q.ended(e, o)
}

// ended carries a job on from the end of its attempt.
func (q *Queue) ended(e *entry, o Outcome) {
	q.post(SendEnd, e.ID)
	e.line = ""
	e.TotDials, e.TotTries = o.TotDials, o.TotTries
	if o.TotPages > 0 {
		e.TotPages = o.TotPages
	}
	if o.Reprepare {
		e.Prepared = false
	}
	note := o.Note
	switch {
	case o.Unconfirmed && o.Result != Success:
		o.Result = Fail
		if o.TotTries <= q.cfg.RetryUnconfirmed {
			o.Result = Retry
		}
	case o.Result == Reformat:
		q.do(Unprepare{Job: e.ID})
		q.post(SendReformat, e.ID)
		e.Prepared, o.Result = false, Retry
	case o.Result > Success:
		o.Result = Retry // trouble with V.34, V.17, the batch
	}
	if e.stop != nil && o.Result != Success && !o.Unconfirmed {
		note, o.Result = Note{Code: 344, Text: "Job interrupted by user"}, Retry
	}
	switch o.Result {
	case Success:
		q.post(SendDone, e.ID) // while the job is known
		q.finish(e, WhyDone, nil, o.Duration, false)
	case Fail:
		q.finish(e, failure(note.Code), &note, o.Duration, false)
		q.post(SendDone, e.ID)
	default:
		q.again(e, o, note)
	}
}

// Status codes of polls that no other attempt can help.
const (
	codeNothingToPoll = 601 // HylaFAX's
	codePollRefused   = 602 // ours: DCN in answer to DTC
)

// failure is what the sender of a job is told that failed with a status code.
func failure(code int) Why {
	switch code {
	case codeNothingToPoll:
		return WhyPollNoDocument
	case codePollRefused:
		return WhyPollRejected
	}
	return WhyFailed
}

// again arranges for another attempt after one that did not finish the job.
func (q *Queue) again(e *entry, o Outcome, note Note) {
	if e.stop == nil && e.expired {
		q.post(SendDone, e.ID)
		q.timeOut(e, o.Duration)
		return
	}
	e.TTS = o.TTS
	if !e.TTS.After(q.now) {
		e.TTS = q.now.Add(q.requeueAfter(e))
	}
	e.SchedPri = bump(e.SchedPri, e.Priority)
	if e.stop != nil {
		q.do(Save{Job: e.ID, State: Sleeping, SchedPri: e.SchedPri, TTS: e.TTS, Note: &note})
		q.stopped(e)
		return
	}
	q.sleep(e)
	q.do(Save{Job: e.ID, State: Sleeping, SchedPri: e.SchedPri, TTS: e.TTS, Note: &note})
	q.post(SendRequeue, e.ID)
	q.do(Notify{Job: e.ID, Why: WhyRequeued, Next: e.TTS, Duration: o.Duration})
}

// CallEnded brings the end of a call: its jobs that were not tried are ready
// again, its line is free.
func (q *Queue) CallEnded(line string, now time.Time) {
	q.now = now
	if q.release(line, LineReady) {
		q.do(Post{Event: LineRelease, Line: line})
	}
}

// Refused brings the news that a line took nothing of what was handed to it.
// The line counts as busy until it says otherwise.
func (q *Queue) Refused(line string, now time.Time) {
	q.now = now
	if q.release(line, LineBusy) {
		q.do(Post{Event: LineRelease, Line: line})
	}
}

// release ends a line's assignment.
func (q *Queue) release(line string, state LineState) bool {
	c := q.calls[line]
	if c == nil {
		return false
	}
	delete(q.calls, line)
	if l := q.lines.find(line); l != nil && l.State != LineDown {
		l.State = state
	}
	d := c.dest
	d.active--
	for _, e := range c.jobs {
		q.untried(e)
	}
	q.unpark(d)
	if d.jobs == 0 && d.active == 0 && q.dests[d.name] == d {
		delete(q.dests, d.name)
	}
	return true
}

// untried brings a job back that was in a batch but not in a call.
func (q *Queue) untried(e *entry) {
	e.line = ""
	switch {
	case e.stop != nil:
		q.stopped(e)
	case e.expired:
		q.timeOut(e, 0)
	default:
		q.setReady(e)
	}
}

// drop takes a job off the list of those that have not ended.
func (c *call) drop(e *entry) {
	for i, o := range c.jobs {
		if o == e {
			c.jobs = append(c.jobs[:i], c.jobs[i+1:]...)
			return
		}
	}
}
