package exchange

import "strings"

// pattern is an extension as extensions.conf writes it: a number, or behind an
// underscore a pattern of digits and X (0-9), Z (1-9), N (2-9), [sets], "." (one
// or more of anything) and "!" (anything, also nothing).
type pattern struct {
	text  string
	parts []patternPart // nil: text itself
}

// patternPart matches one character, or the rest.
type patternPart struct {
	set  string // characters
	rest bool   // "." or "!"
	min  int    // least length of the rest
}

const digits = "0123456789"

// parsePattern reads an extension; ok is false if a set is not closed or
// something follows "." or "!".
func parsePattern(text string) (p pattern, ok bool) {
	p.text = text
	if !strings.HasPrefix(text, "_") {
		return p, text != ""
	}
	p.parts = []patternPart{}
	for s := text[1:]; s != ""; {
		part, n := parsePart(s)
		if n == 0 || part.rest && n != len(s) {
			return p, false
		}
		if n > 0 && part.set == "" && !part.rest {
			s = s[n:] // a hyphen, for people's eyes
			continue
		}
		p.parts = append(p.parts, part)
		s = s[n:]
	}
	return p, len(p.parts) > 0
}

// parsePart reads the first part of a pattern and tells its length, 0 if it is
// wrong.
func parsePart(s string) (patternPart, int) {
	switch s[0] {
	case 'X', 'x':
		return patternPart{set: digits}, 1
	case 'Z', 'z':
		return patternPart{set: digits[1:]}, 1
	case 'N', 'n':
		return patternPart{set: digits[2:]}, 1
	case '.':
		return patternPart{rest: true, min: 1}, 1
	case '!':
		return patternPart{rest: true}, 1
	case '-':
		return patternPart{}, 1
	case '[':
		end := strings.IndexByte(s, ']')
		if end < 2 {
			return patternPart{}, 0
		}
		return patternPart{set: expandSet(s[1:end])}, end + 1
	}
	return patternPart{set: s[:1]}, 1
}

// expandSet writes "2-46" as "2346".
func expandSet(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if i+2 < len(s) && s[i+1] == '-' && s[i] <= s[i+2] {
			for c := int(s[i]); c <= int(s[i+2]); c++ {
				b.WriteByte(byte(c))
			}
			i += 2
			continue
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// match tells whether a number fits.
func (p *pattern) match(number string) bool {
	if p.parts == nil {
		return number == p.text
	}
	for i := range p.parts {
		part := &p.parts[i]
		if part.rest {
			return len(number) >= part.min
		}
		if number == "" || strings.IndexByte(part.set, number[0]) < 0 {
			return false
		}
		number = number[1:]
	}
	return number == ""
}

// before tells whether p goes before q where both fit: a number before a
// pattern; between patterns the first place with fewer choices decides.
func (p *pattern) before(q *pattern) bool {
	if (p.parts == nil) != (q.parts == nil) {
		return p.parts == nil
	}
	for i := 0; i < len(p.parts) && i < len(q.parts); i++ {
		if a, b := p.parts[i].choices(), q.parts[i].choices(); a != b {
			return a < b
		}
	}
	return len(p.parts) > len(q.parts)
}

func (p *patternPart) choices() int {
	if p.rest {
		return 1000 - p.min
	}
	return len(p.set)
}
