package t30

// What bounds a session whatever the far end does. Each state that waits has its
// timer and each command its number of repetitions; these are for a far end that
// goes on speaking and brings nothing over.

// StallLimit is how long a session goes on without a page or a block of one that
// gets through. Ours: a page without error correction may take 13 minutes at 2400
// bit/s and be refused twice, a block 40 minutes until it failed at every rate.
// As the pages to be sent are counted, and those to be received by MaxRecvPages,
// every call ends.
const StallLimit = 45 * 60 * Second

// maxFruitless is how many commands a receiver takes (DCS, or what it answers)
// without a page or block that gets through. Our own sender needs 60 for the worst
// block that it does not give up.
const maxFruitless = 100

// progress notes that a page or a block got through.
func (m *Machine) progress() {
	m.rx.fruitless = 0
	m.stall.start(m.now, StallLimit)
}

// patient counts a command of the sender; false if there were so many in vain that
// the call was ended.
func (m *Machine) patient(c FCF) bool {
	if m.rx.fruitless++; m.rx.fruitless <= maxFruitless {
		return true
	}
	m.fail(statusRepeated, "the sender gave "+itoa(maxFruitless)+" commands, the last "+c.String()+", and no page came through")
	return false
}

// stalled ends a session in which nothing gets through.
func (m *Machine) stalled() {
	m.stall.stop()
	m.fail(statusStalled, "no page or block of one got through for "+itoa(int(StallLimit/(60*Second)))+" minutes, the last state was "+m.state.String())
}

// ringing: the network answered the call and lets us hear that it rings at the far
// end. Phase B has not begun there, so T0 runs in place of T1 (5.4.3.1). The
// ringing before a call is answered is the network driver's to bound.
func (m *Machine) ringing() {
	if m.state == Calling && m.t1.running && !m.line.heard {
		m.t1.stop()
		m.t0.start(m.began, timerT0)
	}
}

// answered: after ringing the far end is there. T1 begins.
func (m *Machine) answered() {
	if m.t0.running {
		m.t0.stop()
		m.t1.start(m.now, timerT1Calling)
	}
}

// unanswered: T0 ran out.
func (m *Machine) unanswered() {
	m.t0.stop()
	m.result.Outcome = NoFax
	m.fail(statusNoAnswer, "it rang, and nobody answered")
}

// hold gives a timer that ran out more time because a signal is there; false if it
// had enough of it.
func (t *timer) hold(now Samples) bool {
	if t.over == 0 {
		t.over = now
	}
	if now-t.over >= maxOverrun {
		return false
	}
	t.at, t.running = now+busyLine, true
	return true
}
