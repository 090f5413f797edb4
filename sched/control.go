package sched

import "time"

// Suspend takes a job off the schedule (JSUSP, or JINTR with abort, of
// hfaxd(8)). An attempt that is going on is waited for, or ended with abort.
// token gets its Answer when it is done; nil asks for none.
func (q *Queue) Suspend(id ID, abort bool, token any, now time.Time) {
	q.now = now
	q.halt(id, abort, stop{}, token)
}

// Kill ends a job: WhyKilled (JKILL) or WhyRemoved (JDELE).
func (q *Queue) Kill(id ID, why Why, token any, now time.Time) {
	q.now = now
	q.halt(id, true, stop{kill: true, why: why}, token)
}

// halt does at once what it can and notes the wish for the end of an attempt.
func (q *Queue) halt(id ID, abort bool, s stop, token any) {
	e := q.jobs[id]
	if e == nil {
		q.do(Answer{Token: token})
		return
	}
	pending := e.stop != nil
	if pending && (!s.kill || e.stop.kill) { // HylaFAX: already being suspended
		q.do(Answer{Token: token})
		return
	}
	if pending {
		s.tokens = e.stop.tokens // a kill overtakes a suspend
	}
	e.stop = &s
	s.tokens = append(s.tokens, token)
	e.stop = &s
	switch e.phase {
	case phaseControl:
		return
	case phasePrepare:
		if abort {
			q.do(StopPrepare{Job: id})
		}
		return
	case phaseCall:
		if abort {
			q.do(Abort{Line: e.line, Job: id})
		}
		return
	}
	q.stopped(e)
}

// stopped carries out the wish now that the job is in nobody's hands.
func (q *Queue) stopped(e *entry) {
	q.detach(e)
	if !e.stop.kill {
		q.setSuspended(e, nil)
		q.answer(e, true)
		return
	}
	q.post(JobKill, e.ID)
	q.finish(e, e.stop.why, &Note{Code: 345, Text: "Job aborted by request"}, 0, true)
}

// setSuspended parks a job until it is submitted again. Its kill time does not
// run meanwhile.
func (q *Queue) setSuspended(e *entry, note *Note) {
	e.sendGen++
	e.killGen++
	e.phase, e.State = phaseSuspended, Suspended
	q.save(e, note)
	q.post(JobSuspend, e.ID)
}

// lineOf finds or adds a line; a new one is down until it says otherwise.
func (q *Queue) lineOf(id string) *Line {
	l := q.lines.find(id)
	if l == nil {
		l = &Line{ID: id, Priority: lowestLinePriority}
		q.lines.put(l)
	}
	return l
}

// lowestLinePriority is ModemPriority's default.
const lowestLinePriority = 255

// AddLine makes a line known without making it usable.
func (q *Queue) AddLine(id string) { q.lineOf(id) }

// LineReady says that a line takes calls. caps may be nil: nothing new is
// known of what it can do.
func (q *Queue) LineReady(id string, caps *Capability, priority int, now time.Time) {
	q.now = now
	l := q.lineOf(id)
	if caps != nil {
		l.Caps, l.Known = *caps, true
		if l.Priority != priority {
			l.Priority = priority
			q.lines.put(l)
		}
	}
	l.State = LineReady
	if q.calls[id] != nil {
		l.State = LineBusy // free when our own call there ends
	}
}

// LineBusy says that a line is in use by somebody else.
func (q *Queue) LineBusy(id string) { q.lineOf(id).State = LineBusy }

// LineDown says that a line is out of service.
func (q *Queue) LineDown(id string) { q.LineTrouble(id, "") }

// LineTrouble is LineDown with the reason, for people.
func (q *Queue) LineTrouble(id, why string) {
	l := q.lineOf(id)
	l.State, l.Trouble = LineDown, why
}

// Lines gives what is known of the lines, in the order in which they are
// tried.
func (q *Queue) Lines() []Line {
	out := make([]Line, len(q.lines.list))
	for i, l := range q.lines.list {
		out[i] = *l
	}
	return out
}
