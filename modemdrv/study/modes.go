// Package study looks at modems closely: bursts of known bits through a
// simulated line, any maker's modems at either end, what arrived compared with
// what was sent, what a receiver saw of each symbol, whole calls, and drawings
// of all that (SVG). It follows no Recommendation; command faxstudy and the
// measurements beside other makers' modems are made of it.
//
// Nothing here knows files or clocks: the same settings give the same study.
package study

import "github.com/litoria-fax/litoria/modemdrv/modem"

// Mode is one modulation at one rate, and what is known of it.
type Mode struct {
	Name string // such as v17-14400
	Rate modem.Rate
	// Ideal is the signal to noise ratio in dB, 0 to 4 kHz, at which an
	// ideal receiver has 95 % of bursts of 20,000 bits free of errors: perfect
	// carrier, timing and equalizer, maximum likelihood decoding; V.21 one
	// bit at a time, non-coherent.
	Ideal float64
	// Easy is a signal to noise ratio at which noise alone harms nobody.
	Easy float64
}

// Modes are all modes of Group 3 facsimile.
var Modes = []Mode{
	{"v21", modem.Rate{Modulation: modem.V21, BitRate: 300}, 4.6, 20},
	{"v27ter-2400", modem.Rate{Modulation: modem.V27ter, BitRate: 2400}, 7.9, 28},
	{"v27ter-4800", modem.Rate{Modulation: modem.V27ter, BitRate: 4800}, 14.4, 28},
	{"v29-7200", modem.Rate{Modulation: modem.V29, BitRate: 7200}, 15.0, 35},
	{"v29-9600", modem.Rate{Modulation: modem.V29, BitRate: 9600}, 18.8, 35},
	{"v17-7200", modem.Rate{Modulation: modem.V17, BitRate: 7200}, 11.3, 35},
	{"v17-9600", modem.Rate{Modulation: modem.V17, BitRate: 9600}, 14.4, 35},
	{"v17-12000", modem.Rate{Modulation: modem.V17, BitRate: 12000}, 17.5, 35},
	{"v17-14400", modem.Rate{Modulation: modem.V17, BitRate: 14400}, 20.5, 35},
}

// Short tells whether the mode has a short training.
func (m Mode) Short() bool { return m.Rate.Modulation == modem.V17 }

// Side is one maker's modems.
type Side interface {
	// Transmit gives a burst: training, the bits (one in each octet), turn-off.
	Transmit(m Mode, short bool, bits []byte) ([]int16, error)
	// Receive lets a new receiver hear a line. If long is not nil it hears that
	// first, and then expects a burst with short training. lost tells of each 20 ms
	// packet of line whether it is made up; nil: none.
	Receive(m Mode, line, long []int16, lost func(packet int) bool) (Reception, error)
}

// Reception is what a receiver made of a line.
type Reception struct {
	LongTrained bool   // the long training before a short one succeeded
	Trained     bool   // and this one did
	Bits        []byte // one in each octet
}
