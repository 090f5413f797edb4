package exchange

import (
	"strconv"
	"strings"
)

// step is one priority of an extension.
type step struct {
	prio  int
	label string
	app   string // as written
	args  string
	file  string
	line  int
}

// extension is a number or pattern with its steps.
type extension struct {
	pattern pattern
	steps   map[int]*step
	last    int
}

// dialContext is a section of extensions.conf.
type dialContext struct {
	name       string
	extensions []*extension
	includes   []string
}

// dialPlan is extensions.conf.
type dialPlan struct {
	contexts map[string]*dialContext
	globals  map[string]string
	problems []Problem
}

// applications that the exchange can run, in lower case.
var applications = map[string]bool{
	"answer": true, "busy": true, "congestion": true, "dial": true, "echo": true, "goto": true, "hangup": true,
	"milliwatt": true, "noop": true, "proceeding": true, "progress": true, "ringing": true, "receivefax": true, "sendfax": true, "set": true, "verbose": true, "wait": true,
}

// readDialPlan reads extensions.conf.
func readDialPlan(path string) *dialPlan {
	var r confReader
	r.readFile(path)
	return buildDialPlan(&r)
}

func buildDialPlan(r *confReader) *dialPlan {
	p := &dialPlan{contexts: make(map[string]*dialContext), globals: make(map[string]string), problems: r.problems}
	for _, s := range r.unique() {
		switch {
		case s.template:
		case s.name == "general":
			p.readGeneral(s)
		case s.name == "globals":
			for _, v := range s.settings {
				p.globals[v.key] = v.value
			}
		default:
			p.readContext(s)
		}
	}
	p.checkIncludes()
	return p
}

func (p *dialPlan) problem(s setting, fatal bool, text string) {
	p.problems = append(p.problems, Problem{s.file, s.line, text, fatal})
}

// readGeneral: what [general] says concerns Asterisk's console and how it goes
// on behind the last priority; the exchange always falls through to hang up.
func (p *dialPlan) readGeneral(s *section) {
	for _, v := range s.settings {
		switch v.key {
		case "static", "writeprotect", "autofallthrough":
		default:
			p.problem(v, false, strconv.Quote(v.key)+" in [general] is not known here and left out")
		}
	}
}

func (p *dialPlan) readContext(s *section) {
	c := p.contexts[s.name]
	if c == nil {
		c = &dialContext{name: s.name}
		p.contexts[s.name] = c
	}
	var current *extension // of "same"
	for _, v := range s.settings {
		switch v.key {
		case "exten":
			number, rest, ok := strings.Cut(v.value, ",")
			pat, good := parsePattern(strings.TrimSpace(number))
			if !ok || !good {
				p.problem(v, true, strconv.Quote(v.value)+" is no extension: number,priority,application is expected")
				current = nil
				continue
			}
			current = c.extension(pat)
			p.readStep(current, v, rest)
		case "same":
			if current == nil {
				p.problem(v, true, "\"same\" has no extension before it")
				continue
			}
			p.readStep(current, v, v.value)
		case "include":
			c.includes = append(c.includes, v.value)
		default:
			p.problem(v, false, strconv.Quote(v.key)+" is not known here and left out")
		}
	}
}

func (c *dialContext) extension(pat pattern) *extension {
	for _, e := range c.extensions {
		if e.pattern.text == pat.text {
			return e
		}
	}
	e := &extension{pattern: pat, steps: make(map[int]*step)}
	c.extensions = append(c.extensions, e)
	return e
}

// readStep reads "priority[(label)],application[(arguments)]".
func (p *dialPlan) readStep(e *extension, v setting, text string) {
	prioText, call, ok := strings.Cut(text, ",")
	prioText, label, _ := strings.Cut(strings.TrimSpace(prioText), "(")
	prio := e.last + 1
	if prioText = strings.TrimSpace(prioText); prioText != "n" {
		var err error
		prio, err = strconv.Atoi(prioText)
		ok = ok && err == nil && prio > 0
	}
	if !ok {
		p.problem(v, true, strconv.Quote(text)+" is no step: priority,application is expected, the priority a number or n")
		return
	}
	st := &step{prio: prio, label: strings.TrimSuffix(strings.TrimSpace(label), ")"), file: v.file, line: v.line}
	call = strings.TrimSpace(call)
	st.app, st.args, ok = strings.Cut(call, "(")
	if st.app = strings.TrimSpace(st.app); ok {
		end := strings.LastIndexByte(st.args, ')')
		if end < 0 {
			p.problem(v, true, strconv.Quote(call)+" lacks its closing parenthesis")
			return
		}
		st.args = st.args[:end]
	}
	if !applications[strings.ToLower(st.app)] {
		p.problem(v, false, "the application "+st.app+" is not known here; a call that comes to it is hung up")
	}
	e.last = prio
	e.steps[prio] = st
}

// checkIncludes names contexts that are included and are not there.
func (p *dialPlan) checkIncludes() {
	for _, c := range p.contexts {
		for _, name := range c.includes {
			if p.contexts[name] == nil {
				p.problems = append(p.problems, Problem{File: "[" + c.name + "]", Text: "includes the context " + strconv.Quote(name) + ", which is not there"})
			}
		}
	}
}

// find gives the extension for a number in a context or those it includes.
func (p *dialPlan) find(context, number string) *extension {
	return p.findIn(context, number, make(map[string]bool))
}

func (p *dialPlan) findIn(context, number string, seen map[string]bool) *extension {
	c := p.contexts[context]
	if c == nil || seen[context] {
		return nil
	}
	seen[context] = true
	var best *extension
	for _, e := range c.extensions {
		if e.steps[1] != nil && e.pattern.match(number) && (best == nil || e.pattern.before(&best.pattern)) {
			best = e
		}
	}
	for i := 0; best == nil && i < len(c.includes); i++ {
		best = p.findIn(c.includes[i], number, seen)
	}
	return best
}

// labelled gives the priority of a label, or of a number, 0 if there is none.
func (e *extension) labelled(text string) int {
	if n, err := strconv.Atoi(text); err == nil {
		return n
	}
	for prio, s := range e.steps {
		if s.label == text {
			return prio
		}
	}
	return 0
}
