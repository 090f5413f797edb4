package v17

import (
	"fmt"
	"sync"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// Receiver receives bursts of V.17. It implements modem.Receiver.
type Receiver struct{ qam.Receiver }

// NewReceiver makes a receiver that waits for a burst with long training. Restart
// with a short one needs what the last long training taught.
func NewReceiver(rate modem.Rate, sink modem.Sink) (*Receiver, error) {
	r := &Receiver{}
	if err := r.Init(newMode, rate, sink); err != nil {
		return nil, err
	}
	return r, nil
}

// setup is what all receivers of one rate share.
type setup struct {
	mode          *qam.Mode
	constellation *constellation
	look          *lookup
}

// setups makes each rate's setup once.
var setups = func() map[int]func() setup {
	all := map[int]func() setup{}
	for bitRate := range rates {
		all[bitRate] = sync.OnceValue(func() setup { return newSetup(bitRate) })
	}
	return all
}()

func newSetup(bitRate int) setup {
	k, err := newConstellation(bitRate)
	if err != nil {
		panic(err) // only for rates that are in the table
	}
	return setup{&qam.Mode{
		Pulse:         pulse,
		Alternation:   [2]complex64{k.abcd[0], k.abcd[1]},
		AltWindow:     64,
		Training:      conditioningPoints(k),
		Match:         32,
		LeastSquares:  384,
		ShortTraining: segment2Short,
		Bridge:        segment3,
		BridgePoints:  k.abcd[:],
		MaxError:      0.1,
	}, k, newLookup(k)}
}

func newMode(rate modem.Rate, sink modem.Sink) (*qam.Mode, qam.Decoder, error) {
	find, ok := setups[rate.BitRate]
	if !ok || rate.Modulation != modem.V17 {
		return nil, nil, fmt.Errorf("v17: %v is not a rate of V.17", rate)
	}
	s := find()
	return s.mode, newDecoder(s.constellation, s.look, sink), nil
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
