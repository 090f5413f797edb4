//go:build interop

package main

import (
	"fmt"
	"os"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/study"
)

// sweep is one impairment in rising values.
type sweep struct {
	title  string
	values []float64
	set    func(p *linesim.Parameters, trial *study.Trial, v float64)
}

func steps(from, to, step float64) (v []float64) {
	for x := from; x <= to+step/1000; x += step {
		v = append(v, x)
	}
	return v
}

var sweeps = []sweep{
	{"Carrier offset, Hz", steps(-10, 10, 2), func(p *linesim.Parameters, _ *study.Trial, v float64) { p.FreqOffset = v }},
	{"Clock skew in one burst, ppm", steps(-200, 200, 50), func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Skew = v }},
	{"Level, dBm0", steps(-47.5, -5, 2.5), func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Level = v }},
	{"Attenuation slope 300 to 3400 Hz, dB", steps(-6, 18, 3), func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Tilt = v }},
	{"Echo at 5 ms, dB", steps(-30, -5, 2.5), func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Echo = v }},
	{"Echo of -20 dB, at ms", steps(1, 29, 4), func(p *linesim.Parameters, _ *study.Trial, v float64) { p.Echo, p.EchoDelay = -20, v }},
	{"Noise for half a second before the burst and in it, dBm0", steps(-49, -37, 2), func(p *linesim.Parameters, trial *study.Trial, v float64) {
		p.SNR, trial.Lead = -13-v, 4000
	}},
}

// passShare of the bursts must be free of errors for a value to pass.
const passShare = 0.9

func (t *table) impairments() error {
	for n, s := range sweeps {
		title := fmt.Sprintf("%s (tried: %g to %g)", s.title, s.values[0], s.values[len(s.values)-1])
		t.head(title, append([]string{""}, t.names()...)...)
		for _, k := range t.modes {
			cells := []string{k.String()}
			for _, c := range t.columns {
				passed, err := t.sweep(c, k, s, n)
				if err != nil {
					return err
				}
				cells = append(cells, ranges(s.values, passed))
			}
			t.row(cells...)
			fmt.Fprintln(os.Stderr, cells)
		}
		fmt.Fprintf(&t.text, "\nValues at which %g %% of bursts are free of errors.\n\n", 100*passShare)
	}
	return nil
}

func (t *table) sweep(c column, k kind, s sweep, n int) ([]bool, error) {
	passed := make([]bool, len(s.values))
	for i, v := range s.values {
		p := linesim.Defaults()
		p.SNR = k.Easy
		trial := study.Trial{Point: 1000*(n+1) + i}
		s.set(&p, &trial, v)
		trial.Channel = p
		r, err := t.series(c, k, trial, bitsOf(k, 20000), max(4, t.bursts/5))
		if err != nil {
			return nil, err
		}
		passed[i] = r.clear() >= passShare
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
	for _, k := range t.modes {
		if k.short {
			continue
		}
		for _, c := range t.columns {
			cells := []string{k.String(), c.name}
			for i, v := range ppm {
				p := linesim.Defaults()
				p.SNR, p.Skew = k.Easy, v
				s, err := t.series(c, k, study.Trial{Channel: p, Point: 9000 + i}, 30*k.Rate.BitRate, max(1, t.bursts/50))
				if err != nil {
					return err
				}
				cells = append(cells, fmt.Sprintf("%.4g", 100*(1-float64(s.badBlocks)/float64(s.blocks))))
			}
			t.row(cells...)
			fmt.Fprintln(os.Stderr, cells)
		}
	}
	t.text.WriteString("\n")
	return nil
}

// loss repeats the packet before a lost one, as IAX2 clients do.
func (t *table) loss() error {
	shares := []float64{0.001, 0.005, 0.01, 0.03}
	names := []string{"", ""}
	for _, v := range shares {
		names = append(names, fmt.Sprintf("%g %% lost", 100*v))
	}
	t.head("Packet loss: wrong bits for each lost packet of 20 ms, blocks of 2048 bits spoilt, bursts not trained", names...)
	for _, k := range t.modes {
		for _, c := range t.columns {
			cells := []string{k.String(), c.name}
			for i, v := range shares {
				p := linesim.Defaults()
				p.SNR, p.ULaw, p.Loss = k.Easy, true, v
				s, err := t.series(c, k, study.Trial{Channel: p, Point: 9500 + i}, 10*k.Rate.BitRate, max(4, t.bursts/5))
				if err != nil {
					return err
				}
				cells = append(cells, fmt.Sprintf("%.0f; %.1f %%; %d of %d", float64(s.wrong)/float64(max(1, s.lost)),
					100*float64(s.badBlocks)/float64(s.blocks), s.bursts-s.trained, s.bursts))
			}
			t.row(cells...)
			fmt.Fprintln(os.Stderr, cells)
		}
	}
	fmt.Fprintf(&t.text, "\n10 s of data, u-law; a lost packet is replaced by a copy of the one before, and the receiver is not told.\n")
	return nil
}
