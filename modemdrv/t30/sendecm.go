package t30

import (
	"bufio"
	"errors"
	"io"
)

// Sizes of error correction (T.4 Annex A).
const (
	blockFrames = 256 // of a block, at most
	rcpFrames   = 3   // at the end of each transmission
	requestSize = blockFrames / 8
	// requestsPerRate is how many PPR are answered before CTC (T.30 A.4.1).
	requestsPerRate = 4
	// maxCorrections bounds how often CTC is sent for one block.
	maxCorrections = 12
)

// blockSender is what the sender of a page with ECM remembers.
type blockSender struct {
	code     *bufio.Reader
	block    int     // of the page, from 0
	frames   []Frame // of the present block
	pending  []Frame // those to be sent next
	last     bool    // the page ends with this block
	requests int     // PPR since the block began or CTC
	total    int     // all PPR of the block
	empty    int     // those of them that asked for nothing
	before   int     // bad frames when the rate was looked at last
	ctc      int
	resent   int
	giveUp   bool
}

func (b *blockSender) begin(code *bufio.Reader) { *b = blockSender{code: code, block: -1} }

// next reads the next block; false at a page's end or failure.
func (b *blockSender) next(size int) error {
	b.block++
	b.frames = make([]Frame, 0, blockFrames)
	b.requests, b.total, b.empty, b.ctc, b.resent, b.before = 0, 0, 0, 0, 0, blockFrames
	for len(b.frames) < blockFrames {
		f := make(Frame, headLength+1+size) // the last one is filled up with zeros
		f[0], f[1], f[2], f[3] = address, controlMore, byte(FCD), byte(len(b.frames))
		n, err := io.ReadFull(b.code, f[headLength+1:])
		if n > 0 || len(b.frames) == 0 && b.block == 0 {
			reverse(f[headLength+1:])
			b.frames = append(b.frames, f)
		}
		if err != nil {
			b.last = true
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				break
			}
			return err
		}
	}
	if _, err := b.code.Peek(1); err != nil {
		b.last = true
	}
	b.pending = b.frames
	return nil
}

// reverse turns each octet round: image code has the first bit as the most
// significant one, frames as the least.
func reverse(p []byte) {
	for i, c := range p {
		c = c>>4 | c<<4
		c = c>>2&0x33 | c<<2&0xCC
		p[i] = c>>1&0x55 | c<<1&0xAA
	}
}

// bad gives the frames that a PPR asks for: its bits that are 1.
func (b *blockSender) bad(request []byte) []Frame {
	var f []Frame
	for i, fr := range b.frames {
		if i/8 >= len(request) || request[i/8]>>(i%8)&1 != 0 {
			f = append(f, fr)
		}
	}
	return f
}

// sendBlock sends the next block of the page.
func (m *Machine) sendBlock() {
	if err := m.tx.ecm.next(m.params.FrameSize); err != nil {
		m.reject(statusPageCode, "page "+itoa(m.tx.page+1)+": "+err.Error())
		return
	}
	m.sendPending()
}

func (m *Machine) sendPending() {
	frames := make([]Frame, 0, len(m.tx.ecm.pending)+rcpFrames)
	frames = append(frames, m.tx.ecm.pending...)
	for range rcpFrames {
		frames = append(frames, frame(RCP))
	}
	m.setState(SendingBlock)
	m.do(SendECM{Pause: fastPause, Rate: m.params.Rate, Short: m.shortTraining(), Frames: frames})
}

// partial is the second field of PPS and EOR for the present block.
func (m *Machine) partial() FCF {
	if !m.tx.ecm.last {
		return NULL
	}
	return m.command()
}

func (m *Machine) sendPPS() {
	e := &m.tx.ecm
	if e.last {
		m.tx.out = true
	}
	m.send(SendingPPS, pps{m.partial(), uint8(m.tx.page), uint8(e.block), len(e.frames)}.frame())
}

// ppsResponse takes an answer to PPS, or to RR after it.
func (m *Machine) ppsResponse(f Frame) {
	switch c := f.FCF(); c {
	case MCF, RTP, PIP:
		m.t5.stop()
		m.blockConfirmed(c)
	case PPR:
		m.t5.stop()
		m.resend(f.FIF())
	case RNR:
		m.notReady()
	case PIN:
		m.tx.out = false
		m.fail(statusPIN, "the receiver wants its operator to speak, and refused page "+itoa(m.tx.page+1))
	case RTN: // some receivers answer so although there is PPR
		m.tx.out = false
		m.refused(c)
	case ERR:
		if m.state == AwaitingERR || m.tx.ecm.giveUp {
			m.t5.stop()
			m.blockConfirmed(c)
		}
	case CFR, CTR: // an old answer
	case DIS, DTC:
		m.phaseBAgain(f)
	default:
		m.unexpected(f)
	}
}

func (m *Machine) blockConfirmed(by FCF) {
	e := &m.tx.ecm
	m.report(PageProgressNews{true, m.tx.page + 1, e.block + 1, len(e.frames), e.resent})
	m.progress()
	switch {
	case !e.last:
		m.sendBlock()
	case by == ERR:
		m.tx.out = false
		m.report(PageNews{Sending: true, Page: m.tx.page + 1, Response: by, Parameters: m.params})
		m.nextPage(by)
	default:
		m.confirmed(by)
	}
}

// notReady: RNR came; RR asks again, for up to T5 (T.30 A.3.5).
func (m *Machine) notReady() {
	if !m.t5.running {
		m.t5.start(m.now, timerT5)
	}
	m.send(SendingRR, frame(RR))
}

// resend answers a PPR. After every fourth one the rate is looked at: it stays
// while at least half of what was bad gets through, for lost packets do not get
// fewer at lower rates.
func (m *Machine) resend(request []byte) {
	e := &m.tx.ecm
	e.requests++
	e.total++
	bad := e.bad(request)
	m.report(RequestNews{true, m.tx.page + 1, e.block + 1, e.total, len(bad)})
	m.tx.out = false
	if len(bad) == 0 { // the answer was garbled on the way or in its making
		if e.empty++; e.empty > maxRequests {
			m.fail(statusRepeated, "the receiver kept asking for no frames at all of page "+itoa(m.tx.page+1)+" (PPR)")
			return
		}
		m.sendPPS()
		return
	}
	e.pending = bad
	e.resent += len(bad)
	if e.requests < requestsPerRate {
		m.sendPending()
		return
	}
	e.requests = 0
	if e.ctc++; e.ctc > maxCorrections {
		m.unclean()
		return
	}
	if len(bad) > e.before/2 && !m.slower() && e.ctc > requestsPerRate {
		m.unclean()
		return
	}
	e.before = len(bad)
	m.params.Rate = m.tx.rates[m.tx.rate]
	m.send(SendingCTC, frame(CTC, m.params.dcs()[:2]...))
}

// unclean gives a block up.
func (m *Machine) unclean() {
	if !m.cfg.GiveUpECM {
		m.fail(statusUnclean, "page "+itoa(m.tx.page+1)+" did not get through whole")
		return
	}
	m.tx.ecm.giveUp = true
	m.send(SendingEOR, frame(EOR, byte(m.partial())))
}

// correctionResponse takes the answer to CTC.
func (m *Machine) correctionResponse(f Frame) {
	switch f.FCF() {
	case CTR:
		m.trained = false // long training follows (T.30 A.4.1)
		m.sendPending()
		m.trained = true
	case PPR: // the CTC was not received
		m.repeat(statusNoCTC)
	case DIS, DTC:
		m.phaseBAgain(f)
	default:
		m.unexpected(f)
	}
}
