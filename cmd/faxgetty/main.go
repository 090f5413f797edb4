// Command faxgetty drives fax lines over IAX2 with soft modems: it answers
// calls and sends the jobs that a scheduler hands over (faxgetty(8)). One
// process may drive any number of lines.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/internal/detach"
	"github.com/litoria-fax/litoria/internal/faxlog"
	"github.com/litoria-fax/litoria/modemdrv/line"
	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/litoria-fax/litoria/spool"
)

func main() {
	app := &cli.App{
		Name:      "faxgetty",
		Usage:     "answer and place calls on fax lines",
		UsageText: "faxgetty [-D] [-p] [-q DIRECTORY] [-c 'TAG: VALUE'] [--iaxmodem DIRECTORY] [DEVICE ...]",
		Description: "DEVICE is the name of a line, such as ttyIAX0; its configuration is etc/config.DEVICE below the spool.\n" +
			"Without a DEVICE all lines over IAX2 that have a configuration are driven, and SIGHUP takes up new ones.",
		Version:         protocol.Version,
		HideHelpCommand: true,
		// A value may have commas in it.
		DisableSliceFlagSeparator: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "q", Value: "/var/spool/hylafax", Usage: "the spool `DIRECTORY`"},
			&cli.BoolFlag{Name: "D", Usage: "detach from the terminal"},
			&cli.BoolFlag{Name: "p", Usage: "do not change the process's priority (it never does; taken for the sake of old scripts)"},
			&cli.StringSliceFlag{Name: "c", Usage: "set a configuration parameter, `'TAG: VALUE'`, over what the files say"},
			&cli.StringFlag{Name: "iaxmodem", Usage: "drive the lines of iaxmodem's files in `DIRECTORY` too (/etc/iaxmodem), in iaxmodem's place"},
			&cli.BoolFlag{Name: "debug", Usage: "log more"},
		},
		Action: run,
	}
	os.Exit(getopt.Main(app, os.Args, os.Stderr))
}

func run(c *cli.Context) error {
	return detach.Serve(c.Bool("D"), func(detached bool, ready func() error) error { return serve(c, detached, ready) })
}

// serve drives the lines until a signal ends it.
func serve(c *cli.Context, detached bool, ready func() error) error {
	s, err := spool.Open(c.String("q"))
	if err != nil {
		return err
	}
	if err := s.BecomeOwner(); err != nil {
		return err
	}
	if err := s.Writable(); err != nil {
		return err
	}
	if err := os.Chdir(s.Dir()); err != nil { // scripts and sockets are relative to it
		return err
	}
	log := faxlog.Console(os.Stderr, c.Bool("debug"))
	if detached {
		log = faxlog.Background(s.Dir(), c.Bool("debug"))
	}
	var ids []string
	for _, device := range c.Args().Slice() {
		ids = append(ids, spool.DevID(device))
	}
	ctx, cancel := context.WithCancel(c.Context)
	defer cancel()
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT, syscall.SIGHUP)
	p, err := line.Start(ctx, line.Options{Spool: s, Lines: ids, Params: c.StringSlice("c"), IAXModem: c.String("iaxmodem"), Log: log})
	if err != nil {
		return err
	}
	if err := ready(); err != nil {
		log.Error().Err(err).Msg("start")
	}
	for sig := range signals {
		if sig != syscall.SIGHUP {
			break
		}
		p.Rescan()
	}
	log.Info().Stringer("process", p).Msg("stops")
	cancel()
	p.Close()
	return nil
}
