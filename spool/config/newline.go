package config

import (
	"errors"
	"fmt"
	"slices"
	"strings"
)

// programs are parameters that make a line run a program. They are not for those
// who are administrators of the fax server only.
var programs = []string{"dynamicconfig", "faxrcvdcmd", "pollrcvdcmd"}

// repeatable are parameters of which every value counts.
var repeatable = []string{"callidpattern", "iaxbackupserver"}

// maxNewLine bounds the parameters of a line that is made by NewLine.
const maxNewLine = 200

// lineName are the characters of a line that is made by NewLine: its name stands
// in file names, in patterns of ModemGroup and in commands.
const lineName = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"

// NewLine makes the text of etc/config.DEVID for a line over IAX2 that does not
// exist yet. Each parameter is "Tag: value", the value without quote marks.
// Unlike a file, which is read as far as it can be understood, nothing is
// let pass here: unknown parameters, wrong values, those that mean nothing to
// such a line, a second value where one counts, and programs to run.
func NewLine(devid string, parameters []string) ([]byte, error) {
	if devid == "" || strings.Trim(devid, lineName) != "" {
		return nil, fmt.Errorf("%q is no name of a line; letters, digits, _ and - make one", devid)
	}
	if len(parameters) > maxNewLine {
		return nil, fmt.Errorf("more than %d parameters", maxNewLine)
	}
	var text strings.Builder
	seen := map[string]bool{}
	for _, p := range parameters {
		tag, line, err := newParameter(p)
		if err != nil {
			return nil, err
		}
		if lower := strings.ToLower(tag); seen[lower] && !slices.Contains(repeatable, lower) {
			return nil, fmt.Errorf("%s: given twice", tag)
		}
		seen[strings.ToLower(tag)] = true
		text.WriteString(line + "\n")
	}
	if !seen["iaxserver"] && !seen["iaxpeer"] {
		return nil, errors.New("IAXServer or IAXPeer is missing: a line over IAX2 has one of them at least")
	}
	c := Parse(strings.NewReader(text.String()), "configuration")
	if len(c.Problems) > 0 {
		return nil, errors.New(c.Problems[0].Text)
	}
	return []byte(text.String()), nil
}

// newParameter looks at one parameter and writes it as it stands in a file.
func newParameter(p string) (tag, line string, err error) {
	tag, value, ok := strings.Cut(p, ":")
	tag, value = strings.TrimSpace(tag), strings.TrimSpace(value)
	if !ok || tag == "" {
		return "", "", fmt.Errorf("%q is not \"Tag: value\"", p)
	}
	known, ok := Lookup(tag)
	switch {
	case !ok:
		return "", "", fmt.Errorf("%s: there is no such parameter", tag)
	case known.Serial:
		return "", "", fmt.Errorf("%s: means nothing to a line over IAX2", known.Name)
	case known.Reader != "line" && known.Reader != "both":
		return "", "", fmt.Errorf("%s: is not a parameter of a line", known.Name)
	case slices.Contains(programs, strings.ToLower(tag)):
		return "", "", fmt.Errorf("%s: runs a program; write it into the file", known.Name)
	}
	line = known.Name + ": " + quoted(value)
	if len(line) > MaxLine {
		return "", "", fmt.Errorf("%s: its value is too long", known.Name)
	}
	c := New()
	if err := c.Set(line, "parameter"); err != nil {
		return "", "", fmt.Errorf("%s: %w", known.Name, err)
	}
	if len(c.Problems) > 0 {
		text, _, _ := strings.Cut(c.Problems[0].Text, "; the default") // what holds in a file
		return "", "", errors.New(text)
	}
	return known.Name, line, nil
}

// quoted writes a value so that any text is read back as it is.
func quoted(value string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(value) {
		switch ch := value[i]; {
		case ch == '"' || ch == '\\':
			b.WriteByte('\\')
			b.WriteByte(ch)
		case ch < ' ' || ch == 0x7f:
			fmt.Fprintf(&b, "\\%03o", ch)
		default:
			b.WriteByte(ch)
		}
	}
	b.WriteByte('"')
	return b.String()
}
