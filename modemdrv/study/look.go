package study

import (
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
	"github.com/litoria-fax/litoria/modemdrv/v21"
)

// Moment is what a receiver knew of the line at a time.
type Moment struct {
	At float64 // s since the line began
	modem.Quality
}

// Look is all that our receiver saw of one burst.
type Look struct {
	Mode    Mode
	Short   bool
	Bits    int // judged
	Channel linesim.Parameters
	Outcome
	Began float64 // s since the line began: when training had succeeded

	Line    []int16      // what arrived
	Symbols []qam.Symbol // of the fast modems
	Bauds   []v21.Bit    // of V.21
	Taps    []complex128 // the equalizer at the end of the data, half a symbol apart; nil: V.21
	Moments []Moment     // every 20 ms of the data
	Carrier float64      // Hz
}

// LookAt sends burst number i of a mode over the trial's line, with our modems at
// both ends, and keeps what the receiver sees. A short training follows a burst with a
// long one, of which nothing is kept.
func LookAt(t Trial, m Mode, short bool, bits, i int) (*Look, error) {
	b, err := MakeBurst(Ours{}, m, short, bits, i)
	if err != nil {
		return nil, err
	}
	l := &Look{Mode: m, Short: short, Bits: bits, Channel: t.Channel, Carrier: carrier[m.Rate.Modulation]}
	l.Outcome, err = t.Run(observer{look: l}, m, b, i)
	return l, err
}

// carrier frequencies in Hz: of V.21 the middle of channel 2.
var carrier = map[modem.Modulation]float64{modem.V21: 1750, modem.V27ter: 1800, modem.V29: 1700, modem.V17: 1800}

// baud is the symbol rate.
func (m Mode) baud() float64 {
	switch {
	case m.Rate.Modulation == modem.V21:
		return 300
	case m.Rate.Modulation != modem.V27ter:
		return 2400
	case m.Rate.BitRate == 2400:
		return 1200
	}
	return 1600
}

// observer is our receivers with a look into them. It implements Side.
type observer struct {
	Ours
	look *Look
}

// fast is a receiver of one of the fast modems.
type fast interface {
	modem.Receiver
	SetProbe(func(qam.Symbol))
	Equalizer() []complex128
}

// Receive implements Side.
func (o observer) Receive(m Mode, line, long []int16, lost func(int) bool) (Reception, error) {
	o.look.Line = line
	return o.receive(m, long, func(r modem.Receiver, s *sink) { o.watch(r, s, line, lost) })
}

// watch lets the receiver hear the line while its probe and its quality are kept.
func (o observer) watch(r modem.Receiver, s *sink, line []int16, lost func(int) bool) {
	l := o.look
	f, _ := r.(fast)
	switch r := r.(type) {
	case fast:
		r.SetProbe(func(y qam.Symbol) { l.Symbols = append(l.Symbols, y) })
	case *v21.Receiver:
		r.SetProbe(func(b v21.Bit) { l.Bauds = append(l.Bauds, b) })
	}
	for at := 0; at < len(line); at += linesim.Packet {
		packet := line[at:min(at+linesim.Packet, len(line))]
		Feed(r, packet, func(int) bool { return lost != nil && lost(at/linesim.Packet) })
		now := float64(at+len(packet)) / modem.SampleRate
		if !s.r.Trained || s.down {
			continue
		}
		if l.Moments == nil {
			l.Began = now
		}
		l.Moments = append(l.Moments, Moment{now, r.Quality()})
		if f != nil {
			l.Taps = f.Equalizer()
		}
	}
}
