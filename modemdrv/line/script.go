package line

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os/exec"
	"strings"
	"time"
)

// Limits of the scripts that a site hangs into a call.
const (
	dynamicConfigLimit = 20 * time.Second // the caller waits for the answer meanwhile
	receivedLimit      = 15 * time.Minute // faxrcvd: converting and mailing many pages
	maxScriptOutput    = 64 << 10         // octets of output that are looked at
)

// script is a command of the configuration, run by the shell as HylaFAX does,
// in the spool directory: the command may have arguments of its own. What we
// hand over is not seen by the shell, so a caller's name cannot do harm.
type script struct {
	command string // such as bin/faxrcvd
	args    []string
	dir     string // spool directory
	limit   time.Duration
}

// String is the command line for the log.
func (s script) String() string {
	var b strings.Builder
	b.WriteString(s.command)
	for _, a := range s.args {
		fmt.Fprintf(&b, " %q", a)
	}
	return b.String()
}

// run waits for the script to end and gives its standard output. The error
// says what went wrong, with the last line the script wrote about it.
func (s script) run(ctx context.Context) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "/bin/sh", append([]string{"-c", s.command + ` "$@"`, s.command}, s.args...)...)
	cmd.Dir = s.dir
	cmd.WaitDelay = time.Second // a grandchild may hold the pipes open
	var out, errs limitedBuffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	err := cmd.Run()
	switch {
	case err == nil || errors.Is(err, exec.ErrWaitDelay):
		return out.b.Bytes(), nil
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return out.b.Bytes(), fmt.Errorf("%s did not end within %v and was stopped", s.command, s.limit)
	}
	if last := lastLine(errs.b.Bytes()); last != "" {
		return out.b.Bytes(), fmt.Errorf("%s: %w: %s", s.command, err, last)
	}
	return out.b.Bytes(), fmt.Errorf("%s: %w", s.command, err)
}

// limitedBuffer keeps the first maxScriptOutput octets and drops the rest.
type limitedBuffer struct{ b bytes.Buffer }

func (b *limitedBuffer) Write(p []byte) (int, error) {
	if room := maxScriptOutput - b.b.Len(); room > 0 {
		b.b.Write(p[:min(room, len(p))])
	}
	return len(p), nil
}

func lastLine(b []byte) string {
	last := ""
	for sc := bufio.NewScanner(bytes.NewReader(b)); sc.Scan(); {
		if t := strings.TrimSpace(sc.Text()); t != "" {
			last = t
		}
	}
	return last
}
