//go:build interop

package main

import (
	"fmt"
	"os"
	"strings"
	"sync"

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

// The columns. The first two hear the same samples.
const (
	theirs = iota
	same
	ours
)

// column is a pair of modems.
type column struct {
	name     string
	from, to study.Side
}

type table struct {
	bursts  int
	part    string // noise, impairments, skew, impulses or loss; "": all
	workers []*worker
	modes   []kind
	text    strings.Builder
	notes   notes
}

// notes are where the aims are missed.
type notes struct {
	far   []string // more than aim from the ideal receiver
	worse []string // behind spandsp
}

// aim is how far from the ideal receiver ours may be, dB.
const aim = 1

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
	}{{"noise", t.noise}, {"impairments", t.impairments}, {"skew", t.skew}, {"impulses", t.impulses}, {"loss", t.loss}}
	for _, p := range parts {
		if t.part != "" && t.part != p.name {
			continue
		}
		if err := p.write(); err != nil {
			return err
		}
	}
	t.verdict()
	return nil
}

// verdict tells where the aims are missed, as counted from the figures above.
func (t *table) verdict() {
	t.text.WriteString("## The aims\n\n")
	tell := func(what string, rows []string) {
		if rows == nil {
			fmt.Fprintf(&t.text, "- %s: in every row above.\n", what)
			return
		}
		fmt.Fprintf(&t.text, "- %s: not in these rows: %s.\n", what, strings.Join(rows, "; "))
	}
	if t.part == "" || t.part == "noise" {
		tell(fmt.Sprintf("Within %d dB of the ideal receiver", aim), t.notes.far)
	}
	tell("Never behind spandsp on the same samples (figures with an error: by no more than twice that of their difference)", t.notes.worse)
}

// row is one row of a table, and what is to be noted about it.
type row struct {
	cells []string
	notes notes
}

// rows measures all modes, some at a time, and writes their rows in order.
func (t *table) rows(modes []kind, measure func(w *worker, k kind) ([]row, error)) error {
	results, errs := make([][]row, len(modes)), make([]error, len(modes))
	next := make(chan int, len(modes))
	for i := range modes {
		next <- i
	}
	close(next)
	var wg sync.WaitGroup
	for _, w := range t.workers {
		wg.Go(func() {
			for i := range next {
				results[i], errs[i] = measure(w, modes[i])
				fmt.Fprintln(os.Stderr, results[i])
			}
		})
	}
	wg.Wait()
	for i, rows := range results {
		if errs[i] != nil {
			return errs[i]
		}
		for _, r := range rows {
			t.row(r.cells...)
			t.notes.far = append(t.notes.far, r.notes.far...)
			t.notes.worse = append(t.notes.worse, r.notes.worse...)
		}
	}
	return nil
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
	for _, c := range t.workers[0].columns {
		names = append(names, c.name)
	}
	return names
}

// bitsOf is the length of a burst's data; V.21 would take a minute for 20,000.
func bitsOf(k kind, bits int) int {
	if k.Rate.Modulation == modem.V21 {
		return bits / 5
	}
	return bits
}

// worker measures one mode at a time.
type worker struct {
	columns []column
	made    map[study.Side][]study.Burst
	madeFor string
}

// burst makes burst i of a series, once: all points hear the same bursts.
func (w *worker) burst(from study.Side, k kind, bits, i int) (study.Burst, error) {
	if key := fmt.Sprint(k, bits); w.madeFor != key { // one series at a time: bursts are big
		w.made, w.madeFor = map[study.Side][]study.Burst{}, key
	}
	for len(w.made[from]) <= i {
		b, err := study.MakeBurst(from, k.Mode, k.short, bits, len(w.made[from]))
		if err != nil {
			return b, err
		}
		w.made[from] = append(w.made[from], b)
	}
	return w.made[from][i], nil
}

// series sends bursts through a channel; every column that has the same sender hears
// the same samples.
func (w *worker) series(columns []column, k kind, trial study.Trial, bits, bursts int) ([]sum, error) {
	sums := make([]sum, len(columns))
	for i := range bursts {
		var from study.Side
		var b study.Burst
		var carried study.Carried
		for n, c := range columns {
			if c.from != from {
				var err error
				if b, err = w.burst(c.from, k, bits, i); err != nil {
					return nil, err
				}
				from, carried = c.from, trial.Carry(b, i)
			}
			o, err := trial.Hear(c.to, k.Mode, b, carried)
			if err != nil {
				return nil, err
			}
			sums[n].add(o)
		}
	}
	return sums, nil
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
	err := t.rows(t.modes, func(w *worker, k kind) ([]row, error) {
		limits, err := t.limits(w, k)
		if err != nil {
			return nil, err
		}
		r := row{cells: []string{k.String(), fmt.Sprintf("%.1f", k.Ideal)}}
		for n, l := range limits {
			r.cells = append(r.cells, l.text)
			name := fmt.Sprintf("noise, %v, %s", k, w.columns[n].name)
			if n != theirs && l.snr > k.Ideal+aim {
				r.notes.far = append(r.notes.far, name)
			}
			if n != theirs && l.snr > limits[theirs].snr {
				r.notes.worse = append(r.notes.worse, name)
			}
		}
		return []row{r}, nil
	})
	fmt.Fprintf(&t.text, "\n%d bursts a point, %g dB apart. \"never\": not %g dB over the ideal either; in brackets, the share there.\n\n",
		t.bursts, noiseStep, float64(noiseAbove))
	return err
}

// limit is the SNR that is needed.
type limit struct {
	text  string
	snr   float64
	above float64 // share of bursts without errors one step up
	found bool
}

// limits goes down from a good line until 95 % are no longer reached in any column.
func (t *table) limits(w *worker, k kind) ([]limit, error) {
	bursts := t.bursts
	if k.Rate.Modulation == modem.V21 {
		bursts = max(4, t.bursts/3)
	}
	found := make([]limit, len(w.columns))
	for step := noiseAbove / noiseStep; step >= -noiseBelow/noiseStep; step-- {
		var open []column
		var which []int
		for n, l := range found {
			if !l.found {
				open, which = append(open, w.columns[n]), append(which, n)
			}
		}
		snr := k.Ideal + step*noiseStep
		p := linesim.Defaults()
		p.SNR = snr
		sums, err := w.series(open, k, study.Trial{Channel: p, Point: int(2 * (snr + 100))}, 20000, bursts)
		if err != nil {
			return nil, err
		}
		for i, n := range which {
			found[n].step(sums[i].clear(), snr, step == noiseAbove/noiseStep)
		}
	}
	for n := range found {
		if l := &found[n]; !l.found {
			l.snr = k.Ideal - noiseBelow
			l.text = fmt.Sprintf("under %.1f", l.snr)
		}
	}
	return found, nil
}

// step takes the share at one level of noise.
func (l *limit) step(share, snr float64, first bool) {
	switch {
	case share >= clearShare:
		l.above = share
	case first:
		l.text, l.snr, l.found = fmt.Sprintf("never (%.0f %%)", 100*share), linesim.Off, true
	default:
		l.snr, l.found = snr+noiseStep*(clearShare-share)/(l.above-share), true
		l.text = fmt.Sprintf("%.1f", l.snr)
	}
}
