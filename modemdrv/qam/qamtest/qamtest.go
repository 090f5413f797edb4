// Package qamtest has what the tests of all fast modems share: bits, bursts,
// a sink that keeps a diary, and the tests that every one of them must pass.
package qamtest

import (
	"math"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// Receiver is what every modulation's receiver can do.
type Receiver interface {
	modem.Receiver
	Restart(rate modem.Rate, short bool) error
}

// Modem is one modulation under test.
type Modem struct {
	Transmitter func(rate modem.Rate, short bool, src modem.BitSource) (modem.Transmitter, error)
	Receiver    func(rate modem.Rate, sink modem.Sink) (Receiver, error)
}

// Bits gives n random bits: those of the bench that recorded the bursts in testdata.
func Bits(n int, seed uint64) []byte { return linesim.Bits(n, seed) }

// Source is a modem.BitSource over a slice of bits.
type Source struct{ Bits []byte }

// ReadBits implements modem.BitSource.
func (s *Source) ReadBits(n int) (bits uint32, got int) {
	for got < n && len(s.Bits) > 0 {
		bits |= uint32(s.Bits[0]) << got
		s.Bits = s.Bits[1:]
		got++
	}
	return bits, got
}

// Event is a status and how many bits came before it.
type Event struct {
	Status modem.Status
	Bits   int
}

// Sink is a modem.Sink that keeps everything.
type Sink struct {
	Bits   []byte
	Events []Event
}

// WriteBits implements modem.Sink.
func (s *Sink) WriteBits(bits uint32, n int) {
	for i := range n {
		s.Bits = append(s.Bits, byte(bits>>i&1))
	}
}

// Status implements modem.Sink.
func (s *Sink) Status(st modem.Status) { s.Events = append(s.Events, Event{st, len(s.Bits)}) }

// Count tells how often a status was reported.
func (s *Sink) Count(st modem.Status) (n int) {
	for _, e := range s.Events {
		if e.Status == st {
			n++
		}
	}
	return n
}

// Errors counts the bits of want that got does not have in their places.
func Errors(got, want []byte) (n int) {
	for i, b := range want {
		if i >= len(got) || got[i] != b {
			n++
		}
	}
	return n
}

// Burst makes one burst, and a little silence after it.
func (m Modem) Burst(t testing.TB, rate modem.Rate, short bool, bits []byte) []int16 {
	t.Helper()
	tx, err := m.Transmitter(rate, short, &Source{bits})
	if err != nil {
		t.Fatal(err)
	}
	var out []int16
	buf := make([]int16, 160)
	for {
		n := tx.Read(buf)
		out = append(out, buf[:n]...)
		if n < len(buf) {
			return append(out, make([]int16, 400)...)
		}
	}
}

// Feed gives samples to a receiver in frames of 20 ms.
func Feed(rx modem.Receiver, line []int16) {
	for len(line) > 0 {
		n := min(160, len(line))
		rx.Write(line[:n])
		line = line[n:]
	}
}

// Line is one set of impairments.
type Line struct {
	Name string
	Set  func(p *linesim.Parameters)
	Lead int // samples of nothing but noise before the burst
}

// Lines are the impairments that every rate must stand without an error, the
// noise set apart.
var Lines = []Line{
	{Name: "clean"},
	{Name: "delay 0.33", Set: func(p *linesim.Parameters) { p.Delay = 0.33 }},
	{Name: "delay 1.17", Set: func(p *linesim.Parameters) { p.Delay = 1.17 }},
	{Name: "u-law", Set: func(p *linesim.Parameters) { p.ULaw = true; p.Delay = 0.8 }},
	{Name: "+10 Hz", Set: func(p *linesim.Parameters) { p.FreqOffset = 10 }},
	{Name: "-10 Hz", Set: func(p *linesim.Parameters) { p.FreqOffset = -10 }},
	{Name: "+200 ppm", Set: func(p *linesim.Parameters) { p.Skew = 200 }},
	{Name: "-200 ppm", Set: func(p *linesim.Parameters) { p.Skew = -200 }},
	{Name: "-5 dBm0", Set: func(p *linesim.Parameters) { p.Level = -5 }},
	{Name: "-45 dBm0", Set: func(p *linesim.Parameters) { p.Level = -45 }},
	{Name: "tilt 12 dB", Set: func(p *linesim.Parameters) { p.Tilt = 12 }},
	{Name: "group delay 1 ms", Set: func(p *linesim.Parameters) { p.GroupDelay = 1 }},
	{Name: "echo -20 dB 5 ms", Set: func(p *linesim.Parameters) { p.Echo = -20 }},
	{Name: "noise before", Set: func(p *linesim.Parameters) { p.Delay = 0.5 }, Lead: 4000},
	{Name: "all at once", Set: func(p *linesim.Parameters) {
		p.FreqOffset, p.Skew, p.Tilt, p.Level, p.Delay, p.Echo, p.ULaw = 4, 80, 6, -25, 0.7, -30, true
	}},
}

// Through sends a burst over a line. The noise is snr dB below the level of
// the line.
func (l Line) Through(burst []int16, snr float64, seed uint64) []int16 {
	p := linesim.Defaults()
	p.Level, p.SNR, p.Seed = -13, snr, seed
	if l.Set != nil {
		l.Set(&p)
	}
	c := linesim.New(p)
	if l.Lead > 0 {
		c.Silence(l.Lead)
	}
	c.Write(burst)
	c.Flush()
	return c.Output()
}

// Tone adds a sine to samples.
func Tone(samples []int16, hz, dBm0 float64) {
	a := linesim.RMS(dBm0) * math.Sqrt2
	for i := range samples {
		samples[i] += int16(a * math.Sin(2*math.Pi*hz*float64(i)/modem.SampleRate))
	}
}

// Noise gives n samples of white noise.
func Noise(n int, dBm0 float64, seed uint64) []int16 {
	r := linesim.NewRandom(seed)
	out := make([]int16, n)
	for i := range out {
		out[i] = int16(linesim.RMS(dBm0) * r.Gauss())
	}
	return out
}
