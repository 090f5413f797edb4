package iax

import (
	"io"
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// Timers of a call.
const (
	pingInterval = 20 * time.Second // Asterisk: 21 s; keeps NAT open and tells when the other end is gone
	pingQuiet    = 4 * time.Second  // the same after nothing was heard for so long
	authTimeout  = 20 * time.Second // from AUTHREQ to AUTHREP
)

// voiceSink is told the audio that arrives in a call.
type voiceSink func(now time.Time, ts uint32, codec Codec, payload []byte)

// callMachine is one call of RFC 5456 6.2 to 6.7 without I/O: frames, the
// user's wishes and the time go in, datagrams and events come out (see output).
// All methods take the time. What it needs of its surroundings is set before
// the first step.
type callMachine struct {
	link
	out     output
	state   callState
	info    CallInfo
	random  io.Reader
	voice   voiceSink
	report  func() []wire.IE         // receiver report for PONG; may be nil
	onState func(from, to callState) // trace; may be nil

	// Outgoing.
	params    DialParams
	codecs    []Codec
	tokenSeen bool // our NEW was repeated with a call token
	giveUpAt  time.Time

	// Incoming.
	policy    Policy
	challenge string
	authUntil time.Time
	proposed  offer

	heard    bool // the other side answered a frame of ours
	lastIn   time.Time
	nextPing time.Time
	pings    [4]pingSent
	quelched bool   // QUELCH: the far end wants no audio
	plain    []byte // space for a mini frame

	trunk     TrunkMode
	voiceOut  voiceSender
	rxLast    uint32 // last time stamp of received audio, to extend those of mini frames
	rxCodec   Codec
	rxTrunk   trunkCount     // of audio that comes in trunk frames without time stamps
	home      netip.AddrPort // where the other end is
	from      netip.AddrPort // where the datagram in hand comes from
	tx        transfer
	closeAs   *CallError
	sawEvents uint32 // events that are told once
}

// pingSent remembers when a PING left, by its time stamp.
type pingSent struct {
	ts uint32
	at time.Time
}

func (m *callMachine) setState(s callState) {
	if m.onState != nil && s != m.state {
		m.onState(m.state, s)
	}
	m.state = s
}

// event tells the user something; states of the call are told once.
func (m *callMachine) event(now time.Time, ev Event) {
	if ev.Kind != EventDTMF && ev.Kind != EventText {
		if m.sawEvents&(1<<ev.Kind) != 0 {
			return
		}
		m.sawEvents |= 1 << ev.Kind
	}
	ev.At = now
	m.out.events = append(m.out.events, ev)
}

// end tells the user that the call is over. The state is the caller's business.
func (m *callMachine) end(now time.Time, why *CallError) {
	if m.closeAs != nil {
		return
	}
	if why.Result == DialOK && m.info.Incoming {
		why.Result = DialNoCarrier
	}
	m.closeAs = why
	m.event(now, Event{Kind: EventEnded, Err: why})
}

// newOutgoing places a call.
func (m *callMachine) newOutgoing(now time.Time, local wire.CallNumber, p DialParams) {
	m.link = newLink(now, local, &m.out, m.trace)
	m.params = p
	m.tx.refuse, m.trunk = p.NoTransfer, p.Trunk
	m.codecs = p.Codecs
	if len(m.codecs) == 0 {
		m.codecs = AllCodecs()
	}
	m.info.Called, m.info.Context, m.info.Caller, m.info.Username = p.Number, p.Context, p.Caller, p.Username
	m.info.ANI, m.info.RDNIS = p.ANI, p.RDNIS
	if p.Timeout > 0 {
		m.giveUpAt = now.Add(p.Timeout)
	}
	m.setState(stateNew)
	m.sendNew(now, nil)
}

// sendNew sends NEW (RFC 5456 6.2.2), with a call token if we got one.
func (m *callMachine) sendNew(now time.Time, token []byte) {
	p := &m.params
	var ies wire.IEs
	ies.AddU16(wire.IEVersion, protocolVersion) // must be the first
	ies.AddText(wire.IECalledNumber, p.Number)
	ies.AddText(wire.IECalledContext, p.Context)
	ies.AddText(wire.IECallingNumber, p.Caller.Number)
	ies.AddText(wire.IECallingName, p.Caller.Name)
	ies.AddU8(wire.IECallingPres, p.Caller.Presentation)
	ies.AddU8(wire.IECallingTON, 0)
	ies.AddU16(wire.IECallingTNS, 0)
	ies.AddText(wire.IECallingANI, p.ANI)
	ies.AddText(wire.IERDNIS, p.RDNIS)
	ies.AddText(wire.IEDNID, p.Number)
	ies.AddText(wire.IEUsername, p.Username)
	addCodecs(&ies, m.codecs)
	if p.Encryption != EncryptNever {
		ies.AddU16(wire.IEEncryption, encryptAES128)
	}
	ies.AddU32(wire.IEDateTime, dateTime(now))
	ies.AddRaw(wire.IECallToken, token)
	m.sendIAX(now, wire.New, ies)
}

// protocolVersion is the value of VERSION (RFC 5456 8.6.10).
const protocolVersion = 2

// dateTime packs a time as DATETIME does (RFC 5456 8.6.28): years since 2000,
// month, day, hour, minute, and seconds by twos.
func dateTime(t time.Time) uint32 {
	u := t.UTC()
	return uint32(u.Year()-2000)<<25 | uint32(u.Month())<<21 | uint32(u.Day())<<16 | //nolint:gosec // in range
		uint32(u.Hour())<<11 | uint32(u.Minute())<<5 | uint32(u.Second()/2) //nolint:gosec // in range
}

// receive takes a datagram of this call.
func (m *callMachine) receive(now time.Time, from netip.AddrPort, b []byte) {
	if m.state == stateClosed {
		return
	}
	m.from = from
	if from != m.home {
		m.receiveElsewhere(now, from, b)
		return
	}
	if m.crypt != nil {
		var err error
		if b, err = m.crypt.open(b); err != nil {
			return
		}
	}
	if m.trace != nil {
		m.trace(false, b)
	}
	m.lastIn = now
	switch kind, source := wire.Peek(b); kind { //nolint:exhaustive // others have no audio for us
	case wire.KindFull:
		var f wire.Full
		if wire.ParseFull(b, &f) == nil && m.isFrom(source) {
			m.receiveFull(now, &f)
		}
	case wire.KindMini:
		var f wire.Mini
		if wire.ParseMini(b, &f) == nil {
			m.receiveVoice(now, extendTS(m.rxLast, f.Timestamp), f.Data)
		}
	}
}

// isFrom tells whether a frame comes from the call we know at the other side.
func (m *callMachine) isFrom(source wire.CallNumber) bool { return m.remote == 0 || m.remote == source }

// extendTS completes the low half of a time stamp to the one nearest to the
// last received (RFC 5456 8.1.2).
func extendTS(last uint32, low uint16) uint32 {
	return last + uint32(int32(int16(low-uint16(last)))) //nolint:gosec // serial number arithmetic
}

func (m *callMachine) receiveVoice(now time.Time, ts uint32, payload []byte) {
	if m.state != stateLinked && m.state != stateUp || len(payload) == 0 {
		return
	}
	if m.rxCodec == 0 {
		m.rxCodec = m.info.Codec
	}
	m.rxLast = ts
	if m.tx.moved {
		m.directVoice(now, ts, m.rxCodec, payload)
		return
	}
	m.oldVoice(now, ts, m.rxCodec, payload)
}

func (m *callMachine) receiveFull(now time.Time, f *wire.Full) {
	if f.Type == wire.TypeIAX && wire.Command(f.Subclass) == wire.CallToken {
		m.callToken(now, f) // not part of the numbering
		return
	}
	if !m.accept(now, f) {
		return
	}
	if m.remote == 0 && numbered(f.Type, f.Subclass) {
		m.remote = f.Source
	}
	m.heard = m.heard || f.Dest == m.local
	m.handle(now, f)
	m.finish(f)
	if m.state == stateClosing && len(m.pending) == 0 {
		m.setState(stateClosed)
	}
}

// handle treats a frame that is next in order.
func (m *callMachine) handle(now time.Time, f *wire.Full) {
	switch f.Type {
	case wire.TypeIAX:
		m.handleIAX(now, f)
	case wire.TypeControl:
		m.handleControl(now, wire.Control(f.Subclass))
	case wire.TypeVoice:
		if c := Codec(f.Subclass); f.Subclass <= 1<<31 && c.Supported() { //nolint:gosec // checked
			m.rxCodec = c
			m.receiveVoice(now, f.Timestamp, f.Data)
		}
	case wire.TypeDTMF:
		m.event(now, Event{Kind: EventDTMF, Digit: byte(f.Subclass)}) //nolint:gosec // a character
	case wire.TypeText:
		m.event(now, Event{Kind: EventText, Text: string(f.Data)})
	case wire.TypeVideo, wire.TypeNull, wire.TypeImage, wire.TypeHTML, wire.TypeCNG, wire.TypeModem, wire.TypeDTMFBegin:
		// Acknowledged and dropped: not for fax.
	}
}

// handleControl treats control frames (RFC 5456 8.3).
func (m *callMachine) handleControl(now time.Time, c wire.Control) {
	if m.state != stateLinked && m.state != stateUp {
		return
	}
	switch c { //nolint:exhaustive // the rest means nothing to fax
	case wire.ControlRinging:
		m.event(now, Event{Kind: EventRinging})
	case wire.ControlProceeding:
		m.event(now, Event{Kind: EventProceeding})
	case wire.ControlProgress:
		m.event(now, Event{Kind: EventProgress})
	case wire.ControlAnswer:
		if m.state == stateLinked && !m.info.Incoming {
			m.setState(stateUp)
			m.event(now, Event{Kind: EventAnswered})
		}
	case wire.ControlBusy:
		m.farTone(now, EventBusy, CauseBusy)
	case wire.ControlCongestion:
		m.farTone(now, EventCongestion, CauseCongestion)
	case wire.ControlHangup:
		m.hangupAs(now, &CallError{Cause: CauseNormalClearing, Remote: true})
	}
}

// farTone ends a placed call that hears busy or congestion: a modem need not
// listen to the tone until the exchange hangs up.
func (m *callMachine) farTone(now time.Time, kind EventKind, cause Cause) {
	if m.info.Incoming || m.state != stateLinked {
		return
	}
	m.event(now, Event{Kind: kind})
	m.hangupAs(now, &CallError{Cause: cause, Remote: true})
}
