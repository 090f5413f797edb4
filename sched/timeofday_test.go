package sched

import (
	"strings"
	"testing"
	"time"
)

func TestTimeOfDay(t *testing.T) {
	at := func(day, hour, minute int) time.Time { return time.Date(2026, 11, day, hour, minute, 30, 0, time.UTC) } // the 21st is a Saturday
	for _, row := range []struct {
		tod  string
		now  time.Time
		want time.Time // zero: now
	}{
		{"Any", at(21, 3, 0), time.Time{}},
		{"", at(21, 3, 0), time.Time{}},
		{"Any0800-1800", at(21, 12, 0), time.Time{}},
		{"Any0800-1800", at(21, 18, 0), time.Time{}},
		{"Any0800-1800", at(21, 18, 1), at(22, 8, 0)},
		{"Any0800-1800", at(21, 7, 59), at(21, 8, 0)},
		{"Wk", at(21, 12, 0), at(23, 0, 0)},
		{"Wk0800-1800", at(20, 19, 0), at(23, 8, 0)},
		{"SatSun", at(20, 12, 0), at(21, 0, 0)},
		{"SaSu 0900 - 1000", at(20, 12, 0), at(21, 9, 0)},
		{"Any2200-0600", at(21, 23, 0), time.Time{}},
		{"Any2200-0600", at(21, 5, 0), time.Time{}},
		{"Any2200-0600", at(21, 12, 0), at(21, 22, 0)},
		{"Wk1900-0700,Sat,Sun", at(23, 12, 0), at(23, 19, 0)},
		{"Wk1900-0700,Sat,Sun", at(20, 20, 0), time.Time{}},
		{"0100-0200", at(21, 3, 0), at(22, 1, 0)},
		{"Sat1300-1400", at(21, 14, 30), at(28, 13, 0)},
		{"Any0000-2400", at(21, 23, 59), time.Time{}},
	} {
		d, err := ParseTimeOfDay(row.tod)
		if err != nil {
			t.Errorf("ParseTimeOfDay(%q): %v", row.tod, err)
			continue
		}
		want := row.want
		if want.IsZero() {
			want = row.now
		} else {
			want = want.Truncate(time.Minute)
		}
		if got := d.Next(row.now); !got.Equal(want) {
			t.Errorf("%q at %v: next %v, want %v", row.tod, row.now, got, want)
		}
	}
}

func TestTimeOfDayErrors(t *testing.T) {
	for in, want := range map[string]string{
		"Xyz": "not a day", "Any08": "not a time", "Any0800": `no "-"`, "Any0800-2500": "not a time of the day",
		"Any0800-1800x": "after the time range", "Any0860-1000": "not a time of the day",
	} {
		if _, err := ParseTimeOfDay(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("ParseTimeOfDay(%q) = %v, want ...%s...", in, err, want)
		}
	}
}

// Next and Allows agree, minute by minute over a week, with daylight saving.
func TestTimeOfDayNextIsTheFirstAllowed(t *testing.T) {
	zone, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		zone = time.UTC
	}
	for _, s := range []string{"Wk0830-1159,Wk1300-1700,Sat1000-1100", "Any2330-0015", "Su0300-0400"} {
		d, err := ParseTimeOfDay(s)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Date(2026, 10, 22, 0, 0, 0, 0, zone) // clocks change on the 25th
		var next time.Time
		for m := 7*24*60 - 1; m >= 0; m-- {
			at := start.Add(time.Duration(m) * time.Minute)
			if d.Allows(at) {
				next = at
			}
			if got := d.Next(at); !next.IsZero() && !got.Equal(next) {
				t.Fatalf("%s: after %v comes %v, want %v", s, at, got, next)
			}
		}
	}
}

func FuzzTimeOfDay(f *testing.F) {
	f.Add("Wk0800-1800,Sat", int64(1790000000))
	f.Add("SuMo0000-2400", int64(0))
	f.Fuzz(func(t *testing.T, s string, unix int64) {
		d, err := ParseTimeOfDay(s)
		if err != nil {
			return
		}
		now := time.Unix(unix%4e9, 0).UTC()
		next := d.Next(now)
		if next.Before(now) || !d.Allows(next) {
			t.Errorf("%q at %v: next %v", s, now, next)
		}
	})
}

func TestRedial(t *testing.T) {
	r := DefaultRedial()
	r.Retry[CauseBusy] = 2
	for _, row := range []struct {
		name   string
		c      Cause
		fails  int
		before bool
		retry  time.Duration
		want   Result
		wait   time.Duration
	}{
		{"busy", CauseBusy, 1, false, 0, Retry, 180 * time.Second},
		{"busy, JobRetryBusy reached", CauseBusy, 3, false, 0, Fail, 0},
		{"busy, but called before", CauseBusy, 9, true, 0, Retry, 180 * time.Second},
		{"no answer, job's retrytime", CauseNoAnswer, 1, false, time.Minute, Retry, time.Minute},
		{"no carrier once", CauseNoCarrier, 1, false, 0, Retry, 300 * time.Second},
		{"no carrier twice: probably a person", CauseNoCarrier, 2, false, 0, Fail, 0},
		{"error ignores retrytime", CauseError, 1, false, time.Minute, Retry, 300 * time.Second},
		{"no dialtone ignores retrytime", CauseNoDialtone, 50, false, time.Minute, Retry, 300 * time.Second},
		{"unheard of", Cause(99), 1, false, 0, Retry, 300 * time.Second},
	} {
		got, at := r.Dialed(row.c, row.fails, row.before, row.retry, noon)
		if got != row.want || got == Retry && at.Sub(noon) != row.wait {
			t.Errorf("%s: %v after %v, want %v after %v", row.name, got, at.Sub(noon), row.want, row.wait)
		}
	}
	if at := r.Session(noon); at.Sub(noon) != time.Minute {
		t.Errorf("JobReqProto: %v", at.Sub(noon))
	}
}
