package iax

import (
	"testing"
	"time"
)

// TestPacer: after a stall, before the frame is taken or between that and the
// socket, frames go out 10 ms apart until the schedule is met again, and none is
// left out.
func TestPacer(t *testing.T) {
	for _, test := range []struct {
		name         string
		before, done time.Duration // stall before take, and after it
	}{
		{"before it is taken", 70 * time.Millisecond, 0},
		{"before it is written", 0, 70 * time.Millisecond},
	} {
		t.Run(test.name, func(t *testing.T) {
			start := time.Unix(1000, 0)
			var p pacer
			p.begin(start, 40)
			now, last := start, time.Time{}
			for k := range 100 {
				now = latest(now, p.next())
				if k == 10 {
					now = now.Add(test.before)
				}
				if ts := p.take(now); ts != uint32(40+20*k) { //nolint:gosec // small
					t.Fatalf("frame %d has time stamp %d", k, ts)
				}
				if k == 10 {
					now = now.Add(test.done)
				}
				p.sent(now)
				if gap := now.Sub(last); k > 0 && gap < catchUpGap {
					t.Errorf("frame %d goes %v after the one before", k, gap)
				}
				last = now
			}
			if late := last.Sub(start) - 99*frameTime; late != 0 {
				t.Errorf("late by %v in the end", late)
			}
			if p.maxLate != 70*time.Millisecond {
				t.Errorf("worst lateness %v, not 70 ms", p.maxLate)
			}
		})
	}
}

func latest(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
