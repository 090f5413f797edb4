// Package typerules reads the rules by which a site tells documents apart and converts them before they
// are sent: the file typerules of typerules(5). It finds the rule for a document and writes out the rule's
// command; it runs nothing.
//
// Two slips of HylaFAX's programs are not repeated, as the manual page says otherwise: there a byte is
// always taken from the beginning of the file, and a string also matches where the file ends within it.
package typerules

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
)

// HeadSize is how much of a document rules look at; HylaFAX reads as much.
const HeadSize = 512

// Result is what a rule makes of a document.
type Result uint8

// The results.
const (
	PostScript Result = iota + 1
	TIFF
	PDF
	PCL
	Error // the document cannot be sent; the rule's text tells why
)

// String gives the word of the file.
func (r Result) String() string {
	names := [...]string{"?", "ps", "tiff", "pdf", "pcl", "error"}
	if int(r) < len(names) {
		return names[r]
	}
	return names[0]
}

// dataType is the second field of a rule.
type dataType uint8

const (
	typeByte dataType = iota
	typeShort
	typeLong
	typeString
	typeIString
	typeASCII
	typeASCIIEscape // printable, or ISO 2022's escape character
	typeAddress     // the offset itself
)

func dataTypes() map[string]dataType {
	return map[string]dataType{
		"byte": typeByte, "short": typeShort, "long": typeLong, "string": typeString, "istring": typeIString,
		"ascii": typeASCII, "asciiesc": typeASCIIEscape, "addr": typeAddress,
	}
}

// isText tells the types whose match field is text without an operator.
func (t dataType) isText() bool {
	switch t {
	case typeString, typeIString, typeASCII, typeASCIIEscape:
		return true
	}
	return false
}

// Rule is one rule of the file.
type Rule struct {
	Line    int // of the file, where the rule begins
	Result  Result
	Command string // for the shell, with % escapes; "" where nothing needs to be done; the text of an Error

	secondary bool
	offset    int
	data      dataType
	operator  string // "" matches anything
	value     int64
	text      string
}

// Rules are the rules of a file.
type Rules struct{ rules []Rule }

// Any tells whether there are rules.
func (r *Rules) Any() bool { return len(r.rules) > 0 }

// Match finds the rule for a document by its first octets (HeadSize of them, or all if it is shorter): the
// first primary rule that matches, or the first of its secondary rules that does. nil means none.
func (r *Rules) Match(head []byte) *Rule {
	head = head[:min(len(head), HeadSize)]
	for i := range r.rules {
		if r.rules[i].secondary || !r.rules[i].matches(head) {
			continue
		}
		for j := i + 1; j < len(r.rules) && r.rules[j].secondary; j++ {
			if r.rules[j].matches(head) {
				return &r.rules[j]
			}
		}
		return &r.rules[i]
	}
	return nil
}

// matches tests one rule.
func (r *Rule) matches(head []byte) bool {
	if r.offset > len(head) {
		return false
	}
	rest := head[r.offset:]
	switch r.data {
	case typeASCII, typeASCIIEscape:
		return isPrintable(head, r.data == typeASCIIEscape)
	case typeString:
		return bytes.HasPrefix(rest, []byte(r.text))
	case typeIString:
		return len(rest) >= len(r.text) && strings.EqualFold(string(rest[:len(r.text)]), r.text)
	}
	v, ok := r.number(rest)
	return ok && r.compare(v)
}

// number takes the number that a rule looks at, in network octet order.
func (r *Rule) number(rest []byte) (v int64, ok bool) {
	switch {
	case r.data == typeAddress:
		return int64(r.offset), true
	case r.data == typeByte && len(rest) >= 1:
		return int64(rest[0]), true
	case r.data == typeShort && len(rest) >= 2:
		return int64(binary.BigEndian.Uint16(rest)), true
	case r.data == typeLong && len(rest) >= 4:
		return int64(binary.BigEndian.Uint32(rest)), true
	}
	return 0, false
}

// compare applies the operator.
func (r *Rule) compare(v int64) bool {
	switch r.operator {
	case "=":
		return v == r.value
	case "!=":
		return v != r.value
	case "<":
		return v < r.value
	case "<=":
		return v <= r.value
	case ">":
		return v > r.value
	case ">=":
		return v >= r.value
	case "&":
		return v&r.value == r.value
	case "!":
		return v&r.value != r.value
	case "^":
		return v^r.value != 0
	}
	return true
}

// isPrintable tells whether all is printable ASCII or white space.
func isPrintable(head []byte, escape bool) bool {
	for _, c := range head {
		space := c >= '\t' && c <= '\r'
		if (c < ' ' || c > '~') && !space && !(escape && c == 0x1b) {
			return false
		}
	}
	return true
}

// Page is what a command may need to know about the pages to make.
type Page struct {
	HRes, VRes    float64 // pels and lines per inch
	Width, Length float64 // millimetres
	Size          string  // name of the page size
	Filters       string  // directory of HylaFAX's filter programs
}

// Expand writes out the rule's command for a document and the file to make of it. Names are quoted for the
// shell.
func (r *Rule) Expand(in, out string, p Page) string {
	const mmPerInch = 25.4
	values := map[byte]string{
		'i': Quote(in), 'o': Quote(out), 's': p.Size, 'F': p.Filters, 'f': "1",
		'R': fmt.Sprintf("%.4g", p.HRes), 'r': fmt.Sprintf("%.2g", p.HRes/mmPerInch),
		'V': fmt.Sprintf("%.4g", p.VRes), 'v': fmt.Sprintf("%.2g", p.VRes/mmPerInch),
		'W': fmt.Sprintf("%.4g", p.Width), 'w': fmt.Sprintf("%.0f", p.Width*p.HRes/mmPerInch),
		'L': fmt.Sprintf("%.4g", p.Length), 'l': fmt.Sprintf("%.0f", p.Length*p.VRes/mmPerInch),
	}
	if strings.ContainsAny(p.Size, " '\"$`\\;&|<>()*?[#~\n") {
		values['s'] = Quote(p.Size)
	}
	var b strings.Builder
	for i := 0; i < len(r.Command); i++ {
		c := r.Command[i]
		if c != '%' || i+1 == len(r.Command) {
			b.WriteByte(c)
			continue
		}
		i++
		if v, ok := values[r.Command[i]]; ok {
			b.WriteString(v)
		} else {
			b.WriteByte(r.Command[i])
		}
	}
	return b.String()
}

// Quote puts a word into quote marks that the shell takes off again (POSIX.1, 2.2.2).
func Quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
