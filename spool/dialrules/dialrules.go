// Package dialrules reads and applies dial string processing rules: the
// language of dialrules(5), in which a site says how a number that a user gave
// becomes a canonical one (+1415...), the string to dial, and the form to show.
//
// It has no notion of files or configuration: the text and the variables of
// the server (AreaCode, CountryCode, LongDistancePrefix, InternationalPrefix)
// are handed in.
package dialrules

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
)

// The well-known rule sets (dialrules(5)).
const (
	CanonicalNumber = "CanonicalNumber" // names a destination uniquely
	DialString      = "DialString"      // what is dialled
	DisplayNumber   = "DisplayNumber"   // what is shown, without private parts
)

// Limits of this implementation.
const (
	MaxFile    = 1 << 20 // octets of a rules file
	MaxLine    = 4096    // octets of a line after interpolation of variables
	MaxSubject = 1024    // octets of a dial string, before and after each rule
)

// ErrTooLong is returned for a dial string that is, or grows, over MaxSubject.
var ErrTooLong = errors.New("dialrules: dial string is too long")

// SyntaxError tells what is wrong with a rules file.
type SyntaxError struct {
	File string
	Line int
	Text string
}

// Error gives place and text.
func (e *SyntaxError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// Rules is a parsed rules file. It does not change and may be used by several
// goroutines at once.
type Rules struct{ sets map[string][]rule }

type rule struct {
	match   *regexp.Regexp
	empty   bool // it matches nothing at all, too
	replace []piece
}

// piece is a part of a replacement: literal text, or a matched group (0: all).
type piece struct {
	text  string
	group int // -1: text
}

// Parse reads a rules file. name is for error messages; vars are the variables
// that are defined before the file begins.
func Parse(r io.Reader, name string, vars map[string]string) (*Rules, error) {
	text, err := io.ReadAll(io.LimitReader(r, MaxFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(text) > MaxFile {
		return nil, &SyntaxError{name, 1, fmt.Sprintf("the file is over %d octets long", MaxFile)}
	}
	p := parser{file: name, vars: make(map[string]string, len(vars)+8), rules: &Rules{sets: map[string][]rule{}}}
	for k, v := range vars {
		p.vars[k] = v
	}
	for line := range strings.Lines(string(text)) {
		p.line++
		if err := p.statement(strings.TrimRight(line, "\r\n")); err != nil {
			return nil, err
		}
	}
	if p.set != "" {
		return nil, p.errorf("rule set %s is not closed by a line with ]", p.set)
	}
	return p.rules, nil
}

// Has tells whether the file defines a rule set.
func (r *Rules) Has(set string) bool { _, ok := r.sets[set]; return ok }

// Apply applies a rule set to a string: each rule in turn, to every match from
// left to right. A set that is not defined leaves the string as it is.
func (r *Rules) Apply(set, s string) (string, error) {
	for _, rule := range r.sets[set] {
		if len(s) > MaxSubject {
			return "", ErrTooLong
		}
		s = rule.apply(s)
	}
	if len(s) > MaxSubject {
		return "", ErrTooLong
	}
	return s, nil
}

// apply replaces every match from left to right, up to the first that is
// empty: HylaFAX stops there, so "^ = 9" does nothing.
func (r rule) apply(s string) string {
	var b strings.Builder
	end := 0
	for n, m := range r.match.FindAllStringSubmatchIndex(s, -1) {
		if m[0] == m[1] || n > 0 && r.empty && m[0] != end || b.Len() > MaxSubject { // the caller reports what is too long
			break
		}
		b.WriteString(s[end:m[0]])
		for _, p := range r.replace {
			switch {
			case p.group < 0:
				b.WriteString(p.text)
			case 2*p.group+1 < len(m) && m[2*p.group] >= 0:
				b.WriteString(s[m[2*p.group]:m[2*p.group+1]])
			}
		}
		end = m[1]
	}
	b.WriteString(s[end:])
	return b.String()
}
