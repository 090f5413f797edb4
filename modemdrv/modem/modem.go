// Package modem is the face that all modulations of the soft modem share: the
// names of modulations and rates, where a transmitter gets its bits and where
// a receiver puts them. It contains no signal processing; that is in v21,
// v27ter, v29 and v17, which follow the ITU-T Recommendations of their names.
//
// Everything here is driven by samples (16 bit linear, 8000 a second). Nothing
// looks at a clock, sleeps or starts a goroutine.
package modem

import "strconv"

// SampleRate is the number of samples in a second of line signal, everywhere.
const SampleRate = 8000

// Modulation names the Recommendation that a signal follows.
type Modulation uint8

// The modulations of Group 3 facsimile (T.30, T.4).
const (
	V21    Modulation = iota + 1 // V.21 channel 2, 300 bit/s, all T.30 signalling
	V27ter                       // V.27ter 2400 and 4800 bit/s
	V29                          // V.29 7200 and 9600 bit/s
	V17                          // V.17 7200, 9600, 12000 and 14400 bit/s
)

// String gives the ITU's name, for logs.
func (m Modulation) String() string {
	switch m {
	case V21:
		return "V.21"
	case V27ter:
		return "V.27ter"
	case V29:
		return "V.29"
	case V17:
		return "V.17"
	}
	return "modulation " + strconv.Itoa(int(m))
}

// Rate is a modulation together with its bit rate.
type Rate struct {
	Modulation Modulation
	BitRate    int // bit/s
}

// String gives a rate as session logs name it, such as "V.17 14400".
func (r Rate) String() string { return r.Modulation.String() + " " + strconv.Itoa(r.BitRate) }

// BitSource is where a transmitter gets its data. ReadBits returns the next n
// bits (n at most 16), the one to be sent first in the least significant place.
// got < n tells that the data ended with those got bits: the transmitter sends
// them and then turns its carrier off as its Recommendation says.
type BitSource interface {
	ReadBits(n int) (bits uint32, got int)
}

// Status is what a receiver tells about the carrier.
type Status uint8

// The life of one reception.
const (
	CarrierUp      Status = iota + 1 // energy that looks like this modulation's training began
	Trained                          // training succeeded; bits follow
	TrainingFailed                   // a carrier is there, but training did not succeed; the receiver goes on looking
	CarrierDown                      // the carrier ended; all bits before it were delivered
)

// Sink is where a receiver puts what it receives. The bit received first is in
// the least significant place. Bits are delivered as they are decided, Status
// in order among them.
type Sink interface {
	WriteBits(bits uint32, n int)
	Status(s Status)
}

// Transmitter makes a burst of line signal: training, data until the source
// ends, turn-off. Read fills out and returns how many samples belong to the
// burst; fewer than len(out) only when it is over (the rest is left alone).
type Transmitter interface {
	Read(out []int16) int
}

// Receiver takes line signal as it comes. It never refuses samples; between
// bursts it waits for the next one.
type Receiver interface {
	Write(in []int16)
	// Conceal tells that the next n samples were lost on the way and are made
	// up: the receiver holds its adaptation while they pass through Write.
	Conceal(n int)
	// Quality reports on the reception under way or last ended.
	Quality() Quality
}

// Quality is what a receiver knows about the line.
type Quality struct {
	SNR           float64      // estimate from decision errors, dB in 0 to 4 kHz; 0 where unknown
	Level         float64      // received level, dBm0
	CarrierOffset float64      // Hz
	ClockSkew     float64      // ppm, positive: the far clock is fast
	EqualizerMSE  float64      // mean squared error at the slicer, relative to the mean symbol energy, dB
	Constellation []complex128 // the latest equalized symbols, oldest first; nil for V.21
}
