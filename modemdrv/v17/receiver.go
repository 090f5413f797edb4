package v17

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// Receiver receives bursts of V.17. It implements modem.Receiver.
type Receiver struct {
	qam.Receiver
	sink modem.Sink
}

// NewReceiver makes a receiver that waits for a burst with long training.
func NewReceiver(rate modem.Rate, sink modem.Sink) (*Receiver, error) {
	mode, dec, err := newMode(rate, sink)
	if err != nil {
		return nil, err
	}
	r := &Receiver{sink: sink}
	r.Init(mode, dec, sink)
	return r, nil
}

// Restart makes the receiver wait for another burst, at this rate. short tells
// that its training will be the short one, which needs what the last long
// training taught.
func (r *Receiver) Restart(rate modem.Rate, short bool) error {
	mode, dec, err := newMode(rate, r.sink)
	if err != nil {
		return err
	}
	r.Reset(mode, dec, short)
	return nil
}

func newMode(rate modem.Rate, sink modem.Sink) (*qam.Mode, qam.Decoder, error) {
	if rate.Modulation != modem.V17 {
		return nil, nil, fmt.Errorf("v17: %v is not a rate of V.17", rate)
	}
	k, err := newConstellation(rate.BitRate)
	if err != nil {
		return nil, nil, err
	}
	return &qam.Mode{
		Pulse:         pulse,
		Training:      conditioningPoints(k),
		Match:         32,
		LeastSquares:  400,
		ShortTraining: segment2Short,
		Bridge:        segment3,
		BridgePoints:  k.abcd[:],
		MaxError:      0.1,
	}, newDecoder(k, sink), nil
}

// conditioningPoints are the points of segment 2.
func conditioningPoints(k *constellation) []complex64 {
	var s symbols
	s.scrambler.SetState(scramblerStart)
	p := make([]complex64, segment2)
	for i := range p {
		p[i] = k.abcd[conditioning[s.dibit(3)]]
	}
	return p
}
