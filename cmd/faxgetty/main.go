// Command faxgetty drives fax lines over IAX2 with soft modems: it answers
// calls and sends the jobs that a scheduler hands over (faxgetty(8)). One
// process may drive any number of lines.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/rs/zerolog"
	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/modemdrv/line"
	"github.com/litoria-fax/litoria/protocol"
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
	if err := app.Run(os.Args); err != nil {
		fmt.Fprintln(os.Stderr, "faxgetty:", err)
		os.Exit(1)
	}
}

func run(c *cli.Context) error {
	if c.Bool("D") {
		return detach()
	}
	s, err := spool.Open(c.String("q"))
	if err != nil {
		return err
	}
	if err := s.BecomeOwner(); err != nil {
		return err
	}
	if err := os.Chdir(s.Dir()); err != nil { // scripts and sockets are relative to it
		return err
	}
	level := zerolog.InfoLevel
	if c.Bool("debug") {
		level = zerolog.DebugLevel
	}
	log := zerolog.New(zerolog.ConsoleWriter{Out: os.Stderr, NoColor: true, TimeFormat: time.DateTime}).Level(level).With().Timestamp().Logger()
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

// detach starts this program again without -D, in a session of its own, and
// waits a moment to see whether it lives.
func detach() error {
	exe, err := os.Executable()
	if err != nil {
		return err
	}
	var args []string
	for _, a := range os.Args[1:] {
		if a != "-D" && a != "--D" {
			args = append(args, a)
		}
	}
	cmd := exec.Command(exe, args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	errs, err := cmd.StderrPipe()
	if err != nil {
		return err
	}
	if err := cmd.Start(); err != nil {
		return err
	}
	first := make(chan []byte, 1)
	go func() {
		b, _ := io.ReadAll(io.LimitReader(errs, 4096))
		first <- b
	}()
	exited := make(chan error, 1)
	go func() { exited <- cmd.Wait() }()
	select {
	case err := <-exited:
		return fmt.Errorf("%s ended at once: %w: %s", filepath.Base(exe), err, <-first)
	case <-time.After(time.Second):
		return cmd.Process.Release()
	}
}
