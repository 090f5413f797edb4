package sched

import (
	"fmt"
	"math/rand/v2"
	"time"
)

// phase is the inner state of a job: where in its life it is.
type phase uint8

const (
	// phaseWait: pending or sleeping; left by the timer.
	phaseWait phase = iota
	// phaseControl: JobControlCmd runs; left by Controlled.
	phaseControl
	// phaseReady: in a bucket, waits for preparation or a line; left by Run.
	phaseReady
	// phasePrepare: documents are being prepared; left by Prepared.
	phasePrepare
	// phaseCall: a line has it; left by JobEnded, CallEnded or Refused.
	phaseCall
	// phaseSuspended: left by Submit.
	phaseSuspended
)

// entry is a job in the queue.
type entry struct {
	Job
	seq     uint64 // order of arrival among equals
	control *Control
	dest    *dest
	phase   phase
	bucket  *bucket // phaseReady
	pos     int     // in the bucket
	line    string  // phaseCall
	begun   time.Time
	gather  time.Time // until when its call waits for documents of others
	sendGen uint32    // generations of the timers
	killGen uint32
	sleeps  bool // counted in dest.sleeping
	expired bool // kill time passed during an attempt
	// stranded: the job file says that no line is up; counted in lane.stranded.
	stranded bool
	stop     *stop
}

// stop is a wish to take a job out of an attempt that is going on.
type stop struct {
	kill   bool
	why    Why // with kill
	tokens []any
}

func (e *entry) placed(i int) { e.pos = i }

// before is the order of service: priority, then time to send, then arrival.
func (e *entry) before(o *entry) bool {
	if e.SchedPri != o.SchedPri {
		return e.SchedPri < o.SchedPri
	}
	if !e.TTS.Equal(o.TTS) {
		return e.TTS.Before(o.TTS)
	}
	return e.seq < o.seq
}

// call is an assignment of a line.
type call struct {
	dest *dest
	jobs []*entry // not ended yet
}

// Queue is the scheduler's state. See the package comment for its use.
type Queue struct {
	cfg     Config
	rand    *rand.Rand
	now     time.Time
	seq     uint64
	jobs    map[ID]*entry
	dests   map[string]*dest
	lanes   map[laneKey]*lane
	order   []*lane
	lines   lines
	calls   map[string]*call
	timers  heapOf[*timer]
	actions []Action

	preparing int // jobs in phasePrepare
	lastStart time.Time
	wake      time.Time // earliest moment a start was put off to
	quit      bool
}

// New makes an empty queue. The random source spreads retries.
func New(cfg Config, r *rand.Rand) *Queue {
	q := &Queue{
		rand:  r,
		jobs:  map[ID]*entry{},
		dests: map[string]*dest{},
		lanes: map[laneKey]*lane{},
		calls: map[string]*call{},
	}
	q.SetConfig(cfg)
	return q
}

// SetConfig changes the parameters; they hold from the next decision on.
func (q *Queue) SetConfig(cfg Config) {
	cfg.MaxBatchJobs = max(cfg.MaxBatchJobs, 1)
	cfg.MaxPrepare = max(cfg.MaxPrepare, 1)
	cfg.PrepareAhead = max(cfg.PrepareAhead, 1)
	q.cfg = cfg
	for _, d := range q.dests {
		q.unpark(d)
	}
}

// Quit stops the starting of anything new. Idle tells when all has ended.
func (q *Queue) Quit() { q.quit = true }

// Idle tells that no job is in any process's hands.
func (q *Queue) Idle() bool {
	if len(q.calls) > 0 || q.preparing > 0 {
		return false
	}
	for _, e := range q.jobs {
		if e.phase == phaseControl {
			return false
		}
	}
	return true
}

// Len is the number of jobs in the queue.
func (q *Queue) Len() int { return len(q.jobs) }

// Has tells whether the queue knows the job, and its state.
func (q *Queue) Has(id ID) (State, bool) {
	e := q.jobs[id]
	if e == nil {
		return 0, false
	}
	return e.State, true
}

// Run carries the queue to now: timers, then decisions. It returns what is to
// be done, in order.
func (q *Queue) Run(now time.Time) []Action {
	q.now = now
	q.wake = time.Time{}
	for q.timers.len() > 0 && !q.timers.head().at.After(now) {
		q.fire(q.timers.remove(0))
	}
	if !q.quit {
		q.dispatch()
		q.strand()
	}
	a := q.actions
	q.actions = nil
	return a
}

// NextDeadline tells when Run must be called at the latest if nothing happens
// before.
func (q *Queue) NextDeadline() (time.Time, bool) {
	for q.timers.len() > 0 && q.stale(q.timers.head()) {
		q.timers.remove(0)
	}
	t := q.wake
	if q.timers.len() > 0 && (t.IsZero() || q.timers.head().at.Before(t)) {
		t = q.timers.head().at
	}
	return t, !t.IsZero()
}

func (q *Queue) do(a Action)        { q.actions = append(q.actions, a) }
func (q *Queue) post(e Event, j ID) { q.do(Post{Event: e, Job: j}) }

// save puts a job's present state on disk.
func (q *Queue) save(e *entry, note *Note) {
	q.do(Save{Job: e.ID, State: e.State, SchedPri: e.SchedPri, Note: note})
}

// setTimer arms a job's timer anew.
func (q *Queue) setTimer(kind timerKind, e *entry, at time.Time) {
	t := &timer{at: at, kind: kind, job: e}
	switch kind {
	case timerSend:
		e.sendGen++
		t.gen = e.sendGen
	case timerKill:
		e.killGen++
		t.gen = e.killGen
	}
	q.timers.push(t)
}

func (q *Queue) stale(t *timer) bool {
	switch t.kind {
	case timerSend:
		return t.gen != t.job.sendGen
	case timerKill:
		return t.gen != t.job.killGen
	}
	return q.dests[t.dest.name] != t.dest
}

func (q *Queue) fire(t *timer) {
	if q.stale(t) {
		return
	}
	switch t.kind {
	case timerSend:
		q.wakeJob(t.job)
	case timerKill:
		q.expire(t.job)
	case timerGather:
		q.unpark(t.dest)
	}
}

// destOf finds or makes the record of a destination.
func (q *Queue) destOf(name string) *dest {
	d := q.dests[name]
	if d == nil {
		d = &dest{name: name}
		q.dests[name] = d
	}
	return d
}

// forget drops a job's record and its destination's if that was the last.
func (q *Queue) forget(e *entry) {
	q.detach(e)
	e.killGen++ // its timers are stale now
	delete(q.jobs, e.ID)
	e.dest.jobs--
	if e.dest.jobs == 0 && e.dest.active == 0 {
		delete(q.dests, e.dest.name)
	}
	q.post(JobDead, e.ID)
	q.post(JobReap, e.ID)
}

// detach takes a job out of whatever list it waits in.
func (q *Queue) detach(e *entry) {
	e.sendGen++
	if e.bucket != nil {
		q.unqueue(e)
	}
	if e.sleeps {
		e.sleeps = false
		e.dest.sleeping--
		q.unpark(e.dest)
	}
}

// finish ends a job.
func (q *Queue) finish(e *entry, why Why, note *Note, took time.Duration, unsent bool) {
	e.State = Failed
	if why == WhyDone {
		e.State = Done
	}
	q.do(Finish{Job: e.ID, State: e.State, Why: why, Note: note, SchedPri: e.SchedPri, Duration: took, Unsent: unsent})
	if e.stop != nil {
		q.answer(e, e.stop.kill && why == e.stop.why)
	}
	q.forget(e)
}

// reject ends a job before any attempt.
func (q *Queue) reject(e *entry, code int, format string, args ...any) {
	q.post(JobReject, e.ID)
	q.finish(e, WhyRejected, &Note{Code: code, Text: fmt.Sprintf(format, args...)}, 0, true)
}

// answer replies to everybody who asked to stop the job.
func (q *Queue) answer(e *entry, ok bool) {
	for _, t := range e.stop.tokens {
		q.do(Answer{Token: t, OK: ok})
	}
	e.stop = nil
}
