package command

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/getopt"
)

const faxstatSpec = "h:adgfilO:rsvw"

// faxstat is one run of the command.
type faxstat struct {
	*base
	dirs  []protocol.Dir
	info  bool
	json  bool
	watch bool
	help  bool
}

// watchInterval is the time between two looks of faxstat -w.
const watchInterval = 2 * time.Second

// Faxstat shows the state of a server (faxstat(1)).
func Faxstat(ctx context.Context, env *Env, args []string) int {
	s := &faxstat{base: newBase(env, "faxstat"), dirs: []protocol.Dir{protocol.DirStatus}}
	set := s.base.set
	s.readConfig(set, "hyla.conf")
	expanded, err := getopt.ExpandFor(args[1:], faxstatSpec, s.flags())
	if err != nil {
		env.errorf("faxstat: %v", err)
		env.errorf("usage: faxstat [-h server-host] [-adfgilrsvw] [--json].")
		return exitFailed
	}
	app := &cli.App{
		Name: "faxstat", Usage: "display the status of a HylaFAX server", HideHelp: true, HideVersion: true,
		UsageText: "faxstat [options]", Flags: s.flags(), Writer: env.Stdout, ErrWriter: env.Stderr,
		OnUsageError: func(_ *cli.Context, err error, _ bool) error { return err },
		Action: func(c *cli.Context) error {
			if s.help {
				return getopt.Help(c.App.Writer, c.App)
			}
			return s.run(ctx)
		},
	}
	err = app.Run(append([]string{"faxstat"}, expanded...))
	fault := getopt.Fault(app)
	if fault != nil {
		err = fault
	}
	if err == nil {
		return exitOK
	}
	env.errorf("%v", err)
	if fault == nil && !s.json { // HylaFAX's faxstat ends with 0 whatever happens
		return exitOK
	}
	return 1
}

func (s *faxstat) flags() []cli.Flag {
	dir := func(name, usage string, d protocol.Dir) cli.Flag {
		return getopt.Switch(name, usage, func() { s.dirs = append(s.dirs, d) })
	}
	return []cli.Flag{
		dir("s", "jobs that wait or are being sent", protocol.DirSend),
		dir("d", "jobs that are done", protocol.DirDone),
		dir("r", "received faxes", protocol.DirReceive),
		dir("f", "documents of jobs", protocol.DirDoc),
		dir("a", "archived jobs", protocol.DirArchive),
		getopt.Switch("i", "information about the server", func() { s.info = true }),
		getopt.Switch("g", "times in GMT", func() { s.local = false }),
		getopt.Switch("l", "times in the server's zone", func() { s.local = true }),
		getopt.Option("h", "HOST[:PORT]", "server", s.setHost),
		getopt.Option("O", "'TAG: VALUE'", "a line of a configuration file", func(v string) error { return s.setItem(v, s.set) }),
		getopt.Switch("v", "show the protocol", func() { s.verbose = true }),
		getopt.Switch("w", "look again every two seconds, until interrupted", func() { s.watch = true }),
		getopt.Switch("json", "print as JSON", func() { s.json = true }),
		getopt.Switch("help", "show this text", func() { s.help = true }),
	}
}

func (s *faxstat) run(ctx context.Context) error {
	c, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer c.Close()
	if err := s.login(c, ""); err != nil {
		return err
	}
	interval := s.env.Interval
	if interval == 0 {
		interval = watchInterval
	}
	for {
		if err := s.show(c); err != nil || !s.watch {
			return errors.Join(err, ignoreLost(c.Quit()))
		}
		select {
		case <-ctx.Done():
			return ignoreLost(c.Quit())
		case <-time.After(interval):
			s.env.printf("\033[H\033[2J")
		}
	}
}

func (s *faxstat) show(c *client.Client) error {
	if s.json {
		return s.showJSON(c)
	}
	if s.info {
		if err := c.Retrieve("status/any.info", s.env.Stdout); err != nil && protocol.CodeOf(err) == 0 {
			return err
		}
	}
	for i, dir := range s.dirs {
		lead := ""
		if i > 0 {
			lead = "\n"
		}
		if err := s.showDir(c, dir, lead); err != nil {
			return err
		}
	}
	return nil
}

// showDir shows a directory below its column titles; nothing where it is empty.
func (s *faxstat) showDir(c *client.Client, dir protocol.Dir, lead string) error {
	header, err := s.header(c, dir)
	if err != nil {
		return err
	}
	return c.List(dir, &headed{w: s.env.Stdout, header: lead + header})
}

// headed writes a header before the first octet.
type headed struct {
	w      io.Writer
	header string
}

func (h *headed) Write(p []byte) (int, error) {
	if h.header != "" && len(p) > 0 {
		if _, err := io.WriteString(h.w, h.header); err != nil {
			return 0, err
		}
		h.header = ""
	}
	return h.w.Write(p)
}

// header sets the configured formats of a directory, and returns its column titles.
func (s *faxstat) header(c *client.Client, dir protocol.Dir) (string, error) {
	command, fields, titled := "FILEFMT", protocol.FileFields(), false
	switch dir {
	case protocol.DirSend, protocol.DirDone:
		command, fields, titled = "JOBFMT", protocol.JobFields(), true
	case protocol.DirReceive:
		command, fields, titled = "RCVFMT", protocol.ReceiveFields(), true
	case protocol.DirStatus:
		command, fields = "MDMFMT", protocol.ModemFields()
	}
	format, configured := s.formats[command]
	if configured {
		if err := c.SetFormat(command, format); err != nil {
			return "", err
		}
	}
	sorting := command[:len(command)-len("FMT")] + "SORTFMT"
	if f := s.formats[sorting]; f != "" {
		if err := c.SetFormat(sorting, f); err != nil {
			return "", err
		}
	}
	if !titled {
		return "", nil
	}
	if !configured {
		var err error
		if format, err = c.Format(command); err != nil {
			return "", err
		}
	}
	return protocol.ParseFormat(format).Header(fields) + "\n", nil
}

// status is the output of faxstat --json.
type status struct {
	Scheduler bool              `json:"schedulerRunning"`
	Modems    []client.Modem    `json:"modems"`
	Info      string            `json:"info,omitempty"`
	SendQueue []client.Job      `json:"sendq,omitempty"`
	Done      []client.Job      `json:"doneq,omitempty"`
	Received  []client.Received `json:"recvq,omitempty"`
	Documents []client.File     `json:"docq,omitempty"`
	Archive   []client.File     `json:"archive,omitempty"`
}

func (s *faxstat) showJSON(c *client.Client) (err error) {
	var out status
	if out.Scheduler, out.Modems, err = c.Modems(); err != nil {
		return err
	}
	if s.info {
		var text bytes.Buffer
		if err := c.Retrieve("status/any.info", &text); err == nil {
			out.Info = text.String()
		}
	}
	for _, dir := range s.dirs {
		switch dir {
		case protocol.DirSend:
			out.SendQueue, err = c.Jobs(dir)
		case protocol.DirDone:
			out.Done, err = c.Jobs(dir)
		case protocol.DirReceive:
			out.Received, err = c.Received(dir)
		case protocol.DirDoc:
			out.Documents, err = c.Files(dir)
		case protocol.DirArchive:
			out.Archive, err = c.Files(dir)
		}
		if err != nil {
			return fmt.Errorf("%s: %w", dir, err)
		}
	}
	s.env.printJSON(out)
	return nil
}
