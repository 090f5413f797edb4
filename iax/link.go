package iax

import (
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// Timers of reliable delivery (RFC 5456 7.2). Asterisk sends four times with
// intervals that grow tenfold; on a path that loses packets shorter ones that
// double bring a frame through sooner.
const (
	retransmitFirst = 300 * time.Millisecond // before the round trip is known
	retransmitMin   = 100 * time.Millisecond
	retransmitMax   = time.Second
	giveUpAfter     = 15 * time.Second // without an acknowledgement the other side is gone
	giveUpFinal     = 5 * time.Second  // the same for the last frame of a call
)

// maxPending bounds the frames that wait for an acknowledgement; the sequence
// numbers allow 127.
const maxPending = 100

// link is reliable, ordered delivery of full frames in one direction pair
// (RFC 5456 7 and 8.1.1): it numbers, acknowledges, repeats and asks for
// repetition. Every machine that exchanges full frames stands on one. It does
// no I/O; datagrams go to out.
type link struct {
	local  wire.CallNumber
	remote wire.CallNumber // 0 until the other side told
	epoch  time.Time       // time stamp 0
	oseq   uint8           // number of the next frame to send
	iseq   uint8           // number of the next frame expected
	told   uint8           // iseq that the other side knows from us
	lastTS uint32          // time stamp of the last numbered frame sent
	rtt    time.Duration   // smoothed; 0 unknown
	latest time.Duration   // latest sample of rtt
	crypt  *cipherPair     // nil: frames go in the clear
	out    *output

	trace func(sent bool, clear []byte) // told every frame before encryption and after decryption; may be nil

	pending []pendingFrame
	retrans uint64
	closing bool // the last frame was sent: give up sooner
}

// pendingFrame is a frame that waits for its acknowledgement.
type pendingFrame struct {
	frame    []byte // encoded, in the clear
	oseq     uint8
	sent     time.Time // first time
	next     time.Time // when to send again
	interval time.Duration
	tries    int
}

func newLink(now time.Time, local wire.CallNumber, out *output, trace func(sent bool, clear []byte)) link {
	return link{local: local, epoch: now, out: out, trace: trace}
}

// ts is the time of the call in ms at now (RFC 5456 8.1.1).
func (l *link) ts(now time.Time) uint32 {
	return uint32(now.Sub(l.epoch) / time.Millisecond) //nolint:gosec // wraps after 49 days as the RFC says
}

// reset starts the numbering anew, for the repetition of a first frame with a
// call token.
func (l *link) reset() {
	l.oseq, l.iseq, l.told, l.remote = 0, 0, 0, 0
	l.pending = l.pending[:0]
}

// numbered tells whether an IAX command takes part in the numbering (7).
func numbered(typ wire.FrameType, sub uint64) bool {
	if typ != wire.TypeIAX {
		return true
	}
	switch wire.Command(sub) { //nolint:exhaustive // the few that do not
	case wire.Ack, wire.Inval, wire.VNAK, wire.TxCnt, wire.TxAcc:
		return false
	}
	return true
}

// sendIAX sends an IAX command with elements reliably.
func (l *link) sendIAX(now time.Time, cmd wire.Command, ies wire.IEs) {
	data, err := ies.Append(nil)
	if err != nil {
		data = nil // elements are cut to length where they are made
	}
	l.send(now, l.nextTS(now), wire.TypeIAX, uint64(cmd), data)
}

// nextTS gives a time stamp for a numbered frame: the clock's, but always
// ahead of the last one so that the other side sees them in order.
func (l *link) nextTS(now time.Time) uint32 {
	ts := l.ts(now)
	if l.oseq != 0 && int32(ts-l.lastTS) <= 0 {
		ts = l.lastTS + 1
	}
	return ts
}

// send sends a numbered frame with the given time stamp and keeps it until it
// is acknowledged.
func (l *link) send(now time.Time, ts uint32, typ wire.FrameType, sub uint64, data []byte) {
	f := wire.Full{
		Source: l.local, Dest: l.remote, Timestamp: ts, OSeq: l.oseq, ISeq: l.iseq,
		Type: typ, Subclass: sub, Data: data,
	}
	b, err := f.Append(nil)
	if err != nil || len(l.pending) >= maxPending {
		return
	}
	interval := l.interval()
	l.pending = append(l.pending, pendingFrame{frame: b, oseq: l.oseq, sent: now, next: now.Add(interval), interval: interval, tries: 1})
	l.oseq++
	l.told = l.iseq
	if l.oseq == 1 || int32(ts-l.lastTS) > 0 {
		l.lastTS = ts
	}
	l.transmit(b)
}

// sendPlain sends a command that is neither numbered nor repeated, or one that
// answers with the time stamp of the question.
func (l *link) sendPlain(cmd wire.Command, ts uint32, oseq uint8) {
	f := wire.Full{
		Source: l.local, Dest: l.remote, Timestamp: ts, OSeq: oseq, ISeq: l.iseq,
		Type: wire.TypeIAX, Subclass: uint64(cmd),
	}
	b, err := f.Append(nil)
	if err != nil {
		return
	}
	l.told = l.iseq
	l.transmit(b)
}

// transmit hands an encoded frame to the output, encrypted if the call is.
func (l *link) transmit(frame []byte) {
	if l.trace != nil {
		l.trace(true, frame)
	}
	if l.crypt == nil {
		l.out.put(frame)
		return
	}
	l.out.end(l.crypt.seal(l.out.begin(), frame))
}

// interval is the first wait for an acknowledgement.
func (l *link) interval() time.Duration {
	if l.rtt == 0 {
		return retransmitFirst
	}
	return max(retransmitMin, 3*l.rtt)
}

// accept takes the numbering of a received full frame: what it acknowledges,
// and whether it is the next one. Only if it returns true is the frame to be
// handled; others were answered here.
func (l *link) accept(now time.Time, f *wire.Full) bool {
	inval := f.Type == wire.TypeIAX && wire.Command(f.Subclass) == wire.Inval
	if !inval {
		l.acknowledged(now, f.ISeq)
	}
	if !numbered(f.Type, f.Subclass) {
		if f.Type == wire.TypeIAX && wire.Command(f.Subclass) == wire.VNAK {
			l.repeatFrom(now, f.ISeq)
		}
		return true
	}
	switch ahead := f.OSeq - l.iseq; {
	case ahead == 0:
		l.iseq++
		return true
	case ahead >= 0x80: // had it: the acknowledgement was lost
		l.ackOf(f)
	default: // one before it was lost (RFC 5456 6.9.2)
		l.sendPlain(wire.VNAK, f.Timestamp, l.oseq)
	}
	return false
}

// ackOf acknowledges a frame by its time stamp (RFC 5456 6.9.1).
func (l *link) ackOf(f *wire.Full) { l.sendPlain(wire.Ack, f.Timestamp, l.oseq) }

// finish acknowledges f explicitly unless something that was sent since
// already told it.
func (l *link) finish(f *wire.Full) {
	if numbered(f.Type, f.Subclass) && l.told != l.iseq {
		l.ackOf(f)
	}
}

// acknowledged drops all pending frames before iseq.
func (l *link) acknowledged(now time.Time, iseq uint8) {
	if inFlight := l.oseq - iseq; int(inFlight) > len(l.pending) {
		return // not within the window
	}
	n := 0
	for n < len(l.pending) && int8(iseq-l.pending[n].oseq) > 0 { //nolint:gosec // serial number arithmetic
		if l.pending[n].tries == 1 {
			l.sampleRTT(now.Sub(l.pending[n].sent))
		}
		n++
	}
	l.pending = append(l.pending[:0], l.pending[n:]...)
}

// sampleRTT takes a measured round trip into the mean (RFC 6298's weights).
func (l *link) sampleRTT(d time.Duration) {
	if d < time.Millisecond {
		d = time.Millisecond
	}
	l.latest = d
	if l.rtt == 0 {
		l.rtt = d
		return
	}
	l.rtt += (d - l.rtt) / 8
}

// repeatFrom sends again every frame from iseq on (VNAK, RFC 5456 6.9.2).
func (l *link) repeatFrom(now time.Time, iseq uint8) {
	for i := range l.pending {
		if int8(l.pending[i].oseq-iseq) >= 0 { //nolint:gosec // serial number arithmetic
			l.repeat(now, &l.pending[i])
		}
	}
}

func (l *link) repeat(now time.Time, p *pendingFrame) {
	wire.MarkRetransmitted(p.frame, l.iseq)
	p.tries++
	p.interval = min(2*p.interval, retransmitMax)
	p.next = now.Add(p.interval)
	l.retrans++
	l.transmit(p.frame)
}

// deadline is when timeout has something to do.
func (l *link) deadline() (time.Time, bool) {
	var first time.Time
	for i := range l.pending {
		first = earliest(first, l.pending[i].next)
	}
	return first, len(l.pending) > 0
}

// timeout repeats what is due. It returns false when the other side did not
// acknowledge a frame for so long that it must be gone.
func (l *link) timeout(now time.Time) bool {
	limit := giveUpAfter
	if l.closing {
		limit = giveUpFinal
	}
	for i := range l.pending {
		p := &l.pending[i]
		if p.next.After(now) {
			continue
		}
		if now.Sub(p.sent) >= limit {
			return false
		}
		l.repeat(now, p)
	}
	return true
}

// earliest is the earlier of two times; the zero time counts as none.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || (!b.IsZero() && b.Before(a)) {
		return b
	}
	return a
}
