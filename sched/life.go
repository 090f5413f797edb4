package sched

import (
	"time"
)

// farFuture is the longest that a job may be scheduled ahead; HylaFAX refuses
// times beyond it as invalid.
const farFuture = 365 * 24 * time.Hour

// maxPageWidth in mm is A3's; HylaFAX refuses wider jobs.
const maxPageWidth = 303

// Submit takes a new job, or a suspended one that comes back altered. With
// asFound, at the scheduler's start, a job that was suspended stays so. It
// tells whether the queue has the job; a job that is refused is finished with
// a reason.
func (q *Queue) Submit(j Job, asFound bool, now time.Time) bool {
	q.now = now
	if old := q.jobs[j.ID]; old != nil {
		if old.phase != phaseSuspended {
			return true // nothing to do
		}
		q.drop(old)
	} else {
		q.post(JobCreate, j.ID)
	}
	if j.TTS.IsZero() {
		j.TTS = now
	}
	e := q.enter(j)
	if !q.acceptable(e) {
		return false
	}
	if asFound && j.State == Suspended {
		q.setSuspended(e, nil)
		return true
	}
	q.setTimer(timerKill, e, e.KillTime)
	if e.TTS.After(now) {
		e.State = Pending
		if asFound && j.State == Sleeping {
			q.sleep(e)
		} else {
			e.phase = phaseWait
			q.setTimer(timerSend, e, e.TTS)
			q.post(JobSleep, e.ID)
		}
		q.save(e, nil)
		return true
	}
	q.toReady(e)
	return true
}

// Adopt takes a job that somebody has in hand since before the scheduler
// started: a line, or a send command on a line that is not known (any name that
// no line has).
func (q *Queue) Adopt(j Job, line string, now time.Time) {
	q.now = now
	if q.jobs[j.ID] != nil {
		return
	}
	e := q.enter(j)
	e.State, e.phase, e.line, e.begun, e.Prepared = Active, phaseCall, line, now, true
	q.setTimer(timerKill, e, e.KillTime)
	c := q.calls[line]
	if c == nil {
		c = &call{dest: e.dest}
		q.calls[line] = c
		e.dest.active++
		if l := q.lines.find(line); l != nil {
			l.State = LineBusy
		}
	}
	c.jobs = append(c.jobs, e)
}

// enter makes the record of a job.
func (q *Queue) enter(j Job) *entry {
	q.seq++
	e := &entry{Job: j, seq: q.seq, pos: -1, dest: q.destOf(j.Dest)}
	e.dest.jobs++
	q.jobs[j.ID] = e
	return e
}

// drop removes the record of a suspended job that is submitted anew.
func (q *Queue) drop(e *entry) {
	e.sendGen++
	e.killGen++
	delete(q.jobs, e.ID)
	e.dest.jobs--
	if e.dest.jobs == 0 && e.dest.active == 0 {
		delete(q.dests, e.dest.name)
	}
}

// acceptable makes the checks of a submission.
func (q *Queue) acceptable(e *entry) bool {
	switch {
	case e.Refuse != nil:
		q.reject(e, e.Refuse.Code, "%s", e.Refuse.Text)
	case e.Dest == "":
		q.reject(e, 327, "REJECT: Unable to convert dial string to canonical format")
	case !e.KillTime.After(q.now):
		q.post(JobTimedOut, e.ID)
		q.finish(e, WhyTimedOut, &Note{Code: 325, Text: "Kill time expired"}, 0, true)
	case !q.cfg.isGroup(e.Modem) && q.lines.find(e.Modem) == nil:
		q.reject(e, 328, "REJECT: Requested modem %s is not registered", e.Modem)
	case e.PageWidth > maxPageWidth:
		q.reject(e, 330, "REJECT: Page width (%d) appears invalid", e.PageWidth)
	case e.KillTime.Sub(q.now) > farFuture:
		q.reject(e, 331, "REJECT: Job expiration time (%d) appears invalid", e.KillTime.Unix())
	case e.TTS.Sub(q.now) > farFuture:
		q.reject(e, 332, "REJECT: Time-to-send (%d) appears invalid", e.TTS.Unix())
	default:
		return true
	}
	return false
}

// toReady brings a job whose time has come to the lines, by way of
// JobControlCmd. A job that was blocked has passed that.
func (q *Queue) toReady(e *entry) {
	if q.cfg.Control && e.State != Blocked {
		e.phase, e.State = phaseControl, Active
		q.save(e, nil)
		q.do(RunControl{Job: e.ID})
		return
	}
	q.setReady(e)
}

// Controlled brings JobControlCmd's word on a job.
func (q *Queue) Controlled(id ID, c Control, now time.Time) {
	q.now = now
	e := q.jobs[id]
	if e == nil || e.phase != phaseControl {
		return
	}
	e.control = &c
	if e.stop != nil {
		q.stopped(e)
		return
	}
	if e.expired {
		q.timeOut(e, 0)
		return
	}
	q.setReady(e)
}

// setReady puts a job into its bucket.
func (q *Queue) setReady(e *entry) {
	e.phase = phaseReady
	first := q.enqueue(e)
	q.post(JobReady, e.ID)
	if !first || !q.callable(e) {
		q.block(e)
		return
	}
	e.State = Ready
	q.save(e, nil)
}

// block shows that a job waits for other calls to the same destination.
func (q *Queue) block(e *entry) {
	if e.State == Blocked {
		return
	}
	e.State = Blocked
	e.calm(e.bucket.lane)
	q.save(e, &Note{Code: 337, Text: "Blocked by concurrent calls"})
	q.do(Notify{Job: e.ID, Why: WhyBlocked})
	q.post(JobBlocked, e.ID)
}

// sleep lets a job wait for its next attempt; it counts against its
// destination's calls meanwhile, so that others do not take its turn.
func (q *Queue) sleep(e *entry) {
	e.phase, e.State = phaseWait, Sleeping
	e.sleeps = true
	e.dest.sleeping++
	q.setTimer(timerSend, e, e.TTS)
	q.post(JobSleep, e.ID)
}

// delay puts a job off without an attempt, and its kill time with it.
func (q *Queue) delay(e *entry, tts time.Time, note Note) {
	q.detach(e)
	e.KillTime = e.KillTime.Add(tts.Sub(q.now))
	e.TTS = tts
	q.setTimer(timerKill, e, e.KillTime)
	e.phase, e.State = phaseWait, Sleeping
	q.setTimer(timerSend, e, tts)
	q.do(Save{Job: e.ID, State: Sleeping, SchedPri: e.SchedPri, TTS: tts, KillTime: e.KillTime, Note: &note})
	q.do(Notify{Job: e.ID, Why: WhyRequeued, Next: tts})
	q.post(JobDelayed, e.ID)
}

// wakeJob is the end of a wait.
func (q *Queue) wakeJob(e *entry) {
	if e.phase != phaseWait {
		return
	}
	q.detach(e)
	q.toReady(e)
}

// expire is the kill time of a job.
func (q *Queue) expire(e *entry) {
	q.post(JobTimedOut, e.ID)
	switch e.phase {
	case phaseControl, phasePrepare, phaseCall:
		e.expired = true // when the attempt is over
	default:
		q.timeOut(e, 0)
	}
}

func (q *Queue) timeOut(e *entry, took time.Duration) {
	q.finish(e, WhyTimedOut, &Note{Code: 325, Text: "Kill time expired"}, took, true)
}

// Fault says that a job could not be saved or read: it is put aside and looked
// at again after the requeue interval, without a change on disk.
func (q *Queue) Fault(id ID, now time.Time) {
	q.now = now
	e := q.jobs[id]
	if e == nil || e.phase == phasePrepare { // Prepared will answer
		return
	}
	if c := q.calls[e.line]; c != nil && e.phase == phaseCall {
		c.drop(e)
		e.line = ""
	}
	if e.stop != nil {
		q.answer(e, false)
	}
	q.detach(e)
	e.TTS = now.Add(q.requeueAfter(e))
	e.phase, e.State = phaseWait, Sleeping
	q.setTimer(timerSend, e, e.TTS)
}

// Vanished says that a job's file is gone.
func (q *Queue) Vanished(id ID) {
	if e := q.jobs[id]; e != nil {
		if c := q.calls[e.line]; c != nil && e.phase == phaseCall {
			c.drop(e)
		}
		if e.phase == phasePrepare {
			q.preparing--
			e.dest.preparing--
		}
		if e.stop != nil {
			q.answer(e, e.stop.kill)
		}
		q.forget(e)
	}
}

// requeueAfter is the wait before the next attempt when nobody chose one: the
// job's own, or JobReqOther spread between half and one and a half of it.
func (q *Queue) requeueAfter(e *entry) time.Duration {
	if e.RetryTime > 0 {
		return e.RetryTime
	}
	s := int64(q.cfg.RequeueInterval / time.Second)
	if s <= 0 {
		return time.Second
	}
	return time.Duration(s/2+q.rand.Int64N(s)) * time.Second
}
