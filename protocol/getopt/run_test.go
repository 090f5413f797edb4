package getopt

import (
	"bytes"
	"errors"
	"testing"

	"github.com/urfave/cli/v2"
)

// A command line that makes no sense is answered in one line, which tells where to read more, and by the
// exit status of HylaFAX's daemons.
func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args   []string
		status int
		want   string
	}{
		{[]string{"-j5"}, 0, ""},
		{[]string{"-Z"}, 255, "faxtest: invalid option -- 'Z'; faxtest --help lists the options\n"},
		{[]string{"-nZ"}, 255, "faxtest: invalid option -- 'Z'; faxtest --help lists the options\n"},
		{[]string{"--nosuch"}, 255, "faxtest: unrecognized option '--nosuch'; faxtest --help lists the options\n"},
		{[]string{"--nosuch=5"}, 255, "faxtest: unrecognized option '--nosuch'; faxtest --help lists the options\n"},
		{[]string{"-j"}, 255, "faxtest: option requires an argument -- 'j'; faxtest --help lists the options\n"},
		{[]string{"--long"}, 255, "faxtest: option requires an argument -- 'long'; faxtest --help lists the options\n"},
		{[]string{"-j", "many"}, 255, "faxtest: invalid value \"many\" for flag -j: parse error; faxtest --help lists the options\n"},
		{[]string{"-s", "444"}, 255, "faxtest: no pagers here; faxtest --help lists the options\n"},
		{[]string{"operand"}, 255, "faxtest: \"operand\" is not expected; faxtest --help lists the options\n"},
		{[]string{"-n"}, 1, "faxtest: it did not work\n"},
	} {
		var out, errOut bytes.Buffer
		app := &cli.App{
			Name: "faxtest", Writer: &out, ErrWriter: &errOut, HideHelpCommand: true,
			Flags: []cli.Flag{
				&cli.IntFlag{Name: "j"}, &cli.BoolFlag{Name: "n"}, &cli.StringFlag{Name: "long"},
				Option("s", "PORT", "not supported", func(string) error { return errors.New("no pagers here") }),
			},
			Action: func(c *cli.Context) error {
				switch {
				case c.NArg() > 0:
					return Usage("%q is not expected", c.Args().First())
				case c.Bool("n"):
					return errors.New("it did not work")
				}
				return nil
			},
		}
		if status := Main(app, append([]string{"faxtest"}, c.args...), &errOut); status != c.status || errOut.String() != c.want || out.Len() > 0 {
			t.Errorf("faxtest %q = %d, %q, %q, want %d, %q", c.args, status, errOut.String(), out.String(), c.status, c.want)
		}
	}
}

// A subcommand's wrong option is answered likewise.
func TestRunExpanded(t *testing.T) {
	var out bytes.Buffer
	app := &cli.App{Name: "faxtest", Writer: &out, ErrWriter: &out, Commands: []*cli.Command{{Name: "sub", Subcommands: []*cli.Command{{Name: "subsub"}}}}}
	for _, args := range [][]string{{"faxtest", "-x"}, {"faxtest", "sub", "-x"}, {"faxtest", "sub", "subsub", "-x"}} {
		err := RunExpanded(app, args)
		if Status(err) != StatusUsage || err.Error() != "unrecognized option '-x'; faxtest --help lists the options" || out.Len() > 0 {
			t.Errorf("%q: %v, and %q is printed", args, err, out.String())
		}
	}
}
