package sched

import (
	"slices"
	"time"
)

// gatherTime is how long a call may wait for documents of other jobs to the
// same destination that are being prepared, so that they can share it.
const gatherTime = 10 * time.Second

// dispatch starts what can be started now: the most urgent job first, each on
// the best line for it; preparation of those that will need a line next.
func (q *Queue) dispatch() {
	for _, l := range q.order {
		l.spent = false
	}
	for {
		l := q.firstLane()
		if l == nil {
			return
		}
		e := l.buckets.head().jobs.head()
		q.post(JobProcess, e.ID)
		if !q.permitted(e) {
			continue
		}
		if e.Prepared {
			q.tryCall(l, e)
		} else {
			q.tryPrepare(l, e)
		}
	}
}

// firstLane gives the lane with the most urgent job among those that may still
// start something in this pass.
func (q *Queue) firstLane() *lane {
	var best *lane
	for _, l := range q.order {
		if l.spent || l.buckets.len() == 0 {
			continue
		}
		if best == nil || l.buckets.head().before(best.buckets.head()) {
			best = l
		}
	}
	return best
}

// permitted checks the limits that may have changed since the job was
// submitted, and the time of day. A job that may not go now is out of its
// bucket when it returns.
func (q *Queue) permitted(e *entry) bool {
	c := e.control
	if c == nil {
		c = &Control{}
	}
	if limit := lower(c.MaxDials, q.cfg.MaxDials, e.MaxDials); e.TotDials >= limit {
		q.reject(e, 333, "REJECT: Too many attempts to dial: %d, max %d", e.TotDials, limit)
		return false
	}
	if limit := lower(c.MaxTries, q.cfg.MaxTries, e.MaxTries); e.TotTries >= limit {
		q.reject(e, 334, "REJECT: Too many attempts to transmit: %d, max %d", e.TotTries, limit)
		return false
	}
	if limit := q.maxPages(e); e.TotPages > limit {
		q.reject(e, 335, "REJECT: Too many pages in submission: %d, max %d", e.TotPages, limit)
		return false
	}
	if c.Reject != "" {
		q.reject(e, 348, "REJECT: %s", c.Reject)
		return false
	}
	tod := q.cfg.TimeOfDay
	if c.TimeOfDay != nil {
		tod = *c.TimeOfDay
	}
	if next := tod.Next(q.now); next.After(q.now) {
		q.delay(e, next, Note{Code: 338, Text: "Delayed by time-of-day restrictions"})
		return false
	}
	return true
}

// lower is the smaller of the job's limit and the one that the destination's
// Control, or else the configuration, sets.
func lower(control *int, config, job int) int {
	if control != nil {
		config = *control
	}
	return min(config, job)
}

// maxPages is MaxSendPages for a job.
func (q *Queue) maxPages(e *entry) int {
	if e.control != nil && e.control.MaxSendPages != nil {
		return *e.control.MaxSendPages
	}
	return q.cfg.MaxSendPages
}

// MaxPages is the page limit that preparation must keep for a job.
func (q *Queue) MaxPages(id ID) int {
	if e := q.jobs[id]; e != nil {
		return q.maxPages(e)
	}
	return q.cfg.MaxSendPages
}

// tryPrepare begins the preparation of a job's documents if a place is free
// and not too many prepared jobs wait already.
func (q *Queue) tryPrepare(l *lane, e *entry) {
	d := e.dest
	if d.prepared+d.preparing >= q.cfg.MaxBatchJobs && !q.callable(e) {
		q.park(e.bucket) // more than the next call can take
		return
	}
	ahead := q.sibling(l)
	if q.preparing >= q.cfg.MaxPrepare || ahead != nil && ahead.waiting >= q.cfg.PrepareAhead {
		l.spent = true
		return
	}
	q.unqueue(e)
	e.phase, e.State = phasePrepare, Active
	q.preparing++
	d.preparing++
	p := Prepare{Job: e.ID}
	if line := q.lines.choose(&q.cfg, &e.Job, l.key.prefer, false); line != nil {
		p.Line = line.ID
	}
	q.post(JobActive, e.ID)
	q.save(e, &Note{})
	q.do(p)
	q.post(JobPrepBegin, e.ID)
}

// tryCall puts a prepared job, and others to the same destination, on a line.
func (q *Queue) tryCall(l *lane, e *entry) {
	if !q.callable(e) {
		q.park(e.bucket)
		q.block(e)
		return
	}
	line := q.lines.choose(&q.cfg, &e.Job, l.key.prefer, true)
	if line == nil {
		l.spent = true
		return
	}
	if at := q.lastStart.Add(q.cfg.StaggerCalls); q.cfg.StaggerCalls > 0 && at.After(q.now) {
		q.wakeAt(at)
		q.spendPrepared()
		return
	}
	if q.mustGather(e) {
		q.park(e.bucket)
		return
	}
	q.start(line, e)
}

// wakeAt asks for a Run at the time.
func (q *Queue) wakeAt(t time.Time) {
	if q.wake.IsZero() || t.Before(q.wake) {
		q.wake = t
	}
}

// spendPrepared ends the starting of calls in this pass.
func (q *Queue) spendPrepared() {
	for _, l := range q.order {
		l.spent = l.spent || l.key.prepared
	}
}

// mustGather tells whether a call waits for documents that other jobs to the
// same destination are having prepared. The end of a preparation, or the
// timer, brings the bucket back.
func (q *Queue) mustGather(e *entry) bool {
	if q.cfg.MaxBatchJobs <= 1 || e.dest.preparing == 0 {
		return false
	}
	if e.gather.IsZero() {
		e.gather = q.now.Add(gatherTime)
		q.timers.push(&timer{at: e.gather, kind: timerGather, dest: e.dest})
	}
	return q.now.Before(e.gather)
}

// start assigns the line to a batch led by e.
func (q *Queue) start(line *Line, lead *entry) {
	batch := q.batch(line, lead)
	c := &call{dest: lead.dest, jobs: batch}
	q.calls[line.ID] = c
	q.lastStart = q.now
	lead.dest.active++
	line.State = LineBusy
	q.lines.put(line)
	q.do(Post{Event: LineAssign, Line: line.ID})
	s := Start{Line: line.ID}
	if lead.control != nil {
		s.Args = lead.control.Args
	}
	for _, e := range batch {
		e.phase, e.State, e.line, e.begun, e.gather = phaseCall, Active, line.ID, q.now, time.Time{}
		s.Jobs = append(s.Jobs, e.ID)
		q.do(Save{Job: e.ID, State: Active, SchedPri: e.SchedPri, Note: &Note{}, Begin: true})
		q.post(JobActive, e.ID)
		q.post(SendBegin, e.ID)
	}
	q.do(s)
}

// batch takes the jobs that share a call out of their buckets, most urgent
// first: to the same destination, allowed on the line, with equal parameters
// for the sender (MaxBatchJobs).
func (q *Queue) batch(line *Line, lead *entry) []*entry {
	var fit []*entry
	for _, b := range lead.dest.buckets {
		if !b.lane.key.prepared {
			continue
		}
		for _, e := range b.jobs.items {
			if e != lead && q.shares(line, lead, e) {
				fit = append(fit, e)
			}
		}
	}
	slices.SortFunc(fit, func(a, b *entry) int {
		if a.before(b) {
			return -1
		}
		return 1
	})
	q.unqueue(lead)
	jobs := []*entry{lead}
	for _, e := range fit {
		if len(jobs) >= q.cfg.MaxBatchJobs {
			break
		}
		if q.permitted(e) {
			q.unqueue(e)
			jobs = append(jobs, e)
		}
	}
	return jobs
}

// shares tells whether a job can ride in another's call.
func (q *Queue) shares(line *Line, lead, e *entry) bool {
	if e.Type != lead.Type || e.Poll || lead.Poll || !q.cfg.serves(e.Modem, line.ID) || !line.capable(&e.Job) {
		return false
	}
	var a, b []string
	if lead.control != nil {
		a = lead.control.Args
	}
	if e.control != nil {
		b = e.control.Args
	}
	return slices.Equal(a, b)
}
