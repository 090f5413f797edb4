package iax

import (
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// handleIAX treats IAX commands (RFC 5456 8.4).
func (m *callMachine) handleIAX(now time.Time, f *wire.Full) {
	ies, err := wire.ParseIEs(f.Data)
	if err != nil {
		return // elements are cut off: acknowledged, not believed
	}
	switch cmd := wire.Command(f.Subclass); cmd { //nolint:exhaustive // default: unsupported
	case wire.Ack, wire.VNAK, wire.New:
		// ACK and VNAK were taken by accept; a NEW here is our first frame.
	case wire.AuthReq:
		m.handleAuthReq(now, ies)
	case wire.AuthRep:
		m.handleAuthRep(now, ies)
	case wire.Accept:
		m.handleAccept(now, ies)
	case wire.Reject:
		m.closeByRemote(now, ies, true)
	case wire.Hangup:
		m.closeByRemote(now, ies, false)
	case wire.Inval:
		m.handleInval(now)
	case wire.Ping:
		m.sendReport(now, f.Timestamp)
	case wire.Pong:
		m.handlePong(now, f.Timestamp)
	case wire.LagRq:
		m.send(now, f.Timestamp, wire.TypeIAX, uint64(wire.LagRp), nil)
	case wire.LagRp, wire.MWI, wire.Unsupport, wire.Poke:
		// Heard. A POKE inside a call is a PING that asks for nothing.
	case wire.Quelch:
		m.quelched = true
	case wire.Unquelch:
		m.quelched = false
	case wire.TxReq, wire.TxReady, wire.TxRel, wire.TxRej, wire.TxMedia:
		m.handleTransfer(now, cmd, f, ies)
	case wire.TxCnt, wire.TxAcc:
		// Meant for the way between the two ends: see receiveElsewhere.
	default:
		m.unsupported(now, cmd)
	}
}

// unsupported answers a command we do not know (RFC 5456 6.9.4).
func (m *callMachine) unsupported(now time.Time, cmd wire.Command) {
	var ies wire.IEs
	ies.AddU8(wire.IEUnknown, uint8(cmd))
	m.sendIAX(now, wire.Unsupport, ies)
}

// callToken repeats NEW with the token that the other side gave. The numbering
// starts again: it kept no state.
func (m *callMachine) callToken(now time.Time, f *wire.Full) {
	ies, err := wire.ParseIEs(f.Data)
	token, ok := ies.Get(wire.IECallToken)
	if err != nil || !ok || len(token) == 0 || m.state != stateNew || m.tokenSeen || m.info.Incoming {
		return
	}
	m.tokenSeen = true
	m.reset()
	m.sendNew(now, token)
}

// handleAuthReq proves who we are (RFC 5456 6.2.3).
func (m *callMachine) handleAuthReq(now time.Time, ies wire.IEs) {
	if m.state != stateNew || m.info.Incoming {
		return
	}
	var reply wire.IEs
	method, err := m.params.answerChallenge(ies, &reply)
	if err != nil {
		m.hangupAs(now, &CallError{Cause: CauseFacilityNotSubscr, Result: DialRejected, Text: err.Error()})
		return
	}
	wanted, _ := ies.Uint(wire.IEEncryption)
	switch {
	case wanted&encryptAES128 != 0 && m.params.Encryption != EncryptNever && m.params.Secret != "":
		m.crypt = newCipher(ies.Text(wire.IEChallenge), m.params.Secret, m.random)
		m.info.Encrypt = true
	case m.params.Encryption == EncryptDemand:
		m.hangupAs(now, &CallError{Cause: CauseBearerNotAvailable, Result: DialRejected, Text: "the exchange does not encrypt, but encryption is demanded here"})
		return
	}
	m.info.Auth = method
	m.setState(stateAuthSent)
	m.sendIAX(now, wire.AuthRep, reply)
}

// handleAccept takes the other side's acceptance (RFC 5456 6.2.2).
func (m *callMachine) handleAccept(now time.Time, ies wire.IEs) {
	if m.info.Incoming || m.state != stateNew && m.state != stateAuthSent {
		return
	}
	if m.params.Encryption == EncryptDemand && m.crypt == nil {
		m.hangupAs(now, &CallError{Cause: CauseBearerNotAvailable, Result: DialRejected, Text: "the exchange does not encrypt, but encryption is demanded here"})
		return
	}
	format := formatOf(ies)
	if format == 0 {
		format = uint64(m.codecs[0]) // none named: what we wished
	}
	if format&(format-1) != 0 || format&formatBits(m.codecs) == 0 {
		m.hangupAs(now, &CallError{
			Cause: CauseBearerNotAvailable, Result: DialRejected,
			Text: "the exchange wants the codec " + formatNames(format) + "; fax needs ulaw, alaw or slin",
		})
		return
	}
	m.info.Codec = Codec(format) //nolint:gosec // one of ours
	m.setState(stateLinked)
	m.nextPing = now.Add(pingInterval)
	m.event(now, Event{Kind: EventAccepted})
}

// closeByRemote takes HANGUP or REJECT.
func (m *callMachine) closeByRemote(now time.Time, ies wire.IEs, reject bool) {
	code, _ := ies.Uint(wire.IECauseCode)
	e := &CallError{Cause: Cause(code), Remote: true, Text: ies.Text(wire.IECause)} //nolint:gosec // one octet
	if reject && e.Cause == CauseNone {
		e.Cause = CauseRejected
	}
	e.Result = m.resultOf(e.Cause)
	m.end(now, e)
	m.setState(stateClosed)
}

const textForgotten = "the other end no longer knows this call"

// handleInval: the other side knows no such call (RFC 5456 6.9.3).
func (m *callMachine) handleInval(now time.Time) {
	m.end(now, &CallError{Cause: CauseNetworkOutOfOrder, Result: m.lostResult(), Remote: true, Text: textForgotten})
	m.setState(stateClosed)
}

// sendPing asks for a PONG (RFC 5456 6.7.3).
func (m *callMachine) sendPing(now time.Time) {
	ts := m.nextTS(now)
	copy(m.pings[1:], m.pings[:])
	m.pings[0] = pingSent{ts, now}
	m.send(now, ts, wire.TypeIAX, uint64(wire.Ping), nil)
}

func (m *callMachine) handlePong(now time.Time, ts uint32) {
	for _, p := range m.pings {
		if p.ts == ts && !p.at.IsZero() {
			m.sampleRTT(now.Sub(p.at))
			return
		}
	}
}

// sendReport answers a PING with its time stamp and the receiver report
// (RFC 5456 6.7.4, 8.6.37 to 8.6.42).
func (m *callMachine) sendReport(now time.Time, ts uint32) {
	var ies wire.IEs
	if m.report != nil {
		ies = m.report()
	}
	data, _ := ies.Append(nil) // numbers only: cannot be too long
	m.send(now, ts, wire.TypeIAX, uint64(wire.Pong), data)
}
