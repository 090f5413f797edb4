package command

import (
	"context"
	"errors"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/getopt"
)

const faxrmSpec = "ah:dO:v"

// faxrm is one run of the command.
type faxrm struct {
	*base
	admin     bool
	documents bool
	help      bool
}

// Faxrm removes jobs and documents (faxrm(1)).
func Faxrm(ctx context.Context, env *Env, args []string) int {
	s := &faxrm{base: newBase(env, "faxrm")}
	s.readConfig(s.set, "hyla.conf")
	usage := func() int {
		env.errorf("usage: faxrm [-h server-host] [-adv] id...")
		return exitFailed
	}
	expanded, err := getopt.ExpandFor(args[1:], faxrmSpec, s.flags())
	if err != nil {
		env.errorf("faxrm: %v", err)
		return usage()
	}
	app := &cli.App{
		Name: "faxrm", Usage: "remove jobs or documents from a HylaFAX server", HideHelp: true, HideVersion: true,
		UsageText: "faxrm [options] id...", Flags: s.flags(), Writer: env.Stdout, ErrWriter: env.Stderr,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return err },
		Action: func(c *cli.Context) error {
			switch {
			case s.help:
				return getopt.Help(c.App.Writer, c.App)
			case c.NArg() == 0:
				return errUsage
			}
			return s.run(ctx, c.Args().Slice())
		},
	}
	err = app.Run(append([]string{"faxrm"}, expanded...))
	fault := getopt.Fault(app)
	switch {
	case fault != nil:
		env.errorf("%v", fault)
		return 1
	case errors.Is(err, errUsage):
		return usage()
	case err != nil: // HylaFAX's faxrm ends with 0 whatever the server says
		env.errorf("%v", err)
	}
	return exitOK
}

func (s *faxrm) flags() []cli.Flag {
	return []cli.Flag{
		getopt.Switch("a", "use administrative privileges (asks for the password)", func() { s.admin = true }),
		getopt.Switch("d", "the ids are documents, not jobs", func() { s.documents = true }),
		getopt.Option("h", "HOST[:PORT]", "server", s.setHost),
		getopt.Option("O", "'TAG: VALUE'", "a line of a configuration file", func(v string) error { return s.setItem(v, s.set) }),
		getopt.Switch("v", "show the protocol", func() { s.verbose = true }),
		getopt.Switch("help", "show this text", func() { s.help = true }),
	}
}

func (s *faxrm) run(ctx context.Context, ids []string) error {
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.login(c, ""); err != nil {
		return err
	}
	if s.admin {
		if err := s.adminLogin(c); err != nil {
			return err
		}
	}
	for _, id := range ids {
		if err := s.remove(c, id); err != nil {
			return err
		}
	}
	return ignoreLost(c.Quit())
}

func (s *faxrm) remove(c *client.Client, id string) error {
	if s.documents {
		path := id
		if !strings.HasPrefix(id, "/") && !strings.HasPrefix(id, "docq") {
			path = "/docq/" + id
		}
		if err := c.Delete(path); err != nil {
			return err
		}
		s.env.printf("%s removed.\n", id)
		return nil
	}
	done, err := c.Remove(client.JobID(id))
	switch {
	case err != nil:
		return err
	case done:
		s.env.printf("Job %s removed (from doneq).\n", id)
	default:
		s.env.printf("Job %s removed.\n", id)
	}
	return nil
}
