package iax

import (
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// causeElements writes a cause and its text.
func causeElements(cause Cause, text string) wire.IEs {
	var ies wire.IEs
	if text == "" {
		text = cause.Sentence()
	}
	ies.AddText(wire.IECause, text)
	ies.AddU8(wire.IECauseCode, uint8(cause))
	return ies
}

// reject refuses a call that came in and was not accepted (RFC 5456 6.2.6).
func (m *callMachine) reject(now time.Time, why *CallError) {
	e := *why
	e.Result = DialRejected
	m.closeWith(now, wire.Reject, &e)
}

// hangup ends the call on our user's wish. A call that came in and is not yet
// accepted is rejected.
func (m *callMachine) hangup(now time.Time, cause Cause, text string) {
	if m.tx.leaving { // the two ends speak to each other
		m.leave(now)
		return
	}
	if cause == CauseNone {
		cause = CauseNormalClearing
	}
	e := &CallError{Cause: cause, Local: true, Text: text}
	if m.state == stateAuthAsked {
		m.closeWith(now, wire.Reject, e)
		return
	}
	m.hangupAs(now, e)
}

// hangupAs sends HANGUP (RFC 5456 6.2.5) and tells the user why. Result is
// filled in from the cause where it is DialOK.
func (m *callMachine) hangupAs(now time.Time, why *CallError) {
	if why.Result == DialOK {
		why.Result = m.resultOf(why.Cause)
	}
	m.closeWith(now, wire.Hangup, why)
}

func (m *callMachine) closeWith(now time.Time, cmd wire.Command, why *CallError) {
	if m.state == stateClosing || m.state == stateClosed {
		return
	}
	// What was not acknowledged so far is of no interest any more, except
	// the NEW that makes the other side know this call.
	m.sendIAX(now, cmd, causeElements(why.Cause, why.Text))
	m.closing = true
	m.setState(stateClosing)
	m.end(now, why)
}

// deadline is when timeout has something to do.
func (m *callMachine) deadline() (time.Time, bool) {
	if m.state == stateClosed {
		return time.Time{}, false
	}
	first, _ := m.link.deadline()
	first = earliest(first, m.giveUpAt)
	first = earliest(first, m.authUntil)
	first = earliest(first, m.pingDue())
	first = earliest(first, m.tx.deadline())
	return first, !first.IsZero()
}

// timeout does what is due.
func (m *callMachine) timeout(now time.Time) {
	if m.state == stateClosed {
		return
	}
	if !m.link.timeout(now) {
		m.end(now, &CallError{Cause: CauseDestinationOutOfOrd, Result: m.lostResult(), Text: "the exchange does not answer"})
		m.setState(stateClosed)
		return
	}
	if due(now, m.giveUpAt) {
		m.giveUpAt = time.Time{}
		if m.state != stateUp {
			m.hangupAs(now, &CallError{Cause: CauseNoAnswer, Result: DialNoAnswer, Local: true, Text: "not answered in time"})
		}
	}
	if due(now, m.authUntil) {
		m.authUntil = time.Time{}
		m.reject(now, &CallError{Cause: CauseTimerExpiry, Text: "no answer to the authentication request"})
	}
	m.transferTimeout(now)
	if due(now, m.pingDue()) {
		m.nextPing = now.Add(pingInterval)
		m.lastIn = now
		if m.state == stateUp || m.state == stateLinked {
			m.sendPing(now)
		}
	}
}

// pingDue is when the next PING goes out: regularly, and sooner when an answered
// call is quiet, so that an exchange that was restarted is noticed.
func (m *callMachine) pingDue() time.Time {
	if m.tx.leaving {
		return time.Time{}
	}
	if m.state != stateUp || m.lastIn.IsZero() || len(m.pending) > 0 {
		return m.nextPing
	}
	return earliest(m.nextPing, m.lastIn.Add(pingQuiet))
}

// due tells whether a timer that runs (is not zero) is over.
func due(now, t time.Time) bool { return !t.IsZero() && !t.After(now) }

// lostResult is the dial result when the exchange is gone.
func (m *callMachine) lostResult() DialResult {
	if m.state == stateUp {
		return DialNoCarrier
	}
	return DialNoDialtone
}

// resultOf maps a cause to HylaFAX's dial results. A call that was answered and
// then cut has lost its carrier, whatever the cause.
func (m *callMachine) resultOf(c Cause) DialResult {
	if m.state == stateUp {
		return DialNoCarrier
	}
	return c.DialResult()
}

// voiceSender decides which audio frames go as full frames.
type voiceSender struct {
	lastFull uint32
	codec    Codec // of the last full frame; 0 none sent
}

// sendVoice sends one frame of audio with the given time stamp (RFC 5456
// 6.10.1, 8.1.2): a full frame at first, at each change of codec and whenever
// the time stamp passes 2^15 ms, as Asterisk does, else a mini frame. In a trunk
// frame without time stamps for each call there is nothing that could pass, and
// a full frame would be out of its order.
func (m *callMachine) sendVoice(now time.Time, ts uint32, codec Codec, payload []byte) {
	if m.state != stateLinked && m.state != stateUp || m.quelched {
		return
	}
	const half = 0xffff8000
	v := &m.voiceOut
	stampless := m.trunk == TrunkPlain && m.crypt == nil && m.tx.phase != txMedia
	if v.codec != codec || !stampless && (ts^v.lastFull)&half != 0 {
		v.codec, v.lastFull = codec, ts
		m.send(now, ts, wire.TypeVoice, uint64(codec), payload)
		return
	}
	f := wire.Mini{Source: m.local, Timestamp: uint16(ts), Data: payload} //nolint:gosec // the low half is what is meant
	m.plain = f.Append(m.plain[:0])
	if m.tx.phase == txMedia {
		m.towards(m.tx.key.addr, func() { m.transmit(m.plain) })
		return
	}
	m.transmit(m.plain)
	if m.trunk != TrunkNo && m.crypt == nil {
		m.out.trunk(m.trunk, m.epoch.Add(time.Duration(ts)*time.Millisecond))
	}
}
