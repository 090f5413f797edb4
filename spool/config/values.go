package config

import (
	_ "embed"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Kind is the type of a parameter's value (hylafax-config(5)).
type Kind uint8

// Kinds of values.
const (
	String Kind = iota
	Integer
	Boolean
	Octal // a file mode
	Float
	Obsolete // read over
)

var kinds = map[string]Kind{"string": String, "integer": Integer, "boolean": Boolean, "octal": Octal, "float": Float, "obsolete": Obsolete}

// Tag describes a parameter.
type Tag struct {
	Name    string
	Reader  string // faxq, line, both, pager
	Kind    Kind
	Default string
	// Serial tells that the parameter is about a modem on a serial port and
	// means nothing to a line over IAX2.
	Serial bool
}

//go:embed tags.txt
var tagsText string

// tags is the table of tags.txt by lower case name.
var tags = func() map[string]Tag {
	m := map[string]Tag{}
	for line := range strings.Lines(tagsText) {
		f := strings.Fields(line)
		if len(f) != 5 || f[0] == "#" {
			continue
		}
		def := f[3]
		if def == "-" {
			def = ""
		}
		m[strings.ToLower(f[0])] = Tag{f[0], f[1], kinds[f[2]], def, f[4] == "serial"}
	}
	return m
}()

// older are names of HylaFAX's past, in lower case, and those that mean the
// same today.
var older = map[string]string{"maxconcurrentjobs": "maxconcurrentcalls", "nocarrierretrys": "jobretrynocarrier"}

// Lookup finds a parameter by its name, in any case.
func Lookup(name string) (Tag, bool) {
	t, ok := tags[key(name)]
	return t, ok
}

// Tags lists all parameters by name.
func Tags() []Tag {
	return slices.SortedFunc(maps.Values(tags), func(a, b Tag) int { return strings.Compare(a.Name, b.Name) })
}

// key is the name of a parameter in the maps.
func key(name string) string {
	k := strings.ToLower(name)
	if today, ok := older[k]; ok {
		return today
	}
	return k
}

// Check tells what is wrong with a value, and what holds instead.
func (t Tag) Check(value string) error {
	var err error
	switch t.Kind {
	case Integer:
		_, err = parseInt(value)
	case Octal:
		_, err = strconv.ParseUint(value, 8, 16)
	case Float:
		var f float64
		if f, err = strconv.ParseFloat(value, 64); err == nil && (math.IsNaN(f) || math.IsInf(f, 0)) {
			err = strconv.ErrRange
		}
	case Boolean:
		if _, err = parseBool(value); err != nil {
			return fmt.Errorf("%q is not yes or no; it is taken as no, as HylaFAX does", value)
		}
	case String, Obsolete:
	}
	if err != nil {
		return fmt.Errorf("%q is not %s; the default %q holds", value, [...]string{"text", "a number", "yes or no", "an octal mode", "a number", ""}[t.Kind], t.Default)
	}
	return nil
}

// parseInt takes decimal, octal (0...) and hexadecimal (0x...) numbers, and
// "unlimited", which is -1 as well: HylaFAX's numbers have no sign.
func parseInt(s string) (int, error) {
	if strings.EqualFold(s, "unlimited") || s == "" {
		return math.MaxInt32, nil
	}
	n, err := strconv.ParseInt(s, 0, 64)
	if n == -1 {
		return math.MaxInt32, nil
	}
	if err != nil || n < 0 || n > math.MaxUint32 {
		return 0, fmt.Errorf("%q is not a number", s)
	}
	return int(n), nil
}

// parseBool takes HylaFAX's words. A number is none of them: 1 is no, to
// HylaFAX.
func parseBool(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "on", "yes", "true":
		return true, nil
	case "off", "no", "false", "0", "":
		return false, nil
	}
	return false, fmt.Errorf("%q is neither yes nor no", s)
}

// last is the value that counts: the last in the files, or the default.
func (c *Config) last(tag string) string {
	if at := c.byTag[key(tag)]; len(at) > 0 {
		return c.Items[at[len(at)-1]].Value
	}
	return tags[key(tag)].Default
}

// Has tells whether a parameter stands in a file.
func (c *Config) Has(tag string) bool { return len(c.byTag[key(tag)]) > 0 }

// String gives a text parameter.
func (c *Config) String(tag string) string { return c.last(tag) }

// All gives every value of a parameter that may be repeated, in order.
func (c *Config) All(tag string) []string {
	var v []string
	for _, i := range c.byTag[key(tag)] {
		v = append(v, c.Items[i].Value)
	}
	return v
}

// Each gives every item of a parameter that may be repeated, in order.
func (c *Config) Each(tag string) []Item {
	var v []Item
	for _, i := range c.byTag[key(tag)] {
		v = append(v, c.Items[i])
	}
	return v
}

// Fault is what is wrong with the value of a parameter that counts, with its place. Whoever uses a
// parameter may know more about it than its Kind says.
func (c *Config) Fault(tag, format string, args ...any) Problem {
	p := Problem{Text: fmt.Sprintf(format, args...)}
	if at := c.byTag[key(tag)]; len(at) > 0 {
		last := c.Items[at[len(at)-1]]
		p.File, p.Line = last.File, last.Line
	}
	return p
}

// Int gives a number. Values were checked when they were read; what has no
// default is 0.
func (c *Config) Int(tag string) int {
	s := c.last(tag)
	if s == "" {
		return 0
	}
	n, _ := parseInt(s)
	return n
}

// IntOr is Int with a default of the caller's for a parameter that is not set
// and has none in hylafax-config(5).
func (c *Config) IntOr(tag string, otherwise int) int {
	if c.last(tag) == "" {
		return otherwise
	}
	return c.Int(tag)
}

// Seconds gives a number of seconds as a duration.
func (c *Config) Seconds(tag string) time.Duration {
	return time.Duration(c.Int(tag)) * time.Second
}

// Bool gives a yes or no.
func (c *Config) Bool(tag string) bool { v, _ := parseBool(c.last(tag)); return v }

// Mode gives a file mode.
func (c *Config) Mode(tag string) fs.FileMode {
	n, _ := strconv.ParseUint(c.last(tag), 8, 16)
	return fs.FileMode(n) & fs.ModePerm
}

// Float gives a number with a fraction.
func (c *Config) Float(tag string) float64 {
	f, _ := strconv.ParseFloat(c.last(tag), 64)
	return f
}

// NoEffect lists the parameters that stand in the files but mean nothing to a
// line over IAX2, for a remark in the log.
func (c *Config) NoEffect() []Item {
	var v []Item
	for _, i := range c.Items {
		if t, ok := Lookup(i.Tag); ok && t.Serial {
			v = append(v, i)
		}
	}
	return v
}
