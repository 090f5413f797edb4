package jitter

import (
	"testing"
	"time"
)

// TestOwnStall: this machine stands still for a while. All that was sent meanwhile
// is read behind the timers that went off in it; nothing of it is lost, and
// nothing is made up.
func TestOwnStall(t *testing.T) {
	for _, tc := range []struct {
		name    string
		stall   time.Duration
		missing int // frame that was lost just before the stall; 0: none
		want    Stats
	}{
		{name: "a second", stall: time.Second},
		{name: "just beyond the wait for silence", stall: 520 * time.Millisecond},
		{name: "two and a half seconds", stall: 2500 * time.Millisecond},
		{name: "a late frame comes in the stall", stall: 400 * time.Millisecond, missing: 48, want: Stats{Reordered: 1}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			r := &recorder{}
			b := New(r)
			b.Start(epoch)
			at := func(k int) time.Time { return epoch.Add(time.Duration(k) * 20 * time.Millisecond) }
			arrive := func(now time.Time, k int) {
				b.Arrive(now, uint32(20*k), frameAt(k)) //nolint:gosec // small
			}
			for k := range 50 {
				if k != tc.missing || k == 0 {
					arrive(at(k), k)
				}
			}
			wake := at(49).Add(tc.stall)
			b.Timeout(wake) // of the time when all slept
			if tc.missing > 0 {
				arrive(wake, tc.missing)
			}
			k := 50
			for ; at(k).Before(wake); k++ {
				arrive(wake, k)
				b.Timeout(wake)
			}
			for end := k + 100; k < end; k++ {
				arrive(at(k), k)
				b.Timeout(at(k))
			}
			s := b.Stats()
			if good, made := checkAligned(t, r); good != k*160 || made != 0 || s.Lost+s.Late != 0 || s.Silence+s.Concealed != 0 {
				t.Errorf("of %d samples %d are good, %d made up: %+v", k*160, good, made, s)
			}
			if tc.want.Reordered > 0 && s.Reordered == 0 {
				t.Errorf("%+v", s)
			}
		})
	}
}

// TestStallsWithoutEnd: on a machine that is late every time, a far end that is
// gone is noticed all the same.
func TestStallsWithoutEnd(t *testing.T) {
	r := &recorder{}
	b := New(r)
	b.Start(epoch)
	b.Arrive(epoch, 0, frameAt(0))
	now := epoch
	for b.Stats().Silence == 0 && now.Sub(epoch) < time.Minute {
		at, ok := b.Deadline()
		if !ok {
			t.Fatal("nothing is waited for")
		}
		now = at.Add(200 * time.Millisecond)
		b.Timeout(now)
	}
	if took := now.Sub(epoch); took > starveLoud+stallMax+time.Second {
		t.Errorf("silence is noticed after %v", took)
	}
}
