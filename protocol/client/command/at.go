package command

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// parseAt parses a time in the notation of at(1) that sendfax(1) describes: a time of day, an
// optional day, an optional increment ("now + 30 minutes", "10:15 PM tomorrow", "0430 Jan 24").
// ref is the time from which it is seen, in the user's zone; the result has no seconds.
func parseAt(s string, ref time.Time) (time.Time, error) {
	p := &atParser{rest: strings.TrimLeft(s, " \t"), ref: ref}
	t, err := p.parse()
	if err != nil {
		return time.Time{}, fmt.Errorf("%s: %w", s, err)
	}
	return t, nil
}

type atParser struct {
	rest string
	ref  time.Time
}

var errPast = errors.New("Invalid date/time; time must be in the future") //nolint:staticcheck // HylaFAX's words

func (p *atParser) parse() (time.Time, error) {
	minutes, err := p.timeOfDay()
	if err != nil {
		return time.Time{}, err
	}
	if minutes >= 24*60 {
		return time.Time{}, errors.New("Illegal time value; out of range") //nolint:staticcheck // HylaFAX's words
	}
	r := p.ref
	at := time.Date(r.Year(), r.Month(), r.Day(), minutes/60, minutes%60, 0, 0, r.Location())
	if at, err = p.date(at); err != nil {
		return time.Time{}, err
	}
	p.space()
	if rest, ok := strings.CutPrefix(p.rest, "+"); ok {
		p.rest = rest
		if at, err = p.increment(at); err != nil {
			return time.Time{}, err
		}
	}
	if at.Before(p.ref.Truncate(time.Minute)) {
		return time.Time{}, errPast
	}
	return at, nil
}

func (p *atParser) space() { p.rest = strings.TrimLeft(p.rest, " \t") }

// word takes a word if it is next, in any case.
func (p *atParser) word(w string) bool {
	if len(p.rest) >= len(w) && strings.EqualFold(p.rest[:len(w)], w) {
		p.rest = p.rest[len(w):]
		return true
	}
	return false
}

// digits takes decimal digits; n tells how many.
func (p *atParser) digits() (value, n int) {
	for n < len(p.rest) && p.rest[n] >= '0' && p.rest[n] <= '9' {
		if value < 1e6 {
			value = value*10 + int(p.rest[n]-'0')
		}
		n++
	}
	p.rest = p.rest[n:]
	return value, n
}

// timeOfDay takes H, HH, HMM, HHMM or H:MM with AM or PM, or the name of a time. It returns minutes.
func (p *atParser) timeOfDay() (int, error) {
	v, n := p.digits()
	if n == 0 {
		return p.namedTime()
	}
	minutes := v/100*60 + v%100
	if n < 3 {
		minutes = v * 60
	}
	if rest, ok := strings.CutPrefix(p.rest, ":"); ok {
		p.rest = rest
		m, n := p.digits()
		switch {
		case n != 2:
			return 0, errors.New("Syntax error, expecting HH:MM") //nolint:staticcheck // HylaFAX's words
		case m >= 60:
			return 0, fmt.Errorf("Illegal minutes value %d", m) //nolint:staticcheck // HylaFAX's words
		}
		minutes += m
	}
	p.space()
	const noon = 12 * 60
	am, pm := p.word("am"), false
	if !am {
		pm = p.word("pm")
	}
	switch {
	case (am || pm) && minutes >= noon+60:
		return 0, fmt.Errorf("%d:%02d is not an %s value", minutes/60, minutes%60, map[bool]string{true: "AM", false: "PM"}[am])
	case am && minutes >= noon:
		minutes -= noon
	case pm && minutes < noon:
		minutes += noon
	}
	return minutes, nil
}

func (p *atParser) namedTime() (int, error) {
	switch {
	case p.word("noon"):
		return 12 * 60, nil
	case p.word("midnight"):
		return 0, nil
	case p.word("now"), p.word("next"):
		return p.ref.Hour()*60 + p.ref.Minute(), nil
	}
	return 0, fmt.Errorf("Syntax error, unrecognized symbolic time %q", p.rest) //nolint:staticcheck // HylaFAX's words
}

// date takes a month with day and year, a day of the week, today or tomorrow. Without any of them,
// a time that is over today means tomorrow.
func (p *atParser) date(at time.Time) (time.Time, error) {
	p.space()
	if m := p.month(); m != 0 {
		return p.monthDay(at, m)
	}
	if d, ok := p.weekday(); ok {
		days := (int(d) - int(p.ref.Weekday()) + 7) % 7
		at = at.AddDate(0, 0, days)
		if days == 0 && at.Before(p.ref) {
			at = at.AddDate(0, 0, 7)
		}
		return at, nil
	}
	switch {
	case p.word("tomorrow"):
		at = at.AddDate(0, 0, 1)
	case p.word("today"), p.rest == "", p.rest[0] == '+':
	default:
		return at, errors.New("Syntax error, expecting \"+\" after time") //nolint:staticcheck // HylaFAX's words
	}
	if at.Before(p.ref.Truncate(time.Minute)) {
		at = at.AddDate(0, 0, 1)
	}
	return at, nil
}

func (p *atParser) month() time.Month {
	for m := time.January; m <= time.December; m++ {
		if p.word(m.String()) || p.word(m.String()[:3]) {
			return m
		}
	}
	return 0
}

func (p *atParser) weekday() (time.Weekday, bool) {
	for d := time.Sunday; d <= time.Saturday; d++ {
		if p.word(d.String()) || p.word(d.String()[:3]) {
			return d, true
		}
	}
	return 0, false
}

// monthDay takes "DD" or "DD, YYYY" behind a month. Without a year it is the next such day.
func (p *atParser) monthDay(at time.Time, m time.Month) (time.Time, error) {
	p.space()
	day, n := p.digits()
	if n == 0 {
		return at, errors.New("Syntax error, missing or invalid day of month") //nolint:staticcheck // HylaFAX's words
	}
	p.space()
	year, given := at.Year(), false
	if rest, ok := strings.CutPrefix(p.rest, ","); ok {
		p.rest, given = rest, true
		p.space()
		if year, n = p.digits(); n == 0 {
			return at, errors.New("Syntax error, missing year") //nolint:staticcheck // HylaFAX's words
		}
	}
	on := func(year int) time.Time {
		return time.Date(year, m, day, at.Hour(), at.Minute(), 0, 0, at.Location())
	}
	t := on(year)
	if t.Month() != m || day == 0 {
		return at, fmt.Errorf("Invalid day of month, %s has only %d days", m, time.Date(year, m+1, 0, 0, 0, 0, 0, time.UTC).Day()) //nolint:staticcheck // HylaFAX's words
	}
	if !given && t.Before(p.ref.Truncate(time.Minute)) {
		t = on(year + 1)
	}
	return t, nil
}

// increment takes a number and its unit behind the plus sign.
func (p *atParser) increment(at time.Time) (time.Time, error) {
	p.space()
	v, n := p.digits()
	if n == 0 {
		return at, errors.New("Syntax error, expecting number after \"+\"") //nolint:staticcheck // HylaFAX's words
	}
	p.space()
	switch {
	case p.rest == "":
		return at, fmt.Errorf("Syntax error, \"+%d\" without unit", v) //nolint:staticcheck // HylaFAX's words
	case p.word("min"):
		return at.Add(time.Duration(v) * time.Minute), nil
	case p.word("hour"):
		return at.Add(time.Duration(v) * time.Hour), nil
	case p.word("day"):
		return at.AddDate(0, 0, v), nil
	case p.word("week"):
		return at.AddDate(0, 0, 7*v), nil
	case p.word("month"):
		return at.AddDate(0, v, 0), nil
	case p.word("year"):
		return at.AddDate(v, 0, 0), nil
	}
	return at, fmt.Errorf("Unknown increment unit %q", p.rest) //nolint:staticcheck // HylaFAX's words
}
