package qam

import "github.com/litoria-fax/litoria/modemdrv/modem"

// Receiver is the part of a receiver that all fast modems share.
type Receiver struct {
	sink modem.Sink
}

// Write takes line signal.
func (r *Receiver) Write(in []int16) {}

// Conceal tells that the next n samples are made up.
func (r *Receiver) Conceal(n int) {}

// Quality reports on the reception under way or last ended.
func (r *Receiver) Quality() modem.Quality { return modem.Quality{} }
