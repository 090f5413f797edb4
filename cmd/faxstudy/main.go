// Command faxstudy sends bursts of one modulation, or a whole fax call, over a
// simulated telephone line, prints what came of it, and draws it.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/getopt"
)

func main() {
	os.Exit(getopt.Main(newApp(), os.Args, os.Stderr))
}

func newApp() *cli.App {
	return &cli.App{
		Name:      "faxstudy",
		Usage:     "modems and fax calls over a simulated telephone line",
		UsageText: "faxstudy [options] " + strings.Join(names(), "|"),
		Description: "A burst is training, random bits, turn-off, and begins anywhere between two samples. call is a fax call between two stations\n" +
			"of Litoria; the line is the same both ways. The same options and seed give the same samples, always. Options come first.",
		Version:         protocol.Version,
		HideHelpCommand: true,
		Flags:           append(lineFlags(), studyFlags()...),
		Action:          run,
	}
}

func names() (all []string) {
	for _, m := range study.Modes {
		all = append(all, m.Name)
	}
	return append(all, "call")
}

func lineFlags() []cli.Flag {
	return []cli.Flag{
		&cli.Float64Flag{Name: "snr", Value: linesim.Off, Usage: "signal to noise ratio in 0 to 4 kHz, `dB`", DefaultText: "no noise"},
		&cli.Float64Flag{Name: "level", Value: -13, Usage: "of what arrives, `dBm0`"},
		&cli.BoolFlag{Name: "ulaw", Usage: "u-law in the path"},
		&cli.Float64Flag{Name: "offset", Usage: "of the carrier, `Hz`"},
		&cli.Float64Flag{Name: "skew", Usage: "of the far clock, `ppm`"},
		&cli.Float64Flag{Name: "slope", Usage: "what 3400 Hz loses against 300 Hz, `dB`"},
		&cli.Float64Flag{Name: "echo", Value: linesim.Off, Usage: "gain of one echo, `dB`", DefaultText: "none"},
		&cli.Float64Flag{Name: "echodelay", Value: 5, Usage: "`ms`"},
		&cli.Float64Flag{Name: "delay", Usage: "what 1000 and 2600 Hz come later than 1800 Hz, a parabola, `ms`; M.1020 allows 0.5"},
		&cli.Float64Flag{Name: "jitter", Usage: "of the phase, from peak to peak, `DEGREES`"},
		&cli.Float64Flag{Name: "jitterfreq", Value: 50, Usage: "`Hz`"},
		&cli.Float64Flag{Name: "impulses", Usage: "a second, `N` on average"},
		&cli.Float64Flag{Name: "impulselevel", Usage: "of a sine with their peak, `dBm0`"},
		&cli.Float64Flag{Name: "loss", Usage: "packets of 20 ms lost and replaced by the one before, `%`"},
		&cli.BoolFlag{Name: "told", Usage: "receivers are told which packets were lost"},
		&cli.Uint64Flag{Name: "seed", Value: 1, Usage: "of noise and losses, `N`"},
	}
}

func studyFlags() []cli.Flag {
	return []cli.Flag{
		&cli.StringFlag{Name: "plot", Usage: "draw into `DIRECTORY`, as SVG: spectrum, constellation, eye, equalizer, quality over time"},
		&cli.BoolFlag{Name: "short", Usage: "a burst with V.17's short training, after one with the long training"},
		&cli.IntFlag{Name: "bits", Value: 20000, Usage: "of a burst, `N`"},
		&cli.IntFlag{Name: "bursts", Value: 1, Usage: "how many, `N`; the first is drawn"},
		&cli.Float64Flag{Name: "lead", Usage: "of the line's noise before a burst, `s`"},
		&cli.IntFlag{Name: "pages", Value: 1, Usage: "of a call, `N`"},
		&cli.BoolFlag{Name: "noecm", Usage: "a call without error correction"},
		&cli.IntFlag{Name: "maxrate", Usage: "the highest of a call, `BIT/S`", DefaultText: "14400"},
		&cli.BoolFlag{Name: "q", Usage: "a call's outcome only, without its dialogue"},
	}
}

func run(c *cli.Context) error {
	if c.NArg() != 1 {
		return getopt.Usage("say what to study: %s", strings.Join(names(), ", "))
	}
	name := c.Args().First()
	if err := misplaced(c, name == "call"); err != nil {
		return err
	}
	if name == "call" {
		return call(c)
	}
	for _, m := range study.Modes {
		if m.Name == name {
			return bursts(c, m)
		}
	}
	return getopt.Usage("%s is none of %s", name, strings.Join(names(), ", "))
}

// misplaced tells of an option that would do nothing.
func misplaced(c *cli.Context, call bool) error {
	for _, o := range []struct {
		options string
		fits    bool
		needs   string
	}{
		{"short bits bursts lead", !call, "a modulation"},
		{"pages noecm maxrate q", call, "call"},
		{"echodelay", c.IsSet("echo"), "-echo"},
		{"jitterfreq", c.IsSet("jitter"), "-jitter"},
		{"impulselevel", c.IsSet("impulses"), "-impulses"},
		{"told", c.IsSet("loss"), "-loss"},
	} {
		for option := range strings.FieldsSeq(o.options) {
			if c.IsSet(option) && !o.fits {
				return getopt.Usage("-%s needs %s", option, o.needs)
			}
		}
	}
	return nil
}

// line is what the options say.
func line(c *cli.Context) (linesim.Parameters, error) {
	p := linesim.Defaults()
	if err := within(c); err != nil {
		return p, err
	}
	p.SNR, p.Level, p.ULaw = c.Float64("snr"), c.Float64("level"), c.Bool("ulaw")
	p.FreqOffset, p.Skew, p.Tilt = c.Float64("offset"), c.Float64("skew"), c.Float64("slope")
	p.Echo, p.EchoDelay = c.Float64("echo"), c.Float64("echodelay")
	p.GroupDelay, p.Jitter, p.JitterFreq = c.Float64("delay"), c.Float64("jitter"), c.Float64("jitterfreq")
	p.Impulses, p.ImpulseLevel = c.Float64("impulses"), c.Float64("impulselevel")
	p.Loss, p.Seed = c.Float64("loss")/100, c.Uint64("seed")
	return p, nil
}

// limits are what the options may be: beyond them nothing is a telephone line, or
// nothing ends.
var limits = []struct {
	name        string
	least, most float64
}{
	{"snr", -60, 100}, {"level", -90, 10}, {"offset", -1000, 1000}, {"skew", -10000, 10000}, {"slope", -60, 60},
	{"echo", -100, 6}, {"echodelay", 0.125, 1000}, {"loss", 0, 100}, {"lead", 0, 600},
	{"delay", 0, 10}, {"jitter", 0, 360}, {"jitterfreq", 0, 1000}, {"impulses", 0, 100}, {"impulselevel", -90, 3},
	{"bits", 512, 10_000_000}, {"bursts", 1, 1_000_000}, {"pages", 1, 1000},
}

// within tells which option is not within its limits.
func within(c *cli.Context) error {
	for _, l := range limits {
		v := c.Float64(l.name)
		if n, ok := c.Value(l.name).(int); ok {
			v = float64(n)
		}
		if !(v >= l.least && v <= l.most) && (c.IsSet(l.name) || v != linesim.Off) { // NaN is not, either
			return fmt.Errorf("-%s is from %g to %g", l.name, l.least, l.most)
		}
	}
	return nil
}

func bursts(c *cli.Context, m study.Mode) error {
	p, err := line(c)
	if err != nil {
		return err
	}
	bits, n, short := c.Int("bits"), c.Int("bursts"), c.Bool("short")
	if short && !m.Short() {
		return fmt.Errorf("%s has no short training", m.Name)
	}
	trial := study.Trial{Channel: p, Point: int(p.Seed), Lead: int(c.Float64("lead") * modem.SampleRate), Notice: c.Bool("told")}
	var total study.Total
	for i := range n {
		l, err := study.LookAt(trial, m, short, bits, i)
		if err != nil {
			return err
		}
		total.Add(l)
		fmt.Fprint(c.App.Writer, l)
		if dir := c.String("plot"); dir != "" && i == 0 {
			if err := write(c.App.Writer, dir, l.Plots()); err != nil {
				return err
			}
		}
	}
	if n > 1 {
		fmt.Fprintf(c.App.Writer, "%v\n(an ideal receiver: 95 %% of bursts of 20000 bits without errors at %g dB)\n", total, m.Ideal)
	}
	return nil
}

func call(c *cli.Context) error {
	p, err := line(c)
	if err != nil {
		return err
	}
	s := study.CallSettings{Line: p, Told: c.Bool("told"), Document: study.Writing{Pages: c.Int("pages"), Rows: rows}}
	s.Caller.ID, s.Answerer.ID = "caller", "answerer"
	s.Caller.NoECM, s.Caller.MaxRate = c.Bool("noecm"), c.Int("maxrate")
	s.Answerer.Capabilities.MaxLength = t30.Unlimited
	if !c.Bool("q") {
		s.Follow = func(who string, at t30.Samples, n t30.News) {
			fmt.Fprintf(c.App.Writer, "%10.3f %-8s %v\n", at.Duration().Seconds(), who, n)
		}
	}
	r, err := study.RunCall(s)
	if err != nil {
		return err
	}
	fmt.Fprint(c.App.Writer, r)
	if dir := c.String("plot"); dir != "" {
		if err := write(c.App.Writer, dir, r.Plots()); err != nil {
			return err
		}
	}
	if r.Sent.Outcome != t30.Done || r.Received.Outcome != t30.Done {
		return errors.New("the call did not go well")
	}
	return nil
}

// rows of a page of A4, fine.
const rows = 2292

// write puts drawings into a directory.
func write(w io.Writer, dir string, plots []study.Plot) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range plots {
		name := filepath.Join(dir, p.Name+".svg")
		if err := os.WriteFile(name, p.SVG, 0o644); err != nil {
			return err
		}
		fmt.Fprintln(w, "drawn:", name)
	}
	return nil
}
