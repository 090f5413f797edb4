package iax

import (
	"io"
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// regPhase is where a registration stands (RFC 5456 6.1).
type regPhase uint8

const (
	// regResolve: the server's address is being looked up.
	regResolve regPhase = iota + 1
	// regAsked: REGREQ was sent. We wait for CALLTOKEN, REGAUTH, REGACK or
	// REGREJ; the retransmission timer runs. 6.1.2.
	regAsked
	// regProved: REGREQ with our proof was sent. As regAsked. 6.1.3.
	regProved
	// regHeld: REGACK was seen. The refresh timer runs; then regResolve.
	regHeld
	// regRetry: refused, no answer or no address. The retry timer runs; then
	// regResolve, with the next server if the last did not answer.
	regRetry
	// regReleasing: REGREL was sent. We wait for REGAUTH or REGACK. 6.1.5.
	regReleasing
	// regOver: released.
	regOver
)

// Times of a registration.
const (
	defaultRefresh = 60 * time.Second // RFC 5456 8.6.17
	regTimeout     = 10 * time.Second // without an answer the server is taken for gone
	regRetryFirst  = 5 * time.Second
	regRetryMax    = 60 * time.Second
	regAwayFirst   = time.Second // where nobody answers: REGREQ, repeated for regTimeout, comes back soon
	regAwayMax     = 10 * time.Second
	resolveTimeout = 10 * time.Second
	releaseTimeout = 2 * time.Second
)

// refreshShare is the part of the granted time after which we register again,
// as Asterisk does.
const (
	refreshNum = 5
	refreshDen = 6
)

// regMachine keeps one registration without I/O. Each attempt is an exchange of
// its own with a new link; call numbers and addresses come from outside.
type regMachine struct {
	link
	out    output
	cfg    Registration
	phase  regPhase
	status RegStatus
	random io.Reader

	// newAttempt is asked for a call number; the answer is given to attempt.
	// resolve is asked for the address of a server; the answer is given to
	// resolved. Both may answer later.
	resolve func(server string)
	attempt func(now time.Time, addr netip.AddrPort) (wire.CallNumber, bool)

	// leads tells whether this registration watches the server for others, spread
	// tells those something, resign ends that. All nil: there are no others.
	leads  func(server netip.AddrPort) bool
	spread func(server netip.AddrPort, tell func(*regMachine, time.Time))
	resign func()

	server    int // index of the server in use: 0 Server, then Backups
	tokenSeen bool
	releasing bool
	watch     serverWatch
	hints     hints
	timer     time.Time // of the phase
	asked     time.Time // when REGREQ left
	retry     time.Duration
	onStatus  func(RegStatus)
}

// servers is the list in the order of preference.
func (m *regMachine) servers() []string { return append([]string{m.cfg.Server}, m.cfg.Backups...) }

// begin starts an attempt with the server in use.
func (m *regMachine) begin(now time.Time) {
	m.watch.stop()
	m.phase = regResolve
	m.timer = now.Add(resolveTimeout)
	all := m.servers()
	m.server %= len(all)
	m.status.Server = all[m.server]
	if m.status.State == 0 {
		m.tell(RegTrying, "")
	}
	m.resolve(all[m.server])
}

// resolved takes the server's address, or why there is none.
func (m *regMachine) resolved(now time.Time, addr netip.AddrPort, err error) {
	if m.phase != regResolve {
		return
	}
	if err != nil {
		m.fail(now, RegBadAddress, err.Error())
		return
	}
	m.status.Addr = addr
	number, ok := m.attempt(now, addr)
	if !ok {
		m.fail(now, RegNoAnswer, ErrNoNumbers.Error())
		return
	}
	m.link = newLink(now, number, &m.out, m.trace)
	m.tokenSeen = false
	m.ask(now, nil, nil)
}

// ask sends REGREQ or REGREL, with a token or a proof if there is one.
func (m *regMachine) ask(now time.Time, token []byte, proof wire.IEs) {
	cmd := wire.RegReq
	m.phase = regAsked
	if m.releasing {
		cmd, m.phase = wire.RegRel, regReleasing
	} else if proof != nil {
		m.phase = regProved
	}
	var ies wire.IEs
	ies.AddText(wire.IEUsername, m.cfg.Username)
	ies = append(ies, proof...)
	if m.releasing {
		ies.AddU8(wire.IECauseCode, uint8(CauseNormalClearing))
	} else {
		ies.AddU16(wire.IERefresh, uint16(m.refreshAsked()/time.Second)) //nolint:gosec // bounded
	}
	if proof == nil {
		ies.AddRaw(wire.IECallToken, token)
	}
	m.asked = now
	m.timer = now.Add(regTimeout)
	if m.releasing {
		m.timer = now.Add(releaseTimeout)
	}
	m.sendIAX(now, cmd, ies)
}

// refreshAsked is the time we ask for, within what 16 bits of seconds hold.
func (m *regMachine) refreshAsked() time.Duration {
	if m.cfg.Refresh <= 0 {
		return defaultRefresh
	}
	return min(max(m.cfg.Refresh, time.Second), 0xffff*time.Second)
}

// release ends the registration: REGREL where there is one, else at once.
func (m *regMachine) release(now time.Time) {
	if m.releasing || m.phase == regOver {
		return
	}
	m.releasing = true
	m.watch.stop()
	if m.phase != regHeld {
		m.finishUp()
		return
	}
	number, ok := m.attempt(now, m.status.Addr)
	if !ok {
		m.finishUp()
		return
	}
	m.link = newLink(now, number, &m.out, m.trace)
	m.tokenSeen = false
	m.ask(now, nil, nil)
}

func (m *regMachine) finishUp() {
	m.phase = regOver
	m.timer = time.Time{}
	m.watch.stop()
	m.tell(RegReleased, "")
}

// receive takes a datagram of the current attempt.
func (m *regMachine) receive(now time.Time, b []byte) {
	var f wire.Full
	if wire.ParseFull(b, &f) != nil || f.Dest != m.local || f.Type != wire.TypeIAX || m.phase == regOver {
		return
	}
	if m.trace != nil {
		m.trace(false, b)
	}
	ies, err := wire.ParseIEs(f.Data)
	if err != nil {
		return
	}
	cmd := wire.Command(f.Subclass)
	if cmd == wire.CallToken {
		m.callToken(now, ies)
		return
	}
	if f.Source == apatheticNumber && cmd == wire.RegRej {
		m.rejected(now, ies) // from a server that kept no state
		return
	}
	if m.remote != 0 && f.Source != m.remote || !m.accept(now, &f) {
		return
	}
	if m.remote == 0 && numbered(f.Type, f.Subclass) {
		m.remote = f.Source
	}
	m.handle(now, cmd, ies)
	m.finish(&f)
}

func (m *regMachine) callToken(now time.Time, ies wire.IEs) {
	token, ok := ies.Get(wire.IECallToken)
	if !ok || len(token) == 0 || m.tokenSeen || m.phase != regAsked && m.phase != regReleasing {
		return
	}
	m.tokenSeen = true
	m.reset()
	m.ask(now, token, nil)
}

func (m *regMachine) handle(now time.Time, cmd wire.Command, ies wire.IEs) {
	switch cmd { //nolint:exhaustive // what a registration knows
	case wire.RegAuth:
		if m.phase != regAsked && m.phase != regReleasing {
			return
		}
		var proof wire.IEs
		if _, err := m.cfg.answerChallenge(ies, &proof); err != nil {
			m.fail(now, RegRejected, err.Error())
			return
		}
		m.ask(now, nil, proof)
	case wire.RegAck:
		m.acked(now, ies)
	case wire.Pong:
		m.serverAnswered(now)
	case wire.RegRej:
		m.rejected(now, ies)
	case wire.Inval:
		if m.phase != regHeld { // there it is about an exchange of frames that is over
			m.fail(now, RegNoAnswer, "the server forgot the registration on the way")
		}
	}
}

// acked takes REGACK.
func (m *regMachine) acked(now time.Time, ies wire.IEs) {
	if m.releasing {
		m.finishUp()
		return
	}
	if m.phase != regAsked && m.phase != regProved {
		return
	}
	granted := defaultRefresh
	if s, ok := ies.Uint(wire.IERefresh); ok && s > 0 {
		granted = time.Duration(s) * time.Second //nolint:gosec // 16 bits
	}
	m.phase = regHeld
	m.retry = 0
	m.status.Refresh = granted
	m.status.RTT = now.Sub(m.asked)
	if a, ok := ies.Addr(wire.IEApparentAddr); ok {
		m.status.Apparent = a
	}
	m.timer = now.Add(granted * refreshNum / refreshDen)
	m.status.Next = m.timer
	m.watch.begin(now.Add(m.watchPause()), m.status.Addr)
	m.tell(Registered, "")
}

func (m *regMachine) rejected(now time.Time, ies wire.IEs) {
	if m.releasing {
		m.finishUp()
		return
	}
	if m.phase != regAsked && m.phase != regProved {
		return
	}
	text := ies.Text(wire.IECause)
	if text == "" {
		text = "the server refuses and gives no cause"
	}
	m.fail(now, RegRejected, text)
}

// fail ends an attempt; the next one follows after a pause that grows. A server
// that does not answer makes room for the next in the list.
func (m *regMachine) fail(now time.Time, state RegState, text string) {
	m.watch.stop()
	if m.resign != nil {
		m.resign()
	}
	m.pending = m.pending[:0]
	if m.releasing {
		m.finishUp()
		return
	}
	if state != RegRejected {
		m.server++
	}
	first, most := regRetryFirst, regRetryMax
	if state == RegNoAnswer {
		first, most = regAwayFirst, regAwayMax
	}
	m.retry = min(max(2*m.retry, first), most)
	if state != RegRejected && m.server%len(m.servers()) != 0 {
		m.retry = 0 // a server that was not yet tried in this round
	}
	m.phase = regRetry
	m.timer = now.Add(m.retry)
	m.status.Next = m.timer
	m.tell(state, text)
}

// tell reports the state.
func (m *regMachine) tell(s RegState, text string) {
	m.status.State, m.status.Text = s, text
	if m.onStatus != nil {
		m.onStatus(m.status)
	}
}

// deadline is when timeout has something to do.
func (m *regMachine) deadline() (time.Time, bool) {
	if m.phase == regOver {
		return time.Time{}, false
	}
	first, _ := m.link.deadline()
	first = earliest(earliest(first, m.timer), m.watch.at)
	return first, !first.IsZero()
}

// timeout does what is due.
func (m *regMachine) timeout(now time.Time) {
	if m.phase == regOver {
		return
	}
	m.link.timeout(now) // the phase's own timer is shorter than giveUpAfter
	if due(now, m.watch.at) {
		m.watchServer(now)
	}
	if !due(now, m.timer) {
		return
	}
	switch m.phase { //nolint:exhaustive // regOver has no timer
	case regHeld, regRetry:
		m.begin(now)
	case regResolve:
		m.fail(now, RegBadAddress, "the server's name is not resolved in time")
	case regAsked, regProved:
		m.fail(now, RegNoAnswer, "the server does not answer")
	case regReleasing:
		m.finishUp()
	}
}

// String names a state for people.
func (s RegState) String() string {
	switch s {
	case RegTrying:
		return "trying"
	case Registered:
		return "registered"
	case RegRejected:
		return "rejected"
	case RegNoAnswer:
		return "no answer"
	case RegReleased:
		return "released"
	case RegBadAddress:
		return "server not found"
	}
	return "unknown"
}
