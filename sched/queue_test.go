package sched

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
	"time"
)

// noon is a Saturday's noon: tests' beginning of time.
var noon = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// world conducts a queue: it tells it news and reads its actions as short
// lines of text.
type world struct {
	t   *testing.T
	q   *Queue
	now time.Time
}

func newWorld(t *testing.T, change func(*Config)) *world {
	t.Helper()
	cfg := DefaultConfig()
	if change != nil {
		change(&cfg)
	}
	w := &world{t: t, q: New(cfg, rand.New(rand.NewPCG(1, 2))), now: noon}
	return w
}

// job makes a prepared job with HylaFAX's defaults.
func job(id, dest string) Job {
	return Job{ID: ID(id), Dest: dest, Modem: "any", Type: "facsimile", Priority: 127, SchedPri: 127,
		KillTime: noon.Add(3 * time.Hour), MaxDials: 12, MaxTries: 3, TotPages: 1, Prepared: true}
}

func (w *world) submit(j Job) { w.q.Submit(j, false, w.now) }
func (w *world) line(ids ...string) {
	for _, id := range ids {
		w.q.LineReady(id, nil, 0, w.now)
	}
}
func (w *world) ended(id string, r Result) {
	w.q.JobEnded(ID(id), Outcome{Result: r, TotDials: 1, TotTries: 1, Note: Note{Code: 3, Text: "why"}}, w.now)
}

// run gives the actions that matter, one string each; events only if asked.
func (w *world) run(events ...Event) []string {
	w.t.Helper()
	var out []string
	for _, a := range w.q.Run(w.now) {
		switch a := a.(type) {
		case Save:
			s := fmt.Sprintf("save %s %v", a.Job, a.State)
			if !a.TTS.IsZero() {
				s += " +" + a.TTS.Sub(w.now).String()
			}
			if a.Note != nil && a.Note.Text != "" {
				s += fmt.Sprintf(" (%d)", a.Note.Code)
			}
			out = append(out, s)
		case Start:
			out = append(out, fmt.Sprintf("start %s %v", a.Line, a.Jobs)+suffixed(a.Args))
		case Finish:
			s := fmt.Sprintf("finish %s %s", a.Job, a.Why)
			if a.Note != nil {
				s += fmt.Sprintf(" (%d)", a.Note.Code)
			}
			out = append(out, s)
		case Notify:
			out = append(out, fmt.Sprintf("notify %s %s", a.Job, a.Why))
		case Answer:
			out = append(out, fmt.Sprintf("answer %v %v", a.Token, a.OK))
		case Post:
			for _, e := range events {
				if a.Event == e {
					out = append(out, fmt.Sprintf("event %d %s%s", a.Event, a.Job, a.Line))
				}
			}
		case Prepare:
			out = append(out, fmt.Sprintf("prepare %s %s", a.Job, a.Line))
		case RunControl:
			out = append(out, fmt.Sprintf("control %s", a.Job))
		case StopPrepare:
			out = append(out, fmt.Sprintf("stop-prepare %s", a.Job))
		case Abort:
			out = append(out, fmt.Sprintf("abort %s %s", a.Line, a.Job))
		case Unprepare:
			out = append(out, fmt.Sprintf("unprepare %s", a.Job))
		}
	}
	w.check()
	return out
}

func suffixed(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return " " + strings.Join(args, ",")
}

func (w *world) want(what string, want ...string) {
	w.t.Helper()
	if got := w.run(); !reflect.DeepEqual(got, want) && len(got)+len(want) > 0 {
		w.t.Errorf("%s:\n got %q\nwant %q", what, got, want)
	}
}

// check verifies the queue's books.
func (w *world) check() {
	w.t.Helper()
	if err := w.q.audit(); err != nil {
		w.t.Fatal(err)
	}
}

func TestOneJobFromSubmissionToDone(t *testing.T) {
	w := newWorld(t, nil)
	j := job("1", "+1")
	j.Prepared = false
	w.submit(j)
	w.want("no line yet", "save 1 ready", "save 1 active", "prepare 1 ")
	w.q.Prepared("1", Preparation{TotPages: 2}, w.now)
	w.want("prepared", "save 1 ready")
	w.line("L")
	w.want("a line", "save 1 active", "start L [1]")
	w.ended("1", Success)
	w.want("sent", "finish 1 done")
	w.q.CallEnded("L", w.now)
	w.want("nothing left")
	if w.q.Len() != 0 || !w.q.Idle() {
		t.Errorf("%d jobs left", w.q.Len())
	}
}

func TestBusyThenDone(t *testing.T) {
	w := newWorld(t, nil)
	w.line("L")
	w.submit(job("1", "+1"))
	w.want("first call", "save 1 ready", "save 1 active", "start L [1]")
	w.q.JobEnded("1", Outcome{Result: Retry, TTS: w.now.Add(180 * time.Second), TotDials: 1, Note: Note{1, "Busy signal detected"}}, w.now)
	w.q.CallEnded("L", w.now)
	w.want("busy", "save 1 sleeping +3m0s (1)", "notify 1 requeued")
	if at, ok := w.q.NextDeadline(); !ok || !at.Equal(noon.Add(180*time.Second)) {
		t.Errorf("NextDeadline = %v, %v", at, ok)
	}
	w.now = w.now.Add(180 * time.Second)
	w.want("again", "save 1 ready", "save 1 active", "start L [1]")
}

// JobReqOther, when the line chose no time: between half and one and a half.
func TestRequeueSpread(t *testing.T) {
	for i := range 50 {
		w := newWorld(t, nil)
		w.q.rand = rand.New(rand.NewPCG(uint64(i), 7))
		w.line("L")
		w.submit(job("1", "+1"))
		w.run()
		w.ended("1", Retry)
		w.q.CallEnded("L", w.now)
		w.run()
		at, _ := w.q.NextDeadline()
		if d := at.Sub(w.now); d < 150*time.Second || d >= 450*time.Second {
			t.Fatalf("next attempt after %v", d)
		}
	}
}

// MaxConcurrentCalls: a second job to the same destination waits, and rides in
// the same call when it comes; one to another does not wait.
func TestConcurrentCalls(t *testing.T) {
	w := newWorld(t, nil)
	w.line("A", "B")
	w.submit(job("1", "+1"))
	w.submit(job("2", "+2"))
	w.want("two destinations", "save 1 ready", "save 2 ready", "save 1 active", "start A [1]", "save 2 active", "start B [2]")
	w.q.CallEnded("B", w.now)
	w.run()
	w.submit(job("3", "+1"))
	w.submit(job("4", "+1"))
	got := w.run()
	for _, s := range got {
		if strings.HasPrefix(s, "start A") || strings.Contains(s, "[3]") {
			t.Errorf("blocked jobs: %q", got)
		}
	}
	if s, _ := w.q.Has("3"); s != Blocked {
		t.Errorf("job 3 is %v, want blocked", s)
	}
	w.ended("1", Success)
	w.q.CallEnded("A", w.now)
	got = w.run()
	if want := "start A [3 4]"; got[len(got)-1] != want {
		t.Errorf("after the call: %q, want %s at the end", got, want)
	}
}

func TestMaxBatchJobs(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxBatchJobs = 2 })
	for i := range 5 {
		w.submit(job(fmt.Sprint(i+1), "+1"))
	}
	w.run()
	w.line("L")
	got := w.run()
	if want := "start L [1 2]"; got[len(got)-1] != want {
		t.Errorf("%q, want %s", got, want)
	}
	w.ended("1", Success)
	w.ended("2", Retry) // the batch breaks here
	w.q.CallEnded("L", w.now)
	for _, s := range w.run() {
		if strings.HasPrefix(s, "start") {
			t.Errorf("a sleeping job lets others to the same destination through: %s", s)
		}
	}
}

func TestJobsOfABatchThatWereNotTried(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.MaxConcurrentCalls = 2 })
	w.submit(job("1", "+1"))
	w.submit(job("2", "+1"))
	w.run()
	w.line("L")
	w.run()
	w.ended("1", Retry)
	w.q.CallEnded("L", w.now)
	w.want("job 2 goes on at once", "save 1 sleeping +6m20s (3)", "notify 1 requeued", "save 2 ready", "save 2 active", "start L [2]")
}

func TestPriority(t *testing.T) {
	w := newWorld(t, nil)
	for i, p := range []int{127, 64, 200, 64} {
		j := job(fmt.Sprint(i+1), fmt.Sprint("+", i))
		j.SchedPri, j.Priority = p, p
		w.submit(j)
	}
	w.run()
	var order []string
	for range 4 {
		w.line("L")
		got := w.run()
		last := got[len(got)-1]
		order = append(order, last)
		w.ended(strings.Trim(last[len("start L "):], "[]"), Success)
		w.q.CallEnded("L", w.now)
		w.q.LineDown("L")
		w.run()
	}
	if want := []string{"start L [2]", "start L [4]", "start L [1]", "start L [3]"}; !reflect.DeepEqual(order, want) {
		t.Errorf("order %q, want %q", order, want)
	}
}

func TestBump(t *testing.T) {
	for _, row := range []struct{ pri, usr, want int }{
		{127, 127, 126}, {113, 127, 112}, {112, 127, 112}, {191, 191, 192}, {254, 200, 255}, {255, 200, 255}, {190, 190, 189}, {0, 0, 0},
	} {
		if got := bump(row.pri, row.usr); got != row.want {
			t.Errorf("bump(%d, %d) = %d, want %d", row.pri, row.usr, got, row.want)
		}
	}
}

// The limits, with HylaFAX's codes.
func TestLimits(t *testing.T) {
	n := func(i int) *int { return &i }
	for _, row := range []struct {
		name   string
		change func(*Job)
		c      *Control
		want   string
	}{
		{"dials", func(j *Job) { j.TotDials = 12 }, nil, "finish 1 rejected (333)"},
		{"job's own dials", func(j *Job) { j.MaxDials, j.TotDials = 2, 2 }, nil, "finish 1 rejected (333)"},
		{"destination's dials", func(j *Job) { j.TotDials = 5 }, &Control{MaxDials: n(5)}, "finish 1 rejected (333)"},
		{"tries", func(j *Job) { j.TotTries = 3 }, nil, "finish 1 rejected (334)"},
		{"pages", func(j *Job) { j.TotPages = 5000 }, nil, "finish 1 rejected (335)"},
		{"destination's pages", func(j *Job) { j.TotPages = 50 }, &Control{MaxSendPages: n(10)}, "finish 1 rejected (335)"},
		{"reject notice", func(*Job) {}, &Control{Reject: "do not call"}, "finish 1 rejected (348)"},
		{"no number", func(j *Job) { j.Dest = "" }, nil, "finish 1 rejected (327)"},
		{"kill time past", func(j *Job) { j.KillTime = noon }, nil, "finish 1 timedout (325)"},
		{"unknown modem", func(j *Job) { j.Modem = "ttyX" }, nil, "finish 1 rejected (328)"},
		{"wide", func(j *Job) { j.PageWidth = 304 }, nil, "finish 1 rejected (330)"},
		{"kill time far", func(j *Job) { j.KillTime = noon.AddDate(2, 0, 0) }, nil, "finish 1 rejected (331)"},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.Control = row.c != nil })
			w.line("L")
			j := job("1", "+1")
			row.change(&j)
			w.submit(j)
			if row.c != nil {
				w.want("control", "save 1 active", "control 1")
				w.q.Controlled("1", *row.c, w.now)
			}
			got := w.run()
			if got[len(got)-1] != row.want {
				t.Errorf("%q, want %s", got, row.want)
			}
		})
	}
}

func TestKillTime(t *testing.T) {
	w := newWorld(t, nil)
	w.line("L")
	w.submit(job("1", "+1"))
	w.run()
	w.now = noon.Add(3 * time.Hour)
	w.want("during a call it waits")
	w.ended("1", Retry)
	w.want("after it", "finish 1 timedout (325)")
	w.q.CallEnded("L", w.now)
	j := job("2", "+1")
	j.KillTime, j.TTS = w.now.Add(time.Hour), w.now.Add(2*time.Hour)
	w.submit(j)
	w.want("pending", "save 2 pending")
	w.now = w.now.Add(time.Hour)
	w.want("before its time", "finish 2 timedout (325)")
}

func TestTimeOfDayDelays(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.TimeOfDay, _ = ParseTimeOfDay("Wk0800-1800") })
	w.line("L")
	w.submit(job("1", "+1"))
	w.want("Saturday", "save 1 ready", "save 1 sleeping +44h0m0s (338)", "notify 1 requeued")
	w.now = noon.Add(44 * time.Hour)
	w.want("Monday morning", "save 1 ready", "save 1 active", "start L [1]")
}

func TestSuspendResume(t *testing.T) {
	w := newWorld(t, nil)
	w.submit(job("1", "+1"))
	w.run()
	w.q.Suspend("1", false, "X", w.now)
	w.want("ready job", "save 1 suspended", "answer X true")
	w.line("L")
	w.want("stays")
	j := job("1", "+1")
	j.State, j.Priority, j.SchedPri = Suspended, 5, 5
	w.submit(j)
	w.want("altered and back", "save 1 ready", "save 1 active", "start L [1]")
	w.q.Suspend("1", true, "Y", w.now)
	w.want("interrupt", "abort L 1")
	w.q.Suspend("1", true, "Y2", w.now)
	w.want("twice", "answer Y2 false")
	w.ended("1", Fail)
	w.want("interrupted", "save 1 sleeping +6m20s (344)", "save 1 suspended", "answer Y true")
	w.q.CallEnded("L", w.now)
	w.run()
	w.q.Kill("1", WhyRemoved, "R", w.now)
	w.want("removed", "finish 1 removed (345)", "answer R true")
	w.q.Kill("1", WhyKilled, "K", w.now)
	w.want("gone", "answer K false")
}

// A suspend without interruption waits; a job that gets through meanwhile is
// done all the same.
func TestSuspendLosesToSuccess(t *testing.T) {
	w := newWorld(t, nil)
	w.line("L")
	w.submit(job("1", "+1"))
	w.run()
	w.q.Suspend("1", false, "X", w.now)
	w.want("waits for the call")
	w.ended("1", Success)
	w.want("done", "finish 1 done", "answer X false")
}

func TestKillDuringPreparation(t *testing.T) {
	w := newWorld(t, nil)
	j := job("1", "+1")
	j.Prepared = false
	w.submit(j)
	w.run()
	w.q.Kill("1", WhyKilled, "K", w.now)
	w.want("preparing", "stop-prepare 1")
	w.q.Prepared("1", Preparation{Failed: WhyFormatFailed}, w.now)
	w.want("killed", "finish 1 killed (345)", "answer K true")
}

func TestReformat(t *testing.T) {
	w := newWorld(t, nil)
	w.line("L")
	w.submit(job("1", "+1"))
	w.run()
	w.q.JobEnded("1", Outcome{Result: Reformat, TTS: w.now.Add(time.Minute)}, w.now)
	w.q.CallEnded("L", w.now)
	w.want("documents go", "unprepare 1", "save 1 sleeping +1m0s", "notify 1 requeued")
	w.now = w.now.Add(time.Minute)
	w.want("and are made anew", "save 1 ready", "save 1 active", "prepare 1 L")
}

// A poll that failed for good is told as notify(8) has it.
func TestPollFailures(t *testing.T) {
	for code, why := range map[int]string{601: "poll_no_document", 602: "poll_rejected", 300: "failed"} {
		w := newWorld(t, nil)
		w.line("L")
		j := job("1", "+1")
		j.Poll = true
		w.submit(j)
		w.run()
		w.q.JobEnded("1", Outcome{Result: Fail, Note: Note{code, "no"}}, w.now)
		w.want(why, fmt.Sprintf("finish 1 %s (%d)", why, code))
	}
}

// An unconfirmed fax is neither done nor sent again, unless the site wants it.
func TestUnconfirmed(t *testing.T) {
	for _, row := range []struct {
		retries, tries int
		want           string
	}{{0, 1, "finish 1 failed (199)"}, {1, 1, "save 1 sleeping +6m20s (199)"}, {1, 2, "finish 1 failed (199)"}} {
		w := newWorld(t, func(c *Config) { c.RetryUnconfirmed = row.retries })
		w.line("L")
		w.submit(job("1", "+1"))
		w.run()
		w.q.JobEnded("1", Outcome{Result: Fail, Unconfirmed: true, Note: Note{199, "unconfirmed"}, TotTries: row.tries}, w.now)
		if got := w.run(); got[0] != row.want {
			t.Errorf("JobRetryUnconfirmed %d, attempt %d: %q, want %s", row.retries, row.tries, got, row.want)
		}
	}
}

func TestStaggerCalls(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.StaggerCalls = 10 * time.Second })
	w.line("A", "B")
	w.submit(job("1", "+1"))
	w.submit(job("2", "+2"))
	w.want("one", "save 1 ready", "save 2 ready", "save 1 active", "start A [1]")
	if at, ok := w.q.NextDeadline(); !ok || !at.Equal(noon.Add(10*time.Second)) {
		t.Errorf("NextDeadline %v", at)
	}
	w.now = noon.Add(10 * time.Second)
	w.want("the other", "save 2 active", "start B [2]")
}

// JobControl's parameters for the sender separate calls.
func TestControlArgs(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Control = true })
	for _, id := range []string{"1", "2", "3"} {
		w.submit(job(id, "+1"))
	}
	w.run()
	w.q.Controlled("1", Control{Args: []string{"DesiredBR: 3"}}, w.now)
	w.q.Controlled("2", Control{}, w.now)
	w.q.Controlled("3", Control{Args: []string{"DesiredBR: 3"}}, w.now)
	w.line("L")
	got := w.run()
	if want := "start L [1 3] DesiredBR: 3"; got[len(got)-1] != want {
		t.Errorf("%q, want %s", got, want)
	}
}

// Preparation runs beside calls: limited in number, and a call waits a little
// for documents that are on their way to the same number.
func TestPreparation(t *testing.T) {
	w := newWorld(t, nil)
	w.line("L")
	for _, id := range []string{"1", "2", "3"} {
		j := job(id, "+1")
		j.Prepared = false
		w.submit(j)
	}
	got := w.run()
	if n := count(got, "prepare"); n != 2 {
		t.Errorf("%d preparations at a time: %q", n, got)
	}
	w.q.Prepared("1", Preparation{TotPages: 1}, w.now)
	got = w.run()
	if count(got, "start") != 0 || count(got, "prepare") != 1 {
		t.Errorf("1 is ready, 2 and 3 are on their way: %q", got)
	}
	w.q.Prepared("2", Preparation{TotPages: 1}, w.now)
	if got = w.run(); count(got, "start") != 0 {
		t.Errorf("3 is on its way: %q", got)
	}
	w.now = w.now.Add(gatherTime)
	if got = w.run(); got[len(got)-1] != "start L [1 2]" {
		t.Errorf("3 takes too long: %q", got)
	}
	w.q.Prepared("3", Preparation{Failed: WhyFormatFailed, Note: Note{347, "no"}}, w.now)
	w.want("3 failed", "finish 3 format_failed (347)")
}

func count(actions []string, prefix string) (n int) {
	for _, a := range actions {
		if strings.HasPrefix(a, prefix) {
			n++
		}
	}
	return n
}

func TestRefusedLineIsBusyUntilItSaysOtherwise(t *testing.T) {
	w := newWorld(t, nil)
	w.line("L")
	w.submit(job("1", "+1"))
	w.run()
	w.q.Refused("L", w.now)
	w.want("ready again", "save 1 ready")
	w.line("L")
	w.want("now", "save 1 active", "start L [1]")
}

// What a scheduler finds at its start.
func TestStart(t *testing.T) {
	w := newWorld(t, nil)
	s := job("1", "+1")
	s.State = Suspended
	w.q.Submit(s, true, w.now)
	z := job("2", "+2")
	z.State, z.TTS = Sleeping, noon.Add(time.Minute)
	w.q.Submit(z, true, w.now)
	a := job("3", "+3")
	a.State = Active
	w.q.Adopt(a, "L", w.now)
	w.line("L")
	w.want("found", "save 1 suspended", "save 2 sleeping")
	w.q.JobEnded("3", Outcome{Result: Success}, w.now)
	w.q.CallEnded("L", w.now)
	w.want("the adopted call ends", "finish 3 done")
}

func TestFaultPutsAside(t *testing.T) {
	w := newWorld(t, nil)
	w.submit(job("1", "+1"))
	w.run()
	w.q.Fault("1", w.now)
	w.line("L")
	w.want("not tried")
	w.now = w.now.Add(450 * time.Second)
	w.want("later", "save 1 ready", "save 1 active", "start L [1]")
}

func TestQuit(t *testing.T) {
	w := newWorld(t, nil)
	w.line("L")
	w.submit(job("1", "+1"))
	w.run()
	w.q.Quit()
	w.submit(job("2", "+2"))
	w.want("nothing new starts", "save 2 ready")
	if w.q.Idle() {
		t.Error("idle during a call")
	}
	w.ended("1", Success)
	w.q.CallEnded("L", w.now)
	w.run()
	if !w.q.Idle() {
		t.Error("not idle after it")
	}
}
