package iax

// callState is where a call stands (RFC 5456 6.2, 6.3).
type callState uint8

const (
	// stateNew: NEW was sent. We wait for CALLTOKEN, AUTHREQ, ACCEPT or
	// REJECT; the retransmission timer and the dial timeout run. 6.2.2.
	stateNew callState = iota + 1
	// stateAuthSent: AUTHREP was sent. We wait for ACCEPT or REJECT. 6.2.3.
	stateAuthSent
	// stateAuthAsked: AUTHREQ was sent for a call that came in. We wait for
	// AUTHREP; the authentication timeout runs. 6.2.3.
	stateAuthAsked
	// stateLinked: ACCEPT was seen or sent, the call rings or is about to.
	// We wait for ANSWER from the far end or from our user. 6.3.
	stateLinked
	// stateUp: answered; audio runs both ways until HANGUP. 6.3.4.
	stateUp
	// stateClosing: HANGUP or REJECT was sent. We wait for its
	// acknowledgement; the retransmission timer runs. 6.2.5, 6.2.7.
	stateClosing
	// stateClosed: over. The call number may be given back.
	stateClosed
)

// String names the state for traces.
func (s callState) String() string {
	switch s {
	case stateNew:
		return "new"
	case stateAuthSent:
		return "authentication sent"
	case stateAuthAsked:
		return "authentication asked"
	case stateLinked:
		return "linked"
	case stateUp:
		return "up"
	case stateClosing:
		return "closing"
	case stateClosed:
		return "closed"
	}
	return "no state"
}
