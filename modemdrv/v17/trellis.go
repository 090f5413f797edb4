package v17

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// The decoder is a Viterbi decoder over the 8 states of Figure 1/V.17. Symbols
// are decided traceStep at a time, when at least traceDepth younger ones are
// known: 32 symbols are more than five times the memory of the code, beyond
// which the loss cannot be measured.
const (
	traceDepth = 32
	traceStep  = 16
	traceRing  = 64 // symbols that are remembered; a power of 2
	states     = 8

	cells    = 41  // the plane is looked up in squares of cellSize units, -10.25 to 10.25
	cellSize = 0.5 // of a unit of the diagrams

	metricScale = 256 // of one squared unit of the diagrams
)

// subsets gives, for one square of the plane, the label of the nearest point in
// each of the eight subsets, which differ in Y2 Y1 Y0.
type subsets [8]uint8

// lookup is the plane of one rate in squares.
type lookup struct {
	cell [cells * cells]subsets
	re   []float32 // points in units of the diagrams, by label
	im   []float32
}

func newLookup(k *constellation) *lookup {
	l := &lookup{}
	for _, p := range k.points {
		l.re = append(l.re, real(p)/float32(k.unit))
		l.im = append(l.im, imag(p)/float32(k.unit))
	}
	for i := range l.cell {
		x := (float64(i%cells) - cells/2) * cellSize
		y := (float64(i/cells) - cells/2) * cellSize
		var least [8]float64
		for s := range least {
			least[s] = math.Inf(1)
		}
		for n := range l.re {
			d := sq(x-float64(l.re[n])) + sq(y-float64(l.im[n]))
			if s := n & 7; d < least[s] {
				least[s] = d
				l.cell[i][s] = uint8(n)
			}
		}
	}
	return l
}

func sq(x float64) float64 { return x * x }

// find gives the square that (x, y), in units of the diagrams, lies in.
func (l *lookup) find(x, y float32) *subsets {
	i := int(x*(1/cellSize) + cells/2 + 0.5)
	j := int(y*(1/cellSize) + cells/2 + 0.5)
	i = min(max(i, 0), cells-1)
	j = min(max(j, 0), cells-1)
	return &l.cell[j*cells+i]
}

// branch is one way into a state: from where, and with which subset.
type branch struct{ from, subset uint8 }

// branches are the four ways into each state, in the order of Y2 Y1.
var branches = func() (b [states][4]branch) {
	for from := range states {
		for y := range 4 {
			to := convolve(from, y&1, y>>1)
			b[to][y] = branch{uint8(from), uint8(y<<1 | to>>2)}
		}
	}
	return b
}()

// decoder implements qam.Decoder.
type decoder struct {
	*constellation
	look      *lookup
	sink      modem.Sink
	scrambler qam.Scrambler
	metric    [states]int32
	ring      [traceRing]step
	n         int // symbols taken
	decided   int // symbols delivered or skipped
	diff      int // Y2 Y1 of the last delivered symbol
	inverse   float32
	skip      int // symbols of segment 4, or until the hunt for it is given up
	ones      int // hunt: ones in a row that are still wanted; 0: no hunt
}

// step is what is remembered of one symbol.
type step struct {
	way    [states]uint8 // for each state, by which of its branches it was reached
	points subsets
}

func newDecoder(k *constellation, look *lookup, sink modem.Sink) *decoder {
	return &decoder{constellation: k, look: look, sink: sink, inverse: float32(1 / k.unit)}
}

// Start implements qam.Decoder. Segment 4 comes first, so nothing need be known
// of the encoder's state.
func (d *decoder) Start(hunt bool) {
	d.metric = [states]int32{}
	d.n, d.decided = 0, 0
	d.skip = segment4
	d.ones = 0
	if hunt {
		d.skip = huntMost
		d.ones = huntOnes
	}
}

// When it is not known where segment 4 begins, this many ones in a row are taken
// for it, and when there are none, its end is assumed after so many symbols.
const (
	huntOnes = 24
	huntMost = 180
)

// Decide implements qam.Decoder.
func (d *decoder) Decide(y complex64) complex64 {
	x, z := real(y)*d.inverse, imag(y)*d.inverse
	points := d.look.find(x, z)
	var dist [8]int32
	for s, n := range points {
		a, b := x-d.look.re[n], z-d.look.im[n]
		dist[s] = int32((a*a + b*b) * metricScale)
	}
	st := &d.ring[d.n&(traceRing-1)]
	st.points = *points
	best := d.extend(st, &dist)
	label := points[branches[best][st.way[best]].subset]
	d.n++
	if d.n-d.decided >= traceDepth+traceStep {
		d.deliver(best, d.decided+traceStep)
	}
	return d.points[label]
}

// extend takes all paths one symbol further and gives the best state. The ways
// into the states are those of the table branches, written out.
func (d *decoder) extend(st *step, dist *[8]int32) (best int) {
	m, e := d.metric, *dist
	n := [states]int32{
		least(m[0]+e[0], m[4]+e[2], m[6]+e[4], m[2]+e[6]),
		least(m[2]+e[0], m[6]+e[2], m[4]+e[4], m[0]+e[6]),
		least(m[4]+e[0], m[0]+e[2], m[2]+e[4], m[6]+e[6]),
		least(m[6]+e[0], m[2]+e[2], m[0]+e[4], m[4]+e[6]),
		least(m[1]+e[1], m[3]+e[3], m[7]+e[5], m[5]+e[7]),
		least(m[7]+e[1], m[5]+e[3], m[1]+e[5], m[3]+e[7]),
		least(m[5]+e[1], m[7]+e[3], m[3]+e[5], m[1]+e[7]),
		least(m[3]+e[1], m[1]+e[3], m[5]+e[5], m[7]+e[7]),
	}
	low := min(n[0]&^3<<1|0, n[1]&^3<<1|1, n[2]&^3<<1|2, n[3]&^3<<1|3,
		n[4]&^3<<1|4, n[5]&^3<<1|5, n[6]&^3<<1|6, n[7]&^3<<1|7)
	for to := range n {
		st.way[to] = uint8(n[to] & 3)
		d.metric[to] = n[to]>>2 - low>>3
	}
	return int(low & 7)
}

// least gives the least of the metrics of the four ways into a state, times four,
// with the number of the way in the two lowest bits.
func least(a, b, c, d int32) int32 {
	return min(a<<2, b<<2|1, c<<2|2, d<<2|3)
}

// deliver traces the path into state at the latest symbol back, and delivers
// the symbols before number to.
func (d *decoder) deliver(state, to int) {
	var labels [traceRing]uint8
	for k := d.n - 1; k >= d.decided; k-- {
		st := &d.ring[k&(traceRing-1)]
		b := branches[state][st.way[state]]
		labels[k&(traceRing-1)] = st.points[b.subset]
		state = int(b.from)
	}
	for ; d.decided < to; d.decided++ {
		d.emit(int(labels[d.decided&(traceRing-1)]))
	}
}

// emit delivers one symbol's bits, except those of segment 4.
func (d *decoder) emit(label int) {
	diff := label >> 1 & 3
	q := uint32(label>>3<<2 | (diff-d.diff)&3)
	d.diff = diff
	bits := d.scrambler.Descramble(q, d.bits)
	if d.decided >= d.skip {
		d.sink.WriteBits(bits, d.bits)
	} else if d.ones > 0 {
		d.hunt(bits)
	}
}

// hunt looks for the ones of segment 4.
func (d *decoder) hunt(data uint32) {
	d.ones -= d.bits
	if data != 1<<d.bits-1 {
		d.ones = huntOnes
	} else if d.ones <= 0 {
		d.skip = 0
	}
}

// Finish implements qam.Decoder.
func (d *decoder) Finish(drop int) {
	best := 0
	for s, m := range d.metric {
		if m < d.metric[best] {
			best = s
		}
	}
	if to := d.n - drop; to > d.decided {
		d.deliver(best, to)
	}
}
