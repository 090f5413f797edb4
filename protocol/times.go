package protocol

import (
	"fmt"
	"strings"
	"time"
)

// Digits in the notations of time.
const (
	sendTimeDigits = 12 // YYYYMMDDHHMM, of SENDTIME
	lifetimeDigits = 6  // DDHHMM, of LASTTIME
	intervalDigits = 4  // MMSS, of RETRYTIME
)

// TimeDigits returns how many digits the notation of a parameter has, 0 for parameters that are no
// times.
func (k ParameterKind) TimeDigits() int {
	switch k {
	case ParamTime:
		return sendTimeDigits
	case ParamLifetime:
		return lifetimeDigits
	case ParamInterval:
		return intervalDigits
	default:
		return 0
	}
}

// allDigits reports whether s consists of n decimal digits.
func allDigits(s string, n int) bool {
	return len(s) == n && strings.Trim(s, "0123456789") == ""
}

func twoDigits(s string) int { return int(s[0]-'0')*10 + int(s[1]-'0') }

// ParseSendTime parses the notation of SENDTIME. Clients give it in GMT whatever TZONE says.
func ParseSendTime(s string) (time.Time, error) {
	if !allDigits(s, sendTimeDigits) {
		return time.Time{}, fmt.Errorf("bad time specification (expecting %d digits)", sendTimeDigits)
	}
	year := twoDigits(s)*100 + twoDigits(s[2:])
	month, day, hour, minute := twoDigits(s[4:]), twoDigits(s[6:]), twoDigits(s[8:]), twoDigits(s[10:])
	return time.Date(year, time.Month(month), day, hour, minute, 0, 0, time.UTC), nil
}

// FormatSendTime returns the notation in which servers report SENDTIME, with seconds.
func FormatSendTime(t time.Time) string { return t.Format("20060102150405") }

// ParseLifetime parses the notation of LASTTIME: days, hours, minutes.
func ParseLifetime(s string) (time.Duration, error) {
	if !allDigits(s, lifetimeDigits) {
		return 0, fmt.Errorf("bad time specification (expecting %d digits)", lifetimeDigits)
	}
	return time.Duration(twoDigits(s))*24*time.Hour + time.Duration(twoDigits(s[2:])%24)*time.Hour +
		time.Duration(twoDigits(s[4:])%60)*time.Minute, nil
}

// FormatLifetime returns the notation of LASTTIME.
func FormatLifetime(d time.Duration) string {
	m := int64(d / time.Minute)
	return fmt.Sprintf("%02d%02d%02d", m/(24*60), m/60%24, m%60)
}

// ParseInterval parses the notation of RETRYTIME: minutes and seconds (HELP calls it HHSS).
func ParseInterval(s string) (time.Duration, error) {
	if !allDigits(s, intervalDigits) {
		return 0, fmt.Errorf("bad time specification (expecting %d digits)", intervalDigits)
	}
	return time.Duration(twoDigits(s)%60)*time.Minute + time.Duration(twoDigits(s[2:])%60)*time.Second, nil
}

// FormatInterval returns the notation of RETRYTIME.
func FormatInterval(d time.Duration) string {
	s := int64(d / time.Second)
	return fmt.Sprintf("%02d%02d", s/60, s%60)
}

const day = 24 * time.Hour

// CompactFuture returns a time to come in at most seven characters, for the letters z and k of
// JOBFMT: the hour if it is today, weekday and hour within a week, else the date. What is past is
// empty. t is given in the zone in which it is to be printed; days end at midnight GMT, as HylaFAX
// counts them.
func CompactFuture(t, now time.Time) string {
	if !t.After(now) {
		return ""
	}
	midnight := now.Unix() + (86400-now.Unix()%86400)%86400
	switch {
	case t.Unix() < midnight:
		return t.Format("15:04")
	case t.Before(now.Add(7 * day)):
		return t.Format("Mon03PM")
	}
	return t.Format("02Jan06")
}

// CompactPast is CompactFuture for the letter t of RCVFMT: when a document came.
func CompactPast(t, now time.Time) string {
	if !t.Before(now) {
		return ""
	}
	midnight := now.Unix() - now.Unix()%86400
	switch {
	case t.Unix() > midnight:
		return t.Format("15:04")
	case t.After(now.Add(-7 * day)):
		return t.Format("Mon03PM")
	}
	return t.Format("02Jan06")
}

// FormatDuration returns hours, minutes and seconds ("0:01:05"), as the listings show durations.
func FormatDuration(d time.Duration) string {
	s := int64(max(d, 0) / time.Second)
	if s > 365*24*3600 {
		return "??:??:??"
	}
	return fmt.Sprintf("%d:%02d:%02d", s/3600, s/60%60, s%60)
}
