package getopt

import (
	"slices"
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestArguments(t *testing.T) {
	none := func(string) error { return nil }
	flags := []cli.Flag{
		&cli.StringFlag{Name: "q"}, &cli.BoolFlag{Name: "D"}, &cli.StringSliceFlag{Name: "c"}, &cli.BoolFlag{Name: "debug"},
		Option("user", "NAME", "", none), Switch("I", "", func() {}),
	}
	for _, row := range []struct{ in, want string }{
		{"", "--"},
		{"-q S -D", "-q S -D --"},
		{"-Dq S", "-D -q S --"},
		{"-DqS x", "-D -q S -- x"},
		{"x -D y", "-D -- x y"},
		{"-D -- -q", "-D -- -q"},
		{"-q -D", "-q -D --"},
		{"-q --user", "-q --user --"},
		{"-Dq -user x", "-D -q -user -- x"},
		{"--user N -I", "--user=N -I --"},
		{"-user N -I", "--user=N -I --"},
		{"--user=N", "--user=N --"},
		{"-user=N", "--user=N --"},
		{"-debug", "--debug --"},
		{"-help", "--help --"},
		{"-Dh", "-D -h --"},
		{"-c A:1 -c B:2", "-c A:1 -c B:2 --"},
		{"-", "-- -"},
	} {
		got, err := Arguments(strings.Fields(row.in), flags)
		if err != nil || !slices.Equal(got, strings.Fields(row.want)) {
			t.Errorf("Arguments(%s) = %q, %v, want %s", row.in, got, err, row.want)
		}
	}
	for _, row := range []struct{ in, want string }{
		{"-z", "invalid option -- 'z'"},
		{"-Dq", "option requires an argument -- 'q'"},
		{"--user", "option requires an argument -- 'user'"},
		{"-usr N", "invalid option -- 'u'"},
	} {
		if _, err := Arguments(strings.Fields(row.in), flags); err == nil || err.Error() != row.want {
			t.Errorf("Arguments(%s): %v, want %s", row.in, err, row.want)
		}
	}
}

func FuzzArguments(f *testing.F) {
	flags := []cli.Flag{&cli.StringFlag{Name: "q"}, &cli.BoolFlag{Name: "D"}, &cli.StringFlag{Name: "user"}}
	f.Add("-Dq S --user x")
	f.Fuzz(func(t *testing.T, line string) {
		got, err := Arguments(strings.Split(line, " "), flags)
		if err == nil && !slices.Contains(got, "--") {
			t.Errorf("Arguments(%q) = %q: no end of the options", line, got)
		}
	})
}
