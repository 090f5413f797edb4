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
	rest := skipBlank(stripComment(line))
	if rest == "" {
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
		if !strings.Contains(set, "[") {
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
	tok, _, err := p.token(value)
	if err != nil {
		return err
	}
	p.vars[name] = tok
	return nil
}

// rule is "regular-expression = replacement". There must be a blank before the
// equals sign, since it may be part of the expression.
func (p *parser) rule(s string) error {
	pattern, rest, err := p.token(s)
	if err != nil {
		return err
	}
	rest, ok := strings.CutPrefix(skipBlank(rest), "=")
	if !ok {
		return p.errorf("rule %q: no = with a blank before it after the regular expression", s)
	}
	replacement, _, err := p.token(rest)
	if err != nil {
		return err
	}
	re, err := regexp.CompilePOSIX(translate(pattern))
	if err != nil {
		return p.errorf("regular expression %q: %v", pattern, err)
	}
	p.rules.sets[p.set] = append(p.rules.sets[p.set], rule{re, re.MatchString(""), pieces(replacement)})
	return nil
}

// stripComment cuts a line at the first ! without a backslash before it, in
// quotes too.
func stripComment(s string) string {
	for i := range len(s) {
		if s[i] == '!' && (i == 0 || s[i-1] != '\\') {
			return s[:i]
		}
	}
	return s
}

// token takes a word with its variables put in: quoted, or up to white space.
// Backslashes stay, for the expression or the replacement that the word is.
func (p *parser) token(s string) (tok, rest string, err error) {
	s = skipBlank(s)
	end := func(c byte) bool { return isBlank(c) }
	quoted := strings.HasPrefix(s, `"`)
	if quoted {
		s = s[1:]
		end = func(c byte) bool { return c == '"' }
	}
	i := 0
	for ; i < len(s) && (!end(s[i]) || i > 0 && s[i-1] == '\\'); i++ {
		if s[i] == '\\' && i+1 == len(s) {
			return "", "", p.errorf("nothing follows the backslash at the end of the line")
		}
	}
	tok, rest = s[:i], s[i:]
	if quoted {
		if rest == "" {
			return "", "", p.errorf("a quote mark is not closed")
		}
		rest = rest[1:]
	}
	tok, err = p.interpolate(tok)
	return tok, rest, err
}

// interpolate puts the values of variables in place of ${name}; one that is not
// defined is empty. Behind a backslash nothing is replaced.
func (p *parser) interpolate(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '\\' && i+1 < len(s):
			b.WriteByte(s[i])
			i++
			b.WriteByte(s[i])
		case strings.HasPrefix(s[i:], "${"):
			n := strings.IndexByte(s[i:], '}')
			if n < 0 {
				return "", p.errorf("%s: } is missing", s[i:])
			}
			b.WriteString(p.vars[s[i+2:i+n]])
			i += n
		default:
			b.WriteByte(s[i])
		}
		if b.Len() > MaxLine {
			return "", p.errorf("the line is over %d octets long", MaxLine)
		}
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

// gnuClasses are escapes that the C library of HylaFAX's users knows.
var gnuClasses = map[byte]string{'w': "[[:alnum:]_]", 'W': "[^[:alnum:]_]", 's': "[[:space:]]", 'S': "[^[:space:]]"}

// translate rewrites what POSIX 1003.2 and Go read differently: in a bracket
// expression a backslash is itself, and so is a [ that opens no class; a ) that
// closes nothing is itself; a letter behind a backslash is itself, but for the
// classes of the C library.
func translate(s string) string {
	var b strings.Builder
	depth := 0
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '\\' && i+1 < len(s):
			i++
			escape(&b, s[i])
		case c == '[':
			b.WriteByte(c)
			i = bracket(&b, s, i+1) - 1
		case c == ')' && depth == 0:
			b.WriteString(`\)`)
		default:
			if c == '(' {
				depth++
			} else if c == ')' {
				depth--
			}
			b.WriteByte(c)
		}
	}
	return b.String()
}

func escape(b *strings.Builder, c byte) {
	class, known := gnuClasses[c]
	switch {
	case known:
		b.WriteString(class)
	case isLetter(c):
		b.WriteByte(c)
	default:
		b.WriteByte('\\')
		b.WriteByte(c)
	}
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

func isBlank(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }

func skipBlank(s string) string { return strings.TrimLeft(s, " \t\v\f\r") }

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

func isNameByte(c byte, at int) bool { return isLetter(c) || at > 0 && c >= '0' && c <= '9' }
