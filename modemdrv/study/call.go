package study

import (
	"errors"
	"io"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/linesim"
)

// End is one end of a call: samples out and in by turns, 160 each.
type End interface {
	// Next gives what the end sends. io.EOF: it has hung up.
	Next(out []int16) error
	// Hear gives it what arrives; lost tells that this is made up.
	Hear(in []int16, lost bool) error
}

// Session is a session of ours as an End.
type Session struct {
	*modemdrv.Session
	Told bool // it is told which packets are lost
}

// Next implements End.
func (s Session) Next(out []int16) error {
	if s.Done() {
		return io.EOF
	}
	s.Transmit(out)
	return nil
}

// Hear implements End.
func (s Session) Hear(in []int16, lost bool) error {
	if lost && s.Told {
		s.Conceal(len(in))
	}
	s.Receive(in)
	return nil
}

// ErrTooLong tells that a call did not end.
var ErrTooLong = errors.New("the call did not end")

// lineDelay is silence in a channel before the first sample, so that there is always
// a packet to take out.
const lineDelay = 2 * linesim.Packet

// Call joins two ends by a channel each way, until one hangs up, and gives
// the samples it took. limit ends it with ErrTooLong.
func Call(a, b End, toB, toA linesim.Parameters, limit int) (samples int, err error) {
	there, back := linesim.New(toB), linesim.New(toA)
	there.Silence(lineDelay)
	back.Silence(lineDelay)
	for samples = 0; samples < limit; samples += linesim.Packet {
		if err := pass(a, b, there, samples); err != nil {
			return samples, hangup(err)
		}
		if err := pass(b, a, back, samples); err != nil {
			return samples, hangup(err)
		}
	}
	return samples, ErrTooLong
}

func hangup(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// pass takes a packet from one end through a channel to the other.
func pass(from, to End, c *linesim.Channel, at int) error {
	var out [linesim.Packet]int16
	if err := from.Next(out[:]); err != nil {
		return err
	}
	c.Write(out[:])
	return to.Hear(c.Output()[at:at+linesim.Packet], c.Lost(at/linesim.Packet))
}
