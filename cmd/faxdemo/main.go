// Command faxdemo shows Litoria at work on one machine, as an ordinary user:
// it starts the embedded exchange, a fax server and two lines in a throw-away
// folder, sends three documents from one line to the other with sendfax, tells
// what happens meanwhile, and compares what arrived with what was sent, bit by
// bit.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol/getopt"
)

func main() {
	app := &cli.App{
		Name:      "faxdemo",
		Usage:     "send three faxes from line 1000 to line 1001 and look at what arrives",
		ArgsUsage: " ",
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "keep", Usage: "leave the server running until Ctrl-C, for other clients"},
			&cli.StringFlag{Name: "out", Value: "demo-out", Usage: "`FOLDER` for the received pages as PNG and PDF"},
			&cli.StringFlag{Name: "bin", Usage: "`FOLDER` of Litoria's programs (default: where faxdemo is)"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() > 0 {
				return getopt.Usage("%q is not expected", c.Args().First())
			}
			ctx, stop := signal.NotifyContext(c.Context, os.Interrupt, syscall.SIGTERM)
			defer stop()
			return demo(ctx, c.String("bin"), c.String("out"), c.Bool("keep"))
		},
	}
	os.Exit(getopt.Main(app, os.Args, os.Stderr))
}

func demo(ctx context.Context, bin, out string, keep bool) error {
	if bin == "" {
		exe, err := os.Executable()
		if err != nil {
			return err
		}
		bin = filepath.Dir(exe)
	}
	bin, err := filepath.Abs(bin)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "litoria-demo-")
	if err != nil {
		return err
	}
	s, err := newServer(bin, dir)
	if err != nil {
		return err
	}
	defer func() {
		s.stop()
		os.RemoveAll(dir)
	}()
	fmt.Println("An exchange, a fax server and two lines, in", dir)
	if err := s.start(); err != nil {
		return err
	}
	if err := s.ready(15 * time.Second); err != nil {
		return errors.Join(err, s.lastWords())
	}
	fmt.Printf("  lines %s (%s) and %s (%s) are registered; hfaxd listens on %s\n\n", numberA, lineA, numberB, lineB, s.host())
	docs, err := writeDocuments(dir)
	if err != nil {
		return err
	}
	var sent []string // the pages as they were handed to the line
	for _, d := range docs {
		pages, err := s.send(ctx, d)
		if err != nil {
			return errors.Join(err, s.lastWords())
		}
		sent = append(sent, pages)
	}
	if err := s.show("faxstat", "-h", s.host(), "-r"); err != nil {
		return err
	}
	if err := s.compare(sent, out); err != nil {
		return err
	}
	s.next(out, keep)
	if keep {
		<-ctx.Done()
	}
	return nil
}

// callLimit bounds one fax of the demo; none takes a minute.
const callLimit = 3 * time.Minute

// send submits a document and tells what happens until its job is done. It
// gives the file of the pages that were sent.
func (s *server) send(ctx context.Context, d sample) (pages string, err error) {
	argv := []string{"-n", "-h", lineA + "@" + s.host(), "-d", numberB, d.file}
	fmt.Printf("$ sendfax -n -d %s %s      (%s)\n", numberB, filepath.Base(d.file), d.what)
	out, err := s.command("sendfax", argv...).CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("sendfax: %w: %s", err, out)
	}
	fmt.Printf("  %s\n", bytes.TrimSpace(out))
	_, rest, ok := strings.Cut(string(out), "request id is ")
	if !ok {
		return "", fmt.Errorf("sendfax gave no job id: %s", out)
	}
	id := strings.Fields(rest)[0]
	begin := time.Now()
	ctx, cancel := context.WithTimeout(ctx, callLimit)
	defer cancel()
	shown := map[string]string{}
	for tick := time.NewTicker(100 * time.Millisecond); ; {
		for _, line := range []string{lineA, lineB} {
			if now := s.status(line); now != shown[line] && now != "" {
				if shown[line] != "" || now != idle {
					fmt.Printf("  %5.1f s  %s: %s\n", time.Since(begin).Seconds(), line, now)
				}
				shown[line] = now
			}
		}
		if pages == "" {
			pages = s.keepPrepared(id, s.job("sendq", id))
		}
		if job := s.job("doneq", id); job != nil && s.status(lineB) == idle {
			return pages, s.report(id, job, time.Since(begin))
		}
		select {
		case <-ctx.Done():
			return "", fmt.Errorf("job %s was not done: %w", id, ctx.Err())
		case <-tick.C:
		}
	}
}

func (s *server) report(id string, job map[string]string, took time.Duration) error {
	const done = "7" // sendq(5): state
	if job["state"] != done {
		return fmt.Errorf("job %s failed: %s", id, job["status"])
	}
	fmt.Printf("  %5.1f s  job %s: %s of %s pages confirmed, %s, %s\n\n", took.Seconds(), id, job["npages"], job["totpages"],
		strings.TrimSpace(job["signalrate"]), job["dataformat"])
	return nil
}

// job reads the fields of a job file (sendq(5)).
func (s *server) job(queue, id string) map[string]string {
	b, err := os.ReadFile(filepath.Join(s.spool, queue, "q"+id))
	if err != nil || len(b) == 0 {
		return nil
	}
	fields := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if k, v, ok := strings.Cut(strings.TrimRight(line, "\n"), ":"); ok {
			fields[k] = v
		}
	}
	return fields
}

// show runs a client and prints its command line and output.
func (s *server) show(name string, args ...string) error {
	fmt.Printf("$ %s %s\n", name, strings.Join(args, " "))
	cmd := s.command(name, args...)
	cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	fmt.Println()
	return nil
}

// lastWords are the ends of the log files, for a demo that went wrong.
func (s *server) lastWords() error {
	var b strings.Builder
	logs, _ := filepath.Glob(filepath.Join(s.dir, "*.log"))
	for _, f := range logs {
		text, err := os.ReadFile(f)
		if err != nil || len(text) == 0 {
			continue
		}
		fmt.Fprintf(&b, "--- %s\n%s", filepath.Base(f), text[max(0, len(text)-2000):])
	}
	return errors.New(b.String())
}

// next says what to try.
func (s *server) next(out string, keep bool) {
	fmt.Printf("The received pages are in %s.\n\n", out)
	if !keep {
		fmt.Println("Next: `make demo KEEP=1` leaves this server running, so that you can")
		fmt.Println("  - send from any HylaFAX client, also on Windows, to port 4559's stand-in;")
		fmt.Println("  - or read docs/ to put Litoria beside your Asterisk.")
		return
	}
	fmt.Println("The server goes on until Ctrl-C. Try, in another terminal:")
	// Options, not FAXSERVER: a Host in /etc/hylafax/hyla.conf comes before the
	// environment. And line A sends: line B would find itself busy.
	host := lineA + "@" + s.host()
	fmt.Printf("  export PATH=%s:$PATH\n", s.bin)
	fmt.Printf("  sendfax -h %s -n -d %s FILE    a fax of yours\n", host, numberB)
	fmt.Printf("  faxstat -h %s -s -d             lines and jobs\n", s.host())
	fmt.Printf("  sendfax -h %s -n -d 486 FILE     a number that is busy\n", host)
	fmt.Printf("  tail -f %s/log/c*\n", s.spool)
}
