package t30

import "github.com/litoria-fax/litoria/modemdrv/modem"

// The timers of T.30 5.4.3.1, in samples, within their tolerances, and pauses.
const (
	timerT0         = 65 * Second          // 60 +- 5 s: for the called station to answer; see ringing
	timerT1Calling  = 40 * Second          // 35 +- 5 s: to find a fax at the other end
	timerT1Answered = 35 * Second          // the same, of a called station
	timerT2         = 6 * Second           // 6 +- 1 s: to get a command
	timerT4         = 3300 * Second / 1000 // 3 s +- 15 %: to get a response
	timerT5         = 60 * Second          // 60 +- 5 s: to wait for a busy receiver

	// phaseBWait is T2, at its least, from the answer to EOM to the DIS after it
	// (Figure 5-2, R): as short as T.30 allows. An EOM repeated for want of that
	// answer begins before it is over, and puts it off.
	phaseBWait = 5050 * Second / 1000

	// commandWait is how long a receiver waits for a page or its command before it
	// gives the call up. T.30 says T2; but a sender repeats its commands every
	// T4, three times, and two of these may be lost. If it hung up the line tells.
	commandWait = 3 * timerT2

	// lastPause is how long the line is kept after our DCN, lastWait after the far
	// end's if it does not hang up by itself: HylaFAX and spandsp take a second.
	lastPause = 200 * Second / 1000
	lastWait  = 1500 * Second / 1000

	// pause is the silence between signals of different modulation, and after
	// the far end's (5.3.2.4: 75 +- 20 ms). HylaFAX with iaxmodem takes 60 ms.
	pause = 65 * Second / 1000
	// fastPause is the silence before a page: a computer with a Class 1 modem
	// needs the time between the end of its answer and the command to receive.
	// With less a busy HylaFAX missed the whole page.
	fastPause = 105 * Second / 1000
	// cedLength is how long CED lasts (4.3.3.4: 2.6 to 4.0 s).
	cedLength = 2600 * Second / 1000

	// checkWait is when a training check that was not seen at all is taken for
	// failed, from the end of its DCS: silence, V.17's long training (1.4 s), 1.5 s
	// of zeros, and a second of grace.
	checkWait = 4500 * Second / 1000
	// doubtWait is how long a command is waited for again that could not be judged:
	// the sender's T4 (3.45 s at most) and some flags, after training if there is one.
	doubtWait = 4500 * Second / 1000
	// busyLine is how much longer than its time a timer runs while a signal is
	// there, and how often that is looked at.
	busyLine   = Second / 4
	maxOverrun = 10 * Second
)

// Machine is one fax session. Make it with New. It is used by one goroutine.
type Machine struct {
	cfg   Config
	state State
	now   Samples
	began Samples
	out   []Action

	timer  timer // of the state: T2, T4, or what its comment says
	t1, t5 timer
	t0     timer // in place of T1 while the far end is heard ringing
	stall  timer // StallLimit

	line    line
	last    sent // what was sent last with V.21, to be repeated
	remote  Remote
	params  Parameters // in force
	tx      sending
	rx      receiving
	result  Result
	aborted bool
	busy    bool
	want    bool // operator wanted (InterruptEvent)
	trained bool // a long training succeeded at these parameters
	engaged Tone // Busy or Congestion, heard while we sent
}

// line is what the far end is sending.
type line struct {
	v21, fast bool // its carrier is there
	fastSeen  bool // a fast carrier was there since the last Send action
	damaged   bool // a damaged frame came, and no good command after it
	spoilt    bool // a damaged frame came before the last command: it may have been an identity
	heard     bool // any V.21 at all in this session
}

// sent is a command or response.
type sent struct {
	state  State // a Sending one
	frames []Frame
	tries  int // how often it was sent for want of an answer
	crp    int // how often it was asked for again
}

// New makes a session; Start begins it.
func New(cfg Config) (*Machine, error) {
	if err := cfg.check(); err != nil {
		return nil, err
	}
	return &Machine{cfg: cfg}, nil
}

// Start begins the session: the call is connected.
func (m *Machine) Start(now Samples) []Action {
	m.now, m.began = now, now
	if m.state != Idle {
		return nil
	}
	m.progress()
	if m.cfg.Calling {
		m.setState(Calling)
		m.t1.start(now, timerT1Calling)
		m.do(SendTone{Tone: CNG})
		m.do(Listen{})
		return m.take()
	}
	m.t1.start(now, timerT1Answered)
	if m.cfg.NoCED {
		m.sendDIS()
		return m.take()
	}
	m.setState(SendingCED)
	m.do(SendTone{Tone: CED, Length: cedLength, Pause: pause})
	return m.take()
}

// Handle takes an event.
func (m *Machine) Handle(now Samples, ev Event) []Action {
	m.now = now
	if m.state == Idle || m.state == Ended {
		return nil
	}
	switch e := ev.(type) {
	case FrameEvent:
		m.frame(e)
	case CarrierEvent:
		m.carrier(e)
	case DataEvent:
		m.data(e.Octets)
	case GapEvent:
		m.rx.check.gap()
	case SentEvent:
		m.sentEvent()
	case ToneEvent:
		m.tone(e)
	case LineDownEvent:
		m.lineDown()
	case AbortEvent:
		m.abort()
	case BusyEvent:
		m.busy = e.Busy
	case InterruptEvent:
		m.want = true
	}
	return m.take()
}

// NextDeadline tells when Advance is due. While we send nothing is: what ran out
// meanwhile is served after it.
func (m *Machine) NextDeadline() (Samples, bool) {
	at, ok := Samples(0), false
	if m.state.sending() || m.state == Ended {
		return 0, false
	}
	for _, t := range []timer{m.timer, m.t0, m.t1, m.t5, m.stall} {
		if t.running && (!ok || t.at < at) {
			at, ok = t.at, true
		}
	}
	return at, ok
}

// Advance tells the time: timers that ran out are served.
func (m *Machine) Advance(now Samples) []Action {
	m.now = now
	if m.state == Ended || m.state.sending() {
		return nil
	}
	if m.t5.expired(now) {
		m.t5.stop()
		m.fail(statusT5, "the receiver said for a minute that it is not ready")
		return m.take()
	}
	if m.stall.expired(now) {
		m.stalled()
		return m.take()
	}
	if m.t0.expired(now) {
		m.unanswered()
		return m.take()
	}
	// While a V.21 carrier is there, something is coming just now.
	if m.t1.expired(now) && !(m.line.v21 && m.t1.hold(now)) {
		m.timeoutT1()
		return m.take()
	}
	if m.timer.expired(now) {
		m.timeout()
	}
	return m.take()
}

// Done tells whether the session is over.
func (m *Machine) Done() bool { return m.state == Ended }

// State is the present state.
func (m *Machine) State() State { return m.state }

// Result tells what became of the session; it is complete when Done.
func (m *Machine) Result() Result {
	r := m.result
	r.Remote, r.Parameters, r.Length = m.remote, m.params, m.now-m.began
	return r
}

func (m *Machine) do(a Action)   { m.out = append(m.out, a) }
func (m *Machine) report(n News) { m.do(Report{n}) }

func (m *Machine) take() []Action {
	a := m.out
	m.out = nil
	return a
}

func (m *Machine) setState(s State) {
	if s != m.state {
		m.report(StateNews{m.state, s})
		m.state = s
	}
	m.timer.stop()
}

// listen goes to a state that waits, with its timer; 0: none.
func (m *Machine) listen(s State, c Content, limit Samples) {
	m.setState(s)
	m.line = line{heard: m.line.heard}
	l := Listen{Content: c}
	if c != Signals {
		l.Rate, l.Short = m.params.Rate, m.shortTraining() && c != Check
	}
	m.do(l)
	if limit > 0 {
		m.timer.start(m.now, limit)
	}
}

// shortTraining tells whether the next training is the short one: only V.17 has
// it, after a long one (T.30 5.3.2, V.17 5.1).
func (m *Machine) shortTraining() bool {
	return m.params.Rate.Modulation == modem.V17 && m.trained
}

// send sends V.21 frames in a state; the last one becomes final.
func (m *Machine) send(s State, frames ...Frame) {
	m.last = sent{state: s, frames: frames, tries: 1}
	m.sendAgain()
}

func (m *Machine) sendAgain() {
	m.setState(m.last.state)
	for i, f := range m.last.frames {
		f[1] = controlMore
		if i == len(m.last.frames)-1 {
			f[1] = controlFinal
		}
		if m.cfg.Calling && !keepsX(FCF(f[2])) && FCF(f[2]) != FCD && FCF(f[2]) != RCP {
			f[2] |= xBit // we are the station that received DIS (5.3.6.1)
		}
	}
	m.report(FramesSentNews{m.last.frames})
	m.do(SendFrames{Pause: pause, Frames: m.last.frames})
}

// repeat sends the last command again for want of an answer, or ends the call.
func (m *Machine) repeat(s Status) {
	if m.last.tries >= m.cfg.Tries {
		m.fail(s, "the far end did not answer "+m.lastName())
		return
	}
	m.last.tries++
	m.sendAgain()
}

// maxRequests bounds how often one command is asked for again by CRP, which is
// no failure but may be without end.
const maxRequests = 20

// repeatAsked sends the last command again because the far end asked for it.
func (m *Machine) repeatAsked() {
	if m.last.frames == nil {
		return
	}
	if m.last.crp++; m.last.crp > maxRequests {
		m.fail(statusRepeated, "the far end kept asking for "+m.lastName())
		return
	}
	m.sendAgain()
}

func (m *Machine) lastName() string {
	if len(m.last.frames) == 0 {
		return "anything"
	}
	f := m.last.frames[len(m.last.frames)-1]
	if c := f.FCF(); c == PPS || c == EOR {
		return c.String() + "-" + f.PostMessage().String()
	}
	return f.FCF().String()
}

// sentEvent goes on after what was sent.
func (m *Machine) sentEvent() {
	if !m.state.sending() {
		return
	}
	if m.aborted && m.state != SendingDCN {
		m.disconnect()
		return
	}
	if m.engaged != 0 && !m.line.heard {
		m.nobody(m.engaged)
		return
	}
	switch m.state {
	case SendingCED:
		m.sendDIS()
	case SendingDIS, SendingDTC:
		m.listen(AwaitingDCS, Signals, timerT4)
	case SendingDCS:
		m.setState(SendingTCF)
		m.do(SendTCF{Pause: pause, Rate: m.params.Rate})
	case SendingTCF:
		m.listen(AwaitingCFR, Signals, timerT4)
	case SendingImage:
		m.sendPostMessage()
	case SendingPostMessage:
		m.commandOver()
		m.listen(AwaitingConfirmation, Signals, timerT4)
	case SendingBlock:
		m.sendPPS()
	case SendingPPS:
		m.commandOver()
		m.listen(AwaitingPPSResponse, Signals, timerT4)
	case SendingRR:
		m.listen(AwaitingRRResponse, Signals, timerT4)
	case SendingCTC:
		m.listen(AwaitingCTR, Signals, timerT4)
	case SendingEOR:
		m.listen(AwaitingERR, Signals, timerT4)
	case SendingTrainingResponse, SendingResponse, SendingCRP:
		m.afterResponse()
	case SendingDCN:
		m.listen(AwaitingHangup, Signals, lastPause)
	default:
	}
}

// carrier notes what the far end sends.
func (m *Machine) carrier(e CarrierEvent) {
	if m.state.sending() {
		return
	}
	if e.Fast {
		m.fastCarrier(e.Status)
		return
	}
	switch e.Status {
	case modem.CarrierUp, modem.Trained:
		m.line.v21, m.line.heard = true, true
		m.answered()
	case modem.CarrierDown, modem.TrainingFailed:
		up := m.line.v21
		m.line.v21 = false
		if up && m.line.damaged && !m.line.fast {
			m.line.damaged = false
			m.garbled()
		}
	}
}

// timeout serves the state's timer. While a signal is there that may still bring
// what is waited for, it is given more time.
func (m *Machine) timeout() {
	m.timer.stop()
	signal := m.line.v21 || m.line.fast && m.state != AwaitingTCF
	if signal && m.state != AwaitingHangup && m.timer.hold(m.now) {
		return
	}
	switch m.state {
	case AwaitingDCS:
		m.timeoutDCS()
	case AwaitingCFR:
		m.retrain(statusNoDCS)
	case AwaitingConfirmation:
		m.repeat(noResponse(m.tx.message))
	case AwaitingPPSResponse:
		m.repeat(statusNoPPS)
	case AwaitingRRResponse:
		m.repeat(statusNoRR)
	case AwaitingCTR:
		m.repeat(statusNoCTC)
	case AwaitingERR:
		m.repeat(statusNoEOR)
	case AwaitingTCF:
		m.judge()
	case AwaitingPhaseB:
		m.t1.start(m.now, timerT1Answered)
		m.sendDIS()
	case AwaitingDCN, AwaitingHangup:
		m.end()
	case AwaitingPage, ReceivingPage, AwaitingPostMessage:
		m.fail(statusT2, "the sender fell silent")
	default:
	}
}

// timeoutT1: no fax was found at the other end.
func (m *Machine) timeoutT1() {
	m.t1.stop()
	switch {
	case m.state == Calling && !m.line.heard:
		m.result.Outcome = NoFax
		m.fail(statusNoReceiver, "nothing that sounds like a fax was heard")
	case m.state == Calling || m.state == AwaitingDIS:
		m.fail(statusNoReceiver, "no DIS was received")
	case !m.line.heard:
		m.result.Outcome = NoFax
		m.fail(statusNoSender, "nothing that sounds like a fax was heard")
	default:
		m.fail(statusNoSender, "no DCS was received")
	}
}

// garbled is called at the end of a transmission whose last frames were damaged.
func (m *Machine) garbled() {
	switch m.state {
	case AwaitingConfirmation, AwaitingPPSResponse, AwaitingRRResponse, AwaitingCTR, AwaitingERR:
		// As fast as a CRP, and sure to be understood: the command again.
		m.repeatAsked()
	case AwaitingCFR:
		// The response again is much shorter than another training.
		if m.tx.crp++; m.tx.crp > 2 {
			m.retrain(statusNoDCS)
			return
		}
		m.requestRepeat()
	case AwaitingPostMessage, AwaitingPage, AwaitingDCN, AwaitingPhaseB:
		m.garbledCommand()
	case AwaitingDCS:
		// The training check may follow now: the sender will repeat by itself.
		if m.rx.crp++; m.rx.crp <= maxRequests {
			m.timer.start(m.now, max(timerT4, m.timer.at-m.now))
		}
	default: // the next DIS comes by itself
	}
}

// garbledCommand: a command after a page could not be read. It is asked for
// again, unless it may have been a DCS, which a fast carrier follows.
func (m *Machine) garbledCommand() {
	if m.rx.crp++; m.rx.crp > maxRequests {
		return // the state's timer runs out
	}
	m.timer.start(m.now, commandWait)
	if !m.line.fastSeen {
		m.rx.answered = m.now // it is likely the last one, repeated
	}
	if m.state == AwaitingPage && m.rx.command == nil {
		return
	}
	m.requestRepeat()
}

// requestRepeat sends CRP and returns to the state.
func (m *Machine) requestRepeat() {
	m.rx.afterCRP = m.state
	f := frame(CRP)
	f[1] = controlFinal
	if m.cfg.Calling {
		f[2] |= xBit
	}
	m.setState(SendingCRP)
	m.report(FramesSentNews{[]Frame{f}})
	m.do(SendFrames{Pause: pause, Frames: []Frame{f}})
}

// tone judges what else is heard. Busy and congestion come from the network: nobody
// is there, or no more.
func (m *Machine) tone(e ToneEvent) {
	m.report(ToneNews(e))
	switch {
	case e.Tone == Ringback:
		m.ringing()
	case e.Tone == CED:
		m.answered()
	case e.Tone != Busy && e.Tone != Congestion:
	case m.state.sending():
		m.engaged = e.Tone
	case m.line.heard:
		m.lineDown()
	default:
		m.nobody(e.Tone)
	}
}

// nobody ends a session in which the network's tone was all that was heard.
func (m *Machine) nobody(t Tone) {
	m.result.Outcome = NoFax
	m.endAs(statusBusyTone, "the network gave the "+t.String())
}
