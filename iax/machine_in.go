package iax

import (
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// newIncoming takes a NEW that came with a good call token or needs none. f is
// the frame, info what was read from it, policy what the Authority says.
func (m *callMachine) newIncoming(now time.Time, local wire.CallNumber, f *wire.Full, ies wire.IEs, info CallInfo, policy Policy) {
	m.link = newLink(now, local, &m.out, m.trace)
	m.info, m.policy = info, policy
	m.info.Incoming = true
	m.tx.refuse, m.trunk = policy.NoTransfer, policy.Trunk
	m.codecs = policy.Codecs
	m.proposed = readOffer(ies)
	m.accept(now, f)
	m.remote = f.Source
	offered, _ := ies.Uint(wire.IEEncryption)
	encrypt := offered&encryptAES128 != 0 && policy.Encryption != EncryptNever && policy.Methods != 0 && policy.Secret != ""
	switch {
	case policy.Refuse != nil:
		m.reject(now, policy.Refuse)
	case policy.Encryption == EncryptDemand && !encrypt:
		m.reject(now, &CallError{Cause: CauseBearerNotAvailable, Text: "encryption is demanded"})
	case policy.Methods == 0:
		m.admit(now)
	default:
		m.askAuth(now, encrypt)
	}
	m.finish(f)
}

// askAuth sends AUTHREQ (RFC 5456 6.2.3). From then on the call is encrypted if
// both want it.
func (m *callMachine) askAuth(now time.Time, encrypt bool) {
	challenge, err := newChallenge(m.random)
	if err != nil {
		m.reject(now, &CallError{Cause: CauseTemporaryFailure, Text: err.Error()})
		return
	}
	m.challenge = challenge
	var ies wire.IEs
	ies.AddU16(wire.IEAuthMethods, uint16(m.policy.Methods))
	ies.AddText(wire.IEChallenge, challenge)
	if encrypt {
		ies.AddU16(wire.IEEncryption, encryptAES128)
	}
	ies.AddText(wire.IEUsername, m.info.Username)
	m.authUntil = now.Add(authTimeout)
	m.setState(stateAuthAsked)
	m.sendIAX(now, wire.AuthReq, ies)
	if encrypt {
		m.crypt = newCipher(challenge, m.policy.Secret, m.random)
		m.info.Encrypt = true
	}
}

// handleAuthRep checks the caller's proof.
func (m *callMachine) handleAuthRep(now time.Time, ies wire.IEs) {
	if m.state != stateAuthAsked {
		return
	}
	m.authUntil = time.Time{}
	m.info.Auth = m.policy.verify(m.challenge, ies)
	if m.info.Auth == 0 {
		m.reject(now, &CallError{Cause: CauseFacilityNotSubscr, Text: "No authority found"})
		return
	}
	m.admit(now)
}

// admit accepts the call if the codec can be agreed and the Authority has
// nothing against it (RFC 5456 6.2.2).
func (m *callMachine) admit(now time.Time) {
	if m.policy.Admit != nil {
		if why := m.policy.Admit(m.info); why != nil {
			m.reject(now, why)
			return
		}
	}
	codec, err := choose(m.proposed, m.codecs, m.policy.CallerFirst)
	if err != nil {
		m.reject(now, &CallError{Cause: CauseBearerNotAvailable, Text: "Unable to negotiate codec: " + err.Error()})
		return
	}
	m.info.Codec = codec
	var ies wire.IEs
	ies.AddU32(wire.IEFormat, uint32(codec))
	ies.AddVersioned(wire.IEFormat2, uint64(codec))
	m.setState(stateLinked)
	m.nextPing = now.Add(pingInterval)
	m.sendIAX(now, wire.Accept, ies)
	m.event(now, Event{Kind: EventAccepted})
}

// control sends a control frame.
func (m *callMachine) control(now time.Time, c wire.Control) {
	m.send(now, m.nextTS(now), wire.TypeControl, uint64(c), nil)
}

// indicate tells the caller of an incoming call how it goes: ringing,
// proceeding, progress, busy, congestion.
func (m *callMachine) indicate(now time.Time, c wire.Control) {
	if m.info.Incoming && m.state == stateLinked {
		m.control(now, c)
	}
}

// answer answers an incoming call.
func (m *callMachine) answer(now time.Time) {
	if m.info.Incoming && m.state == stateLinked {
		m.control(now, wire.ControlAnswer)
		m.setState(stateUp)
		m.event(now, Event{Kind: EventAnswered})
	}
}

// sendDTMF sends a digit (RFC 5456 6.8.1).
func (m *callMachine) sendDTMF(now time.Time, digit byte) {
	if m.state == stateLinked || m.state == stateUp {
		m.send(now, m.nextTS(now), wire.TypeDTMF, uint64(digit), nil)
	}
}
