package protocol

import (
	"strconv"
	"strings"
)

// MaxFormatField limits width and precision of a field of a format string, so that a client cannot
// make the server print gigabytes. It is a limit of this implementation.
const MaxFormatField = 4096

// Format is a parsed format string of a listing: FILEFMT, JOBFMT, MDMFMT, RCVFMT and their SORTFMT
// companions (faxstat(1), hfaxd(8)). Fields look like those of printf(3): %, optional minus sign,
// width, precision, and a letter that names the datum.
type Format []FormatItem

// FormatItem is literal text or one field.
type FormatItem struct {
	Literal   string // text as it is; Letter is 0 then
	Letter    byte   // name of the datum
	Left      bool   // "-": pad on the right
	Zero      bool   // width written with a leading zero: pad numbers with zeros
	Width     int
	Precision int // -1 where none is given
	spec      string
}

// ParseFormat parses a format string. Every string has a meaning: what is no field is text, as with
// HylaFAX.
func ParseFormat(s string) Format {
	var f Format
	text := func(t string) {
		if n := len(f); n > 0 && f[n-1].Letter == 0 {
			f[n-1].Literal += t
		} else if t != "" {
			f = append(f, FormatItem{Literal: t})
		}
	}
	for s != "" {
		at := strings.IndexByte(s, '%')
		if at < 0 {
			text(s)
			break
		}
		text(s[:at])
		item, rest := parseField(s[at:])
		if item.Letter == 0 {
			text(item.Literal)
		} else {
			f = append(f, item)
		}
		s = rest
	}
	return f
}

// parseField parses one field at the start of s, which begins with a per cent sign.
func parseField(s string) (FormatItem, string) {
	item := FormatItem{Precision: -1}
	i := 1
	if i < len(s) && s[i] == '-' {
		item.Left = true
		i++
	}
	item.Zero = i < len(s) && s[i] == '0'
	item.Width, i = number(s, i)
	if i < len(s) && s[i] == '.' {
		item.Precision, i = number(s, i+1)
	}
	switch {
	case i >= len(s):
		item.Literal = s
		return item, ""
	case s[i] == '%':
		item.Literal = "%"
	case !isLetter(s[i]):
		item.Literal = s[:i+1]
	default:
		item.Letter, item.spec = s[i], s[:i]
	}
	return item, s[i+1:]
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

// number reads decimal digits at position i of s.
func number(s string, i int) (value, next int) {
	for ; i < len(s) && s[i] >= '0' && s[i] <= '9'; i++ {
		value = min(value*10+int(s[i]-'0'), MaxFormatField)
	}
	return value, i
}

// Value is the value of a field: text or an unsigned number.
type Value struct {
	Text   string
	Number uint64
	Type   ValueType
}

// ValueType tells how a value is printed.
type ValueType uint8

// The types of values, named after printf's conversions.
const (
	TypeNone      ValueType = iota // the letter means nothing: print nothing
	TypeString                     // %s: precision cuts
	TypeChar                       // %c: precision is ignored
	TypeDecimal                    // %u
	TypeOctal                      // %o
	TypeAsWritten                  // the field itself, as in the format: for letters that mean nothing
)

// String makes a text value.
func String(s string) Value { return Value{Text: s, Type: TypeString} }

// Char makes a value of one character.
func Char(c byte) Value { return Value{Text: string(rune(c)), Type: TypeChar} }

// Decimal makes a number value.
func Decimal[T ~int | ~int64 | ~uint | ~uint16 | ~uint32 | ~uint64](n T) Value {
	return Value{Number: uint64(n), Type: TypeDecimal}
}

// Octal makes a number value that is printed in octal.
func Octal(n uint64) Value { return Value{Number: n, Type: TypeOctal} }

// Append appends the format with its fields filled in by value.
func (f Format) Append(dst []byte, value func(letter byte) Value) []byte {
	for i := range f {
		item := &f[i]
		if item.Letter == 0 {
			dst = append(dst, item.Literal...)
			continue
		}
		dst = item.append(dst, value(item.Letter))
	}
	return dst
}

func (item *FormatItem) append(dst []byte, v Value) []byte {
	start := len(dst)
	switch v.Type {
	case TypeNone:
		return dst
	case TypeAsWritten:
		return append(append(dst, item.spec...), item.Letter)
	case TypeString:
		s := v.Text
		if item.Precision >= 0 && len(s) > item.Precision {
			s = s[:item.Precision]
		}
		dst = append(dst, s...)
	case TypeChar:
		dst = append(dst, v.Text...)
	case TypeDecimal, TypeOctal:
		return item.appendNumber(dst, v)
	}
	return item.pad(dst, start, ' ')
}

func (item *FormatItem) appendNumber(dst []byte, v Value) []byte {
	base := 10
	if v.Type == TypeOctal {
		base = 8
	}
	digits := strconv.FormatUint(v.Number, base)
	start := len(dst)
	for n := len(digits); n < item.Precision; n++ {
		dst = append(dst, '0')
	}
	dst = append(dst, digits...)
	if item.Zero && !item.Left && item.Precision < 0 {
		return item.pad(dst, start, '0')
	}
	return item.pad(dst, start, ' ')
}

// pad fills what was appended since start up to the width.
func (item *FormatItem) pad(dst []byte, start int, fill byte) []byte {
	missing := item.Width - (len(dst) - start)
	if missing <= 0 {
		return dst
	}
	for range missing {
		dst = append(dst, fill)
	}
	if !item.Left {
		copy(dst[start+missing:], dst[start:len(dst)-missing])
		for i := range missing {
			dst[start+i] = fill
		}
	}
	return dst
}

// Header returns the line of column titles that faxstat prints above a listing in this format.
func (f Format) Header(fields Fields) string {
	var dst []byte
	for i := range f {
		item := f[i]
		if item.Letter == 0 {
			dst = append(dst, item.Literal...)
			continue
		}
		title, known := fields.Title(item.Letter)
		if !known {
			dst = append(append(dst, item.spec...), item.Letter)
			continue
		}
		if item.Precision <= 0 { // a title is cut to its column
			item.Precision = item.Width
		}
		if item.Width == 0 && item.Precision == 0 {
			item.Precision = -1
		}
		item.Zero = false
		dst = item.append(dst, String(title))
	}
	return string(dst)
}
