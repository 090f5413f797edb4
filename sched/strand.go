package sched

import (
	"fmt"
	"time"
)

// A job that waits for a line has no status of its own, and its sender asks
// why. Where no line is up that may take it, the job says so, and what the
// lines say of their trouble.

const (
	// strandGrace is how long jobs wait without a word: lines come up after
	// faxq, and go down for moments.
	strandGrace = 5 * time.Second
	// maxStranded is how many jobs that wait for the same lines say so. Each
	// takes a write to disk; the others are behind them in the queue.
	maxStranded = 100
	// codeNoLine is the status code (ours) of a job that waits for a line
	// where none is up.
	codeNoLine = 399
)

// strand looks whether jobs wait for lines none of which is up, and lets them
// say so, or no more.
func (q *Queue) strand() {
	for _, l := range q.order {
		why := ""
		if l.key.prepared && l.buckets.len() > 0 {
			why = q.lines.trouble(&q.cfg, &l.buckets.head().jobs.head().Job, l.key.prefer)
		}
		switch {
		case why == "":
			q.relieve(l)
		case l.since.IsZero():
			l.since = q.now
			q.wakeAt(q.now.Add(strandGrace))
		case q.now.Before(l.since.Add(strandGrace)):
			q.wakeAt(l.since.Add(strandGrace))
		case why != l.why || l.fresh > 0:
			q.lament(l, why)
		}
	}
}

// lament writes into the jobs of a lane why they wait.
func (q *Queue) lament(l *lane, why string) {
	again := why != l.why
	l.why, l.fresh = why, 0
	for _, b := range l.buckets.items {
		for _, e := range b.jobs.items {
			if e.State != Ready || e.stranded && !again || !e.stranded && l.stranded >= maxStranded {
				continue
			}
			if !e.stranded {
				e.stranded = true
				l.stranded++
			}
			q.save(e, &Note{Code: codeNoLine, Text: why})
		}
	}
}

// relieve takes back what lament wrote.
func (q *Queue) relieve(l *lane) {
	l.since, l.why = time.Time{}, ""
	if l.stranded == 0 {
		return
	}
	for _, b := range l.buckets.items {
		for _, e := range b.jobs.items {
			if e.stranded && e.State == Ready {
				q.save(e, &Note{})
			}
			e.calm(l)
		}
	}
}

// calm forgets that a job said that it waits for a line.
func (e *entry) calm(l *lane) {
	if e.stranded {
		e.stranded = false
		l.stranded--
	}
}

// trouble says why no line can take a job; "" where one is up, if busy.
func (ls *lines) trouble(cfg *Config, j *Job, prefer string) string {
	if ls.hope(cfg, j, prefer) {
		return ""
	}
	var first *Line
	down := 0
	for _, l := range ls.list {
		if !cfg.serves(j.Modem, l.ID) || !l.capable(j) {
			continue
		}
		down++
		if first == nil || first.Trouble == "" {
			first = l
		}
	}
	switch {
	case len(ls.list) == 0:
		return "No line is up: no faxgetty has told faxq of one"
	case first == nil:
		return "No line is known that can send this job"
	}
	why := first.Trouble
	if why == "" {
		why = "it is down"
	}
	text := fmt.Sprintf("No line is up: %s: %s", first.ID, why)
	if down > 1 {
		text += fmt.Sprintf(" (%d lines are down)", down)
	}
	return text
}

// hope tells whether a line is up that may take a job, now or later.
func (ls *lines) hope(cfg *Config, j *Job, prefer string) bool {
	strict := prefer != "" && cfg.isGroup(j.Modem)
	for _, l := range ls.list {
		if l.State != LineDown && cfg.serves(j.Modem, l.ID) && l.capable(j) && (!strict || cfg.serves(prefer, l.ID) || !ls.exists(cfg, j, prefer)) {
			return true
		}
	}
	return false
}

// exists tells whether any line that the destination's Control prefers could
// ever do the job: choose waits for it then.
func (ls *lines) exists(cfg *Config, j *Job, prefer string) bool {
	for _, l := range ls.list {
		if cfg.serves(j.Modem, l.ID) && cfg.serves(prefer, l.ID) && l.capable(j) {
			return true
		}
	}
	return false
}
