// Package linesim is a telephone channel on paper: level, tilt, echo, group delay,
// frequency offset, phase jitter, fractional delay and clock skew, u-law, white noise,
// impulses and lost packets, for 16 bit samples at 8000 a second. The same parameters and seed give the
// same samples, always: every measurement can be made again.
//
// It follows no Recommendation and is no model of one real line: each
// impairment is simple, exact, and measurable by itself. Jitter and reordering
// of packets belong to the network, not here.
package linesim

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/g711"
)

// Off says that a stage is not wanted, where zero would be a wanted value.
const Off = 1e9

// Packet is how many samples are lost together: 20 ms.
const Packet = 160

// Parameters say what the channel does to a signal, in this order. A stage left
// at its default is bypassed completely: it adds neither delay nor rounding.
type Parameters struct {
	InLevel    float64 // nominal level of the input, dBm0; -13 by default
	Level      float64 // level to bring it to, dBm0; Off: as it is
	Tilt       float64 // dB that 3400 Hz loses against 300 Hz, 0 dB at 1800 Hz
	Echo       float64 // gain of a single echo, dB; Off: none
	EchoDelay  float64 // ms; 5 by default
	GroupDelay float64 // ms that 1000 and 2600 Hz come later than 1800 Hz, a parabola (M.1020's mask: 0.5)
	FreqOffset float64 // Hz added to every frequency
	Jitter     float64 // of the phase, degrees from peak to peak
	JitterFreq float64 // Hz; 50 by default, what mains make
	Skew       float64 // ppm; positive: the far clock is fast, its signal comes out shorter and higher
	Delay      float64 // samples, not negative; fractions count
	ULaw       bool    // one G.711 u-law round trip, before the noise
	SNR        float64 // dB, 0 to 4 kHz, below the nominal level: neither tilt nor echo change the noise; Off: none
	Impulses   float64 // a second, on average
	// ImpulseLevel is the level of a sine with their peak, dBm0; 0 by default.
	ImpulseLevel float64
	Loss         float64 // probability that a packet is lost and replaced by a copy of what came out before it
	Seed         uint64
}

// Defaults are a perfect channel.
func Defaults() Parameters {
	return Parameters{InLevel: -13, Level: Off, SNR: Off, Echo: Off, EchoDelay: 5, JitterFreq: 50, Seed: 1}
}

// fullScaleSine is the level of a sine that just reaches full scale, in dBm0.
const fullScaleSine = 3.14

// RMS gives the root mean square, in units of a sample, of a level in dBm0.
func RMS(dBm0 float64) float64 {
	return 32768 / math.Sqrt2 * math.Pow(10, (dBm0-fullScaleSine)/20)
}

// Silent is the level that Level gives for nothing at all, dBm0.
const Silent = -99

// DBm0 gives the level of a mean square.
func DBm0(meanSquare float64) float64 {
	if meanSquare <= 0 {
		return Silent
	}
	return 10*math.Log10(meanSquare/(32768*32768/2)) + fullScaleSine
}

// Level measures samples, in dBm0.
func Level(samples []int16) float64 {
	sum := 0.0
	for _, s := range samples {
		sum += float64(s) * float64(s)
	}
	return DBm0(sum / float64(max(1, len(samples))))
}

// Channel carries one signal. Products that are added are converted to float64
// by themselves: else some processors would fuse the two operations, and give
// other samples.
type Channel struct {
	p     Parameters
	gain  float64
	tilt  tilt
	echo  echo
	delay *disperser
	shift *shifter
	skew  *resampler
	sigma float64 // of the noise; 0: none
	noise *Random
	hits  *impulses
	loss  *losses
	out   []int16
	in    int // samples taken
}

// New makes a channel.
func New(p Parameters) *Channel {
	c := &Channel{p: p, gain: 1, noise: NewRandom(p.Seed * 2)}
	level := p.InLevel
	if p.Level < Off {
		c.gain = math.Pow(10, (p.Level-p.InLevel)/20)
		level = p.Level
	}
	if p.Tilt != 0 {
		c.tilt = newTilt(p.Tilt)
	}
	if p.Echo < Off {
		c.echo = newEcho(p.Echo, p.EchoDelay)
	}
	if p.GroupDelay != 0 {
		c.delay = newDisperser(p.GroupDelay)
	}
	if p.FreqOffset != 0 || p.Jitter != 0 {
		c.shift = newShifter(p.FreqOffset)
		c.shift.swing, c.shift.swingHertz = p.Jitter/720, p.JitterFreq
	}
	if p.Skew != 0 || p.Delay != 0 {
		c.skew = newResampler(p.Skew, p.Delay)
	}
	if p.SNR < Off {
		c.sigma = RMS(level - p.SNR)
	}
	if p.Impulses > 0 {
		c.hits = newImpulses(p)
	}
	if p.Loss > 0 {
		c.loss = &losses{random: NewRandom(p.Seed*2 + 1), probability: p.Loss}
	}
	return c
}

// Write feeds samples. What comes out adds to Output.
func (c *Channel) Write(in []int16) {
	for _, s := range in {
		c.dispersed(c.echo.next(c.tilt.next(float64(s) * c.gain)))
	}
	c.in += len(in)
}

// Silence feeds n samples of nothing, into which the channel puts its noise.
func (c *Channel) Silence(n int) {
	for range n {
		c.dispersed(c.echo.next(c.tilt.next(0)))
	}
	c.in += n
}

// Flush drains the filters: after it the output has its full length.
func (c *Channel) Flush() {
	if c.in == 0 {
		return
	}
	want := c.in
	if c.skew != nil {
		want = int(math.Floor((float64(c.in-1)+c.p.Delay)/c.skew.step)) + 1
	}
	if c.delay != nil {
		for range disperseBefore {
			c.dispersed(0)
		}
	}
	if c.shift != nil {
		for range hilbertHalf {
			c.shifted(0)
		}
	}
	for range maxFlush {
		if len(c.out) >= want {
			break
		}
		c.resampled(0)
	}
	c.out = c.out[:min(want, len(c.out))]
}

// maxFlush bounds Flush, which without skew has nothing to wait for.
const maxFlush = 1_000_000

// Output is all that came out so far. It belongs to the channel.
func (c *Channel) Output() []int16 { return c.out }

// Losses counts the packets lost so far.
func (c *Channel) Losses() int {
	if c.loss == nil {
		return 0
	}
	return c.loss.count
}

// Lost tells whether a packet, counted from 0, was lost.
func (c *Channel) Lost(packet int) bool {
	return c.loss != nil && packet >= 0 && packet < len(c.loss.lost) && c.loss.lost[packet]
}

// Through sends a whole signal through a channel.
func Through(p Parameters, in []int16) []int16 {
	c := New(p)
	c.Write(in)
	c.Flush()
	return c.out
}

// Impulses counts the impulses so far.
func (c *Channel) Impulses() int {
	if c.hits == nil {
		return 0
	}
	return c.hits.count
}

func (c *Channel) dispersed(x float64) {
	if c.delay == nil {
		c.shifted(x)
		return
	}
	if y, ok := c.delay.next(x); ok {
		c.shifted(y)
	}
}

func (c *Channel) shifted(x float64) {
	if c.shift == nil {
		c.resampled(x)
		return
	}
	if y, ok := c.shift.next(x); ok {
		c.resampled(y)
	}
}

func (c *Channel) resampled(x float64) {
	if c.skew == nil {
		c.emit(x)
		return
	}
	c.skew.push(x)
	for {
		y, ok := c.skew.next()
		if !ok {
			return
		}
		c.emit(y)
	}
}

// emit does what happens to each sample on its own: companding, noise, impulses, loss.
func (c *Channel) emit(x float64) {
	if c.p.ULaw {
		x = float64(g711.DecodeULaw(g711.EncodeULaw(toSample(x))))
	}
	if c.sigma != 0 {
		x += float64(c.sigma * c.noise.Gauss())
	}
	if c.hits != nil {
		x += c.hits.next()
	}
	y := toSample(x)
	if c.loss != nil {
		y = c.loss.next(len(c.out), y)
	}
	c.out = append(c.out, y)
}

func toSample(x float64) int16 {
	switch {
	case x >= math.MaxInt16:
		return math.MaxInt16
	case x <= math.MinInt16:
		return math.MinInt16
	}
	return int16(math.RoundToEven(x))
}

// losses drops packets. Its random numbers are its own, so that noise is the
// same with and without it.
type losses struct {
	random          *Random
	probability     float64
	count           int
	lost            []bool
	current, before [Packet]int16
}

func (l *losses) next(at int, y int16) int16 {
	k := at % Packet
	if k == 0 {
		lost := l.random.Uniform() < l.probability
		l.lost = append(l.lost, lost)
		if lost {
			l.count++
		}
	}
	if l.lost[len(l.lost)-1] {
		y = l.before[k]
	}
	l.current[k] = y
	if k == Packet-1 {
		l.before = l.current
	}
	return y
}
