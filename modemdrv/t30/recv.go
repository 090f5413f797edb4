package t30

import (
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// receiving is what a receiver of pages remembers.
type receiving struct {
	active   bool // a DCS was taken
	finished bool // EOP was answered
	polls    bool // DTC is our command
	pages    int  // stored
	check    check
	response FCF   // the last answer to a post-message command
	command  Frame // the last post-message command that was answered
	answered Samples
	page     PageWriter // nil: none begun
	octets   int        // of it
	crp      int
	doubts   int // how often a refusal was not sure
	// fruitless counts commands since a page or block came through; see maxFruitless.
	fruitless int
	afterCRP  State
	store     error
	refuse    *refusal
	ecm       blockReceiver
}

// staleCommand is how long after our answer the same command is taken for a
// repetition because the answer was lost. Later, a page must have gone by unheard.
const staleCommand = 12 * Second

// commanded takes a command of the sender.
func (m *Machine) commanded(f Frame) {
	switch c := f.FCF(); {
	case c == DCS:
		m.chosen(f)
	case c == DTC:
		m.polled(f)
	case c == DIS && m.rx.polls: // our DTC was not received
		if m.state == AwaitingDCS {
			m.repeat(statusNoDTC)
		}
	case m.rx.refuse != nil && c != CRP:
		m.fail(m.rx.refuse.status, m.rx.refuse.reason)
	case isPostMessage(c):
		m.postMessage(f)
	case c == PPS:
		m.partialPage(f)
	case c == EOR:
		m.endRetransmission(f)
	case c == RR:
		m.receiveReady()
	case c == CTC:
		m.correct(f)
	case c == CRP:
		m.repeatAsked()
	default:
		m.report(TroubleNews{"unexpected " + c.String() + " in state " + m.state.String()})
	}
}

// chosen: a DCS came.
func (m *Machine) chosen(f Frame) {
	p, err := ParseParameters(f.FIF())
	if err != nil || m.cfg.Pages == nil {
		m.report(TroubleNews{"DCS cannot be used"})
		return // our DIS will be repeated
	}
	if m.cfg.Accept != nil && !m.rx.active {
		if err := m.cfg.Accept(m.remote); err != nil {
			if !m.doubt(err) {
				m.reject(statusTSI, err.Error())
			}
			return
		}
	}
	if !m.patient(DCS) {
		return
	}
	m.t1.stop()
	m.rx.active = true
	m.rx.polls = false
	m.params = p
	m.trained = false
	m.report(NegotiatedNews{false, p})
	m.rx.check.begin(p.Rate)
	m.listen(AwaitingTCF, Check, checkWait)
	m.line.v21 = true // its end is still to come
}

// maxDoubts is how often a caller may try again that is refused by what it may have
// said in a frame that was damaged.
const maxDoubts = 2

// doubt tells that a refusal is not sure: a frame of the same transmission was
// damaged, and may have been the identity or password that is missing. The command
// is not answered, so it comes again with its frames; DIS or T4 see to that.
func (m *Machine) doubt(refusal error) bool {
	if !m.line.spoilt || m.rx.doubts >= maxDoubts {
		return false
	}
	m.rx.doubts++
	m.report(TroubleNews{"not judged, since a frame was damaged: " + refusal.Error()})
	m.timer.start(m.now, doubtWait)
	return true
}

// data takes what comes by the fast modem outside of frames.
func (m *Machine) data(p []byte) {
	switch m.state {
	case AwaitingTCF:
		m.rx.check.write(p)
	case ReceivingPage:
		if m.rx.page == nil {
			return
		}
		m.rx.octets += len(p)
		if _, err := m.rx.page.Write(p); err != nil {
			m.rx.store = err
		}
	default:
	}
}

// fastCarrier follows the fast modem.
func (m *Machine) fastCarrier(s modem.Status) {
	switch s {
	case modem.CarrierUp, modem.TrainingFailed:
		m.line.fastSeen = true
		return
	case modem.Trained:
		m.line.fast, m.line.fastSeen = true, true
		m.fastTrained()
	case modem.CarrierDown:
		m.line.fast = false
		m.fastEnded()
	}
}

func (m *Machine) fastTrained() {
	switch m.state {
	case AwaitingTCF:
		m.rx.check.begin(m.params.Rate) // what came before was another burst
	case AwaitingPage, AwaitingPostMessage:
		m.openPage()
		m.trained = true
		m.setState(ReceivingPage)
		m.timer.start(m.now, maxPage)
	default:
	}
}

// maxPage is how long one carrier may last: a page of 2.5 m at 2400 bit/s and 40 ms
// for each row takes 13 minutes; a limit of ours.
const maxPage = 15 * 60 * Second

func (m *Machine) fastEnded() {
	switch m.state {
	case AwaitingTCF:
		if len(m.rx.check.ones) > checkShare/4 { // else it was no training check
			m.judge()
		}
	case ReceivingPage:
		m.setState(AwaitingPostMessage)
		m.timer.start(m.now, commandWait)
	default:
	}
}

// judge answers the training check with CFR or FTT.
func (m *Machine) judge() {
	ok, reason := m.rx.check.judge()
	m.report(TrainingNews{false, m.params.Rate, ok, reason})
	m.trained = ok
	answer := FTT
	if ok {
		answer = CFR
	}
	m.send(SendingTrainingResponse, frame(answer))
}

// refusal is why no more pages are taken.
type refusal struct {
	status Status
	reason string
}

// openPage begins to store a page where none is begun. If it cannot be had, the
// sender learns it when it listens again.
func (m *Machine) openPage() bool {
	if m.rx.page != nil {
		return true
	}
	if m.cfg.MaxRecvPages > 0 && m.rx.pages >= m.cfg.MaxRecvPages {
		m.rx.refuse = &refusal{statusMaxPages, "more pages came than are allowed"}
		return false
	}
	page, err := m.cfg.Pages.Page(m.params)
	if err != nil {
		m.rx.refuse = &refusal{statusStore, err.Error()}
		return false
	}
	m.rx.page, m.rx.octets, m.rx.store = page, 0, nil
	m.report(PageStartNews{false, m.rx.pages + 1, false, m.params})
	return true
}

// postMessage answers MPS, EOM and EOP, with and without PRI.
func (m *Machine) postMessage(f Frame) {
	if m.rx.page == nil {
		m.withoutPage(f)
		return
	}
	if m.params.ECM() { // a sender that forgot what was agreed on; there is nothing to confirm
		m.report(TroubleNews{f.FCF().String() + " in place of PPS"})
		return
	}
	q := m.rx.page.Quality()
	if m.acceptable(q) {
		m.store(f, MCF, q)
		return
	}
	switch m.cfg.BadPage {
	case SendDCN:
		m.fail(statusBadPage, "page "+itoa(m.rx.pages+1)+": "+itoa(q.BadRows)+" of "+itoa(q.Rows)+" rows were bad")
	case RTNDiscard:
		m.rx.page.Discard()
		m.rx.page = nil
		m.report(PageNews{Page: m.rx.pages + 1, Response: RTN, Quality: q, Parameters: m.params})
		m.answer(f, RTN)
	case RTNSave:
		m.store(f, RTN, q)
	}
}

// withoutPage answers a post-message command that no page came before: repeated
// because our answer was lost, or the page was.
func (m *Machine) withoutPage(f Frame) {
	same := m.rx.command != nil && postMessage(m.rx.command.FCF()) == postMessage(f.FCF())
	if same && !m.line.fastSeen && m.now-m.rx.answered < staleCommand {
		m.answer(f, m.rx.response)
		return
	}
	if !m.rx.active || m.state == AwaitingDCS && m.rx.command == nil {
		m.report(TroubleNews{f.FCF().String() + " without a page"})
		return
	}
	m.report(TroubleNews{"a page was not heard"})
	m.answer(f, RTN)
}

// acceptable checks the copy quality, as hylafax-config(5) has it.
func (m *Machine) acceptable(q Quality) bool {
	run := m.cfg.MaxConsecutiveBadLines
	if m.params.Resolution != Standard {
		run *= 2
	}
	switch {
	case m.cfg.PercentGoodLines > 0 && q.Rows > 0 && 100*(q.Rows-q.BadRows)/q.Rows < m.cfg.PercentGoodLines:
		return false
	case run > 0 && q.LongestBad > run:
		return false
	}
	return q.Rows > 0 && q.Rows >= m.cfg.MinAcceptedLineCount || m.rx.octets > 0 && q.Rows == 0 && m.params.Coding == t4.MMR
}

// store keeps the page and answers; what cannot be stored is not confirmed.
func (m *Machine) store(f Frame, response FCF, q Quality) {
	next := f.FCF()
	if next == PPS || next == EOR {
		next = f.PostMessage()
	}
	last := postMessage(next) != MPS
	err := m.rx.store
	if err == nil {
		err = m.rx.page.Keep(true, last)
	} else {
		m.rx.page.Discard()
	}
	m.rx.page = nil
	if err != nil {
		m.fail(statusStore, err.Error())
		return
	}
	m.rx.pages++
	m.result.Received++
	m.progress()
	good := response == MCF || response == RTP
	if !good {
		m.result.Bad++
	}
	m.report(PageNews{Page: m.rx.pages, Confirmed: good, Response: response, Quality: q, Parameters: m.params, Document: last})
	m.answer(f, response)
}

// answer sends the response to a post-message command and remembers both.
func (m *Machine) answer(f Frame, response FCF) {
	if !m.patient(f.FCF()) {
		return
	}
	m.rx.command, m.rx.response = append(Frame(nil), f...), response
	m.rx.crp = 0
	m.send(SendingResponse, frame(response))
}

// afterResponse goes on after our response, or a CRP.
func (m *Machine) afterResponse() {
	switch {
	case m.state == SendingCRP && m.rx.afterCRP == AwaitingCFR:
		m.listen(AwaitingCFR, Signals, timerT4)
		return
	case m.state == SendingCRP:
		m.afterRequest()
		return
	case m.state == SendingTrainingResponse && m.trained:
		m.listen(AwaitingPage, m.content(), commandWait)
		return
	case m.state == SendingTrainingResponse:
		m.listen(AwaitingDCS, Signals, timerT2)
		return
	}
	m.rx.answered = m.now
	m.afterPage()
}

// afterRequest goes on waiting where CRP was sent from.
func (m *Machine) afterRequest() {
	seen := m.line.fastSeen
	switch s := m.rx.afterCRP; s {
	case AwaitingDCN:
		m.listen(s, Signals, timerT2)
	case AwaitingPhaseB:
		m.listen(s, Signals, phaseBWait)
	default:
		m.listen(s, m.content(), commandWait)
	}
	m.line.fastSeen = seen
}

// afterPage waits for what the answered command said comes next.
func (m *Machine) afterPage() {
	next := m.rx.command.FCF()
	if next == PPS || next == EOR {
		next = m.rx.command.PostMessage()
	}
	incomplete := m.rx.response == PPR || m.rx.response == RNR || m.rx.response == CTR
	switch {
	case incomplete || next == NULL || postMessage(next) == MPS && m.rx.response != RTN && m.rx.response != RTP:
		m.listen(AwaitingPage, m.content(), commandWait)
	case m.rx.response == RTN || m.rx.response == RTP:
		m.listen(AwaitingDCS, Signals, timerT2)
	case postMessage(next) == EOM:
		m.rx.finished = false
		m.listen(AwaitingPhaseB, Signals, phaseBWait)
	default:
		m.rx.finished = true
		m.listen(AwaitingDCN, Signals, timerT2)
	}
}

func (m *Machine) content() Content {
	if m.params.ECM() {
		return ECM
	}
	return Image
}

// abandon stores or forgets a page that was never finished.
func (r *receiving) abandon(m *Machine) {
	if r.page == nil {
		return
	}
	if m.params.ECM() {
		r.ecm.flush(r.page)
	}
	q := r.page.Quality()
	if m.cfg.DropUnconfirmed || q.Rows == 0 {
		r.page.Discard()
		r.page = nil
		return
	}
	err := r.page.Keep(false, true)
	r.page = nil
	if err != nil {
		m.report(TroubleNews{"the page cut off by the call's end could not be stored: " + err.Error()})
		return
	}
	r.pages++
	m.result.Received++
	m.result.Bad++
	m.report(PageNews{Page: r.pages, Quality: q, Parameters: m.params, Document: true})
}
