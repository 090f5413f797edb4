package server

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// args parses the arguments of a command. The first error sticks: what is parsed after it is empty.
type args struct {
	lex  *protocol.Lexer
	line string
	err  error
}

// syntaxError is a command that the grammar does not know. It counts against the client.
type syntaxError struct{ what string }

func (e *syntaxError) Error() string { return e.what }

// badCommand is a reply that counts against the client as a syntax error does.
type badCommand struct{ reply *protocol.Error }

func (b badCommand) Error() string { return b.reply.Error() }
func (b badCommand) Unwrap() error { return b.reply }

// bad makes a badCommand.
func bad(code protocol.Code, format string, a ...any) error {
	return badCommand{protocol.Errorf(code, format, a...)}
}

func newArgs(line string) *args { return &args{lex: protocol.NewLexer(line), line: line} }

func (a *args) fail(what string) {
	if a.err == nil {
		a.err = &syntaxError{what}
	}
}

// expect takes a token of one kind.
func (a *args) expect(kind protocol.Kind, name string) bool {
	if a.err != nil {
		return false
	}
	switch got := a.lex.Next(); got {
	case kind:
		return true
	case protocol.KindBroken:
		a.fail("unmatched quote mark")
	default:
		a.fail("expecting " + name)
	}
	return false
}

func (a *args) space() bool { return a.expect(protocol.KindSpace, "<SP>") }
func (a *args) comma() bool { return a.expect(protocol.KindComma, "\",\"") }
func (a *args) end() bool   { return a.expect(protocol.KindEnd, "<CRLF>") }

// atEnd reports whether nothing follows.
func (a *args) atEnd() bool {
	if a.err != nil {
		return false
	}
	if a.lex.Next() == protocol.KindEnd {
		return true
	}
	a.lex.Push()
	return false
}

// word takes a word.
func (a *args) word(name string) string {
	if !a.expect(protocol.KindWord, name) {
		return ""
	}
	return a.lex.Text
}

// only takes a space, a word and the end.
func (a *args) only(name string) string {
	a.space()
	w := a.word(name)
	a.end()
	return w
}

// text takes a space and free text to the end, which must begin with a word.
func (a *args) text() string {
	if !a.space() || !a.expect(protocol.KindWord, "<STRING>") {
		return ""
	}
	a.lex.Push()
	s, err := a.lex.Rest()
	if errors.Is(err, protocol.ErrUnmatchedQuote) {
		a.fail("unmatched quote mark")
	}
	return s
}

// isNumber reports whether s looks like a number to HylaFAX: digits with an optional sign.
func isNumber(s string) bool {
	s = strings.TrimLeft(s[:min(1, len(s))], "+-") + s[min(1, len(s)):]
	return strings.Trim(s, "0123456789") == ""
}

// number takes a number: decimal, or octal with a leading zero as C writes it.
func (a *args) number() int64 {
	w := a.word("decimal number")
	if a.err != nil {
		return 0
	}
	switch {
	case strings.TrimLeft(w, "+-") == "" && len(w) < 2: // no digits are zero, as in C
		return 0
	case !isNumber(w):
		a.fail("invalid number")
		return 0
	}
	n, err := strconv.ParseInt(strings.TrimPrefix(w, "+"), 0, 64)
	if err != nil && strings.HasPrefix(w, "0") { // C stops at the first digit that is not octal
		n, err = strconv.ParseInt(w, 10, 64)
	}
	if err != nil {
		a.fail("invalid number")
	}
	return n
}

// onlyNumber takes a space, a number and the end.
func (a *args) onlyNumber() int64 {
	a.space()
	n := a.number()
	a.end()
	return n
}

// boolean takes a space, YES or NO, and the end.
func (a *args) boolean() bool {
	a.space()
	w := a.word("boolean")
	if a.err != nil {
		return false
	}
	switch strings.ToUpper(w) {
	case "YES":
		a.end()
		return true
	case "NO":
		a.end()
	default:
		a.fail("invalid boolean value, use YES or NO")
	}
	return false
}

// timeWord takes the digits of a notation of time.
func (a *args) timeWord(digits int) string {
	w := a.word("time specification")
	switch {
	case a.err != nil:
	case len(w) != digits:
		a.fail(fmt.Sprintf("bad time specification (expecting %d digits)", digits))
	case strings.Trim(w, "0123456789") != "":
		a.fail("invalid number")
	}
	if a.err != nil {
		return ""
	}
	return w
}

// sendTime takes a space, NOW (the zero time) or a time, and the end.
func (a *args) sendTime() time.Time {
	a.space()
	w := a.word("time specification")
	if a.err != nil || strings.EqualFold(w, "NOW") {
		a.end()
		return time.Time{}
	}
	a.lex.Push()
	w = a.timeWord(protocol.ParamTime.TimeDigits())
	a.end()
	if a.err != nil {
		return time.Time{}
	}
	t, err := protocol.ParseSendTime(w)
	if err != nil {
		a.fail(err.Error())
	}
	return t
}

// duration takes a space, a duration in the notation of kind, and the end.
func (a *args) duration(kind protocol.ParameterKind) time.Duration {
	a.space()
	w := a.timeWord(kind.TimeDigits())
	a.end()
	if a.err != nil {
		return 0
	}
	parse := protocol.ParseLifetime
	if kind == protocol.ParamInterval {
		parse = protocol.ParseInterval
	}
	d, err := parse(w)
	if err != nil {
		a.fail(err.Error())
	}
	return d
}
