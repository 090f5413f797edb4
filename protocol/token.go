package protocol

import (
	"errors"
	"strings"
)

// Kind is the kind of a token of a command line.
type Kind uint8

// The kinds of tokens. Spaces are tokens of their own because the grammar wants exactly one group of
// them between words, and free text keeps commas and (single) spaces.
const (
	KindEnd    Kind = iota // end of the line
	KindSpace              // one or more spaces
	KindComma              // ","
	KindWord               // characters up to space, comma or end, or a quoted string
	KindBroken             // a quoted string without its closing quote mark
)

// ErrUnmatchedQuote is returned for a quoted string that does not end on its line.
var ErrUnmatchedQuote = errors.New("unmatched quote mark")

// Lexer splits a command line into tokens. A quoted string takes C's escapes: a backslash makes the
// next character literal, and one to three digits give its octal code.
type Lexer struct {
	line   string
	pos    int
	Text   string // what the last word says, quotes and escapes undone
	pushed bool
	last   Kind
}

// NewLexer returns a lexer for one line without its line end.
func NewLexer(line string) *Lexer { return &Lexer{line: line} }

// Push makes Next return the last token again.
func (l *Lexer) Push() { l.pushed = true }

// Next returns the kind of the next token; Text is set for words.
func (l *Lexer) Next() Kind {
	if l.pushed {
		l.pushed = false
		return l.last
	}
	l.last = l.scan()
	return l.last
}

func (l *Lexer) scan() Kind {
	if l.pos >= len(l.line) {
		return KindEnd
	}
	switch l.line[l.pos] {
	case ' ':
		for l.pos < len(l.line) && l.line[l.pos] == ' ' {
			l.pos++
		}
		return KindSpace
	case ',':
		l.pos++
		return KindComma
	case '"':
		return l.scanQuoted()
	}
	start := l.pos
	for l.pos++; l.pos < len(l.line) && l.line[l.pos] != ' ' && l.line[l.pos] != ','; l.pos++ {
	}
	l.Text = l.line[start:l.pos]
	return KindWord
}

func (l *Lexer) scanQuoted() Kind {
	var b strings.Builder
	for l.pos++; l.pos < len(l.line); l.pos++ {
		switch c := l.line[l.pos]; c {
		case '"':
			l.pos++
			l.Text = b.String()
			return KindWord
		case '\\':
			if l.pos++; l.pos < len(l.line) {
				b.WriteByte(l.scanEscape())
			}
		default:
			b.WriteByte(c)
		}
	}
	return KindBroken
}

// scanEscape reads the character or octal code at the position after a backslash and leaves the
// position on its last character.
func (l *Lexer) scanEscape() byte {
	isDigit := func(i int) bool { return i < len(l.line) && l.line[i] >= '0' && l.line[i] <= '9' }
	if !isDigit(l.pos) {
		return l.line[l.pos]
	}
	v := int(l.line[l.pos] - '0')
	for n := 1; n < 3 && isDigit(l.pos+1); n++ {
		l.pos++
		v = v<<3 + int(l.line[l.pos]-'0')
	}
	return byte(v)
}

// Rest returns what is left of the line as free text: words with their quotes undone, commas, and a
// single space for each group of spaces.
func (l *Lexer) Rest() (string, error) {
	var b strings.Builder
	for {
		switch l.Next() {
		case KindEnd:
			return b.String(), nil
		case KindSpace:
			b.WriteByte(' ')
		case KindComma:
			b.WriteByte(',')
		case KindWord:
			b.WriteString(l.Text)
		case KindBroken:
			return "", ErrUnmatchedQuote
		}
	}
}

// Quote returns s as a quoted string for a command line. Control characters become octal escapes,
// so that no value can end the line it stands in.
func Quote(s string) string {
	var b strings.Builder
	b.Grow(len(s) + 2)
	b.WriteByte('"')
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"' || c == '\\':
			b.WriteByte('\\')
			b.WriteByte(c)
		case c < ' ' || c == 0x7f || c == 0xff:
			b.WriteByte('\\')
			b.WriteByte('0' + c>>6)
			b.WriteByte('0' + c>>3&7)
			b.WriteByte('0' + c&7)
		default:
			b.WriteByte(c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
