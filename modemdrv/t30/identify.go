package t30

// sendDIS tells what we can do (T.30 5.3.6.1.1). A called station without a place
// for pages and without a document to be polled cannot be configured.
func (m *Machine) sendDIS() {
	frames := m.nonStandard(NSF)
	frames = append(frames, frame(CSI, identity(m.cfg.ID)...), frame(DIS, m.cfg.offer().dis()...))
	m.send(SendingDIS, frames...)
}

// vendor is HylaFAX's mark in non-standard facilities: a country and provider
// code (T.35), then text.
var vendor = []byte{0xB5, 0x00, 0xAA}

// nonStandard makes the frame of the long station name, if there is one.
func (m *Machine) nonStandard(c FCF) []Frame {
	if m.cfg.StationID == "" {
		return nil
	}
	fif := append([]byte(nil), vendor...)
	for i := range min(len(m.cfg.StationID), maxNonStandard-len(vendor)) {
		if ch := m.cfg.StationID[i]; ch >= ' ' && ch < 0x7F {
			fif = append(fif, ch)
		}
	}
	return []Frame{frame(c, fif...)}
}

// minStationID is the shortest text in an NSF that is taken for a name.
const minStationID = 4

// StationID finds a name in non-standard facilities: the longest text, in either
// order of bits, as makers differ.
func StationID(nsf []byte) string {
	other := append([]byte(nil), nsf...)
	reverse(other)
	best := ""
	for _, b := range [][]byte{nsf, other} {
		begin := 0
		for i := 0; i <= len(b); i++ {
			if i < len(b) && b[i] >= ' ' && b[i] < 0x7F {
				continue
			}
			if i-begin >= minStationID && i-begin > len(best) {
				best = string(b[begin:i])
			}
			begin = i + 1
		}
	}
	return best
}

// frame takes a frame, good or bad.
func (m *Machine) frame(e FrameEvent) {
	if m.state.sending() {
		return
	}
	if e.Fast {
		if e.Good {
			m.blockFrame(e.Frame)
		}
		return
	}
	if !e.Good || !e.Frame.Valid() {
		if !m.line.fast && !m.line.damaged {
			m.line.damaged = true
			m.report(FrameReceivedNews{Good: false})
		}
		return
	}
	m.line.heard = true
	f := append(Frame(nil), e.Frame...)
	m.report(FrameReceivedNews{f, true})
	if m.optional(f) {
		return
	}
	m.line.spoilt, m.line.damaged = m.line.damaged, false
	if f.FCF() == DCN {
		m.disconnected()
		return
	}
	m.signal(f)
}

// optional takes the frames that go before a command; false for commands.
func (m *Machine) optional(f Frame) bool {
	r := &m.remote
	switch f.FCF() {
	case CSI, CIG, TSI:
		r.ID = ParseIdentity(f.FIF())
	case NSF, NSC, NSS:
		fif := f.FIF()
		r.NSF = append([]byte(nil), fif[:min(len(fif), maxNonStandard)]...)
		r.StationID = StationID(r.NSF[min(len(r.NSF), len(vendor)):])
	case SUB:
		r.Subaddress = ParseIdentity(f.FIF())
	case SEP:
		r.PolledAddress = ParseIdentity(f.FIF())
	case PWD, SID:
		r.Password = ParseIdentity(f.FIF())
	default:
		return false
	}
	m.report(RemoteNews{*r})
	return true
}

// signal takes a command or response where it is waited for.
func (m *Machine) signal(f Frame) {
	switch m.state {
	case Calling, AwaitingDIS:
		m.calledStation(f)
	case AwaitingCFR:
		m.trainingResponse(f)
	case AwaitingConfirmation:
		m.confirmation(f)
	case AwaitingPPSResponse, AwaitingRRResponse, AwaitingERR:
		m.ppsResponse(f)
	case AwaitingCTR:
		m.correctionResponse(f)
	default:
		if m.state.receiver() {
			m.commanded(f)
		}
	}
}

// calledStation takes the first words of the called station.
func (m *Machine) calledStation(f Frame) {
	switch f.FCF() {
	case DIS:
		far := m.farCapabilities(f)
		m.t1.stop()
		m.turn(far)
	case DTC:
		m.reject(statusDTC, "the called station wants to poll us")
	case CRP: // it is repeated by itself
	default:
		m.report(TroubleNews{"unexpected " + f.FCF().String() + " in place of DIS"})
	}
}

func (m *Machine) farCapabilities(f Frame) Capabilities {
	far := ParseCapabilities(f.FIF())
	m.remote.Capabilities = &far
	m.remote.DIS = append([]byte(nil), f.FIF()...)
	m.report(RemoteNews{m.remote})
	return far
}

// turn decides what a caller does with a called station: send, then poll.
func (m *Machine) turn(far Capabilities) {
	switch {
	case m.cfg.Document != nil && !m.tx.finished && !far.Receive:
		m.reject(statusCannot, "the far end does not receive faxes")
	case m.cfg.Document != nil && !m.tx.finished:
		m.startSending(far)
	case m.cfg.Poll && !far.Transmit:
		m.reject(statusNoPoll, reasonNoPoll)
	case m.cfg.Poll:
		m.sendDTC(far)
	default:
		m.disconnect()
	}
}

const reasonNoPoll = "the far end has no document to be polled"

// sendDTC asks for the far end's document (T.30 5.3.6.1.1).
func (m *Machine) sendDTC(far Capabilities) {
	m.result.Polled = true
	m.rx.polls = true
	var frames []Frame
	if m.cfg.PollPassword != "" && far.Password {
		frames = append(frames, frame(PWD, identity(m.cfg.PollPassword)...))
	}
	if m.cfg.PolledAddress != "" && far.SelectivePolling {
		frames = append(frames, frame(SEP, identity(m.cfg.PolledAddress)...))
	}
	offer := m.cfg.offer()
	offer.Transmit = false
	frames = append(frames, frame(CIG, identity(m.cfg.ID)...), frame(DTC, offer.dis()...))
	m.send(SendingDTC, frames...)
}

// polled: a DTC came; the called station becomes the sender.
func (m *Machine) polled(f Frame) {
	if m.cfg.Calling || m.cfg.Document == nil || m.tx.finished {
		m.reject(statusNoPoll, "the caller asked for a document, and there is none")
		return
	}
	far := m.farCapabilities(f)
	if m.cfg.AcceptPoll != nil {
		if err := m.cfg.AcceptPoll(m.remote); err != nil {
			if !m.doubt(err) {
				m.reject(statusPollRefused, err.Error())
			}
			return
		}
	}
	m.result.Polled = true
	m.rx.finished = true // what it sent before was all
	m.startSending(far)
}

// timeoutDCS repeats DIS (until T1) or DTC (a number of times).
func (m *Machine) timeoutDCS() {
	if m.rx.polls {
		m.repeat(statusNoDTC)
		return
	}
	if m.rx.pages > 0 && m.last.state != SendingDIS { // training was to come again
		m.fail(statusT2, "the sender fell silent")
		return
	}
	if !m.t1.running {
		m.t1.start(m.now, timerT1Answered)
	}
	if m.last.state != SendingDIS { // after an FTT the sender is gone: look for it anew
		m.sendDIS()
		return
	}
	m.sendAgain()
}
