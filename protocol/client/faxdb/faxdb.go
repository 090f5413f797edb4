// Package faxdb reads a user's address book of fax machines, HylaFAX's ~/.faxdb: records in brackets, with
// fields such as Name, FAX-Number, Company and Location. A record within another one has the fields of the
// outer one where it has none of its own.
//
//	[ Company: "Acme, Inc."  Location: Springfield
//	  [ Name: "Ann Other"  FAX-Number: +1.555.0100 ]
//	  [ Name: Purchasing   FAX-Number: +1.555.0101 ]
//	]
package faxdb

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

// The fields that programs look at.
const (
	Name     = "Name"
	Number   = "FAX-Number"
	Company  = "Company"
	Location = "Location"
	Voice    = "Voice-Number"
	Mail     = "Mail-Address"
	AreaCode = "Area-Code"
)

// Limits of a file, of this implementation.
const (
	maxDepth   = 64
	maxRecords = 100_000
	maxToken   = 64 << 10
)

// Record is one fax machine.
type Record struct {
	outer  *Record
	fields map[string]string
}

// Get returns a field of the record or of those around it, "" where there is none.
func (r *Record) Get(field string) string {
	for ; r != nil; r = r.outer {
		if v, ok := r.fields[field]; ok {
			return v
		}
	}
	return ""
}

// Book is an address book.
type Book struct{ records []*Record }

// Find finds a record by its name, or by a part of it, in any case; a record of exactly this name comes
// before others, and then the first in the file. nil means none.
func (b *Book) Find(name string) *Record {
	if b == nil || name == "" {
		return nil
	}
	for _, r := range b.records {
		if strings.EqualFold(r.fields[Name], name) {
			return r
		}
	}
	part := strings.ToLower(name)
	for _, r := range b.records {
		if strings.Contains(strings.ToLower(r.fields[Name]), part) {
			return r
		}
	}
	return nil
}

// Parse reads an address book. It returns what it could read along with the first fault.
func Parse(r io.Reader) (*Book, error) {
	p := &parser{r: bufio.NewReader(r), line: 1, book: &Book{}}
	top := &Record{fields: map[string]string{}}
	return p.book, p.records(top)
}

type parser struct {
	r    *bufio.Reader
	line int
	book *Book
}

func (p *parser) fault(format string, args ...any) error {
	return fmt.Errorf("line %d: %s", p.line, fmt.Sprintf(format, args...))
}

// records reads fields and records up to the end of the file.
func (p *parser) records(top *Record) error {
	current, depth := top, 0
	for {
		key, quoted, err := p.token()
		switch {
		case errors.Is(err, io.EOF) && current != top:
			return p.fault("%q is missing at the end", "]")
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		case quoted:
		case key == "[":
			if depth++; depth > maxDepth {
				return p.fault("records are nested more than %d deep", maxDepth)
			}
			current = &Record{outer: current, fields: map[string]string{}}
			continue
		case key == "]":
			if current == top {
				return p.fault("%q without %q", "]", "[")
			}
			current, depth = current.outer, depth-1
			continue
		}
		if err := p.field(current, key); err != nil {
			return err
		}
	}
}

// field reads what stands behind a field's name.
func (p *parser) field(r *Record, key string) error {
	colon, quoted, err := p.token()
	if err == nil && (quoted || colon != ":") {
		return p.fault("%q is missing behind %q", ":", key)
	}
	var value string
	if err == nil {
		value, quoted, err = p.token()
	}
	switch {
	case errors.Is(err, io.EOF):
		return p.fault("the value of %q is missing", key)
	case err != nil:
		return err
	case !quoted && (value == "[" || value == "]" || value == ":"):
		return p.fault("the value of %q is missing", key)
	}
	if _, named := r.fields[Name]; key == Name && !named {
		if len(p.book.records) >= maxRecords {
			return p.fault("more than %d records", maxRecords)
		}
		p.book.records = append(p.book.records, r)
	}
	r.fields[key] = value
	return nil
}

// token reads a word, a quoted text, a bracket or a colon.
func (p *parser) token() (token string, quoted bool, err error) {
	c, err := p.skipSpace()
	switch {
	case err != nil:
		return "", false, err
	case c == '[' || c == ']' || c == ':':
		return string(c), false, nil
	case c == '"':
		token, err = p.quotedText()
		return token, true, err
	}
	word := []byte{c}
	for len(word) < maxToken {
		if c, err = p.r.ReadByte(); err != nil {
			break
		}
		if strings.IndexByte(" \t\n\r\v\f:[]#", c) >= 0 {
			err = p.r.UnreadByte()
			break
		}
		word = append(word, c)
	}
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return string(word), false, err
}

// skipSpace skips white space and comments and returns the octet behind them.
func (p *parser) skipSpace() (c byte, err error) {
	for comment := false; ; {
		if c, err = p.r.ReadByte(); err != nil {
			return 0, err
		}
		switch {
		case c == '\n':
			p.line++
			comment = false
		case comment || strings.IndexByte(" \t\r\v\f", c) >= 0:
		case c == '#':
			comment = true
		default:
			return c, nil
		}
	}
}

// quotedText reads up to the closing quote mark; a backslash protects the character behind it.
func (p *parser) quotedText() (string, error) {
	var b strings.Builder
	for b.Len() < maxToken {
		c, err := p.r.ReadByte()
		if err == nil && c == '"' {
			return b.String(), nil
		}
		if err == nil && c == '\\' {
			c, err = p.r.ReadByte()
		}
		if err != nil {
			return "", p.fault("a closing quote mark is missing")
		}
		if c == '\n' {
			p.line++
		}
		b.WriteByte(c)
	}
	return "", p.fault("a text is longer than %d octets", maxToken)
}
