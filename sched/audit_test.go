package sched

import "fmt"

// audit checks that the queue's counters agree with its jobs.
func (q *Queue) audit() error {
	type count struct{ jobs, sleeping, preparing, prepared int }
	want := map[*dest]*count{}
	preparing := 0
	for id, e := range q.jobs {
		c := want[e.dest]
		if c == nil {
			c = &count{}
			want[e.dest] = c
		}
		c.jobs++
		if e.sleeps {
			c.sleeping++
		}
		if e.phase == phasePrepare {
			c.preparing++
			preparing++
		}
		if e.bucket != nil && e.Prepared {
			c.prepared++
		}
		if (e.phase == phaseReady) != (e.bucket != nil) {
			return fmt.Errorf("job %s in phase %d, bucket %v", id, e.phase, e.bucket)
		}
		if q.dests[e.Dest] != e.dest {
			return fmt.Errorf("job %s has a destination of its own", id)
		}
	}
	if preparing != q.preparing {
		return fmt.Errorf("%d preparing, counted %d", preparing, q.preparing)
	}
	for name, d := range q.dests {
		c := want[d]
		if c == nil {
			c = &count{}
			if d.active == 0 {
				return fmt.Errorf("destination %s has neither jobs nor calls", name)
			}
		}
		if got := (count{d.jobs, d.sleeping, d.preparing, d.prepared}); got != *c {
			return fmt.Errorf("destination %s counts %+v, has %+v", name, got, *c)
		}
	}
	for k, l := range q.lanes {
		n, stranded := 0, 0
		for i, b := range l.buckets.items {
			n += b.jobs.len()
			if b.pos != i {
				return fmt.Errorf("lane %v: bucket %d believes to be %d", k, i, b.pos)
			}
		}
		for _, e := range q.jobs {
			if e.stranded && e.bucket != nil && e.bucket.lane == l {
				stranded++
			}
		}
		if stranded != l.stranded {
			return fmt.Errorf("lane %v: %d are stranded, counted %d", k, stranded, l.stranded)
		}
		if n != l.waiting {
			return fmt.Errorf("lane %v: %d wait, counted %d", k, n, l.waiting)
		}
	}
	return nil
}
