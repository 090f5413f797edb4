package client

import (
	"bufio"
	"io"
)

// scanLines calls each for every line of r until it returns false.
func scanLines(r io.Reader, each func(string) bool) error {
	s := bufio.NewScanner(r)
	s.Buffer(nil, maxReplyLine)
	for s.Scan() {
		if !each(s.Text()) {
			return nil
		}
	}
	return s.Err()
}
