package study

import (
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/v17"
	"github.com/litoria-fax/litoria/modemdrv/v21"
	"github.com/litoria-fax/litoria/modemdrv/v27ter"
	"github.com/litoria-fax/litoria/modemdrv/v29"
)

// Ours are the modems of Litoria. It implements Side.
type Ours struct{}

// NewTransmitter makes one of our transmitters.
func (Ours) NewTransmitter(m Mode, short bool, src modem.BitSource) (modem.Transmitter, error) {
	switch m.Rate.Modulation {
	case modem.V27ter:
		return v27ter.NewTransmitter(m.Rate, short, src)
	case modem.V29:
		return v29.NewTransmitter(m.Rate, short, src)
	case modem.V17:
		return v17.NewTransmitter(m.Rate, short, src)
	}
	return v21.NewTransmitter(src), nil
}

// NewReceiver makes one of our receivers.
func (Ours) NewReceiver(m Mode, sink modem.Sink) (modem.Receiver, error) {
	switch m.Rate.Modulation {
	case modem.V27ter:
		return v27ter.NewReceiver(m.Rate, sink)
	case modem.V29:
		return v29.NewReceiver(m.Rate, sink)
	case modem.V17:
		return v17.NewReceiver(m.Rate, sink)
	}
	return v21.NewReceiver(sink), nil
}

// source is a modem.BitSource of bits one in each octet.
type source []byte

func (s *source) ReadBits(n int) (bits uint32, got int) {
	got = min(n, len(*s))
	for i := range got {
		bits |= uint32((*s)[i]) << i
	}
	*s = (*s)[got:]
	return bits, got
}

// Transmit implements Side.
func (o Ours) Transmit(m Mode, short bool, bits []byte) ([]int16, error) {
	src := source(bits)
	x, err := o.NewTransmitter(m, short, &src)
	if err != nil {
		return nil, err
	}
	out := make([]int16, modem.SampleRate*(3+len(bits)/m.Rate.BitRate))
	return out[:x.Read(out)], nil
}

// sink collects a reception.
type sink struct {
	r    Reception
	down bool // the carrier ended after training
}

func (s *sink) WriteBits(bits uint32, n int) {
	for i := range n {
		s.r.Bits = append(s.r.Bits, byte(bits>>i&1))
	}
}

func (s *sink) Status(status modem.Status) {
	switch status {
	case modem.Trained:
		s.r.Trained = true
	case modem.CarrierDown:
		s.down = s.r.Trained
	case modem.CarrierUp, modem.TrainingFailed:
	}
}

// Receive implements Side.
func (o Ours) Receive(m Mode, line, long []int16, lost func(int) bool) (Reception, error) {
	return o.receive(m, long, func(r modem.Receiver, _ *sink) { Feed(r, line, lost) })
}

// receive makes a receiver, has it train with a long burst if there is one, and then
// hear what it is for.
func (o Ours) receive(m Mode, long []int16, hear func(modem.Receiver, *sink)) (Reception, error) {
	s := &sink{}
	r, err := o.NewReceiver(m, s)
	if err != nil {
		return s.r, err
	}
	if long != nil {
		Feed(r, long, nil)
		if s.r, s.down = (Reception{LongTrained: s.r.Trained}), false; !s.r.LongTrained {
			return s.r, nil
		}
		if err := r.(*v17.Receiver).Restart(m.Rate, true); err != nil {
			return s.r, err
		}
	}
	hear(r, s)
	return s.r, nil
}

// Feed lets a receiver hear a line, 20 ms at a time; lost tells of each such packet
// whether it is made up. nil: none.
func Feed(r modem.Receiver, line []int16, lost func(int) bool) {
	for k := 0; len(line) > 0; k++ {
		n := min(linesim.Packet, len(line))
		if lost != nil && lost(k) {
			r.Conceal(n)
		}
		r.Write(line[:n])
		line = line[n:]
	}
}
