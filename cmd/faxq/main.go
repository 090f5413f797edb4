// Command faxq is the scheduler of a fax server: it decides which job goes on
// which line, and when (faxq(8)).
package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/internal/detach"
	"github.com/litoria-fax/litoria/internal/faxlog"
	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/litoria-fax/litoria/sched/faxq"
	"github.com/litoria-fax/litoria/sched/faxq/starter"
	"github.com/litoria-fax/litoria/spool"
)

func main() {
	app := &cli.App{
		Name:            "faxq",
		Usage:           "schedule fax jobs",
		UsageText:       "faxq [-D] [-q DIRECTORY] [-c 'TAG: VALUE']",
		Version:         protocol.Version,
		HideHelpCommand: true,
		// A value may have commas in it.
		DisableSliceFlagSeparator: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "q", Value: "/var/spool/hylafax", Usage: "the spool `DIRECTORY`"},
			&cli.BoolFlag{Name: "D", Usage: "stay attached to the terminal"},
			&cli.StringSliceFlag{Name: "c", Usage: "set a configuration parameter, `'TAG: VALUE'`, over what etc/config says"},
			&cli.BoolFlag{Name: "debug", Usage: "log more"},
			&cli.StringFlag{Name: starter.Flag, Hidden: true},
		},
		Action: run,
	}
	os.Exit(getopt.Main(app, os.Args, os.Stderr))
}

func run(c *cli.Context) error {
	if ids := c.String(starter.Flag); ids != "" {
		return starter.Run(ids)
	}
	if c.NArg() > 0 {
		return getopt.Usage("%q is not understood", c.Args().First())
	}
	return detach.Serve(!c.Bool("D"), func(detached bool, ready func() error) error { return serve(c, detached, ready) })
}

// serve schedules until a signal ends it.
func serve(c *cli.Context, detached bool, ready func() error) error {
	s, err := spool.Open(c.String("q"))
	if err != nil {
		return err
	}
	starts, err := lowerRights(s)
	if err != nil {
		return err
	}
	if err := s.Writable(); err != nil {
		return err
	}
	if err := os.Chdir(s.Dir()); err != nil { // scripts are relative to it
		return err
	}
	log := faxlog.Console(os.Stderr, c.Bool("debug"))
	if detached {
		log = faxlog.Background(s.Dir(), c.Bool("debug"))
	}
	ctx, stop := signal.NotifyContext(c.Context, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	server, err := faxq.New(faxq.Options{Spool: s, Log: log, Set: c.StringSlice("c"), Starter: starts, Ready: ready})
	if err != nil {
		return err
	}
	return server.Run(ctx)
}

// lowerRights gives up root's rights where root started us, and leaves a
// starter behind that has them, for HylaFAX's faxsend.
func lowerRights(s *spool.Spool) (*starter.Client, error) {
	uid, gid, err := s.Owner()
	if err != nil {
		return nil, err
	}
	if os.Getuid() != 0 || uid == 0 {
		return nil, nil
	}
	starts, err := starter.Begin(uid, gid)
	if err != nil {
		return nil, err
	}
	return starts, s.BecomeOwner()
}
