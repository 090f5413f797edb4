package sched

import (
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"
)

func TestModemChoice(t *testing.T) {
	group := regexp.MustCompile("^tty")
	for _, row := range []struct {
		name   string
		modem  string
		prefer string
		change func(*Queue)
		want   string
	}{
		{"priority", "any", "", func(*Queue) {}, "b"},
		{"device", "a", "", func(*Queue) {}, "a"},
		{"group", "ttys", "", func(*Queue) {}, "ttyC"},
		{"destination's device", "any", "a", func(*Queue) {}, "a"},
		{"destination's group", "any", "ttys", func(*Queue) {}, "ttyC"},
		{"destination's device does not exist", "any", "zz", func(*Queue) {}, "b"},
		{"destination's device is busy", "any", "a", func(q *Queue) { q.LineBusy("a") }, ""},
		{"job's device goes before", "a", "ttys", func(*Queue) {}, "a"},
		{"first is busy", "any", "", func(q *Queue) { q.LineBusy("b") }, "a"},
		{"all down", "any", "", func(q *Queue) { q.LineDown("a"); q.LineDown("b"); q.LineDown("ttyC") }, ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			w := newWorld(t, func(c *Config) { c.ModemGroups = map[string]*regexp.Regexp{"ttys": group}; c.Control = true })
			caps := Capability{Widths: 7, Lengths: 7}
			w.q.LineReady("a", &caps, 20, w.now)
			w.q.LineReady("b", &caps, 10, w.now)
			w.q.LineReady("ttyC", &caps, 30, w.now)
			row.change(w.q)
			j := job("1", "+1")
			j.Modem = row.modem
			w.submit(j)
			w.run()
			w.q.Controlled("1", Control{Modem: row.prefer}, w.now)
			got := w.run()
			want := fmt.Sprintf("start %s [1]", row.want)
			if last := got[len(got)-1]; row.want == "" && strings.HasPrefix(last, "start") || row.want != "" && last != want {
				t.Errorf("%q, want %q", got, want)
			}
		})
	}
}

func TestRoundRobin(t *testing.T) {
	w := newWorld(t, nil)
	w.line("A", "B", "C")
	var used []string
	for i := range 6 {
		w.submit(job(fmt.Sprint(i), "+1"))
		got := w.run()
		f := strings.Fields(got[len(got)-1])
		used = append(used, f[1])
		w.ended(fmt.Sprint(i), Success)
		w.q.CallEnded(f[1], w.now)
		w.run()
	}
	if want := []string{"A", "B", "C", "A", "B", "C"}; !reflect.DeepEqual(used, want) {
		t.Errorf("lines %v, want %v", used, want)
	}
}

func TestCapabilities(t *testing.T) {
	w := newWorld(t, nil)
	w.q.LineReady("a4", &Capability{Widths: 1, Lengths: 1, VRes: 0}, 0, w.now)
	j := job("1", "+1")
	j.PageWidth = 303
	w.submit(j)
	k := job("2", "+2")
	k.Poll = true
	w.submit(k)
	for _, s := range w.run() {
		if strings.HasPrefix(s, "start") {
			t.Errorf("%s, but the line can do neither", s)
		}
	}
	w.q.LineReady("a3", &Capability{Widths: 7, Lengths: 7, VRes: 0x7f}, 0, w.now)
	got := w.run()
	if last := got[len(got)-1]; last != "start a3 [1]" {
		t.Errorf("%q", got)
	}
}
