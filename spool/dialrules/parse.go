package dialrules

import (
	"fmt"
	"regexp"
	"strings"
)

// parser reads a rules file line by line.
type parser struct {
	file  string
	line  int
	vars  map[string]string
	set   string // the rule set that is open; "" outside
	rules *Rules
}

func (p *parser) errorf(format string, args ...any) error {
	return &SyntaxError{p.file, p.line, fmt.Sprintf(format, args...)}
}

// statement takes one line: a definition, the head or end of a set, or a rule.
func (p *parser) statement(line string) error {
	rest := skipBlank(line)
	if rest == "" || rest[0] == '!' {
		return nil
	}
	if p.set == "" {
		return p.definition(rest)
	}
	if rest[0] == ']' {
		p.set = ""
		return nil
	}
	return p.rule(rest)
}

// definition is "name = value" or "Name := [".
func (p *parser) definition(s string) error {
	n := 0
	for n < len(s) && isNameByte(s[n], n) {
		n++
	}
	if n == 0 {
		return p.errorf("expected the name of a variable or rule set, found %q", s)
	}
	name, rest := s[:n], skipBlank(s[n:])
	if set, ok := strings.CutPrefix(rest, ":="); ok {
		if set = skipBlank(set); !strings.HasPrefix(set, "[") {
			return p.errorf("rule set %s: [ is missing after :=", name)
		}
		p.set = name
		p.rules.sets[name] = nil
		return nil
	}
	value, ok := strings.CutPrefix(rest, "=")
	if !ok {
		return p.errorf("%s is followed by neither = nor :=", name)
	}
	tok, _, err := p.token(value, false)
	if err != nil {
		return err
	}
	if tok, err = p.interpolate(tok); err != nil {
		return err
	}
	p.vars[name] = tok
	return nil
}

// rule is "regular-expression = replacement".
func (p *parser) rule(s string) error {
	pattern, rest, err := p.token(s, true)
	if err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(skipBlank(rest), "=")
	if !ok {
		return p.errorf("rule %q: = is missing after the regular expression", s)
	}
	replacement, _, err := p.token(rest, false)
	if err != nil {
		return err
	}
	if pattern, err = p.interpolate(pattern); err != nil {
		return err
	}
	if replacement, err = p.interpolate(replacement); err != nil {
		return err
	}
	re, err := regexp.CompilePOSIX(posixBrackets(pattern))
	if err != nil {
		return p.errorf("regular expression %q: %v", pattern, err)
	}
	p.rules.sets[p.set] = append(p.rules.sets[p.set], rule{re, pieces(replacement)})
	return nil
}

// token takes a word: up to white space (or a comment), or quoted. stopAtEqual
// lets a pattern without blanks before its = end there too, where that = is
// the first outside brackets.
func (p *parser) token(s string, stopAtEqual bool) (tok, rest string, err error) {
	s = skipBlank(s)
	if strings.HasPrefix(s, `"`) {
		return p.quoted(s[1:])
	}
	var b strings.Builder
	depth := 0 // inside [...] of a regular expression
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '\\' && i+1 < len(s) && (isBlank(s[i+1]) || s[i+1] == '!' || s[i+1] == '"'):
			i++
			c = s[i]
		case c == '\\' && i+1 < len(s):
			b.WriteByte(c)
			i++
			c = s[i]
		case isBlank(c), c == '!' && depth == 0, c == '=' && stopAtEqual && depth == 0 && i > 0:
			return b.String(), s[i:], nil
		case c == '[':
			depth = 1
		case c == ']':
			depth = 0
		}
		b.WriteByte(c)
	}
	return b.String(), "", nil
}

// quoted takes a word up to the closing quote mark.
func (p *parser) quoted(s string) (tok, rest string, err error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '"':
			return b.String(), s[i+1:], nil
		case s[i] == '\\' && i+1 < len(s) && s[i+1] == '"':
			i++
		}
		b.WriteByte(s[i])
	}
	return "", "", p.errorf("a quote mark is not closed")
}

// interpolate puts the values of variables in place of ${name}.
func (p *parser) interpolate(s string) (string, error) {
	var b strings.Builder
	for {
		head, tail, ok := strings.Cut(s, "${")
		b.WriteString(head)
		if !ok {
			break
		}
		name, rest, closed := strings.Cut(tail, "}")
		if !closed {
			return "", p.errorf("${%s: } is missing", tail)
		}
		value, known := p.vars[name]
		if !known {
			return "", p.errorf("variable %q is not defined (yet)", name)
		}
		b.WriteString(value)
		s = rest
		if b.Len() > MaxLine {
			break
		}
	}
	if b.Len() > MaxLine {
		return "", p.errorf("the line is over %d octets long", MaxLine)
	}
	return b.String(), nil
}

// pieces splits a replacement: & and \0 to \9 refer to what was matched.
func pieces(s string) []piece {
	var out []piece
	var text strings.Builder
	flush := func() {
		if text.Len() > 0 {
			out = append(out, piece{text.String(), -1})
			text.Reset()
		}
	}
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '&':
			flush()
			out = append(out, piece{group: 0})
		case s[i] == '\\' && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9':
			i++
			flush()
			out = append(out, piece{group: int(s[i] - '0')})
		case s[i] == '\\' && i+1 < len(s):
			i++
			text.WriteByte(s[i])
		default:
			text.WriteByte(s[i])
		}
	}
	flush()
	return out
}

// posixBrackets rewrites what POSIX 1003.2 and Go read differently: in a
// bracket expression a backslash is itself, and so is a [ that opens no class.
func posixBrackets(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			b.WriteString(s[i : i+2])
			i++
			continue
		}
		b.WriteByte(s[i])
		if s[i] == '[' {
			i = bracket(&b, s, i+1) - 1
		}
	}
	return b.String()
}

// bracket copies the inside of a bracket expression up to its ], and returns
// the index after that.
func bracket(b *strings.Builder, s string, i int) int {
	start := i
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case c == '^' && i == start:
			start++ // a ] may still come first
			b.WriteByte(c)
		case c == ']' && i > start:
			b.WriteByte(c)
			return i + 1
		case c == ']', c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c == '[' && i+1 < len(s) && s[i+1] == ':':
			end := strings.Index(s[i:], ":]")
			if end < 0 {
				b.WriteString(`\[`)
				continue
			}
			b.WriteString(s[i : i+end+2])
			i += end + 1
		case c == '[':
			b.WriteString(`\[`)
		default:
			b.WriteByte(c)
		}
	}
	return i
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

func skipBlank(s string) string { return strings.TrimLeft(s, " \t") }

func isNameByte(c byte, at int) bool {
	letter := c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	return letter || at > 0 && (c >= '0' && c <= '9' || c == '_')
}
