package sched

import "time"

// laneKey is what jobs have in common that can use the same lines, prepared or
// to be prepared.
type laneKey struct {
	modem, prefer             string
	poll                      bool
	width, length, resolution int
	prepared                  bool
}

// lane holds the ready jobs of one key, by destination: the bucket with the
// most urgent job on top. A site has few lanes, so that a decision looks at
// few heads however long the queue is.
type lane struct {
	key     laneKey
	buckets heapOf[*bucket]
	waiting int  // jobs in buckets
	spent   bool // in this pass nothing more can start

	since    time.Time // no line is up for it since; zero: one is
	why      string    // what its jobs say of that
	stranded int       // jobs that say so
	fresh    int       // jobs that came since it was said
}

// bucket holds the ready jobs of one lane to one destination. It is parked,
// out of the lane, while the destination may not be called.
type bucket struct {
	lane *lane
	dest *dest
	jobs heapOf[*entry]
	pos  int // in the lane; -1 parked
}

func (b *bucket) placed(i int)          { b.pos = i }
func (b *bucket) before(o *bucket) bool { return b.jobs.head().before(o.jobs.head()) }

// dest is one destination.
type dest struct {
	name      string
	jobs      int // in the queue, whatever their state
	active    int // calls going on
	sleeping  int // jobs that wait for another attempt
	preparing int // jobs being prepared
	prepared  int // prepared jobs in buckets
	buckets   []*bucket
}

func (q *Queue) laneOf(e *entry) *lane {
	k := laneKey{modem: e.Modem, poll: e.Poll, width: e.PageWidth, length: e.PageLength,
		resolution: e.Resolution, prepared: e.Prepared}
	if e.control != nil {
		k.prefer = e.control.Modem
	}
	l := q.lanes[k]
	if l == nil {
		l = &lane{key: k}
		q.lanes[k] = l
		q.order = append(q.order, l)
	}
	return l
}

// sibling is the lane of the same jobs once they are prepared, or nil.
func (q *Queue) sibling(l *lane) *lane {
	k := l.key
	k.prepared = true
	return q.lanes[k]
}

// enqueue puts a job into its bucket and tells whether it is the first of all
// ready jobs to its destination.
func (q *Queue) enqueue(e *entry) (first bool) {
	l := q.laneOf(e)
	l.fresh++
	first = true
	var b *bucket
	for _, o := range e.dest.buckets {
		if o.jobs.head().before(e) {
			first = false
		}
		if o.lane == l {
			b = o
		}
	}
	if b == nil {
		b = &bucket{lane: l, dest: e.dest, pos: -1}
		e.dest.buckets = append(e.dest.buckets, b)
	}
	if b.pos >= 0 {
		l.waiting++
	}
	b.jobs.push(e)
	e.bucket = b
	if e.Prepared {
		e.dest.prepared++
	}
	if b.pos >= 0 {
		l.buckets.fix(b.pos)
	} else {
		q.unparkBucket(b)
	}
	return first
}

// unqueue takes a job out of its bucket.
func (q *Queue) unqueue(e *entry) {
	b := e.bucket
	e.calm(b.lane)
	e.bucket = nil
	parked := b.pos < 0
	if !parked {
		b.lane.buckets.remove(b.pos)
		b.lane.waiting -= b.jobs.len()
	}
	b.jobs.remove(e.pos)
	if e.Prepared {
		e.dest.prepared--
	}
	if b.jobs.len() == 0 {
		e.dest.removeBucket(b)
	} else if !parked {
		q.unparkBucket(b)
	}
}

func (d *dest) removeBucket(b *bucket) {
	for i, o := range d.buckets {
		if o == b {
			last := len(d.buckets) - 1
			d.buckets[i] = d.buckets[last]
			d.buckets[last] = nil
			d.buckets = d.buckets[:last]
			return
		}
	}
}

// park takes a bucket out of its lane until its destination changes.
func (q *Queue) park(b *bucket) {
	b.lane.buckets.remove(b.pos)
	b.lane.waiting -= b.jobs.len()
}

func (q *Queue) unparkBucket(b *bucket) {
	b.lane.buckets.push(b)
	b.lane.waiting += b.jobs.len()
}

// unpark brings all buckets of a destination back to their lanes, after
// something changed for it.
func (q *Queue) unpark(d *dest) {
	for _, b := range d.buckets {
		if b.pos < 0 && b.jobs.len() > 0 {
			q.unparkBucket(b)
		}
	}
}

// callable tells whether one more call to the job's destination is allowed
// (MaxConcurrentCalls: calls going on and jobs waiting to be repeated count).
func (q *Queue) callable(e *entry) bool {
	limit := q.cfg.MaxConcurrentCalls
	if e.control != nil && e.control.MaxConcurrentCalls != nil {
		limit = *e.control.MaxConcurrentCalls
	}
	return e.dest.active+e.dest.sleeping+1 <= limit
}
