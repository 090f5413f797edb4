package sched

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

// traffic is a site's mix: jobs per hour, and how destinations behave.
type traffic struct {
	name                    string
	lines                   int
	perHour                 int
	dests                   int
	busy, silent, bad, slow float64 // parts of the calls: busy tone, no answer, broken sessions; parts of destinations that are slow
	bulk                    float64 // part of jobs with bulk priority
	hours                   int
}

// report is what a site wants to know.
type report struct {
	jobs, done, failed, calls int
	wait                      map[string][]time.Duration // from submission to the first call, by priority
	lineUse                   time.Duration
	span                      time.Duration
	runs                      int
}

// simulation drives a queue through invented time.
type simulation struct {
	t      *testing.T
	w      traffic
	q      *Queue
	r      *rand.Rand
	now    time.Time
	redial Redial
	events simHeap
	sent   map[ID]time.Time // submitted, not yet called
	class  map[ID]string
	fails  map[ID]int
	tries  map[ID]int
	dials  map[ID]int
	inCall map[string]map[ID]bool // by destination: jobs in a call
	dest   map[ID]string
	report report
}

type simEvent struct {
	at time.Time
	do func()
}

type simHeap = heapOf[*simEvent]

func (e *simEvent) before(o *simEvent) bool { return e.at.Before(o.at) }
func (e *simEvent) placed(int)              {}

func (s *simulation) after(d time.Duration, do func()) {
	s.events.push(&simEvent{s.now.Add(d), do})
}

// run plays all hours and lets the queue run empty.
func (s *simulation) run() report {
	s.arrive(0)
	end := noon.Add(time.Duration(s.w.hours) * time.Hour)
	for {
		next, ok := s.q.NextDeadline()
		if s.events.len() > 0 && (!ok || s.events.head().at.Before(next)) {
			next, ok = s.events.head().at, true
		}
		if !ok {
			break
		}
		if next.After(s.now) {
			s.now = next
		}
		for s.events.len() > 0 && !s.events.head().at.After(s.now) {
			s.events.remove(0).do()
		}
		s.carryOut(s.q.Run(s.now))
		s.report.runs++
	}
	s.report.span = s.now.Sub(noon)
	if s.now.Before(end) {
		s.t.Errorf("the week ended at %v", s.now)
	}
	return s.report
}

// arrive submits a job and plans the next one.
func (s *simulation) arrive(n int) {
	j := job(fmt.Sprint(n), fmt.Sprint("+", s.r.IntN(s.w.dests)))
	class := "normal"
	if s.r.Float64() < s.w.bulk {
		class, j.Priority, j.SchedPri = "bulk", 200, 200
	} else if s.r.Float64() < 0.05 {
		class, j.Priority, j.SchedPri = "urgent", 10, 10
	}
	j.Prepared, j.KillTime = false, s.now.Add(12*time.Hour)
	s.sent[j.ID], s.class[j.ID], s.dest[j.ID] = s.now, class, j.Dest
	s.report.jobs++
	s.q.Submit(j, false, s.now)
	if gap := time.Duration(s.r.ExpFloat64() * float64(time.Hour) / float64(s.w.perHour)); s.now.Add(gap).Before(noon.Add(time.Duration(s.w.hours) * time.Hour)) {
		s.after(gap, func() { s.arrive(n + 1) })
	}
}

func (s *simulation) carryOut(actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case Prepare:
			s.after(time.Duration(1+s.r.IntN(4))*time.Second, func() { s.q.Prepared(a.Job, Preparation{TotPages: 1 + s.r.IntN(5)}, s.now) })
		case Start:
			s.call(a)
		case Finish:
			if a.State == Done {
				s.report.done++
			} else {
				s.report.failed++
			}
		}
	}
}

// call plays a call: its jobs one after the other until one does not get
// through.
func (s *simulation) call(a Start) {
	s.report.calls++
	d := s.dest[a.Jobs[0]]
	for _, id := range a.Jobs {
		if s.dest[id] != d {
			s.t.Fatalf("a call to %s has job %s to %s", d, id, s.dest[id])
		}
		if s.inCall[d] == nil {
			s.inCall[d] = map[ID]bool{}
		}
		if s.inCall[d][id] {
			s.t.Fatalf("job %s is in two calls", id)
		}
	}
	if len(s.inCall[d]) > 0 {
		s.t.Fatalf("two calls to %s at a time", d)
	}
	for _, id := range a.Jobs {
		s.inCall[d][id] = true
		if at, ok := s.sent[id]; ok {
			s.report.wait[s.class[id]] = append(s.report.wait[s.class[id]], s.now.Sub(at))
			delete(s.sent, id)
		}
	}
	took := 15 * time.Second
	for i, id := range a.Jobs {
		o := s.attempt(id, i > 0)
		took += o.Duration
		s.after(took, func() { s.end(d, id, o) })
		if o.Result != Success {
			break
		}
	}
	s.report.lineUse += took
	s.after(took, func() {
		clear(s.inCall[d])
		s.q.CallEnded(a.Line, s.now)
	})
}

func (s *simulation) end(d string, id ID, o Outcome) {
	if o.Result == Retry && !o.TTS.IsZero() {
		o.TTS = s.now.Add(o.TTS.Sub(noon))
	}
	delete(s.inCall[d], id)
	s.q.JobEnded(id, o, s.now)
}

// attempt decides how a job fares.
func (s *simulation) attempt(id ID, answered bool) Outcome {
	s.dials[id]++
	o := Outcome{TotDials: s.dials[id], TotTries: s.tries[id], Duration: time.Duration(30+s.r.IntN(90)) * time.Second}
	p := s.r.Float64()
	if !answered && p < s.w.busy+s.w.silent {
		c := CauseBusy
		if p >= s.w.busy {
			c = CauseNoAnswer
			o.Duration = 60 * time.Second
		}
		s.fails[id]++
		o.Result, o.TTS = s.redial.Dialed(c, s.fails[id], false, 0, noon)
		return o
	}
	s.fails[id] = 0
	s.tries[id]++
	o.TotTries = s.tries[id]
	if s.r.Float64() < s.w.bad {
		o.Result, o.TTS = Retry, s.redial.Session(noon)
		return o
	}
	o.Result = Success
	if s.r.Float64() < s.w.slow {
		o.Duration *= 4
	}
	return o
}

// String is the report as a site would like to read it.
func (r report) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d jobs: %d delivered, %d failed; %d calls (%.2f per delivered fax); lines in use %.0f hours of %.0f\n",
		r.jobs, r.done, r.failed, r.calls, float64(r.calls)/float64(max(1, r.done)), r.lineUse.Hours(), r.span.Hours())
	for _, class := range []string{"urgent", "normal", "bulk"} {
		w := r.wait[class]
		if len(w) == 0 {
			continue
		}
		slices.Sort(w)
		at := func(q float64) time.Duration { return w[int(q*float64(len(w)-1))].Round(time.Second) }
		fmt.Fprintf(&b, "  %-6s wait to first call: median %v, 95 of 100 under %v, longest %v (%d jobs)\n", class, at(0.5), at(0.95), at(1), len(w))
	}
	return b.String()
}

func simulate(t *testing.T, w traffic) report {
	cfg := DefaultConfig()
	cfg.MaxPrepare = 4
	s := &simulation{t: t, w: w, r: rand.New(rand.NewPCG(3, 4)), now: noon, redial: DefaultRedial(),
		sent: map[ID]time.Time{}, class: map[ID]string{}, fails: map[ID]int{}, tries: map[ID]int{}, dials: map[ID]int{},
		inCall: map[string]map[ID]bool{}, dest: map[ID]string{}, report: report{wait: map[string][]time.Duration{}}}
	s.q = New(cfg, rand.New(rand.NewPCG(5, 6)))
	for i := range w.lines {
		s.q.LineReady(fmt.Sprint("line", i), nil, 0, s.now)
	}
	r := s.run()
	if err := s.q.audit(); err != nil {
		t.Error(err)
	}
	if s.q.Len() != 0 || !s.q.Idle() {
		t.Errorf("%d jobs never ended", s.q.Len())
	}
	return r
}

// A week of traffic: every job ends, no destination gets two calls at a time,
// urgent jobs do not wait behind others, retries stay within reason.
func TestWeekOfTraffic(t *testing.T) {
	for _, w := range []traffic{
		{name: "quiet office", lines: 2, perHour: 20, dests: 200, busy: 0.05, silent: 0.03, bad: 0.02, slow: 0.1, hours: 7 * 24},
		{name: "busy office", lines: 8, perHour: 100, dests: 300, busy: 0.15, silent: 0.05, bad: 0.05, slow: 0.2, hours: 7 * 24},
		{name: "broadcast", lines: 30, perHour: 350, dests: 20000, busy: 0.2, silent: 0.1, bad: 0.05, slow: 0.2, bulk: 0.8, hours: 24},
	} {
		t.Run(w.name, func(t *testing.T) {
			start := time.Now()
			r := simulate(t, w)
			t.Logf("%v (%d decisions in %v)", r, r.runs, time.Since(start).Round(time.Millisecond))
			if r.done+r.failed != r.jobs {
				t.Errorf("%d of %d jobs ended", r.done+r.failed, r.jobs)
			}
			if float64(r.done) < 0.95*float64(r.jobs) {
				t.Errorf("%d of %d delivered", r.done, r.jobs)
			}
			if n := r.wait["normal"]; len(n) > 0 && r.wait["bulk"] != nil && n[len(n)/2] > r.wait["bulk"][len(r.wait["bulk"])/2] {
				t.Errorf("normal jobs wait longer than bulk ones")
			}
		})
	}
}

// BenchmarkDecision: an urgent job comes to a queue of 100,000 that all lines
// are busy with.
func BenchmarkDecision(b *testing.B) {
	q := New(DefaultConfig(), rand.New(rand.NewPCG(1, 2)))
	for i := range 200 {
		q.LineReady(fmt.Sprint("line", i), nil, 0, noon)
	}
	for i := range 100_000 {
		j := job(fmt.Sprint(i), fmt.Sprint("+", i%60_000))
		q.Submit(j, false, noon)
	}
	q.Run(noon)
	b.ResetTimer()
	n := 100_000
	for b.Loop() {
		n++
		j := job(fmt.Sprint(n), fmt.Sprint("+u", n))
		j.SchedPri = 1
		q.LineReady("urgent", nil, 0, noon)
		q.Submit(j, false, noon)
		q.Run(noon)
		q.JobEnded(j.ID, Outcome{Result: Success}, noon)
		q.CallEnded("urgent", noon)
		q.LineDown("urgent")
	}
}

// BenchmarkStart: 100,000 jobs are submitted and the first calls begin.
func BenchmarkStart(b *testing.B) {
	for b.Loop() {
		q := New(DefaultConfig(), rand.New(rand.NewPCG(1, 2)))
		for i := range 200 {
			q.LineReady(fmt.Sprint("line", i), nil, 0, noon)
		}
		for i := range 100_000 {
			q.Submit(job(fmt.Sprint(i), fmt.Sprint("+", i%60_000)), false, noon)
		}
		q.Run(noon)
	}
}
