package exchange

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// Problem is something in a configuration file that people should know about.
type Problem struct {
	File  string
	Line  int
	Text  string
	Fatal bool // the file cannot be used like this
}

// String is the sentence for people: file, line, what is wrong.
func (p Problem) String() string {
	if p.Line == 0 {
		return fmt.Sprintf("%s: %s", p.File, p.Text)
	}
	return fmt.Sprintf("%s:%d: %s", p.File, p.Line, p.Text)
}

// setting is one "key = value" or "key => value" line.
type setting struct {
	key, value string
	file       string
	line       int
}

// section is a part of a file under a [name].
type section struct {
	name     string
	template bool // [name](!)
	settings []setting
	file     string
	line     int
}

// maxInclude bounds #include in #include.
const maxInclude = 8

// confReader reads Asterisk's configuration format: sections, templates,
// comments and #include.
type confReader struct {
	sections []*section
	problems []Problem
}

// readFile reads a file and what it includes.
func (r *confReader) readFile(path string) { r.include(path, 0) }

func (r *confReader) include(path string, depth int) {
	f, err := os.Open(path) //nolint:gosec // the administrator names the file
	if err != nil {
		r.problem(path, 0, true, "cannot be read: %v", err)
		return
	}
	defer f.Close()
	r.read(f, path, depth)
}

func (r *confReader) problem(file string, line int, fatal bool, format string, args ...any) {
	r.problems = append(r.problems, Problem{file, line, fmt.Sprintf(format, args...), fatal})
}

// read reads lines. A section goes on in an included file and behind it.
func (r *confReader) read(in io.Reader, file string, depth int) {
	lines := bufio.NewScanner(in)
	comment := false
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(stripComment(lines.Text(), &comment))
		switch {
		case text == "":
		case text[0] == '[':
			r.header(text, file, n)
		case text[0] == '#':
			r.directive(text, file, n, depth)
		default:
			r.setting(text, file, n)
		}
	}
	if err := lines.Err(); err != nil {
		r.problem(file, 0, true, "cannot be read: %v", err)
	}
}

// stripComment removes "; to the end", ";-- over lines --;" and unescapes "\;".
func stripComment(s string, inside *bool) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		rest := s[i:]
		switch {
		case *inside:
			if strings.HasPrefix(rest, "--;") {
				*inside = false
				i += 2
			}
		case strings.HasPrefix(rest, `\;`):
			b.WriteByte(';')
			i++
		case strings.HasPrefix(rest, ";--") && !strings.HasPrefix(rest, ";---"):
			*inside = true
			i += 2
		case rest[0] == ';':
			return b.String()
		default:
			b.WriteByte(s[i])
		}
	}
	return b.String()
}

// header reads "[name]" and "[name](!,template,+)".
func (r *confReader) header(text, file string, line int) {
	name, rest, ok := strings.Cut(text[1:], "]")
	if !ok || strings.TrimSpace(name) == "" {
		r.problem(file, line, true, "%q is no section header: [name] is expected", text)
		return
	}
	s := &section{name: strings.TrimSpace(name), file: file, line: line}
	rest = strings.TrimSpace(rest)
	if rest != "" && (rest[0] != '(' || rest[len(rest)-1] != ')') {
		r.problem(file, line, true, "%q behind [%s] is not a list of templates in parentheses", rest, s.name)
		return
	}
	for _, opt := range strings.Split(strings.Trim(rest, "()"), ",") {
		switch opt = strings.TrimSpace(opt); opt {
		case "":
		case "!":
			s.template = true
		case "+":
			if old := r.find(s.name); old != nil {
				s.settings = nil
				r.sections = append(r.sections, old) // settings are added to the old one
				return
			}
			r.problem(file, line, true, "[%s](+) adds to a section that is not there", s.name)
		default:
			t := r.find(opt)
			if t == nil {
				r.problem(file, line, true, "[%s] uses the template %q, which is not there (it must stand before)", s.name, opt)
				continue
			}
			s.settings = append(s.settings, t.settings...)
		}
	}
	r.sections = append(r.sections, s)
}

func (r *confReader) find(name string) *section {
	for _, s := range r.sections {
		if s.name == name {
			return s
		}
	}
	return nil
}

// directive reads #include; #exec and others are named.
func (r *confReader) directive(text, file string, line, depth int) {
	word, arg, _ := strings.Cut(text, " ")
	arg = strings.Trim(strings.TrimSpace(arg), `"<>`)
	switch {
	case word == "#include" && arg != "" && depth < maxInclude:
		if !filepath.IsAbs(arg) {
			arg = filepath.Join(filepath.Dir(file), arg)
		}
		r.include(arg, depth+1)
	case word == "#include" && arg != "":
		r.problem(file, line, true, "#include is nested more than %d deep", maxInclude)
	default:
		r.problem(file, line, false, "%q is not known here and left out", text)
	}
}

// setting reads "key = value" and "key => value".
func (r *confReader) setting(text, file string, line int) {
	key, value, ok := strings.Cut(text, "=")
	if !ok {
		r.problem(file, line, true, "%q is no setting: key = value is expected", text)
		return
	}
	if len(r.sections) == 0 {
		r.problem(file, line, true, "%q stands before the first [section]", text)
		return
	}
	s := r.sections[len(r.sections)-1]
	value = strings.TrimSpace(strings.TrimPrefix(value, ">"))
	s.settings = append(s.settings, setting{strings.TrimSpace(key), value, file, line})
}

// unique gives each section once, in order.
func (r *confReader) unique() []*section {
	seen := make(map[*section]bool)
	var list []*section
	for _, s := range r.sections {
		if !seen[s] {
			seen[s] = true
			list = append(list, s)
		}
	}
	return list
}
