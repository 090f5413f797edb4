// Package getopt makes command lines in the manner of HylaFAX's programs work with urfave/cli: they
// follow getopt(3) as GNU's C library has it (POSIX.1, 12.2 Utility Syntax Guidelines, with options
// behind operands), so options can be bundled (-nvd 1001), carry their argument (-d1001), repeat,
// and stand behind operands; and their order means something (sendfax(1)).
//
// The package does not parse options itself: it puts them into the form that urfave/cli takes, and
// makes flags that are told of each option in the order of the command line.
package getopt

import (
	"fmt"
	"io"
	"strings"

	"github.com/urfave/cli/v2"
)

// Expand rewrites arguments: each option stands alone, followed by its argument, if it has one, and
// the operands come last, behind "--". spec is getopt(3)'s: letters, with a colon behind those that
// take an argument. Long options are left as they are; their arguments follow an equals sign.
func Expand(args []string, spec string) ([]string, error) { return expand(args, spec, nil) }

// ExpandFor is Expand for a program whose long options are those of flags: others are refused.
func ExpandFor(args []string, spec string, flags []cli.Flag) ([]string, error) {
	long := map[string]bool{}
	for _, f := range flags {
		for _, name := range f.Names() {
			long[name] = len(name) > 1
		}
	}
	return expand(args, spec, long)
}

// expand is Expand; long, if not nil, has the names of all long options.
func expand(args []string, spec string, long map[string]bool) ([]string, error) {
	var options, operands []string
	for i := 0; i < len(args); i++ {
		arg := args[i]
		switch {
		case arg == "--":
			operands = append(operands, args[i+1:]...)
			i = len(args)
		case strings.HasPrefix(arg, "--"):
			if name, _, _ := strings.Cut(arg[2:], "="); long != nil && !long[name] {
				return nil, fmt.Errorf("unrecognized option '--%s'", name)
			}
			options = append(options, arg)
		case len(arg) > 1 && arg[0] == '-':
			next := ""
			if i+1 < len(args) {
				next = args[i+1]
			}
			expanded, used, err := expandBundle(arg[1:], next, i+1 < len(args), spec)
			if err != nil {
				return nil, err
			}
			options = append(options, expanded...)
			if used {
				i++
			}
		default:
			operands = append(operands, arg)
		}
	}
	return append(append(options, "--"), operands...), nil
}

// expandBundle expands the letters behind one hyphen. used tells that the next argument belongs to
// the last of them.
func expandBundle(bundle, next string, hasNext bool, spec string) (options []string, used bool, err error) {
	for i := range len(bundle) {
		letter := bundle[i]
		at := strings.IndexByte(spec, letter)
		if at < 0 || letter == ':' {
			return nil, false, fmt.Errorf("invalid option -- '%c'", letter)
		}
		options = append(options, "-"+string(letter))
		if at+1 >= len(spec) || spec[at+1] != ':' {
			continue
		}
		switch {
		case i+1 < len(bundle):
			return append(options, bundle[i+1:]), false, nil
		case hasNext:
			return append(options, next), true, nil
		}
		return nil, false, fmt.Errorf("option requires an argument -- '%c'", letter)
	}
	return options, false, nil
}

// Arguments is Expand for a program whose options are flags: their names of one letter are getopt(3)'s,
// the longer ones stand behind two hyphens or, whole, behind one, with their argument behind an equals
// sign or in the next argument: --user=NAME, --user NAME, -user NAME. "help" is always an option.
func Arguments(args []string, flags []cli.Flag) ([]string, error) {
	spec, long := "h", map[string]bool{"help": false}
	for _, f := range flags {
		for _, name := range f.Names() {
			argument := takesArgument(f)
			switch {
			case len(name) > 1:
				long[name] = argument
			case argument:
				spec += name + ":"
			default:
				spec += name
			}
		}
	}
	var shown []string
	for i := 0; i < len(args); i++ {
		if args[i] == "--" {
			shown = append(shown, args[i:]...)
			break
		}
		shown = append(shown, args[i])
		bare := strings.TrimPrefix(strings.TrimPrefix(args[i], "-"), "-")
		name, _, joined := strings.Cut(bare, "=")
		argument, known := long[name]
		switch {
		case bare == args[i] || !known:
			if takesNext(args[i], spec) && i+1 < len(args) {
				i++
				shown = append(shown, args[i])
			}
			continue
		case joined || !argument:
		case i+1 == len(args):
			return nil, fmt.Errorf("option requires an argument -- '%s'", name)
		default:
			i++
			bare += "=" + args[i]
		}
		shown[len(shown)-1] = "--" + bare
	}
	return Expand(shown, spec)
}

// takesNext tells that a bundle of options ends with one whose argument is the next of the command line.
func takesNext(bundle, spec string) bool {
	if len(bundle) < 2 || bundle[0] != '-' || bundle[1] == '-' {
		return false
	}
	for i := 1; i < len(bundle); i++ {
		at := strings.IndexByte(spec, bundle[i])
		if at < 0 {
			return false
		}
		if at+1 < len(spec) && spec[at+1] == ':' {
			return i+1 == len(bundle)
		}
	}
	return false
}

// takesArgument tells that a flag is no switch.
func takesArgument(f cli.Flag) bool {
	if g, ok := f.(*cli.GenericFlag); ok {
		v, ok := g.Value.(*Value)
		return !ok || !v.IsBoolFlag()
	}
	d, ok := f.(cli.DocGenerationFlag)
	return ok && d.TakesValue()
}

// Value is a flag's value that calls a function for each time the flag is given.
type Value struct {
	set   func(string) error
	what  string // name of the argument; "" for a switch
	fault error  // of set
}

// Set implements cli.Generic.
func (v *Value) Set(s string) error {
	err := v.set(s)
	if v.fault == nil {
		v.fault = err
	}
	return err
}

// Fault returns the error of the first flag whose function failed, in its own words: urfave/cli puts some of
// its own before them. nil means that none did.
func Fault(app *cli.App) error {
	for _, f := range app.Flags {
		if generic, ok := f.(*cli.GenericFlag); ok {
			if v, ok := generic.Value.(*Value); ok && v.fault != nil {
				return v.fault
			}
		}
	}
	return nil
}

// String implements cli.Generic.
func (v *Value) String() string { return "" }

// IsBoolFlag tells package flag that the option takes no argument.
func (v *Value) IsBoolFlag() bool { return v.what == "" }

// Option makes a flag with an argument; what names the argument in the help text.
func Option(name, what, usage string, set func(string) error) cli.Flag {
	return &cli.GenericFlag{Name: name, Usage: usage, Value: &Value{set: set, what: what}}
}

// Switch makes a flag without an argument.
func Switch(name, usage string, set func()) cli.Flag {
	return &cli.GenericFlag{Name: name, Usage: usage, Value: &Value{set: func(string) error {
		set()
		return nil
	}}}
}

// Help writes the help text of a command: how to call it, what it does, and its options.
func Help(w io.Writer, app *cli.App) error {
	var b strings.Builder
	fmt.Fprintf(&b, "usage: %s\n\n%s.\n", app.UsageText, app.Usage)
	if app.Description != "" {
		fmt.Fprintf(&b, "%s\n", app.Description)
	}
	b.WriteString("\nOptions:\n")
	for _, f := range app.Flags {
		flag, ok := f.(*cli.GenericFlag)
		if !ok {
			continue
		}
		name := "-" + flag.Name
		value, _ := flag.Value.(*Value)
		argument := ""
		if value != nil && value.what != "" {
			argument = " " + value.what
		}
		if len(flag.Name) > 1 {
			name, argument = "-"+name, strings.Replace(argument, " ", "=", 1)
		}
		fmt.Fprintf(&b, "  %-24s %s\n", name+argument, flag.Usage)
	}
	_, err := io.WriteString(w, b.String())
	return err
}
