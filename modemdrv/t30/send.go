package t30

import (
	"bufio"
	"bytes"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// sending is what a sender of pages remembers.
type sending struct {
	active   bool // we send pages, or sent them
	finished bool // all are confirmed
	far      Capabilities
	rates    []modem.Rate // that both ends have, fastest first
	rate     int          // which of them is tried
	spared   bool         // a failed training was forgiven once
	dcs      int          // how often DCS was sent for this training
	ignored  int          // how often DCS was answered by DIS
	crp      int

	page     int     // next to be sent or being sent, from 0
	attempts int     // of this page, without ECM
	asked    Samples // when this page's post-message command was first over
	doubled  bool    // this page is sent again, and the receiver may have it
	restarts int     // how often this page was sent again because DIS came in place of its confirmation
	message  FCF     // that ends the page, or what is being sent of it
	last     bool    // no page comes after it
	out      bool    // the post-message command of the last page was sent, its answer is missing
	code     *bufio.Reader
	ecm      blockSender
}

// awaitsLast tells that all pages were sent and only a confirmation is missing.
func (s *sending) awaitsLast() bool { return s.out && s.last }

// retriesAfterRTN is how often a page is sent again after RTN (hylafax-config(5),
// RTNHandlingMethod).
const retriesAfterRTN = 2

// restartsPerPage is how often a page is sent again because its post-message
// command was answered by DIS; the third DIS ends the call as in HylaFAX (E136).
const restartsPerPage = 2

// maxIgnored is how often DIS is taken for an answer to DCS: more often than a
// command is repeated, for a far end that speaks is not lost.
const maxIgnored = 6

// startSending begins to send pages to a receiver with these capabilities.
func (m *Machine) startSending(far Capabilities) {
	m.t1.stop()
	m.tx.active, m.tx.far = true, far
	m.tx.rates, m.tx.rate = m.commonRates(far), 0
	if len(m.tx.rates) == 0 {
		m.reject(statusTraining, "the far end has no modem that we have, or none between the least and the highest rate allowed")
		return
	}
	m.trained = false
	m.train()
}

func (m *Machine) commonRates(far Capabilities) []modem.Rate {
	ours := m.cfg.offer().Modems
	var rates []modem.Rate
	for _, c := range rateCodes {
		r := c.rate
		v29Too := r.Modulation == modem.V29 && ours.V17 && far.Modems.V17 // slower than V.17 and no surer
		if ours.Has(r) && far.Modems.Has(r) && !v29Too && r.BitRate >= m.cfg.MinRate &&
			(m.cfg.MaxRate == 0 || r.BitRate <= m.cfg.MaxRate) {
			rates = append(rates, r)
		}
	}
	return rates
}

// choose gives the parameters for a page: what it is like, or the next lesser
// thing that the far end has.
func (m *Machine) choose(info PageInfo) Parameters {
	far, ours := m.tx.far, m.cfg.offer()
	p := Parameters{Rate: m.tx.rates[m.tx.rate], Coding: t4.MH, Inch: info.Inch}
	p.Width = min(info.Width, far.MaxWidth)
	p.Length = min(info.Length, far.MaxLength)
	p.Resolution = Standard
	for r := info.Resolution; r > Standard; r-- {
		if Has(far.Resolutions, r) {
			p.Resolution = r
			break
		}
	}
	if far.ECM && ours.ECM {
		p.FrameSize = m.cfg.FrameSize
	}
	for _, c := range []t4.Coding{t4.MR, t4.MMR} {
		if Has(far.Codings, c) && Has(ours.Codings, c) && (c != t4.MMR || p.ECM()) {
			p.Coding = c
		}
	}
	if !p.ECM() {
		p.MinScan = far.scanTime(p.Resolution)
	}
	return p
}

// otherCapabilities takes a DIS or DTC that came again: it may say otherwise than the
// last, as that of a receiver that was asked for another document. The rate stays
// if it can. false if the call was ended because there is nothing in common.
func (m *Machine) otherCapabilities(f Frame) bool {
	if bytes.Equal(f.FIF(), m.remote.DIS) {
		return true
	}
	far, rate := m.farCapabilities(f), m.tx.rates[m.tx.rate].BitRate
	if !far.Receive {
		m.reject(statusCannot, "the far end does not receive faxes any more")
		return false
	}
	rates := m.commonRates(far)
	if len(rates) == 0 {
		m.reject(statusTraining, "the far end has no modem any more that we have")
		return false
	}
	m.tx.far, m.tx.rates, m.tx.rate = far, rates, len(rates)-1
	for i, r := range rates {
		if r.BitRate <= rate {
			m.tx.rate = i
			break
		}
	}
	return true
}

// train sends DCS and the training check for the next page.
func (m *Machine) train() {
	m.tx.dcs = 1
	m.tx.ignored, m.tx.crp = 0, 0
	m.sendDCS()
}

func (m *Machine) sendDCS() {
	info, ok := m.cfg.Document.Page(m.tx.page)
	if !ok {
		m.tx.finished = true
		m.disconnect()
		return
	}
	m.params = m.choose(info)
	m.trained = false
	m.report(NegotiatedNews{true, m.params})
	var frames []Frame
	if m.cfg.Subaddress != "" && m.tx.far.Subaddress {
		frames = append(frames, frame(SUB, identity(m.cfg.Subaddress)...))
	}
	if m.cfg.Password != "" && m.tx.far.Password {
		frames = append(frames, frame(SID, identity(m.cfg.Password)...))
	}
	frames = append(frames, frame(TSI, identity(m.cfg.ID)...), frame(DCS, m.params.dcs()...))
	m.send(SendingDCS, frames...)
}

// retrain sends DCS and training check again for want of an answer.
func (m *Machine) retrain(s Status) {
	if m.tx.dcs >= m.cfg.Tries {
		m.fail(s, "the far end did not answer the training")
		return
	}
	m.tx.dcs++
	m.sendDCS()
}

// slower goes to the next lower rate, false if there is none.
func (m *Machine) slower() bool {
	if m.tx.rate+1 >= len(m.tx.rates) {
		return false
	}
	m.tx.rate++
	return true
}

// fallBack chooses the rate after a failed training: one failure in a call is
// taken for an accident, as a lost packet is, and the same rate is tried again,
// then the next lower one; false if there is none.
func (m *Machine) fallBack() bool {
	if !m.tx.spared {
		m.tx.spared = true
		return true
	}
	return m.slower()
}

// trainingFailed: FTT came.
func (m *Machine) trainingFailed() {
	m.report(TrainingNews{true, m.params.Rate, false, "FTT"})
	if !m.fallBack() {
		m.fail(statusTraining, "training failed at every rate")
		return
	}
	m.train()
}

// trainingResponse takes an answer to DCS and training check.
func (m *Machine) trainingResponse(f Frame) {
	switch f.FCF() {
	case CFR:
		m.report(TrainingNews{true, m.params.Rate, true, "CFR"})
		m.trained = true
		m.sendPage()
	case FTT:
		m.trainingFailed()
	case DIS, DTC: // our DCS was not received, but the far end is there
		if m.tx.ignored++; m.tx.ignored > maxIgnored {
			m.fail(statusDCSIgnored, "the far end did not understand our DCS")
			return
		}
		if !m.otherCapabilities(f) {
			return
		}
		m.sendDCS()
	default:
		m.unexpected(f)
	}
}

// sendPage begins the transmission of the present page.
func (m *Machine) sendPage() {
	code, err := m.cfg.Document.Code(m.tx.page, m.params)
	if err != nil {
		m.reject(statusPageCode, "page "+itoa(m.tx.page+1)+": "+err.Error())
		return
	}
	m.tx.message = m.nextMessage()
	m.report(PageStartNews{true, m.tx.page + 1, m.tx.attempts > 0, m.params})
	m.tx.attempts++
	if m.params.ECM() {
		m.tx.ecm.begin(bufio.NewReaderSize(code, m.params.FrameSize+1))
		m.sendBlock()
		return
	}
	m.setState(SendingImage)
	m.do(SendImage{Pause: fastPause, Rate: m.params.Rate, Short: m.shortTraining(), Code: code})
}

// nextMessage is the command that the present page ends with.
func (m *Machine) nextMessage() FCF {
	next, ok := m.cfg.Document.Page(m.tx.page + 1)
	m.tx.last = !ok
	switch {
	case !ok && m.polls():
		return EOM // to get another DIS
	case !ok:
		return EOP
	}
	p := m.choose(next)
	p.Rate = m.params.Rate
	if next.NewDocument || p != m.params {
		return EOM
	}
	return MPS
}

// polls tells whether a poll follows the last page. A far end whose DIS had
// nothing to be polled is not asked for another one.
func (m *Machine) polls() bool { return m.cfg.Poll && m.tx.far.Transmit }

// command gives the message, as PRI if the operator is wanted.
func (m *Machine) command() FCF {
	if !m.want {
		return m.tx.message
	}
	return map[FCF]FCF{MPS: PRIMPS, EOM: PRIEOM, EOP: PRIEOP}[m.tx.message]
}

func (m *Machine) sendPostMessage() {
	m.tx.out = true
	m.send(SendingPostMessage, frame(m.command()))
}

// confirmation takes an answer to a post-message command.
func (m *Machine) confirmation(f Frame) {
	switch c := f.FCF(); c {
	case MCF, RTP, PIP:
		m.confirmed(c)
	case RTN:
		m.refused(c)
	case PIN:
		m.tx.out = false
		m.fail(statusPIN, "the receiver wants its operator to speak, and refused page "+itoa(m.tx.page+1))
	case CFR, FTT: // an old answer
	case DIS, DTC:
		m.phaseBAgain(f)
	default:
		m.unexpected(f)
	}
}

// phaseBAgain: DIS or DTC came where a page was to be confirmed. The receiver
// missed the page, as one does whose short training failed, and has gone back to
// phase B (Figure 5-2, R): DCS, long training and the page again.
func (m *Machine) phaseBAgain(f Frame) {
	once := m.last.tries == 1 && m.last.crp == 0
	if m.tx.out && m.tx.message == EOM && !once {
		// An answer may have been lost, and this be the phase B that EOM asks for:
		// the page again might double it, EOM again does not.
		m.unexpected(f)
		return
	}
	m.t5.stop()
	if once { // else it may still have the page: its answer may have been lost
		m.tx.out = false
	}
	if !m.otherCapabilities(f) {
		return
	}
	page := itoa(m.tx.page + 1)
	if m.tx.restarts++; m.tx.restarts > restartsPerPage {
		m.fail(statusDCSIgnored, "the receiver answered "+m.lastName()+" of page "+page+" with "+f.FCF().String()+" "+itoa(m.tx.restarts)+" times")
		return
	}
	text := f.FCF().String() + " in answer to " + m.lastName() + ": page " + page + " is sent again"
	if m.mayBeStored() {
		m.tx.doubled = true
		text += "; the receiver may have it, so that it comes twice"
	}
	m.report(TroubleNews{text})
	// One missed page is an accident, as one failed training is, and says nothing
	// about the rate.
	if m.tx.restarts > 1 {
		m.fallBack()
	}
	m.train()
}

// leastRestart is how soon, from the end of our post-message command, the DIS
// of a receiver can be here that took the page: MCF (0.9 s with its pause), T2 at its
// least (5 s), the preamble (0.85 s) and the frame.
const leastRestart = 7 * Second

// commandOver notes when the post-message command of a page was first over.
func (m *Machine) commandOver() {
	if m.last.tries == 1 && m.last.crp == 0 {
		m.tx.asked = m.now
	}
}

// mayBeStored tells whether a receiver that went back to phase B may have the page,
// because it confirmed it, we did not hear that, and it missed the command
// that we repeated, until its T2 ran out (spandsp; HylaFAX ends the call). The DIS
// of one that missed the page mostly comes sooner, since its T2 began before.
func (m *Machine) mayBeStored() bool {
	return m.tx.out && m.now-m.tx.asked >= leastRestart
}

// confirmed: the present page is through.
func (m *Machine) confirmed(by FCF) {
	m.result.Sent++
	if m.tx.doubled {
		m.result.Doubled++
	}
	m.tx.out = false
	m.progress()
	m.report(PageNews{Sending: true, Page: m.tx.page + 1, Confirmed: true, Response: by, Parameters: m.params, Document: m.tx.message != MPS})
	m.nextPage(by)
}

// nextPage goes on after a page that was confirmed or given up.
func (m *Machine) nextPage(by FCF) {
	m.tx.page++
	m.tx.attempts, m.tx.restarts, m.tx.doubled = 0, 0, false
	if _, ok := m.cfg.Document.Page(m.tx.page); !ok {
		m.tx.finished = true
		switch {
		case m.cfg.Poll && m.tx.message == EOP:
			m.reject(statusNoPoll, "all pages were sent, but "+reasonNoPoll)
			return
		case m.tx.message == EOP || !m.cfg.Poll:
			m.disconnect()
			return
		}
	}
	switch {
	case by == PIP:
		m.fail(statusInterrupt, "the receiver wants its operator to speak")
	case m.tx.message == EOM:
		m.listen(AwaitingDIS, Signals, 0)
		m.t1.start(m.now, timerT1Calling)
	case by == RTP || by == RTN:
		m.train()
	default:
		m.sendPage()
	}
}

// refused: RTN came. See RTNHandling.
func (m *Machine) refused(c FCF) {
	m.tx.out = false
	page := itoa(m.tx.page + 1)
	m.report(PageNews{Sending: true, Page: m.tx.page + 1, Response: c, Parameters: m.params})
	times := m.tx.attempts - m.tx.restarts
	again := times <= retriesAfterRTN
	switch {
	case m.cfg.RTN == GiveUp:
		m.fail(statusRTN, "the receiver refused page "+page)
	case m.cfg.RTN == Ignore, m.cfg.RTN == RetransmitIgnore && !again:
		m.report(TroubleNews{"page " + page + " was refused, and is left at that"})
		m.nextPage(c)
	case !again:
		m.fail(statusRTN3, "the receiver refused page "+page+" "+itoa(times)+" times")
	default:
		m.slower()
		m.train()
	}
}

// unexpected takes frames that are no answer in this state.
func (m *Machine) unexpected(f Frame) {
	switch f.FCF() {
	case CRP:
		m.repeatAsked()
	default:
		m.report(TroubleNews{"unexpected " + f.FCF().String() + " in state " + m.state.String()})
	}
}
