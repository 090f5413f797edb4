package spool

import (
	"fmt"
	"io/fs"
	"os"
	"strings"
	"sync"
	"time"
)

// SessionLog is the log of one call: log/cNNNNNNNNN (hylafax-log(5)). Each line
// begins with the time in hundredths of a second and the process.
type SessionLog struct {
	CommID string

	mu sync.Mutex // guards f: a call and those who abort it write here
	f  *os.File
}

// BeginSession takes the next communication identifier and opens its log. The
// first line is SESSION BEGIN with the digits of the number, as HylaFAX writes
// it.
func (s *Spool) BeginSession(now time.Time, number string, mode fs.FileMode) (*SessionLog, error) {
	id, err := s.NextCommID()
	if err != nil {
		return nil, err
	}
	f, err := os.OpenFile(s.Path(Log, "c"+id), os.O_WRONLY|os.O_CREATE|os.O_EXCL|os.O_APPEND, mode)
	if err != nil {
		return nil, err
	}
	l := &SessionLog{CommID: id, f: f}
	digits := strings.Map(func(r rune) rune {
		if r < '0' || r > '9' {
			return -1
		}
		return r
	}, number)
	l.Printf(now, "SESSION BEGIN %s %s", id, digits)
	return l, nil
}

// Printf writes a line. A log that cannot be written does not stop a call.
func (l *SessionLog) Printf(now time.Time, format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f == nil {
		return
	}
	text := strings.ReplaceAll(fmt.Sprintf(format, args...), "\n", "\\n")
	fmt.Fprintf(l.f, "%s.%02d: [%5d]: %s\n", now.Format("Jan 02 15:04:05"), now.Nanosecond()/10_000_000, os.Getpid(), text)
}

// End writes SESSION END and closes the log. It may be called again.
func (l *SessionLog) End(now time.Time) {
	l.Printf(now, "SESSION END")
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.f != nil {
		l.f.Close()
		l.f = nil
	}
}
