package getopt

import (
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// UsageError is a command line that makes no sense.
type UsageError struct {
	Program string // "" where it is not known yet
	Err     error
}

// Error says what is wrong, and where to read what would be right.
func (e *UsageError) Error() string {
	if e.Program == "" {
		return e.Err.Error()
	}
	return fmt.Sprintf("%v; %s --help lists the options", e.Err, e.Program)
}

// Unwrap gives the reason.
func (e *UsageError) Unwrap() error { return e.Err }

// Usage makes a UsageError for an App's Action, to be completed by Run.
func Usage(format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...)}
}

// StatusUsage is how HylaFAX's daemons end where their command line makes no sense: exit(-1).
const StatusUsage = 255

// Status is the exit status for what Run returned: 0, 1, or StatusUsage.
func Status(err error) int {
	var usage *UsageError
	switch {
	case err == nil:
		return 0
	case errors.As(err, &usage):
		return StatusUsage
	}
	return 1
}

// Run runs a command: args is the whole command line, the program's name first, which is read as getopt(3)
// does (Arguments). What makes no sense is returned as a UsageError, and nothing is printed.
func Run(app *cli.App, args []string) error {
	expanded, err := Arguments(args[1:], app.Flags)
	if err != nil {
		return &UsageError{app.Name, err}
	}
	return RunExpanded(app, append(args[:1:1], expanded...))
}

// RunExpanded is Run for a command line as urfave/cli reads it, such as one with subcommands.
func RunExpanded(app *cli.App, args []string) error {
	app.OnUsageError = quiet
	for _, c := range app.Commands {
		silence(c)
	}
	err := app.Run(args)
	if fault := Fault(app); fault != nil {
		err = &UsageError{Err: fault}
	}
	var usage *UsageError
	if errors.As(err, &usage) && usage.Program == "" {
		usage.Program = app.Name
	}
	return err
}

func silence(c *cli.Command) {
	c.OnUsageError = quiet
	for _, sub := range c.Subcommands {
		silence(sub)
	}
}

// quiet keeps urfave/cli from printing the error and the whole help.
func quiet(_ *cli.Context, err error, _ bool) error {
	text := err.Error()
	if name, ok := strings.CutPrefix(text, "flag provided but not defined: -"); ok {
		return Usage("unrecognized option '%s'", hyphens(name))
	}
	if name, ok := strings.CutPrefix(text, "flag needs an argument: -"); ok {
		return Usage("option requires an argument -- '%s'", name)
	}
	return &UsageError{Err: err}
}

// hyphens puts one hyphen or two before an option's name.
func hyphens(name string) string {
	if len(name) > 1 {
		return "--" + name
	}
	return "-" + name
}

// Main runs a command and tells what went wrong in one line on stderr. It returns the exit status.
func Main(app *cli.App, args []string, stderr io.Writer) int {
	err := Run(app, args)
	if err != nil {
		fmt.Fprintf(stderr, "%s: %v\n", app.Name, err)
	}
	return Status(err)
}
