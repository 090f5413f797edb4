package sched

import (
	"fmt"
	"strings"
	"time"
)

// TimeOfDay says when calls may be made (TimeOfDay of hylafax-config(5), the
// syntax of UUCP):
//
//	Syntax = tod ["," tod]    tod = <days><timerange>
//	days = "Any" | "Wk" | <dayname>+ | nothing
//	timerange = <hhmm> "-" <hhmm> | nothing
//
// The zero value allows every time. A range whose end is before its start goes
// over midnight; the day is always that of the moment in question.
type TimeOfDay struct {
	windows []window
}

// window is one tod: days as a bit set (bit 0 = Sunday), minutes of the day,
// both ends included.
type window struct {
	days       uint8
	start, end int
}

const (
	everyDay  = 0x7f
	weekdays  = 0x3e
	dayMinute = 24 * 60
)

var dayNames = [...]string{"su", "mo", "tu", "we", "th", "fr", "sa"}

// ParseTimeOfDay reads a restriction. White space and other characters between
// tokens mean nothing, as the manual page allows.
func ParseTimeOfDay(s string) (TimeOfDay, error) {
	var t TimeOfDay
	for part := range strings.SplitSeq(s, ",") {
		w, err := parseWindow(part)
		if err != nil {
			return TimeOfDay{}, fmt.Errorf("TimeOfDay %q: %w (as in Wk0900-1700,Sa)", s, err)
		}
		t.windows = append(t.windows, w)
	}
	return t, nil
}

func parseWindow(s string) (window, error) {
	w := window{end: dayMinute - 1}
	s = strings.ToLower(strings.TrimSpace(s))
	for s != "" && !isDigit(s[0]) {
		n, days, err := dayToken(s)
		if err != nil {
			return w, err
		}
		w.days |= days
		s = s[n:]
	}
	if w.days == 0 {
		w.days = everyDay
	}
	if s == "" {
		return w, nil
	}
	var err error
	if w.start, s, err = clockToken(s); err != nil {
		return w, err
	}
	s = strings.TrimLeft(s, " \t")
	if !strings.HasPrefix(s, "-") {
		return w, fmt.Errorf("no \"-\" after the start time")
	}
	if w.end, s, err = clockToken(strings.TrimLeft(s[1:], " \t")); err != nil {
		return w, err
	}
	if strings.TrimSpace(s) != "" {
		return w, fmt.Errorf("%q after the time range", s)
	}
	return w, nil
}

// dayToken reads one day word and tells how long it is. Days may have two or
// three letters; a letter that begins no day word is an error, other
// characters are sugar.
func dayToken(s string) (n int, days uint8, err error) {
	switch {
	case strings.HasPrefix(s, "any"):
		return 3, everyDay, nil
	case strings.HasPrefix(s, "wk"):
		return 2, weekdays, nil
	}
	full := [...]string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}
	for i, d := range dayNames {
		if strings.HasPrefix(s, full[i]) {
			return 3, 1 << i, nil
		}
		if strings.HasPrefix(s, d) {
			return 2, 1 << i, nil
		}
	}
	if s[0] >= 'a' && s[0] <= 'z' {
		return 0, 0, fmt.Errorf("%q is not a day", s)
	}
	return 1, 0, nil
}

// clockToken reads hhmm.
func clockToken(s string) (minute int, rest string, err error) {
	if len(s) < 4 {
		return 0, s, fmt.Errorf("%q is not a time (hhmm)", s)
	}
	for i := range 4 {
		if !isDigit(s[i]) {
			return 0, s, fmt.Errorf("%q is not a time (hhmm)", s)
		}
	}
	h, m := int(s[0]-'0')*10+int(s[1]-'0'), int(s[2]-'0')*10+int(s[3]-'0')
	if h > 24 || m > 59 || h == 24 && m > 0 {
		return 0, s, fmt.Errorf("%q is not a time of the day", s[:4])
	}
	return min(h*60+m, dayMinute-1), s[4:], nil
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }

// Allows tells whether a call may be made at t, in t's own zone.
func (d TimeOfDay) Allows(t time.Time) bool {
	if len(d.windows) == 0 {
		return true
	}
	m := t.Hour()*60 + t.Minute()
	for _, w := range d.windows {
		if w.days&(1<<t.Weekday()) == 0 {
			continue
		}
		if w.start <= w.end && w.start <= m && m <= w.end {
			return true
		}
		if w.start > w.end && (m >= w.start || m <= w.end) {
			return true
		}
	}
	return false
}

// Next gives the first time at or after t at which a call may be made.
func (d TimeOfDay) Next(t time.Time) time.Time {
	if d.Allows(t) {
		return t
	}
	y, mon, day := t.Date()
	for i := range 9 { // every window opens within a week
		var best time.Time
		for _, w := range d.windows {
			for _, m := range [...]int{0, w.start} {
				c := time.Date(y, mon, day+i, m/60, m%60, 0, 0, t.Location())
				if c.After(t) && d.Allows(c) && (best.IsZero() || c.Before(best)) {
					best = c
				}
			}
		}
		if !best.IsZero() {
			return best
		}
	}
	return t
}
