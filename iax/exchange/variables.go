package exchange

import (
	"strconv"
	"strings"
)

// maxNesting bounds ${...} in ${...}.
const maxNesting = 8

// expand replaces ${NAME}, ${NAME:offset} and ${NAME:offset:length} in text.
// What look does not know becomes empty, as in Asterisk.
func expand(text string, look func(name string) string) string {
	return expandDeep(text, look, 0)
}

func expandDeep(text string, look func(name string) string, depth int) string {
	var b strings.Builder
	for {
		start := strings.Index(text, "${")
		if start < 0 || depth >= maxNesting {
			b.WriteString(text)
			return b.String()
		}
		b.WriteString(text[:start])
		end := closing(text[start+2:])
		if end < 0 {
			b.WriteString(text[start:])
			return b.String()
		}
		inner := expandDeep(text[start+2:start+2+end], look, depth+1)
		b.WriteString(value(inner, look))
		text = text[start+2+end+1:]
	}
}

// closing finds the brace that ends what begins before s.
func closing(s string) int {
	open := 1
	for i := range len(s) {
		switch s[i] {
		case '{':
			open++
		case '}':
			if open--; open == 0 {
				return i
			}
		}
	}
	return -1
}

// value looks a name up and cuts a part out of the value.
func value(expr string, look func(name string) string) string {
	name, cut, ok := strings.Cut(expr, ":")
	v := look(name)
	if !ok {
		return v
	}
	offText, lenText, hasLen := strings.Cut(cut, ":")
	off, err := strconv.Atoi(offText)
	if err != nil {
		return v
	}
	if off < 0 {
		off = max(0, len(v)+off)
	}
	v = v[min(off, len(v)):]
	n, err := strconv.Atoi(lenText)
	switch {
	case !hasLen || err != nil:
		return v
	case n < 0:
		return v[:max(0, len(v)+n)]
	}
	return v[:min(n, len(v))]
}
