package iax

import (
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// Transfers (RFC 5456 6.5): an exchange that connected two of its calls may ask
// the two ends to speak to each other without it. This file is the end's part:
// TXREQ names the new end; TXCNT and TXACC prove the way there; TXREADY tells
// the exchange; TXREL moves the whole call, TXMEDIA (Asterisk's) the audio
// alone. Until then, and if the way is no way, all stays as it is.

const (
	// txRepeat is the distance of TXCNTs, which are not acknowledged.
	txRepeat = 250 * time.Millisecond
	// txTries bounds them; then the exchange is told TXREJ. 6.5.3.
	txTries = 16
	// txAsksMax bounds the transfers that are tried in one call: each lets us
	// send a few datagrams to an address that the caller names.
	txAsksMax = 4
	// txLinger is how long the way over the exchange is still listened to:
	// sound that is under way, and a TXREL whose acknowledgement was lost.
	txLinger = 20 * time.Second
	// txHeldMax bounds the datagrams kept that the new end sends before the
	// exchange released us: more than a second of audio.
	txHeldMax = 64
)

// txPhase is where a transfer stands.
type txPhase uint8

const (
	// txNone: no transfer goes on.
	txNone txPhase = iota
	// txBegin: TXREQ came, TXCNT was sent. We wait for TXACC; the repetition
	// timer runs; then TXREJ.
	txBegin
	// txReady: TXACC came, TXREADY was sent. We wait for TXREL or TXMEDIA.
	txReady
	// txMedia: TXMEDIA came: audio goes the direct way, all else over the
	// exchange, to the end of the call.
	txMedia
)

// transfer is what a call knows about its transfer.
type transfer struct {
	phase  txPhase
	refuse bool      // DialParams.NoTransfer, Policy.NoTransfer
	key    remoteKey // the new end
	id     uint32    // TRANSFERID
	repeat time.Time
	tries  int
	asks   int            // TXREQs that were followed so far
	rxLast uint32         // last time stamp of audio from the new end
	held   []heldDatagram // came from there before the exchange released us

	moved   bool // TXREL: the new end is our home
	old     link // the one with the exchange
	oldHome netip.AddrPort
	oldEnds time.Time

	splice splice

	// Of the exchange's side: see bridgetransfer.go.
	told      func(now time.Time, cmd wire.Command) // TXREADY or TXREJ came
	leaving   bool                                  // TXREL was sent: the call goes on without us
	leaveUnto time.Time
}

type heldDatagram struct {
	at time.Time
	b  []byte
}

// deadline is when transferTimeout has something to do.
func (t *transfer) deadline() time.Time {
	return earliest(earliest(t.repeat, t.oldEnds), earliest(t.splice.until, t.leaveUnto))
}

func (m *callMachine) transferTimeout(now time.Time) {
	t := &m.tx
	if due(now, t.repeat) {
		m.countAgain(now)
	}
	if due(now, t.splice.until) {
		m.joinDirect(now)
	}
	if due(now, t.oldEnds) {
		t.oldEnds, t.oldHome = time.Time{}, netip.AddrPort{}
	}
	if due(now, t.leaveUnto) {
		m.leave(now)
	}
}

// second is the other end beside home that may speak to us.
func (m *callMachine) second() remoteKey {
	switch {
	case m.tx.phase != txNone:
		return m.tx.key
	case m.tx.oldHome.IsValid():
		return remoteKey{m.tx.oldHome, m.tx.old.remote}
	}
	return remoteKey{}
}

// far is where a traced frame comes from or goes to.
func (m *callMachine) far(sent bool) netip.AddrPort {
	switch {
	case !sent:
		return m.from
	case m.out.to.IsValid():
		return m.out.to
	}
	return m.home
}

// towards lets f send to another address.
func (m *callMachine) towards(to netip.AddrPort, f func()) {
	before := m.out.to
	m.out.to = to
	f()
	m.out.to = before
}

// handleTransfer treats what the exchange says about a transfer.
func (m *callMachine) handleTransfer(now time.Time, cmd wire.Command, f *wire.Full, ies wire.IEs) {
	t := &m.tx
	switch cmd { //nolint:exhaustive // those of transfers
	case wire.TxReq:
		m.transferAsked(now, ies)
	case wire.TxRej:
		if t.told != nil {
			t.told(now, cmd)
			return
		}
		if t.phase != txMedia {
			m.dropTransfer()
		}
	case wire.TxReady:
		if t.told != nil {
			t.told(now, cmd)
		}
	case wire.TxRel:
		number, _ := ies.Uint(wire.IECallNo)
		if t.phase == txReady && wire.CallNumber(number) == t.key.number { //nolint:gosec // 16 bits
			m.move(now, f)
		}
	case wire.TxMedia:
		if t.phase == txReady {
			t.phase = txMedia
			m.voiceOut = voiceSender{} // our first full frame may not have got beyond the exchange: without one Asterisk takes no mini frames
			m.event(now, Event{Kind: EventTransferred, Text: "the audio goes directly to " + t.key.addr.String()})
			m.replay(now)
		}
	}
}

// dropTransfer forgets a transfer that does not take place.
func (m *callMachine) dropTransfer() {
	t := &m.tx
	t.phase, t.repeat, t.held, t.key = txNone, time.Time{}, nil, remoteKey{}
}

// transferAsked takes TXREQ (RFC 5456 6.5.3). An encrypted call stays where it
// is: the key is the exchange's.
func (m *callMachine) transferAsked(now time.Time, ies wire.IEs) {
	t := &m.tx
	addr, okAddr := ies.Addr(wire.IEApparentAddr)
	number, okNumber := ies.Uint(wire.IECallNo)
	id, _ := ies.Uint(wire.IETransferID)
	okNumber = okNumber && number > 0 && number <= uint64(wire.MaxCallNumber)
	possible := !t.refuse && m.state == stateUp && m.crypt == nil && !t.moved && t.phase != txMedia
	if !possible || !okAddr || !okNumber || !addr.IsValid() || addr.Port() == 0 {
		m.sendIAX(now, wire.TxRej, nil)
		return
	}
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	key := remoteKey{addr, wire.CallNumber(number)} //nolint:gosec // checked
	if t.phase != txNone && t.key == key {
		return // asked twice
	}
	if t.asks++; t.asks > txAsksMax {
		m.dropTransfer()
		m.sendIAX(now, wire.TxRej, nil)
		return
	}
	m.dropTransfer()
	t.phase, t.key, t.id, t.tries = txBegin, key, uint32(id), 0 //nolint:gosec // 32 bits
	m.countAgain(now)
}

// countAgain sends TXCNT to the new end, or gives the transfer up.
func (m *callMachine) countAgain(now time.Time) {
	t := &m.tx
	if t.tries++; t.tries > txTries {
		m.dropTransfer()
		m.sendIAX(now, wire.TxRej, nil)
		return
	}
	t.repeat = now.Add(txRepeat)
	var ies wire.IEs
	ies.AddU32(wire.IETransferID, t.id)
	m.sendDirect(now, wire.TxCnt, ies)
}

// sendDirect sends TXCNT or TXACC to the new end; they stand outside the
// numbering.
func (m *callMachine) sendDirect(now time.Time, cmd wire.Command, ies wire.IEs) {
	data, _ := ies.Append(nil) // a number: cannot be too long
	f := wire.Full{
		Source: m.local, Dest: m.tx.key.number, Timestamp: m.ts(now),
		Type: wire.TypeIAX, Subclass: uint64(cmd), Data: data,
	}
	if b, err := f.Append(nil); err == nil {
		m.towards(m.tx.key.addr, func() { m.transmit(b) })
	}
}

// receiveElsewhere takes a datagram that does not come from home: from the end
// that we shall speak to, or from the exchange that we left.
func (m *callMachine) receiveElsewhere(now time.Time, from netip.AddrPort, b []byte) {
	if m.trace != nil {
		m.trace(false, b)
	}
	kind, source := wire.Peek(b)
	switch (remoteKey{from, source}) {
	case m.tx.key:
		m.receiveNewEnd(now, kind, b)
	case remoteKey{m.tx.oldHome, m.tx.old.remote}:
		m.receiveOldHome(now, kind, b)
	}
}

// receiveNewEnd takes a datagram of the end that we are to speak to.
func (m *callMachine) receiveNewEnd(now time.Time, kind wire.Kind, b []byte) {
	t := &m.tx
	var f wire.Full
	if kind == wire.KindFull {
		if wire.ParseFull(b, &f) != nil || f.Dest != m.local {
			return
		}
		if f.Type == wire.TypeIAX && m.counted(now, &f) {
			return
		}
	}
	var mini wire.Mini
	switch {
	case t.phase == txReady && len(t.held) < txHeldMax:
		t.held = append(t.held, heldDatagram{now, append([]byte(nil), b...)})
	case t.phase == txMedia && kind == wire.KindMini && wire.ParseMini(b, &mini) == nil:
		t.rxLast = extendTS(t.rxLast, mini.Timestamp)
		m.directVoice(now, t.rxLast, m.info.Codec, mini.Data)
	}
}

// counted treats TXCNT and TXACC (RFC 5456 6.5.3).
func (m *callMachine) counted(now time.Time, f *wire.Full) bool {
	t := &m.tx
	switch wire.Command(f.Subclass) { //nolint:exhaustive // the two
	case wire.TxCnt:
		ies, err := wire.ParseIEs(f.Data)
		id, there := ies.Uint(wire.IETransferID)
		if err == nil && (!there || uint32(id) == t.id) { //nolint:gosec // 32 bits
			m.sendDirect(now, wire.TxAcc, nil)
		}
		return true
	case wire.TxAcc:
		if t.phase == txBegin {
			t.phase, t.repeat = txReady, time.Time{}
			var ies wire.IEs
			ies.AddU16(wire.IECallNo, uint16(m.local))
			m.sendIAX(now, wire.TxReady, ies)
		}
		return true
	}
	return false
}

// move leaves the exchange (TXREL): from here on the new end is our home, with
// numbers that begin anew on both sides.
func (m *callMachine) move(now time.Time, f *wire.Full) {
	t := &m.tx
	m.ackOf(f)
	t.old, t.oldHome, t.oldEnds = m.link, m.home, now.Add(txLinger)
	t.old.pending = nil
	m.reset()
	m.pending, m.rtt, m.latest = nil, 0, 0
	m.remote, m.home, m.out.to = t.key.number, t.key.addr, t.key.addr
	m.info.Remote = m.home
	t.phase, t.moved, t.repeat = txNone, true, time.Time{}
	m.voiceOut, m.trunk = voiceSender{}, TrunkNo // the new end was not asked
	t.rxLast, m.rxLast = m.rxLast, 0
	m.event(now, Event{Kind: EventTransferred, Text: "the call goes directly to " + m.home.String()})
	m.replay(now)
}

// replay takes what the new end sent before its time.
func (m *callMachine) replay(now time.Time) {
	t := &m.tx
	held := t.held
	t.held = nil
	for _, h := range held {
		t.splice.arrived = h.at
		m.receive(now, t.key.addr, h.b)
	}
	t.splice.arrived = time.Time{}
}

// receiveOldHome takes a datagram that the exchange we left still sends: sound
// that was under way, and repetitions whose acknowledgement was lost.
func (m *callMachine) receiveOldHome(now time.Time, kind wire.Kind, b []byte) {
	t := &m.tx
	if kind == wire.KindMini {
		var f wire.Mini
		if wire.ParseMini(b, &f) == nil {
			t.rxLast = extendTS(t.rxLast, f.Timestamp)
			m.oldVoice(now, t.rxLast, m.rxCodec, f.Data)
		}
		return
	}
	var f wire.Full
	if wire.ParseFull(b, &f) != nil || f.Dest != m.local {
		return
	}
	m.towards(t.oldHome, func() {
		if !t.old.accept(now, &f) {
			return
		}
		if f.Type == wire.TypeVoice && Codec(f.Subclass).Supported() { //nolint:gosec // checked
			t.rxLast = f.Timestamp
			m.oldVoice(now, f.Timestamp, Codec(f.Subclass), f.Data) //nolint:gosec // checked
		}
		t.old.finish(&f)
	})
}
