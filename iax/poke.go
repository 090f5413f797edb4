package iax

import (
	"context"
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// pokeMachine asks whether someone answers at an address (RFC 5456 6.7.1).
type pokeMachine struct {
	link
	out    output
	sent   time.Time
	answer chan<- time.Duration
	closed bool
}

// Poke asks the endpoint at an address for a sign of life and gives the round
// trip. ctx bounds the wait.
func (e *Endpoint) Poke(ctx context.Context, to netip.AddrPort) (time.Duration, error) {
	answer := make(chan time.Duration, 1)
	m := &pokeMachine{answer: answer, sent: time.Now()}
	d, err := e.open(to, func(number wire.CallNumber, _ *dialog) machine {
		m.link = newLink(m.sent, number, &m.out, e.tracer(to))
		m.sendIAX(m.sent, wire.Poke, nil)
		return m
	})
	if err != nil {
		return 0, err
	}
	go d.run()
	select {
	case rtt := <-answer:
		return rtt, nil
	case <-d.gone:
		select {
		case rtt := <-answer:
			return rtt, nil
		default:
			return 0, context.DeadlineExceeded
		}
	case <-ctx.Done():
		d.post(func(time.Time) { m.closed = true })
		return 0, ctx.Err()
	}
}

func (m *pokeMachine) receive(now time.Time, _ netip.AddrPort, b []byte) {
	var f wire.Full
	if wire.ParseFull(b, &f) != nil || f.Type != wire.TypeIAX || wire.Command(f.Subclass) != wire.Pong || m.closed {
		return
	}
	if m.trace != nil {
		m.trace(false, b)
	}
	m.remote = f.Source
	m.iseq = f.OSeq + 1
	m.ackOf(&f)
	m.closed = true
	m.answer <- now.Sub(m.sent)
}

func (m *pokeMachine) deadline() (time.Time, bool)   { return m.link.deadline() }
func (m *pokeMachine) timeout(now time.Time)         { m.closed = m.closed || !m.link.timeout(now) }
func (m *pokeMachine) output() *output               { return &m.out }
func (m *pokeMachine) remoteNumber() wire.CallNumber { return 0 }
func (m *pokeMachine) over() bool                    { return m.closed }
func (m *pokeMachine) stepped(time.Time)             {}
func (m *pokeMachine) abandon()                      { m.closed = true }
