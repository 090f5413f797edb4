package typerules

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Limits of the file, of this implementation.
const (
	maxLine  = 64 << 10
	maxRules = 10_000
)

// Fault is a line of the file that is no rule.
type Fault struct {
	Line int
	Text string
}

// Error makes it an error.
func (f Fault) Error() string { return fmt.Sprintf("line %d: %s", f.Line, f.Text) }

// Parse reads a file of rules. Lines that are no rules are left out and reported; err is an error of
// reading.
func Parse(r io.Reader) (rules *Rules, faults []Fault, err error) {
	rules = &Rules{}
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxLine)
	for n := 1; s.Scan(); n++ {
		begin, line := n, strings.TrimRight(s.Text(), "\r")
		for strings.HasSuffix(line, `\`) && !isComment(line) && s.Scan() {
			n++
			line = joinLines(line, strings.TrimRight(s.Text(), "\r"))
		}
		if strings.TrimSpace(line) == "" || isComment(line) {
			continue
		}
		rule, err := parseRule(line)
		if err != nil {
			faults = append(faults, Fault{begin, err.Error()})
			continue
		}
		if len(rules.rules) >= maxRules {
			return rules, faults, fmt.Errorf("line %d: more than %d rules", begin, maxRules)
		}
		rule.Line = begin
		rules.rules = append(rules.rules, rule)
	}
	return rules, faults, s.Err()
}

func isComment(line string) bool { return strings.HasPrefix(strings.TrimLeft(line, " \t"), "#") }

// joinLines appends a line to one that ends with a backslash; the white space before it becomes a blank.
func joinLines(line, next string) string {
	text := strings.TrimLeft(next, " \t")
	line = strings.TrimSuffix(line, `\`)
	if text != next {
		line += " "
	}
	return line + text
}

// parseRule parses "[>]offset datatype match result [command]".
func parseRule(line string) (r Rule, err error) {
	line, r.secondary = strings.CutPrefix(line, ">")
	offset, rest := field(line)
	n, err := strconv.ParseUint(offset, 0, 31)
	if err != nil {
		return r, fmt.Errorf("%q is no file offset", offset)
	}
	r.offset = int(n)
	name, rest := field(rest)
	var ok bool
	if r.data, ok = dataTypes()[strings.ToLower(name)]; !ok {
		return r, fmt.Errorf("unknown data type %q: it is none of byte, short, long, string, istring, ascii, asciiesc, addr", name)
	}
	rest = strings.TrimLeft(rest, " \t")
	if r.data.isText() {
		// Blanks belong to the text, which ends at a tab.
		if r.text, rest, ok = strings.Cut(rest, "\t"); !ok {
			return r, errors.New("no tab behind the text to match")
		}
	} else if rest, err = r.parseMatch(rest); err != nil {
		return r, err
	}
	word, rest := letters(strings.TrimLeft(rest, " \t"))
	results := map[string]Result{"ps": PostScript, "tiff": TIFF, "pdf": PDF, "pcl": PCL, "error": Error}
	if r.Result, ok = results[strings.ToLower(word)]; !ok {
		return r, fmt.Errorf("unknown result %q: it is none of ps, tiff, pdf, pcl, error", word)
	}
	r.Command = strings.TrimRight(stripComment(strings.TrimLeft(rest, " \t")), " \t")
	return r, nil
}

// parseMatch parses the match field of a number: x, or an operator and a number as C writes them.
func (r *Rule) parseMatch(s string) (rest string, err error) {
	if rest, ok := strings.CutPrefix(s, "x"); ok {
		return rest, nil
	}
	r.operator = "="
	for _, op := range []string{"!=", "<=", ">=", "=", "!", "<", ">", "&", "^"} {
		if after, ok := strings.CutPrefix(s, op); ok {
			r.operator, s = op, after
			break
		}
	}
	word, rest := field(s)
	if r.value, err = strconv.ParseInt(word, 0, 64); err != nil || strings.Contains(word, "_") {
		return "", fmt.Errorf("%q is no number to match", word)
	}
	return rest, nil
}

// field takes what stands before the next white space.
func field(s string) (word, rest string) {
	s = strings.TrimLeft(s, " \t")
	if end := strings.IndexAny(s, " \t"); end >= 0 {
		return s[:end], s[end:]
	}
	return s, ""
}

// letters takes the letters at the beginning.
func letters(s string) (word, rest string) {
	end := strings.IndexFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') })
	if end < 0 {
		end = len(s)
	}
	return s[:end], s[end:]
}

// stripComment cuts a comment off; a backslash protects the character behind it.
func stripComment(s string) string {
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '#':
			return s[:i]
		}
	}
	return s
}
