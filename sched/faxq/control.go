package faxq

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/sched"
)

// controlTimeout is how long JobControlCmd may think about a job.
const controlTimeout = time.Minute

// jobControl is what JobControlCmd says of a job (jobcontrol(8)): what the
// scheduler minds, and what preparation minds.
type jobControl struct {
	sched.Control
	vres      int // 98 or 196; 0 not said
	usexvres  int // 0 or 1; -1 not said
	desiredDF int // -1 not said
}

// control runs JobControlCmd for a job. A command that fails controls nothing:
// the job goes on as the configuration has it.
func (s *Server) control(id sched.ID) {
	command := s.cfg.JobControlCmd
	s.work(func() {
		ctx, cancel := context.WithTimeout(s.ctx, s.limits.control)
		defer cancel()
		out, err := s.command(ctx, command, string(id)).Output()
		if s.ctx.Err() != nil {
			return
		}
		s.tell(func() {
			if err != nil {
				s.log.Error().Str("job", string(id)).Err(err).Msg("JobControlCmd failed; the job goes on without it")
				out = nil // it may be cut off anywhere
			}
			jc, problems := parseControl(string(out))
			for _, p := range problems {
				s.log.Error().Str("job", string(id)).Msg("JobControlCmd: " + p)
			}
			if j := s.jobs[id]; j != nil {
				j.control = &jc
			}
			s.queue.Controlled(id, jc.Control, s.now())
		})
	})
}

// parseControl reads JobControlCmd's output. Parameters that faxq does not
// know go to the sender.
func parseControl(out string) (jobControl, []string) {
	c := jobControl{usexvres: -1, desiredDF: -1}
	var problems []string
	for line := range strings.Lines(out) {
		tag, value, ok := controlLine(line)
		if !ok {
			if tag != "" {
				problems = append(problems, fmt.Sprintf("%q is not a parameter (Tag: value)", tag))
			}
			continue
		}
		if err := c.set(tag, value); err != nil {
			problems = append(problems, err.Error())
		}
	}
	return c, problems
}

// controlLine splits a line into tag and value as config files have them.
func controlLine(line string) (tag, value string, ok bool) {
	line = strings.TrimSpace(line)
	if line == "" || line[0] == '#' {
		return "", "", false
	}
	tag, value, ok = strings.Cut(line, ":")
	if !ok || strings.TrimSpace(tag) == "" {
		return line, "", false
	}
	value = strings.TrimSpace(value)
	if strings.HasPrefix(value, `"`) {
		value, _, _ = strings.Cut(value[1:], `"`)
	} else if i := strings.IndexByte(value, '#'); i >= 0 {
		value = strings.TrimSpace(value[:i])
	}
	return strings.TrimSpace(tag), value, true
}

// set takes one parameter.
func (c *jobControl) set(tag, value string) error {
	number := func(at **int) error {
		n, err := strconv.ParseInt(value, 0, 32)
		if err != nil {
			return fmt.Errorf("%s: %q is not a number", tag, value)
		}
		i := int(n)
		*at = &i
		return nil
	}
	var n *int
	var err error
	switch strings.ToLower(tag) {
	case "rejectnotice":
		c.Reject = value
	case "modem":
		c.Modem = value
	case "maxconcurrentcalls", "maxconcurrentjobs":
		return number(&c.MaxConcurrentCalls)
	case "maxsendpages":
		return number(&c.MaxSendPages)
	case "maxdials":
		return number(&c.MaxDials)
	case "maxtries":
		return number(&c.MaxTries)
	case "timeofday":
		tod, err := sched.ParseTimeOfDay(value)
		if err != nil {
			return err
		}
		c.TimeOfDay = &tod
	case "usexvres":
		if err = number(&n); err == nil {
			c.usexvres = *n
		}
	case "vres":
		if err = number(&n); err == nil {
			c.vres = *n
		}
	default:
		if strings.EqualFold(tag, "desireddf") {
			if err = number(&n); err == nil {
				c.desiredDF = *n
			}
		}
		c.Args = append(c.Args, tag+": "+value)
	}
	return err
}
