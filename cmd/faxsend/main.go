// Command faxsend hands a fax job to the process that drives a line, and waits
// for the end of the call: it is what a scheduler of HylaFAX runs as its
// SendFaxCmd (faxsend(8)) for a line that faxgetty of Litoria drives.
//
// It does not drive a modem on a serial port; HylaFAX's own faxsend does.
package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

func main() {
	status := int(linectl.Failed)
	app := &cli.App{
		Name:            "faxsend",
		Usage:           "send the jobs of a batch on a line that faxgetty drives",
		UsageText:       "faxsend [-l] [-q DIRECTORY] [-c 'TAG: VALUE'] -m DEVICE QFILE ...",
		Version:         protocol.Version,
		HideHelpCommand: true,
		// A value may have commas in it.
		DisableSliceFlagSeparator: true,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "q", Value: ".", Usage: "the spool `DIRECTORY`; faxq runs its send command there"},
			&cli.StringFlag{Name: "m", Usage: "the `DEVICE` to send on"},
			&cli.BoolFlag{Name: "l", Usage: "lock the modem (no effect: the line's process sees to it)"},
			&cli.StringSliceFlag{Name: "c", Usage: "set a configuration parameter for this call, `'TAG: VALUE'`"},
		},
		Action: func(c *cli.Context) (err error) {
			status, err = send(c)
			return err
		},
	}
	err := getopt.Run(app, os.Args)
	if err != nil {
		fmt.Fprintln(os.Stderr, "faxsend:", err)
	}
	if getopt.Status(err) == getopt.StatusUsage {
		status = getopt.StatusUsage
	}
	os.Exit(status)
}

// send gives the batch to the line and follows the call. The exit status is
// that of the last job that was begun (FaxSendStatus), as HylaFAX's faxq reads
// it.
func send(c *cli.Context) (int, error) {
	switch {
	case c.String("m") == "":
		return int(linectl.Failed), getopt.Usage("no device is given (-m)")
	case c.NArg() == 0:
		return int(linectl.Failed), getopt.Usage("no job file is given")
	}
	s, err := spool.Open(c.String("q"))
	if err != nil {
		return int(linectl.Failed), err
	}
	if err := os.Chdir(s.Dir()); err != nil {
		return int(linectl.Failed), err
	}
	var jobs []string
	for _, name := range c.Args().Slice() {
		if filepath.IsAbs(name) {
			name = strings.TrimPrefix(name, s.Dir()+"/")
		}
		jobs = append(jobs, name)
	}
	devid := spool.DevID(c.String("m"))
	line, err := linectl.Dial(s.Dir(), devid)
	if err != nil {
		return int(linectl.Retry), fmt.Errorf("line %s: %w (is faxgetty running for it?)", devid, err)
	}
	ctx, stop := signal.NotifyContext(c.Context, syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	return follow(ctx, s, line, linectl.Batch{Jobs: jobs, Config: c.StringSlice("c")})
}

func follow(ctx context.Context, s *spool.Spool, line *linectl.Client, b linectl.Batch) (int, error) {
	status := int(linectl.NoBatch)
	var current atomic.Value // the job that is being sent
	go func() {              // faxq ends a job's call with SIGTERM
		<-ctx.Done()
		if job, ok := current.Load().(string); ok {
			_ = line.Abort(context.Background(), job)
		}
	}()
	err := line.Send(context.WithoutCancel(ctx), b, func(e linectl.Event) {
		if e.Event == linectl.Dialing {
			current.Store(e.Job)
		}
		if m, ok := e.FIFOMessage(); ok {
			_ = s.JobStatus(e.Job, m) // nobody may be there to hear it
		}
		if e.Event == linectl.JobEnd {
			status = int(e.Result)
		}
	})
	var refusal *linectl.Refusal
	if errors.As(err, &refusal) {
		return int(linectl.Retry), fmt.Errorf("the line did not take the jobs: %s", refusal.Reason)
	}
	return status, err
}
