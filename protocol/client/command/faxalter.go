package command

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/getopt"
)

const faxalterSpec = "Ca:d:h:k:m:n:O:P:t:Z:ADQRgprv"

// Exit codes of faxalter.
const (
	exitNoServer = 2
	exitNotDone  = 3
)

// errOption is an option that makes no sense, for which HylaFAX's faxalter ends as for one it does not know.
var errOption = errors.New("option")

// optionError is such a fault, in HylaFAX's words.
type optionError string

func (e optionError) Error() string        { return string(e) }
func (e optionError) Is(target error) bool { return target == errOption }

// faxalter is one run of the command.
type faxalter struct {
	*base
	script   []string // JPARM commands for each job
	from     time.Time
	admin    bool
	resubmit bool
	goOn     bool // with the next job after a fault
	help     bool
}

// Faxalter changes jobs in the queue (faxalter(1)).
func Faxalter(ctx context.Context, env *Env, args []string) int {
	s := &faxalter{base: newBase(env, "faxalter"), from: env.Now()}
	s.readConfig(s.set, "hyla.conf")
	code := exitOK
	expanded, err := getopt.ExpandFor(args[1:], faxalterSpec, s.flags())
	if err != nil {
		env.errorf("faxalter: %v", err)
		return s.usage()
	}
	app := &cli.App{
		Name: "faxalter", Usage: "alter jobs that are queued on a HylaFAX server", HideHelp: true, HideVersion: true,
		UsageText: "faxalter [options] id...", Flags: s.flags(), Writer: env.Stdout, ErrWriter: env.Stderr,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return err },
		Action: func(c *cli.Context) error {
			switch {
			case s.help:
				return getopt.Help(c.App.Writer, c.App)
			case c.NArg() == 0:
				return errUsage
			case len(s.script) == 0 && !s.resubmit:
				return optionError("No job parameters specified for alteration.")
			}
			code = s.run(ctx, c.Args().Slice())
			return nil
		},
	}
	err = app.Run(append([]string{"faxalter"}, expanded...))
	if fault := getopt.Fault(app); fault != nil {
		err = fault
	}
	switch {
	case errors.Is(err, errUsage):
		return s.usage()
	case errors.Is(err, errOption):
		env.errorf("%v", err)
		return exitFailed
	case err != nil:
		env.errorf("%v", err)
		return 1
	}
	return code
}

func (s *faxalter) usage() int {
	s.env.errorf("usage: faxalter [-C] [-h server-host] [-a time] [-d number] [-k time] [-m modem] [-n notify] [-P priority]" +
		" [-t tries] [-A] [-g] [-p] [-r] [-v] [-DQR] [-Z range] jobID...")
	return exitFailed
}

// param adds a parameter to set.
func (s *faxalter) param(name, value string) { s.script = append(s.script, "JPARM "+name+" "+value) }

func (s *faxalter) flags() []cli.Flag {
	set := func(name, what, usage, parameter string) cli.Flag {
		return getopt.Option(name, what, usage, func(v string) error {
			s.param(parameter, protocol.Quote(v))
			return nil
		})
	}
	notify := func(name, usage, value string) cli.Flag {
		return getopt.Switch(name, usage, func() { s.param("NOTIFY", value) })
	}
	return []cli.Flag{
		getopt.Option("a", "TIME", "when to send, as in at(1)", s.setSendTime),
		getopt.Switch("p", "send now", func() { s.param("SENDTIME", "NOW") }),
		getopt.Option("k", "TIME", "when to give up, as in at(1)", s.setKillTime),
		getopt.Option("d", "NUMBER", "number to call", func(v string) error {
			s.param("EXTERNAL", protocol.Quote(v))
			s.param("DIALSTRING", protocol.Quote(v))
			return nil
		}),
		set("m", "MODEM", "modem, or any", "MODEM"),
		getopt.Option("P", "PRIORITY", "0 (first) to 255", s.setPriority),
		getopt.Option("t", "DIALS", "most calls", s.setDials),
		set("Z", "RANGE", "pages to send", "PAGERANGE"),
		getopt.Option("n", "SCHEME", "mail: none, done, requeued", s.setNotify),
		notify("D", "mail when it is delivered", "DONE"),
		notify("R", "mail when it is delivered and when it is tried again", "DONE+REQUEUE"),
		notify("Q", "no mail", "NONE"),
		getopt.Switch("r", "submit a copy of the job", func() { s.resubmit = true }),
		getopt.Option("g", "", "not supported: the ids are groups", func(string) error {
			return optionError("faxalter: -g is not supported: no server knows the commands for groups of jobs")
		}),
		getopt.Switch("A", "use administrative privileges (asks for the password)", func() { s.admin = true }),
		getopt.Switch("C", "go on with the next job after a fault, with administrative privileges", func() { s.goOn, s.admin = true, true }),
		getopt.Option("h", "HOST[:PORT]", "server", s.setHost),
		getopt.Option("O", "'TAG: VALUE'", "a line of a configuration file", func(v string) error { return s.setItem(v, s.set) }),
		getopt.Switch("v", "show the protocol", func() { s.verbose = true }),
		getopt.Switch("help", "show this text", func() { s.help = true }),
	}
}

func (s *faxalter) setSendTime(v string) error {
	if strings.EqualFold(v, "NOW") {
		s.param("SENDTIME", "NOW")
		return nil
	}
	at, err := parseAt(v, s.env.Now())
	if err != nil {
		return err
	}
	s.from = at
	s.param("SENDTIME", at.UTC().Format("200601021504"))
	return nil
}

func (s *faxalter) setKillTime(v string) error {
	until, err := parseAt(v, s.from)
	if err != nil {
		return err
	}
	s.param("LASTTIME", protocol.FormatLifetime(until.Sub(s.from)))
	return nil
}

func (s *faxalter) setPriority(v string) error {
	n, err := strconv.Atoi(v)
	if err != nil || n < 0 || n > 255 {
		return optionError(fmt.Sprintf("Invalid job priority %s; values must be in the range [0,255]", v))
	}
	s.param("SCHEDPRI", v)
	return nil
}

func (s *faxalter) setDials(v string) error {
	if n, err := strconv.Atoi(v); err != nil || n < 0 {
		return optionError("Bad number of retries for -t option: " + v)
	}
	s.param("MAXDIALS", v)
	return nil
}

func (s *faxalter) setNotify(v string) error {
	var j faxJob
	if err := j.setNotify(v); err != nil {
		return err
	}
	s.param("NOTIFY", strings.ToUpper(string(j.notify)))
	return nil
}

func (s *faxalter) run(ctx context.Context, ids []string) int {
	c, err := s.connect(ctx)
	if err == nil {
		defer c.Close()
		err = s.login(c, "")
	}
	if err == nil && s.admin {
		err = s.adminLogin(c)
	}
	if err != nil {
		s.env.errorf("%v", err)
		return exitNoServer
	}
	code := exitOK
	for _, id := range ids {
		if err := s.alter(c, client.JobID(id)); err != nil {
			s.env.errorf("%v", err)
			if code = exitNotDone; !s.goOn {
				break
			}
		}
	}
	if err := ignoreLost(c.Quit()); err != nil {
		s.env.errorf("%v", err)
	}
	return code
}

// alter changes one job: it is taken from the scheduler, changed, and submitted again.
func (s *faxalter) alter(c *client.Client, id client.JobID) error {
	if err := c.SetJob(id); err != nil {
		return err
	}
	if s.resubmit {
		copied, err := s.duplicate(c)
		if err != nil {
			return err
		}
		s.env.printf("Job %s: duplicated as job %s.\n", id, copied)
		id = copied
	} else if err := c.Suspend(id); err != nil {
		return err
	}
	for i, line := range s.script {
		if _, err := c.Command(line); err != nil {
			return fmt.Errorf("<stdin>: line %d: %w%s", i+1, err, s.undo(c, id))
		}
	}
	if err := c.Submit(id); err != nil {
		return err
	}
	s.env.printf("Job %s: done.\n", id)
	return nil
}

// undo hands a job back to the scheduler after a change that failed, lest it stays suspended; a copy is
// removed. It returns what there is to tell. (HylaFAX's faxalter leaves both as they are.)
func (s *faxalter) undo(c *client.Client, id client.JobID) string {
	if s.resubmit {
		if err := c.DeleteJob(id); err != nil {
			return fmt.Sprintf("\nJob %s, the copy, is left: %v", id, err)
		}
		return ""
	}
	if err := c.Submit(id); err != nil {
		return fmt.Sprintf("\nJob %s stays suspended: %v", id, err)
	}
	return fmt.Sprintf("\nJob %s: goes on without this change.", id)
}

// duplicate makes a new job with the parameters and documents of the current one.
func (s *faxalter) duplicate(c *client.Client) (client.JobID, error) {
	docs, err := c.Parameter("DOCUMENT")
	if err != nil {
		return "", err
	}
	id, _, err := c.NewJob()
	if err != nil {
		return "", err
	}
	for _, line := range docs.Lines { // "PS docq/doc281.ps"
		if _, name, ok := strings.Cut(line, " "); ok {
			if err := c.AddDocument("/" + strings.TrimPrefix(name, "/")); err != nil {
				return "", err
			}
		}
	}
	return id, nil
}
