package iax

import (
	"encoding/binary"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// The exchange's part of a transfer (RFC 5456 6.5): TXREQ to both ends, and when
// both said TXREADY, TXREL (or TXMEDIA) to both.

// leaveLinger is how long a released call still passes on what is under way.
const leaveLinger = time.Second

// ErrNoTransfer says that two calls cannot be transferred to each other.
var ErrNoTransfer = errors.New("iax: these calls cannot be transferred to each other")

// bridgeTransfer is a transfer of two calls of ours to each other.
type bridgeTransfer struct {
	calls [2]*Call
	ends  [2]remoteKey // of the ends
	media bool

	mu    sync.Mutex // guards what follows: each call has its own goroutine
	ready [2]bool
	over  bool
}

// Transfer asks the ends of two answered calls, whose audio is relayed between
// them, to speak to each other without us (RFC 5456 6.5); with mediaOnly the
// audio alone goes directly. Ends that refuse, or do not reach each other, stay
// connected through us. A call that leaves us ends with CallError.Transferred.
func Transfer(a, b *Call, mediaOnly bool) error {
	ia, ib := a.Info(), b.Info()
	switch {
	case ia.Encrypt || ib.Encrypt:
		return fmt.Errorf("%w: an encrypted call has its key with us", ErrNoTransfer)
	case ia.Codec != ib.Codec:
		return fmt.Errorf("%w: one speaks %v, the other %v", ErrNoTransfer, ia.Codec, ib.Codec)
	}
	t := &bridgeTransfer{calls: [2]*Call{a, b}, media: mediaOnly}
	var id [4]byte
	if _, err := a.e.cfg.Rand.Read(id[:]); err != nil {
		return fmt.Errorf("iax: transfer: %w", err)
	}
	for i, c := range t.calls {
		c.mu.Lock()
		t.ends[i] = c.end
		c.mu.Unlock()
		if t.ends[i].number == 0 {
			return fmt.Errorf("%w: one is not accepted yet", ErrNoTransfer)
		}
	}
	for i, c := range t.calls {
		other := t.ends[1-i]
		c.d.post(func(now time.Time) {
			if c.m.state != stateUp || c.m.tx.leaving {
				return
			}
			c.m.tx.told = func(now time.Time, cmd wire.Command) { t.told(i, cmd) }
			var ies wire.IEs
			ies.AddAddr(wire.IEApparentAddr, other.addr)
			ies.AddU16(wire.IECallNo, uint16(other.number))
			ies.AddU32(wire.IETransferID, binary.BigEndian.Uint32(id[:]))
			c.m.sendIAX(now, wire.TxReq, ies)
		})
	}
	return nil
}

// told takes TXREADY or TXREJ of call i.
func (t *bridgeTransfer) told(i int, cmd wire.Command) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	if cmd == wire.TxRej {
		t.over = true
		other := t.calls[1-i]
		other.d.post(func(now time.Time) { other.m.sendIAX(now, wire.TxRej, nil) })
		return
	}
	t.ready[i] = true
	if !t.ready[0] || !t.ready[1] {
		return
	}
	t.over = true
	for i, c := range t.calls {
		number := t.ends[1-i].number
		c.d.post(func(now time.Time) { c.m.release(now, number, t.media) })
	}
}

// release tells an end to go on without us.
func (m *callMachine) release(now time.Time, other wire.CallNumber, media bool) {
	if m.state != stateUp {
		return
	}
	var ies wire.IEs
	ies.AddU16(wire.IECallNo, uint16(other))
	if media {
		m.sendIAX(now, wire.TxMedia, ies)
		return
	}
	m.sendIAX(now, wire.TxRel, ies)
	m.tx.leaving = true
	m.tx.leaveUnto = now.Add(leaveLinger)
}

// leave ends a call that goes on without us, if the end took its release; else
// there is a little more time.
func (m *callMachine) leave(now time.Time) {
	if len(m.pending) > 0 {
		m.tx.leaveUnto = now.Add(leaveLinger)
		return
	}
	m.end(now, &CallError{Cause: CauseNormalClearing, Local: true, Transferred: true, Text: "transferred: the two ends speak to each other"})
	m.setState(stateClosed)
}
