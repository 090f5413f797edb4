//go:build interop

package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
)

// kind is a mode with either training.
type kind struct {
	study.Mode
	short bool
}

func (k kind) String() string {
	if k.short {
		return k.Rate.String() + ", short training"
	}
	return k.Rate.String()
}

// column is a pair of modems.
type column struct {
	name     string
	from, to study.Side
}

type table struct {
	bursts  int
	columns []column
	modes   []kind
	part    string // noise, impairments, skew or loss; "": all
	text    strings.Builder
	point   int // number of the series, for its seeds
	made    map[string][]study.Burst
}

const intro = `# The line: our modems beside spandsp's

Made by ` + "`make line-table`" + `; not to be edited. Both makers' modems on one simulated line (` + "`modemdrv/linesim`" + `):
spandsp %s, called through its library, hears its own transmitter; ours hears the very same samples, and our own
transmitter on the same line. A burst is the whole training and 20,000 bits (V.21: no training), begins anywhere
between two samples, and is free of errors if no bit is wrong or missing. The ideal receiver knows carrier, timing
and channel perfectly (V.21: decides bit by bit). SNR is in 0 to 4 kHz.

`

func (t *table) write() error {
	fmt.Fprintf(&t.text, intro, version())
	parts := []struct {
		name  string
		write func() error
	}{{"noise", t.noise}, {"impairments", t.impairments}, {"skew", t.skew}, {"loss", t.loss}}
	for _, p := range parts {
		if t.part != "" && t.part != p.name {
			continue
		}
		if err := p.write(); err != nil {
			return err
		}
	}
	return nil
}

// bitsOf is the length of a burst's data; V.21 would take a minute for 20,000.
func bitsOf(k kind, bits int) int {
	if k.Rate.Modulation == modem.V21 {
		return bits / 5
	}
	return bits
}

// burst makes burst i of a series, once: all points hear the same bursts.
func (t *table) burst(c column, k kind, bits, i int) (study.Burst, error) {
	key := fmt.Sprint(k, bits, c.from == study.Side(study.Ours{}))
	if t.made == nil || t.made[key] == nil {
		t.made = map[string][]study.Burst{key: {}} // one series at a time: bursts are big
	}
	for len(t.made[key]) <= i {
		b, err := study.MakeBurst(c.from, k.Mode, k.short, bits, len(t.made[key]))
		if err != nil {
			return b, err
		}
		t.made[key] = append(t.made[key], b)
	}
	return t.made[key][i], nil
}

// sum is what came of a number of bursts.
type sum struct {
	bursts, trained, clean    int
	bits, wrong, lost         int
	blocks, badBlocks, noLong int
}

func (s sum) clear() float64 { return float64(s.clean) / float64(max(1, s.bursts)) }

func (t *table) series(c column, k kind, trial study.Trial, bits, bursts int) (sum, error) {
	var s sum
	for i := range bursts {
		b, err := t.burst(c, k, bits, i)
		if err != nil {
			return s, err
		}
		o, err := trial.Run(c.to, k.Mode, b, i)
		if err != nil {
			return s, err
		}
		s.bursts++
		s.lost += o.Lost
		s.bits += bits
		s.wrong += o.Wrong
		s.blocks += o.Blocks
		s.badBlocks += o.BadBlocks
		if o.NoLong {
			s.noLong++
		}
		if o.Trained {
			s.trained++
		}
		if o.Trained && o.Wrong == 0 {
			s.clean++
		}
	}
	return s, nil
}

func (t *table) head(title string, names ...string) {
	fmt.Fprintf(&t.text, "## %s\n\n", title)
	t.row(names...)
	t.row(strings.Split(strings.Repeat("---,", len(names)-1)+"---", ",")...)
	fmt.Fprintln(os.Stderr, title)
}

func (t *table) row(cells ...string) {
	fmt.Fprintf(&t.text, "| %s |\n", strings.Join(cells, " | "))
}

func (t *table) names() (names []string) {
	for _, c := range t.columns {
		names = append(names, c.name)
	}
	return names
}

const (
	noiseStep  = 0.5 // dB
	noiseBelow = 1.5 // dB under the ideal receiver where the search ends
	noiseAbove = 7
	clearShare = 0.95
)

// noise finds the SNR at which 95 % of bursts are free of errors.
func (t *table) noise() error {
	t.head("Noise: SNR in dB for 95 % of bursts without errors", append([]string{"", "ideal"}, t.names()...)...)
	for _, k := range t.modes {
		cells := []string{k.String(), fmt.Sprintf("%.1f", k.Ideal)}
		for _, c := range t.columns {
			cell, err := t.limit(c, k)
			if err != nil {
				return err
			}
			cells = append(cells, cell)
		}
		t.row(cells...)
		fmt.Fprintln(os.Stderr, cells)
	}
	fmt.Fprintf(&t.text, "\n%d bursts a point, %g dB apart. \"never\": not %g dB over the ideal either; in brackets, the share there.\n\n",
		t.bursts, noiseStep, float64(noiseAbove))
	return nil
}

// limit goes down from a good line until 95 % are no longer reached.
func (t *table) limit(c column, k kind) (string, error) {
	bursts := t.bursts
	if k.Rate.Modulation == modem.V21 {
		bursts = max(4, t.bursts/3)
	}
	above := 1.0
	for step := noiseAbove / noiseStep; step >= -noiseBelow/noiseStep; step-- {
		snr := k.Ideal + step*noiseStep
		p := linesim.Defaults()
		p.SNR = snr
		s, err := t.series(c, k, study.Trial{Channel: p, Point: int(2 * (snr + 100))}, 20000, bursts)
		if err != nil {
			return "", err
		}
		share := s.clear()
		switch {
		case share >= clearShare:
			above = share
		case step == noiseAbove/noiseStep:
			return fmt.Sprintf("never (%.0f %%)", 100*share), nil
		default:
			return fmt.Sprintf("%.1f", snr+noiseStep*(clearShare-share)/(above-share)), nil
		}
	}
	return fmt.Sprintf("under %.1f", k.Ideal-noiseBelow), nil
}
