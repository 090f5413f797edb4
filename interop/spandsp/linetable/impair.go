//go:build interop

package main

import (
	"fmt"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/study"
)

// sweep is one impairment in rising values.
type sweep struct {
	title  string
	values []float64
	set    func(p *linesim.Parameters, trial *study.Trial, v float64)
	note   string
}

func steps(from, to, step float64) (v []float64) {
	for x := from; x <= to+step/1000; x += step {
		v = append(v, x)
	}
	return v
}

var sweeps = []sweep{
	{title: "Carrier offset, Hz", values: steps(-10, 10, 2), set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.FreqOffset = v }},
	{title: "Clock skew in one burst, ppm", values: steps(-200, 200, 50), set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Skew = v }},
	{title: "Level, dBm0", values: steps(-47.5, -5, 2.5), set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Level = v }},
	{title: "Attenuation slope 300 to 3400 Hz, dB", values: steps(-6, 18, 3), set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Tilt = v }},
	{title: "Echo at 5 ms, dB", values: steps(-30, -5, 2.5), set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Echo = v }},
	{title: "Echo of -20 dB, at ms", values: steps(1, 29, 4), set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Echo, p.EchoDelay = -20, v }},
	{title: "Noise for half a second before the burst and in it, dBm0", values: steps(-49, -37, 2),
		set: func(p *linesim.Parameters, trial *study.Trial, v float64) { p.SNR, trial.Lead = -13-v, 4000 }},
	{title: "Group delay at 1000 and 2600 Hz over that at 1800 Hz, ms", values: steps(0.25, 2.5, 0.25),
		set:  func(p *linesim.Parameters, _ *study.Trial, v float64) { p.GroupDelay = v },
		note: " A parabola: 2.25 times as much at 600 and 3000 Hz. M.1020's mask for leased lines allows 0.5 ms at 1000 and 2600 Hz."},
	{title: "Slope of 9 dB and group delay at 1000 and 2600 Hz, ms", values: steps(0.25, 2.5, 0.25),
		set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Tilt, p.GroupDelay = 9, v }},
	{title: "Phase jitter at 50 Hz, degrees from peak to peak", values: steps(4, 32, 4), set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Jitter = v },
		note: " M.1020 hopes for 10, and for no more than 15."},
	{title: "Phase jitter of 10 degrees from peak to peak, at Hz", values: steps(20, 300, 40), set: func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Jitter, p.JitterFreq = 10, v }},
}

// passShare of the bursts must be free of errors for a value to pass.
const passShare = 0.9

func (t *table) impairments() error {
	for n, s := range sweeps {
		title := fmt.Sprintf("%s (tried: %g to %g)", s.title, s.values[0], s.values[len(s.values)-1])
		t.head(title, append([]string{""}, t.names()...)...)
		err := t.rows(t.modes, func(w *worker, k kind) ([]row, error) {
			passed, err := t.sweep(w, k, s, n)
			if err != nil {
				return nil, err
			}
			r := row{cells: []string{k.String()}}
			for c, p := range passed {
				r.cells = append(r.cells, ranges(s.values, p))
				for i := range p {
					if c != theirs && passed[theirs][i] && !p[i] {
						r.notes.worse = append(r.notes.worse, fmt.Sprintf("%s, %v, %s: %g", s.title, k, w.columns[c].name, s.values[i]))
					}
				}
			}
			return []row{r}, nil
		})
		if err != nil {
			return err
		}
		fmt.Fprintf(&t.text, "\nValues at which %g %% of bursts are free of errors.%s\n\n", 100*passShare, s.note)
	}
	return nil
}

// sweep gives of each column which values passed.
func (t *table) sweep(w *worker, k kind, s sweep, n int) ([][]bool, error) {
	passed := make([][]bool, len(w.columns))
	for i, v := range s.values {
		p := linesim.Defaults()
		p.SNR = k.Easy
		trial := study.Trial{Point: 1000*(n+1) + i}
		s.set(&p, &trial, v)
		trial.Channel = p
		sums, err := w.series(w.columns, k, trial, bitsOf(k, 20000), max(4, t.bursts/5))
		if err != nil {
			return nil, err
		}
		for c, r := range sums {
			passed[c] = append(passed[c], r.clear() >= passShare)
		}
	}
	return passed, nil
}

// ranges writes the values that passed: "all", "-20 to 5", "1, 13 to 17", "none".
func ranges(values []float64, passed []bool) string {
	var parts []string
	for i := 0; i < len(values); i++ {
		if !passed[i] {
			continue
		}
		j := i
		for j+1 < len(values) && passed[j+1] {
			j++
		}
		switch {
		case i == 0 && j == len(values)-1:
			return "all"
		case i == j:
			parts = append(parts, fmt.Sprintf("%g", values[i]))
		default:
			parts = append(parts, fmt.Sprintf("%g to %g", values[i], values[j]))
		}
		i = j
	}
	if parts == nil {
		return "none"
	}
	return strings.Join(parts, ", ")
}

// skew sends 30 s of data: does the timing keep up?
func (t *table) skew() error {
	ppm := []float64{-200, -100, -50, 0, 50, 100, 200}
	names := []string{"", ""}
	for _, v := range ppm {
		names = append(names, fmt.Sprintf("%g ppm", v))
	}
	t.head("Clock skew for 30 s: blocks of 2048 bits without errors, %", names...)
	var long []kind
	for _, k := range t.modes {
		if !k.short {
			long = append(long, k)
		}
	}
	err := t.rows(long, func(w *worker, k kind) ([]row, error) {
		rows := make([]row, len(w.columns))
		for n, c := range w.columns {
			rows[n].cells = []string{k.String(), c.name}
		}
		for i, v := range ppm {
			p := linesim.Defaults()
			p.SNR, p.Skew = k.Easy, v
			sums, err := w.series(w.columns, k, study.Trial{Channel: p, Point: 9000 + i}, 30*k.Rate.BitRate, max(1, t.bursts/50))
			if err != nil {
				return nil, err
			}
			least := 1 - ratio(sums[theirs].bad, sums[theirs].blocks).value
			for n, s := range sums {
				good := 1 - ratio(s.bad, s.blocks).value
				rows[n].cells = append(rows[n].cells, fmt.Sprintf("%.4g", 100*good))
				if good < least {
					rows[n].notes.worse = append(rows[n].notes.worse, fmt.Sprintf("skew for 30 s, %v, %s: %g ppm", k, w.columns[n].name, v))
				}
			}
		}
		return rows, nil
	})
	t.text.WriteString("\n")
	return err
}

// loss repeats the packet before a lost one, as IAX2 clients do.
func (t *table) loss() error {
	var at []point
	for _, v := range []float64{0.001, 0.005, 0.01, 0.03} {
		at = append(at, point{fmt.Sprintf("%g %% lost", 100*v), func(p *linesim.Parameters) { p.ULaw, p.Loss = true, v }})
	}
	return t.hits("Packet loss: wrong bits for each lost packet of 20 ms, blocks of 2048 bits spoilt, bursts not trained", at, 9500, t.bursts,
		"10 s of data, u-law; a lost packet is replaced by a copy of the one before, and the receiver is not told.")
}

// impulses are noises of switching, once a second.
func (t *table) impulses() error {
	var at []point
	for _, v := range []float64{-20, -10, 0} {
		at = append(at, point{fmt.Sprintf("%g dBm0", v), func(p *linesim.Parameters) { p.Impulses, p.ImpulseLevel = 1, v }})
	}
	return t.hits("Impulses, one a second: wrong bits for each, blocks of 2048 bits spoilt, bursts not trained", at, 9800, max(4, t.bursts/2),
		"10 s of data; an impulse is a tone of 1800 Hz that dies away by 1/e in 0.5 ms, with the peak of a sine of this level. Data have -13 dBm0.")
}

// point is one column of figures.
type point struct {
	name string
	set  func(p *linesim.Parameters)
}

func (t *table) hits(title string, at []point, seed, bursts int, note string) error {
	names := []string{"", ""}
	for _, p := range at {
		names = append(names, p.name)
	}
	t.head(title, names...)
	err := t.rows(t.modes, func(w *worker, k kind) ([]row, error) {
		rows := make([]row, len(w.columns)+1)
		for n, c := range w.columns {
			rows[n].cells = []string{k.String(), c.name}
		}
		difference := &rows[len(w.columns)]
		difference.cells = []string{k.String(), "ours less spandsp's, same samples"}
		for i, v := range at {
			p := linesim.Defaults()
			p.SNR = k.Easy
			v.set(&p)
			sums, err := w.series(w.columns, k, study.Trial{Channel: p, Point: seed + i}, 10*k.Rate.BitRate, bursts)
			if err != nil {
				return nil, err
			}
			for n, s := range sums {
				h := s.hit()
				rows[n].cells = append(rows[n].cells, fmt.Sprintf("%v; %v %%; %d of %d", h.bits, h.blocks, s.bursts-s.trained, s.bursts))
			}
			d := sums[same].over(sums[theirs])
			difference.cells = append(difference.cells, fmt.Sprintf("%v; %v %%", d.bits, d.blocks))
			if d.bits.worse() || d.blocks.worse() {
				difference.notes.worse = append(difference.notes.worse, fmt.Sprintf("%s, %v: %s", strings.SplitN(title, ":", 2)[0], k, v.name))
			}
		}
		return rows, nil
	})
	fmt.Fprintf(&t.text, "\n%s ±: standard error over %d bursts; that of the difference is less, as both suffer the same.\n\n", note, bursts)
	return err
}
