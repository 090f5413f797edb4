package iax

import (
	"net/netip"
	"time"
)

// output collects what a machine wants done: datagrams to send, in order, and
// events for the user. The driver takes both after each step. The space for
// datagrams is used again.
type output struct {
	buf    []byte // datagrams one behind the other
	ends   []datagramEnd
	events []Event

	// to is where datagrams go that are added from now on; the zero value is
	// the dialog's other end.
	to netip.AddrPort
}

// datagramEnd is where a datagram ends in the buffer, and where it goes.
type datagramEnd struct {
	end   int
	to    netip.AddrPort
	trunk TrunkMode // it may go in a trunk frame
	due   time.Time // then: when it is due by its time stamp
}

// begin gives the space behind the last datagram to append a new one to.
func (o *output) begin() []byte { return o.buf }

// end takes what was appended to begin's slice as one datagram.
func (o *output) end(b []byte) {
	o.buf = b
	o.ends = append(o.ends, datagramEnd{end: len(b), to: o.to})
}

// trunk lets the datagram that was added last go in a trunk frame.
func (o *output) trunk(mode TrunkMode, due time.Time) {
	last := &o.ends[len(o.ends)-1]
	last.trunk, last.due = mode, due
}

// put adds a datagram.
func (o *output) put(datagram []byte) { o.end(append(o.begin(), datagram...)) }

// each calls f for every datagram, in order.
func (o *output) each(f func(datagram []byte, e datagramEnd)) {
	start := 0
	for _, e := range o.ends {
		f(o.buf[start:e.end], e)
		start = e.end
	}
}

// clearPackets forgets the datagrams and keeps their space.
func (o *output) clearPackets() { o.buf, o.ends = o.buf[:0], o.ends[:0] }

// takeEvents gives the events and forgets them.
func (o *output) takeEvents() []Event {
	ev := o.events
	o.events = nil
	return ev
}
