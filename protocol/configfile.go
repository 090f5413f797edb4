package protocol

import (
	"bufio"
	"fmt"
	"io"
	"strings"
)

// maxConfigLine is the longest line of a configuration file; HylaFAX reads 1022 characters.
const maxConfigLine = 64 << 10

// ConfigItem is a line "tag: value" of a configuration file.
type ConfigItem struct {
	Tag   string // lower case
	Value string
	Line  int
}

// ReadConfig reads a configuration file of a client or of hfaxd (hylafax-client(1)) and calls item
// for each line. It returns the first error of the file's grammar or of item, but reads on.
func ReadConfig(r io.Reader, item func(ConfigItem) error) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxConfigLine)
	var first error
	for n := 1; s.Scan(); n++ {
		parsed, ok, err := ParseConfigLine(s.Text())
		parsed.Line = n
		if err == nil && ok {
			err = item(parsed)
		}
		if err != nil && first == nil {
			first = fmt.Errorf("line %d: %w", n, err)
		}
	}
	if err := s.Err(); err != nil {
		return err
	}
	return first
}

// ParseConfigLine parses one line; ok is false for empty lines and comments.
func ParseConfigLine(line string) (item ConfigItem, ok bool, err error) {
	line = strings.TrimLeft(strings.TrimRight(line, "\r"), " \t")
	if line == "" || line[0] == '#' {
		return item, false, nil
	}
	tag, value, found := strings.Cut(line, ":")
	if !found {
		return item, false, fmt.Errorf("missing ':' in %q", line)
	}
	item.Tag = strings.ToLower(strings.TrimRight(tag, " \t"))
	value = strings.TrimLeft(value, " \t")
	if !strings.HasPrefix(value, "\"") {
		if end := strings.IndexAny(value, " \t"); end >= 0 {
			value = value[:end]
		}
		item.Value = value
		return item, true, nil
	}
	item.Value, found = unquoteConfig(value[1:])
	if !found {
		return item, false, fmt.Errorf("missing quote mark in %q", line)
	}
	return item, true, nil
}

// unquoteConfig reads up to the closing quote mark; the escapes are C's.
func unquoteConfig(s string) (string, bool) {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			return b.String(), true
		case '\\':
			i++
			if i >= len(s) {
				return "", false
			}
			if at := strings.IndexByte("ntrbfv", s[i]); at >= 0 {
				b.WriteByte("\n\t\r\b\f\v"[at])
				continue
			}
			v, digits := 0, 0
			for ; digits < 3 && i+digits < len(s) && s[i+digits] >= '0' && s[i+digits] <= '7'; digits++ {
				v = v<<3 + int(s[i+digits]-'0')
			}
			if digits > 0 {
				b.WriteByte(byte(v))
				i += digits - 1
				continue
			}
			b.WriteByte(s[i])
		default:
			b.WriteByte(s[i])
		}
	}
	return "", false
}
