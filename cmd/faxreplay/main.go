// Command faxreplay runs the recording of a call (IAXRecord) again, through the
// same demodulators and T.30, and prints the dialogue.
package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/litoria-fax/litoria/iax/wire"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/record"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/protocol/getopt"
)

func main() {
	app := &cli.App{
		Name:      "faxreplay",
		Usage:     "run the recording of a fax call again and print the dialogue",
		UsageText: "faxreplay [-q] [-plot DIRECTORY] FILE.rec ...\nfaxreplay -frames FILE.rec ...",
		Description: "FILE.rec was written by faxgetty for a line with IAXRecord; beside it are FILE-received.wav, FILE-sent.wav and FILE-iax.pcap.\n" +
			"The session runs as then, sample by sample. Where it departs from the recording, because this is another version of\n" +
			"the program, faxreplay says where and ends with status 1.",
		Version:         protocol.Version,
		HideHelpCommand: true,
		Flags: []cli.Flag{
			&cli.BoolFlag{Name: "frames", Usage: "print the IAX2 frames of the call (FILE-iax.pcap, which Wireshark reads too) instead of running it"},
			&cli.BoolFlag{Name: "q", Usage: "print the outcome only"},
			&cli.StringFlag{Name: "plot", Usage: "draw the constellation at the end of each reception into `DIRECTORY`, as SVG"},
		},
		Action: func(c *cli.Context) error {
			if c.NArg() == 0 {
				return getopt.Usage("no recording is given")
			}
			for _, path := range c.Args().Slice() {
				if c.Bool("frames") {
					if err := printFrames(c.App.Writer, path); err != nil {
						return fmt.Errorf("%s: %w", path, err)
					}
					continue
				}
				if err := replay(c.App.Writer, path, c.Bool("q"), c.String("plot")); err != nil {
					return fmt.Errorf("%s: %w", path, err)
				}
			}
			return nil
		},
	}
	os.Exit(getopt.Main(app, os.Args, os.Stderr))
}

// printFrames prints the frames of a recorded call, with the time since the
// first one in seconds.
func printFrames(w io.Writer, path string) error {
	f, err := os.Open(strings.TrimSuffix(path, ".rec") + "-iax.pcap")
	if err != nil {
		return err
	}
	defer f.Close()
	out := bufio.NewWriter(w)
	defer out.Flush()
	var first time.Time
	return wire.ReadCapture(f, func(c wire.Captured) {
		if first.IsZero() {
			first = c.At
		}
		fmt.Fprintf(out, "%10.6f  %v > %v  %s\n", c.At.Sub(first).Seconds(), c.From, c.To, wire.Describe(c.Frame))
	})
}

// replay runs one recording, and draws what it hears into plots unless that is empty.
func replay(w io.Writer, path string, quiet bool, plots string) error {
	base := strings.TrimSuffix(path, ".rec")
	var files [3]*os.File
	for i, name := range []string{".rec", "-received.wav", "-sent.wav"} {
		f, err := os.Open(base + name)
		if i == 2 && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return err
		}
		defer f.Close()
		files[i] = f
	}
	out := bufio.NewWriter(w)
	defer out.Flush()
	var heard []study.Hearing
	observer := modemdrv.ObserverFunc(func(at t30.Samples, n t30.News) {
		if l, ok := n.(t30.LineNews); ok && l.Quality.Constellation != nil {
			heard = append(heard, study.Hearing{At: at, LineNews: l})
		}
		if !quiet {
			fmt.Fprintf(out, "%10.3f  %v\n", at.Duration().Seconds(), n)
		}
	})
	var sent io.Reader // nil: not compared
	if files[2] != nil {
		sent = bufio.NewReader(files[2])
	}
	result, err := record.Replay(files[0], bufio.NewReader(files[1]), sent, observer)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%s: as recorded, bit for bit. %v %s\n", path, result, result.Reason)
	if plots == "" {
		return nil
	}
	return draw(plots, filepath.Base(base), study.Constellations(heard))
}

// draw writes drawings of a recording into a directory.
func draw(dir, name string, plots []study.Plot) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, p := range plots {
		if err := os.WriteFile(filepath.Join(dir, name+"-"+p.Name+".svg"), p.SVG, 0o644); err != nil {
			return err
		}
	}
	return nil
}
