package v21

import "github.com/litoria-fax/litoria/modemdrv/modem"

// Transmitter sends one burst. It implements modem.Transmitter.
type Transmitter struct {
	src modem.BitSource
}

// NewTransmitter makes a transmitter of one burst on channel 2, at -13 dBm0.
func NewTransmitter(src modem.BitSource) *Transmitter { return &Transmitter{src: src} }

// SetLevel sets the power of the signal in dBm0.
func (t *Transmitter) SetLevel(dBm0 float64) {}

// Read implements modem.Transmitter.
func (t *Transmitter) Read(out []int16) int { return 0 }
