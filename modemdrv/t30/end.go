package t30

// fail ends the session: DCN if the far end may still hear it, then hang up.
func (m *Machine) fail(s Status, reason string) {
	if m.result.Status.Text == "" {
		m.result.Status, m.result.Reason = s, reason
		if m.result.Outcome == Done {
			m.result.Outcome = Failed
		}
		if m.tx.awaitsLast() {
			m.result.Outcome = Unconfirmed
			m.result.Reason += "; all pages were sent, but the last was not confirmed"
		}
	}
	m.disconnect()
}

// reject ends the session for something that another try does not change.
func (m *Machine) reject(s Status, reason string) {
	m.result.Outcome = Rejected
	m.fail(s, reason)
}

// disconnect sends DCN (T.30 5.3.6.1.8).
func (m *Machine) disconnect() {
	m.t0.stop()
	m.t1.stop()
	m.t5.stop()
	if m.state == SendingDCN || m.state == AwaitingHangup || m.state == Ended {
		return
	}
	if m.state == Calling && !m.line.heard {
		m.end() // nobody is there to hear it
		return
	}
	m.send(SendingDCN, frame(DCN))
}

// end hangs up.
func (m *Machine) end() {
	if m.state == Ended {
		return
	}
	m.rx.abandon(m)
	if m.result.Status.Text == "" && m.result.Outcome == Done {
		m.judgeEnd()
	}
	m.t0.stop()
	m.t1.stop()
	m.t5.stop()
	m.setState(Ended)
	m.report(EndNews{m.Result()})
	m.do(HangUp{})
}

// judgeEnd catches an end without reason that is none.
func (m *Machine) judgeEnd() {
	if m.tx.active && !m.tx.finished {
		m.result.Outcome, m.result.Status = Failed, statusDisconnected
		m.result.Reason = "the session ended before all pages were sent"
	}
	if m.rx.active && !m.rx.finished {
		m.result.Outcome, m.result.Status = Failed, statusDCNSender
		m.result.Reason = "the session ended before the sender said that there is no more"
	}
}

// lineDown: nothing can be sent any more.
func (m *Machine) lineDown() {
	if m.state == SendingDCN || m.state == AwaitingHangup || m.state == AwaitingDCN || m.rx.finished || m.tx.finished && !m.cfg.Poll {
		m.end()
		return
	}
	m.endAs(statusHangup, "the call was cut off in state "+m.state.String())
}

// endAs ends the session without DCN.
func (m *Machine) endAs(s Status, reason string) {
	if m.result.Status.Text == "" {
		m.result.Status, m.result.Reason = s, reason
		if m.result.Outcome == Done {
			m.result.Outcome = Failed
		}
		if m.tx.awaitsLast() {
			m.result.Outcome = Unconfirmed
			m.result.Reason += "; all pages were sent, but the last was not confirmed"
		}
	}
	m.end()
}

// disconnected: a DCN came.
func (m *Machine) disconnected() {
	switch {
	case m.state == AwaitingDCN, m.rx.finished && m.state.receiver():
		m.setState(AwaitingHangup)
		m.timer.start(m.now, lastWait)
	case m.state == AwaitingHangup:
	case m.state == AwaitingDCS && m.rx.polls:
		m.result.Outcome = Rejected
		reason := "the far end answered our poll request (DTC) with DCN"
		if m.cfg.PollPassword != "" || m.cfg.PolledAddress != "" {
			reason += ": it may not accept the password or know the address"
		}
		m.endAs(statusPollDenied, reason)
	case m.state == AwaitingDIS && m.tx.finished:
		m.endAs(statusDCNPhaseB, "all pages were sent, but the far end disconnected before it could be polled")
	case m.state == Calling || m.state == AwaitingDIS:
		m.endAs(statusDCNPhaseB, "the far end disconnected before it said what it can do")
	case m.state == AwaitingCFR:
		m.endAs(statusDCNTraining, "the far end disconnected during training")
	case m.state.receiver():
		m.endAs(statusDCNSender, "the sender disconnected in state "+m.state.String())
	default:
		m.endAs(statusDisconnected, "the receiver disconnected in state "+m.state.String())
	}
}

// abort ends the session for our own user.
func (m *Machine) abort() {
	if m.aborted {
		return
	}
	m.aborted = true
	if m.result.Status.Text == "" {
		m.result.Outcome = Aborted
		m.result.Status, m.result.Reason = statusAborted, "aborted in state "+m.state.String()
	}
	switch {
	case m.state == SendingImage || m.state == SendingBlock: // which may last for minutes
		m.do(Stop{})
		m.disconnect()
	case !m.state.sending():
		m.disconnect()
	}
}
