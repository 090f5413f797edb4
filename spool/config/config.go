// Package config reads configuration files of a HylaFAX spool: etc/config for
// the scheduler, etc/config.DEVID for a line (hylafax-config(5)), and the files
// of iaxmodem for those who move. An etc directory of HylaFAX 6.0.7 works as it
// is.
//
// A wrong line does not spoil the rest: it is a [Problem] with file and line,
// and the parameter keeps its default.
package config

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// Limits of a configuration file.
const (
	MaxLine    = 1024 // octets of a line, as in HylaFAX
	maxInclude = 8    // depth of Include
	maxItems   = 20000
)

// Problem is something wrong in a configuration file.
type Problem struct {
	File string
	Line int
	Text string
}

// Error gives place and text.
func (p Problem) Error() string { return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text) }

// Item is a parameter as it stands in a file.
type Item struct {
	Tag   string // as written
	Value string
	File  string
	Line  int
}

// Config is what was read: the last value of each parameter counts, but
// repeatable ones (ModemGroup, CallIDPattern) keep all.
type Config struct {
	Items    []Item
	Problems []Problem
	byTag    map[string][]int // lower case tag -> indices into Items
	files    map[string]time.Time
}

// New is a configuration without any parameter: all defaults.
func New() *Config { return &Config{byTag: map[string][]int{}, files: map[string]time.Time{}} }

// Read reads files, the later ones over the earlier. spool is the directory
// that Include is relative to. A file that is missing is an error that wraps
// fs.ErrNotExist.
func Read(spool string, files ...string) (*Config, error) {
	c := New()
	for _, f := range files {
		if err := c.readFile(spool, f, 0); err != nil {
			return c, err
		}
	}
	return c, nil
}

// Stale tells whether a file that was read has changed, or is gone.
func (c *Config) Stale() bool {
	for f, t := range c.files {
		if info, err := os.Stat(f); err != nil || !info.ModTime().Equal(t) {
			return true
		}
	}
	return false
}

func (c *Config) readFile(spool, name string, depth int) error {
	path := name
	if !filepath.IsAbs(path) {
		path = filepath.Join(spool, name)
	}
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return fmt.Errorf("%s is not a regular file", name)
	}
	c.files[path] = info.ModTime()
	c.parse(f, name, func(file string, line int) {
		if depth >= maxInclude {
			c.problem(name, line, "files include each other more than %d deep", maxInclude)
			return
		}
		err := c.readFile(spool, file, depth+1)
		if errors.Is(err, fs.ErrNotExist) {
			c.problem(name, line, "include: there is no file %s", file)
		} else if err != nil {
			c.problem(name, line, "include: %v", err)
		}
	})
	return nil
}

// Parse reads parameters from a text; Include is a problem there.
func Parse(r io.Reader, name string) *Config {
	c := New()
	c.parse(r, name, func(_ string, line int) { c.problem(name, line, "include is not possible here") })
	return c
}

func (c *Config) parse(r io.Reader, name string, include func(file string, line int)) {
	sc := bufio.NewScanner(r)
	sc.Buffer(make([]byte, 0, 4096), 64<<10)
	line := 0
	for sc.Scan() {
		line++
		tag, value, err := splitItem(sc.Text())
		switch {
		case err != nil:
			c.problem(name, line, "%v", err)
		case tag == "":
		case strings.EqualFold(tag, "include"):
			include(value, line)
		default:
			c.add(Item{tag, value, name, line})
		}
	}
	if err := sc.Err(); err != nil {
		c.problem(name, line+1, "%v", err)
	}
}

// Set adds a parameter given by other means: the command line's -c, a
// DynamicConfig script, a FIFO message. source is for messages.
func (c *Config) Set(text, source string) error {
	tag, value, err := splitItem(text)
	if err != nil {
		return Problem{source, 1, err.Error()}
	}
	if tag != "" {
		c.add(Item{tag, value, source, 1})
	}
	return nil
}

// Clone is a copy that can be changed on its own.
func (c *Config) Clone() *Config {
	d := New()
	d.Problems = append(d.Problems, c.Problems...)
	for _, i := range c.Items {
		d.add(i)
	}
	for k, v := range c.files {
		d.files[k] = v
	}
	return d
}

// add takes a parameter after a look at its name and value.
func (c *Config) add(i Item) {
	if len(c.Items) >= maxItems {
		if len(c.Items) == maxItems {
			c.problem(i.File, i.Line, "over %d parameters; the rest is not read", maxItems)
		}
		return
	}
	t, known := Lookup(i.Tag)
	switch {
	case !known:
		c.problem(i.File, i.Line, "unknown parameter %q", i.Tag)
	default:
		if err := t.Check(i.Value); err != nil {
			c.problem(i.File, i.Line, "%s: %v", t.Name, err)
			if t.Kind != Boolean {
				return
			}
			i.Value = "no"
		}
	}
	k := key(i.Tag)
	c.byTag[k] = append(c.byTag[k], len(c.Items))
	c.Items = append(c.Items, i)
}

func (c *Config) problem(file string, line int, format string, args ...any) {
	c.Problems = append(c.Problems, Problem{file, line, fmt.Sprintf(format, args...)})
}

// splitItem reads "Tag: value". The value ends at white space unless it is
// quoted; a comment, which begins with #, gives an empty tag.
func splitItem(s string) (tag, value string, err error) {
	s = strings.TrimSpace(s)
	if s == "" || s[0] == '#' {
		return "", "", nil
	}
	if len(s) > MaxLine {
		return "", "", fmt.Errorf("the line is over %d octets long", MaxLine)
	}
	tag, rest, ok := strings.Cut(s, ":")
	if !ok {
		return "", "", fmt.Errorf("':' is missing in %q", s)
	}
	tag, rest = strings.TrimSpace(tag), strings.TrimLeft(rest, " \t")
	if tag == "" {
		return "", "", fmt.Errorf("the name of the parameter is missing in %q", s)
	}
	if strings.HasPrefix(rest, `"`) {
		value, err = unquote(rest[1:])
		return tag, value, err
	}
	if i := strings.IndexAny(rest, " \t"); i >= 0 {
		rest = rest[:i]
	}
	return tag, rest, nil
}

// unquote reads up to the closing quote mark, with HylaFAX's escapes: \n \t \r
// \b \f \v, octal digits, and the character itself for all others.
func unquote(s string) (string, error) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			return b.String(), nil
		case c == '\\' && i+1 < len(s):
			i++
			if n := octalDigits(s[i:]); n > 0 {
				v, _ := strconv.ParseUint(s[i:i+n], 8, 16)
				b.WriteByte(byte(v))
				i += n - 1
				continue
			}
			if at := strings.IndexByte("ntrbfv", s[i]); at >= 0 {
				b.WriteByte("\n\t\r\b\f\v"[at])
			} else {
				b.WriteByte(s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return "", errors.New("the closing quote mark is missing")
}

func octalDigits(s string) int {
	n := 0
	for n < len(s) && n < 3 && s[n] >= '0' && s[n] <= '7' {
		n++
	}
	return n
}
