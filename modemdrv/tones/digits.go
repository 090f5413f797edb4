package tones

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// What makes a digit, after Q.24 Annex A (the values that administrations use).
const (
	digitBlock  = 102 // 12.75 ms: two whole blocks in the shortest digit, 40 ms
	digitBlocks = 2   // alike make a digit, and other ones end it
	digitShare  = 0.6 // of the energy lies in the two sines
	rowLouder   = 4.  // power ratio that a row may be louder than its column: 6 dB
	colLouder   = 8.  // and the other way round: 9 dB, lines lose high frequencies
	digitPeak   = 4.  // a sine is so much stronger than the others of its group
)

var digitCoefficient = func() (k [2][4]float32) {
	for g := range k {
		for i := range k[g] {
			k[g][i] = float32(2 * math.Cos(2*math.Pi*digitHz[g][i]/modem.SampleRate))
		}
	}
	return k
}()

// digitDetector finds push button digits by Goertzel's algorithm.
type digitDetector struct {
	block [digitBlock]float32
	n     int
	last  byte // what the last block was; 0: nothing
	run   int  // blocks alike
	on    byte // digit reported
}

func (g *digitDetector) write(in []int16, d *Detector) {
	for _, v := range in {
		g.block[g.n] = float32(v)
		if g.n++; g.n == digitBlock {
			g.n = 0
			g.step(g.judge(), d)
		}
	}
}

// step takes a block's verdict.
func (g *digitDetector) step(digit byte, d *Detector) {
	if digit != g.last {
		g.last, g.run = digit, 0
	}
	if g.run++; g.run != digitBlocks || digit == g.on {
		return
	}
	if g.on != 0 {
		d.event(Event{Tone: Digit, Digit: g.on})
	}
	if g.on = digit; digit != 0 {
		d.event(Event{Tone: Digit, On: true, Digit: digit})
	}
}

// judge gives the digit that fills the block, or 0.
func (g *digitDetector) judge() byte {
	var energy float32
	for _, v := range g.block {
		energy += v * v
	}
	if float64(energy) < digitBlock*tonePower {
		return 0
	}
	row, rowPower, ok := g.strongest(0)
	if !ok {
		return 0
	}
	column, columnPower, ok := g.strongest(1)
	if !ok || rowPower > rowLouder*columnPower || columnPower > colLouder*rowPower ||
		rowPower+columnPower < digitShare*energy {
		return 0
	}
	return digitNames[4*row+column]
}

// strongest finds the loudest sine of a group, and what energy it explains.
func (g *digitDetector) strongest(group int) (best int, explained float32, ok bool) {
	k := &digitCoefficient[group]
	var a, b [4]float32
	for _, v := range g.block {
		for i := range a {
			a[i], b[i] = v+k[i]*a[i]-b[i], a[i]
		}
	}
	var p [4]float32
	for i := range p {
		p[i] = (a[i]*a[i] + b[i]*b[i] - k[i]*a[i]*b[i]) * 2 / digitBlock
		if p[i] > p[best] {
			best = i
		}
	}
	for i := range p {
		if i != best && p[i]*digitPeak > p[best] {
			return 0, 0, false
		}
	}
	return best, p[best], true
}
