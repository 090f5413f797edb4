package v21

import "github.com/litoria-fax/litoria/modemdrv/modem"

// Receiver implements modem.Receiver. Its carrier needs no training: CarrierUp
// is followed by Trained at once.
type Receiver struct {
	sink modem.Sink
}

// NewReceiver makes a receiver of channel 2.
func NewReceiver(sink modem.Sink) *Receiver { return &Receiver{sink: sink} }

// Restart makes the receiver forget the line and wait for another burst.
func (r *Receiver) Restart() {}

// Write takes line signal.
func (r *Receiver) Write(in []int16) {}

// Conceal implements modem.Receiver.
func (r *Receiver) Conceal(n int) {}

// Quality implements modem.Receiver; there is no constellation and no equalizer.
func (r *Receiver) Quality() modem.Quality { return modem.Quality{} }
