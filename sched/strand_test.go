package sched

import (
	"fmt"
	"strconv"
	"testing"
	"time"
)

// notes gives the notes that the next run writes, with their jobs.
func (w *world) notes() (out []string) {
	w.t.Helper()
	for _, a := range w.q.Run(w.now) {
		if s, ok := a.(Save); ok && s.Note != nil {
			out = append(out, fmt.Sprintf("%s %v %d %s", s.Job, s.State, s.Note.Code, s.Note.Text))
		}
	}
	w.check()
	return out
}

// TestNoLineIsUp: a job that waits for lines that are all down says why, in the
// lines' own words; no longer once one is up, even if that is busy.
func TestNoLineIsUp(t *testing.T) {
	w := newWorld(t, nil)
	w.q.Submit(job("1", "+1"), false, w.now)
	step := func(what string, wait time.Duration, want ...string) {
		t.Helper()
		w.now = w.now.Add(wait)
		if got := w.notes(); fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: %q, want %q", what, got, want)
		}
	}
	step("just submitted", 0)
	if at, ok := w.q.NextDeadline(); !ok || !at.Equal(noon.Add(strandGrace)) {
		t.Errorf("next look at %v, want after %v", at, strandGrace)
	}
	step("no line has ever been", strandGrace, "1 ready 399 No line is up: no faxgetty has told faxq of one")
	step("said once", time.Second)
	w.q.Submit(job("2", "+2"), false, w.now)
	step("another job", 0, "2 ready 399 No line is up: no faxgetty has told faxq of one")
	w.q.LineTrouble("a", "the exchange x does not answer")
	step("a line that is down", 0, "1 ready 399 No line is up: a: the exchange x does not answer", "2 ready 399 No line is up: a: the exchange x does not answer")
	w.q.LineDown("b")
	step("two that are down", 0, "1 ready 399 No line is up: a: the exchange x does not answer (2 lines are down)",
		"2 ready 399 No line is up: a: the exchange x does not answer (2 lines are down)")
	w.q.LineBusy("b")
	step("one is up and busy", 0, "1 ready 0 ", "2 ready 0 ")
	w.q.LineDown("b")
	step("down for a moment", 0)
	w.line("b")
	step("back", time.Second, "1 active 0 ")
	w.ended("1", Success)
	w.q.CallEnded("b", w.now)
	w.q.LineTrouble("b", "")
	step("down again", time.Second)
	step("for long", strandGrace, "2 ready 399 No line is up: a: the exchange x does not answer (2 lines are down)")
	w.q.Kill("2", WhyKilled, nil, w.now)
	step("killed", 0)
}

// TestNoLineForTheModem: lines that a job may not use are no help.
func TestNoLineForTheModem(t *testing.T) {
	w := newWorld(t, nil)
	w.line("a")
	w.q.LineReady("b", &Capability{VRes: VResFine, Widths: 1, Lengths: 1}, 0, w.now)
	w.q.LineTrouble("b", "it is broken")
	j := job("1", "+1")
	j.Modem = "b"
	w.submit(j)
	w.notes()
	w.now = w.now.Add(strandGrace)
	if got := w.notes(); len(got) != 1 || got[0] != "1 ready 399 No line is up: b: it is broken" {
		t.Errorf("%q", got)
	}
	j = job("2", "+2")
	j.Poll = true
	w.q.LineReady("a", &Capability{}, 0, w.now)
	w.submit(j)
	w.notes()
	w.now = w.now.Add(strandGrace)
	if got := w.notes(); len(got) != 1 || got[0] != "2 ready 399 No line is known that can send this job" {
		t.Errorf("%q", got)
	}
}

// TestManyStranded: a long queue does not write all of itself.
func TestManyStranded(t *testing.T) {
	w := newWorld(t, nil)
	w.q.LineDown("a")
	for i := range 3 * maxStranded {
		w.q.Submit(job(strconv.Itoa(i), "+"+strconv.Itoa(i)), false, w.now)
	}
	w.notes()
	w.now = w.now.Add(strandGrace)
	if got := len(w.notes()); got != maxStranded {
		t.Errorf("%d jobs said so, want %d", got, maxStranded)
	}
	w.q.LineBusy("a")
	if got := len(w.notes()); got != maxStranded {
		t.Errorf("%d jobs took it back, want %d", got, maxStranded)
	}
}
