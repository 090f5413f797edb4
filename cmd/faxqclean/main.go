// Command faxqclean removes jobs that are over, or archives them, and documents
// that no job needs any more (faxqclean(8)). cron(8) runs it.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/getopt"
	"github.com/litoria-fax/litoria/spool"
)

func main() { os.Exit(getopt.Main(app(os.Stdout), os.Args, os.Stderr)) }

func app(out io.Writer) *cli.App {
	return &cli.App{
		Name:            "faxqclean",
		Usage:           "remove or archive jobs that are over, and documents that no job needs",
		UsageText:       "faxqclean [-aAntv] [-j SECONDS] [-d SECONDS] [-q DIRECTORY]",
		Version:         protocol.Version,
		HideVersion:     true, // -v is taken
		HideHelpCommand: true,
		Writer:          out,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "a", Usage: "archive jobs whose senders want that (bin/archive), instead of removing them"},
			&cli.BoolFlag{Name: "A", Usage: "archive all jobs"},
			&cli.StringFlag{Name: "j", Value: seconds(spool.CleanJobAge), Usage: "keep jobs that are over for `SECONDS`"},
			&cli.StringFlag{Name: "d", Value: seconds(spool.CleanDocAge), Usage: "keep documents that no job needs for `SECONDS`"},
			&cli.BoolFlag{Name: "n", Usage: "do nothing, but say what would be done"},
			&cli.StringFlag{Name: "q", Value: "/var/spool/hylafax", Usage: "the spool `DIRECTORY`"},
			&cli.BoolFlag{Name: "t", Usage: "say in detail what is looked at"},
			&cli.BoolFlag{Name: "v", Usage: "say what is removed or archived"},
		},
		Action: func(c *cli.Context) error { return clean(c, out) },
	}
}

func seconds(d time.Duration) string { return strconv.Itoa(int(d.Seconds())) }

// age reads a number of seconds, which may be octal or hexadecimal as in C.
func age(c *cli.Context, option string) (time.Duration, error) {
	n, err := strconv.ParseUint(c.String(option), 0, 32)
	if err != nil {
		return 0, getopt.Usage("-%s %s: not a number of seconds", option, c.String(option))
	}
	return time.Duration(n) * time.Second, nil
}

func clean(c *cli.Context, out io.Writer) error {
	if c.NArg() > 0 {
		return getopt.Usage("%q is not understood", c.Args().First())
	}
	s, err := spool.Open(c.String("q"))
	if err != nil {
		return err
	}
	if err := s.BecomeOwner(); err != nil {
		return err
	}
	what := spool.Cleaning{ArchiveAll: c.Bool("A"), DryRun: c.Bool("n")}
	if what.JobAge, err = age(c, "j"); err != nil {
		return err
	}
	if what.DocAge, err = age(c, "d"); err != nil {
		return err
	}
	if c.Bool("a") || c.Bool("A") {
		what.Archive = func(id string) error { return archive(s, id) }
	}
	what.Say = func(detail bool, format string, args ...any) {
		if c.Bool("t") || !detail && c.Bool("v") {
			fmt.Fprintf(out, format+"\n", args...)
		}
	}
	return s.Clean(what, time.Now())
}

// archive runs the site's script.
func archive(s *spool.Spool, id string) error {
	cmd := exec.Command(s.Path(spool.Bin, "archive"), id)
	cmd.Dir = s.Dir()
	if text, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("bin/archive: %w: %s", err, strings.TrimSpace(string(text)))
	}
	return nil
}
