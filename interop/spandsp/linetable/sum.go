//go:build interop

package main

import (
	"fmt"
	"math"

	"github.com/litoria-fax/litoria/modemdrv/study"
)

// sum is what came of a number of bursts.
type sum struct {
	bursts, trained, clean int
	wrong, hits            []float64 // of each burst: wrong bits, packets lost or impulses
	bad, blocks            []float64 // of each burst: blocks of 2048 bits spoilt, and all
}

func (s *sum) add(o study.Outcome) {
	s.bursts++
	if o.Trained {
		s.trained++
	}
	if o.Trained && o.Wrong == 0 {
		s.clean++
	}
	s.wrong = append(s.wrong, float64(o.Wrong))
	s.hits = append(s.hits, float64(o.Lost+o.Hit))
	s.bad = append(s.bad, float64(o.BadBlocks))
	s.blocks = append(s.blocks, float64(o.Blocks))
}

func (s sum) clear() float64 { return float64(s.clean) / float64(max(1, s.bursts)) }

// figure is a measured value and its standard error.
type figure struct{ value, err float64 }

// worse tells whether a difference is more than chance makes.
func (f figure) worse() bool { return f.value > 2*f.err }

func (f figure) times(x float64) figure { return figure{f.value * x, f.err * x} }

func (f figure) String() string {
	if math.Abs(f.value) >= 100 {
		return fmt.Sprintf("%.0f ±%.0f", f.value, f.err)
	}
	return fmt.Sprintf("%.1f ±%.1f", f.value, f.err)
}

// ratio gives the sum of a divided by that of b, and its standard error, by how much
// the bursts differ among each other.
func ratio(a, b []float64) figure {
	var sa, sb float64
	for i := range a {
		sa += a[i]
		sb += b[i]
	}
	if sb == 0 {
		return figure{}
	}
	r := sa / sb
	var square float64
	for i := range a {
		square += (a[i] - r*b[i]) * (a[i] - r*b[i])
	}
	n := float64(len(a))
	return figure{r, math.Sqrt(square*n/max(1, n-1)) / sb}
}

func less(a, b []float64) []float64 {
	d := make([]float64, len(a))
	for i := range a {
		d[i] = a[i] - b[i]
	}
	return d
}

// hit is what lost packets or impulses do.
type hit struct {
	bits   figure // wrong for each
	blocks figure // spoilt, %
}

func (s sum) hit() hit { return hit{ratio(s.wrong, s.hits), ratio(s.bad, s.blocks).times(100)} }

// over gives what s has more than o, which was sent the same bursts over the same
// channel: what both suffer takes no part in the error.
func (s sum) over(o sum) hit {
	return hit{ratio(less(s.wrong, o.wrong), s.hits), ratio(less(s.bad, o.bad), s.blocks).times(100)}
}
