package iax

// output collects what a machine wants done: datagrams to send, in order, and
// events for the user. The driver takes both after each step. The space for
// datagrams is used again.
type output struct {
	buf    []byte // datagrams one behind the other
	ends   []int  // where each ends in buf
	events []Event
}

// begin gives the space behind the last datagram to append a new one to.
func (o *output) begin() []byte { return o.buf }

// end takes what was appended to begin's slice as one datagram.
func (o *output) end(b []byte) {
	o.buf = b
	o.ends = append(o.ends, len(b))
}

// put adds a datagram.
func (o *output) put(datagram []byte) { o.end(append(o.begin(), datagram...)) }

// each calls f for every datagram, in order.
func (o *output) each(f func(datagram []byte)) {
	start := 0
	for _, end := range o.ends {
		f(o.buf[start:end])
		start = end
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
