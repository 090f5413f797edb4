package study

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

const (
	level     = -13. // dBm0 of all bursts
	extraBits = 400  // sent after the judged ones
	tail      = 240  // samples of silence after a burst
	longBits  = 4000 // data of the long burst before a short one
	quiet     = 100  // samples under this at the head of a burst are its silence
)

// Burst is a burst before the channel.
type Burst struct {
	Sent   []byte
	Judged int
	Signal []int16
	Long   []int16 // the burst with long training before it, if it has short training
	Level  float64 // of the data, dBm0
}

// MakeBurst makes burst number i of a mode. It begins with its first signal: the
// silence some transmitters begin with is cut.
func MakeBurst(from Side, m Mode, short bool, bits, i int) (Burst, error) {
	b := Burst{Sent: linesim.Bits(bits+extraBits, uint64(i)), Judged: bits}
	signal, err := from.Transmit(m, short, b.Sent)
	if err != nil {
		return b, err
	}
	b.Level = dataLevel(m, signal, bits)
	b.Signal = finish(signal)
	if short {
		long, err := from.Transmit(m, false, linesim.Bits(longBits+extraBits, uint64(i)+1_000_000))
		if err != nil {
			return b, err
		}
		b.Long = finish(long)
	}
	return b, nil
}

// dataLevel measures the last nine tenths of the judged bits.
func dataLevel(m Mode, signal []int16, bits int) float64 {
	end := len(signal) - extraBits*modem.SampleRate/m.Rate.BitRate
	length := bits * modem.SampleRate / m.Rate.BitRate * 9 / 10
	return linesim.Level(signal[max(0, end-length):max(1, end)])
}

func finish(s []int16) []int16 {
	skip := 0
	for skip < len(s) && math.Abs(float64(s[skip])) < quiet {
		skip++
	}
	return append(s[max(0, skip-8):len(s):len(s)], make([]int16, tail)...)
}

// Delay is burst number i's own place between the samples, 0 to 10 of them.
func Delay(i int) float64 { return 10 * linesim.NewRandom(0xDE1A4+uint64(i)).Uniform() }

// Trial is a burst sent through a channel.
type Trial struct {
	Channel linesim.Parameters
	Point   int  // of a series: gives the seed
	Lead    int  // samples of the line's noise before the burst
	Notice  bool // tell the receiver which packets were lost
}

// Outcome is what became of a trial.
type Outcome struct {
	NoLong  bool // the long training before a short one failed: nothing was tried
	Trained bool
	Lost    int // packets
	Hit     int // impulses
	Verdict
}

// Run sends burst number i and judges what arrives.
func (t Trial) Run(to Side, m Mode, b Burst, i int) (Outcome, error) {
	return t.Hear(to, m, b, t.Carry(b, i))
}

// Carried is what a channel made of a burst. Any number of receivers may hear it.
type Carried struct {
	line, long []int16
	channel    *linesim.Channel
}

// Carry sends burst number i through the channel.
func (t Trial) Carry(b Burst, i int) Carried {
	var c Carried
	if b.Long != nil {
		c.long, _ = t.carry(b, b.Long, Delay(i+5000), 50001+i)
	}
	c.line, c.channel = t.carry(b, b.Signal, Delay(i), 1+i)
	return c
}

// Hear judges what a receiver makes of a burst that was carried.
func (t Trial) Hear(to Side, m Mode, b Burst, c Carried) (Outcome, error) {
	o := Outcome{Lost: c.channel.Losses(), Hit: c.channel.Impulses()}
	lost := c.channel.Lost
	if !t.Notice {
		lost = nil
	}
	r, err := to.Receive(m, c.line, c.long, lost)
	if err != nil {
		return o, err
	}
	o.NoLong = c.long != nil && !r.LongTrained
	o.Trained = r.Trained
	if !o.Trained {
		r.Bits = nil
	}
	o.Verdict = Judge(b.Sent, b.Judged, r.Bits)
	return o, nil
}

func (t Trial) carry(b Burst, signal []int16, delay float64, seed int) ([]int16, *linesim.Channel) {
	p := t.Channel
	p.InLevel = b.Level
	if p.Level >= linesim.Off {
		p.Level = level
	}
	if p.Delay == 0 {
		p.Delay = delay
	}
	p.Seed = uint64(100_000*t.Point + seed)
	c := linesim.New(p)
	c.Silence(t.Lead)
	c.Write(signal)
	c.Flush()
	return c.Output(), c
}
