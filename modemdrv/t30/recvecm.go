package t30

// blockReceiver collects the frames of one block (T.30 A.3, T.4 Annex A).
type blockReceiver struct {
	data     [blockFrames][]byte // nil: not received
	any      bool                // a frame came since the last answer
	requests int                 // PPRs sent for this block
	again    int
	block    int // of the page, from 0
	frames   int // of the block, as far as PPS told
	done     *pps
	waiting  bool // the block is whole, but RNR was sent
}

// maxFrameData is what a frame carries at most.
const maxFrameData = 256

// blockFrame takes a good frame of the fast modem.
func (m *Machine) blockFrame(f Frame) {
	if !m.params.ECM() || m.state != ReceivingPage || f.FCF() != FCD {
		return // RCP: the carrier ends now, and V.21 is listened to all the time
	}
	fif := f.FIF()
	if len(fif) < 1 || len(fif)-1 > maxFrameData {
		return
	}
	b := &m.rx.ecm
	n := int(fif[0])
	b.any = true
	if b.data[n] == nil {
		b.data[n] = append(make([]byte, 0, maxFrameData), fif[1:]...)
	}
}

// missing counts frames 0 to n-1 that did not come, and makes the field of a
// PPR: a bit is 1 where a frame is missing. Bits beyond the block are 0: zeros
// need no stuffing and a packet lost among them does no harm. A frame of another
// size than was agreed on is none, whatever its check sequence says; only the
// last may be short.
func (b *blockReceiver) missing(n, size int) (int, []byte) {
	count := 0
	request := make([]byte, requestSize)
	for i := range n {
		if l := len(b.data[i]); l > size || l < size && i != n-1 {
			b.data[i] = nil
		}
		if b.data[i] == nil {
			count++
			request[i/8] |= 1 << (i % 8)
		}
	}
	return count, request
}

// partialPage answers a PPS.
func (m *Machine) partialPage(f Frame) {
	p, ok := parsePPS(f)
	if !ok || !m.params.ECM() || !m.rx.active {
		m.report(TroubleNews{"PPS cannot be used"})
		return
	}
	b := &m.rx.ecm
	if b.done != nil && !b.any && b.done.page == p.page && b.done.block == p.block {
		m.answer(f, m.rx.response) // our answer was lost
		return
	}
	if !m.openPage() {
		m.fail(m.rx.refuse.status, m.rx.refuse.reason)
		return
	}
	// spandsp tells in the PPS after a PPR only how many frames it sent again.
	b.frames = max(b.frames, p.frames)
	p.frames = b.frames
	missing, request := b.missing(p.frames, m.params.FrameSize)
	if missing > 0 {
		b.requests++
		b.again += missing
		m.report(RequestNews{false, m.rx.pages + 1, b.block + 1, b.requests, missing})
		m.rx.command, m.rx.response = append(Frame(nil), f...), PPR
		b.any = false
		if !m.patient(PPS) {
			return
		}
		m.send(SendingResponse, frame(PPR, request...))
		return
	}
	if m.busy {
		m.hold(f)
		return
	}
	m.blockDone(f, p, MCF)
}

// hold answers RNR: the block is whole but cannot be taken yet.
func (m *Machine) hold(f Frame) {
	m.rx.ecm.waiting = true
	m.rx.command, m.rx.response = append(Frame(nil), f...), RNR
	m.send(SendingResponse, frame(RNR))
}

// receiveReady answers an RR.
func (m *Machine) receiveReady() {
	if m.rx.command == nil {
		return
	}
	if !m.rx.ecm.waiting {
		m.repeatAsked() // our answer was lost
		return
	}
	if m.busy {
		m.sendAgain()
		return
	}
	f := m.rx.command
	if p, ok := parsePPS(f); ok && f.FCF() == PPS {
		p.frames = max(p.frames, m.rx.ecm.frames)
		m.blockDone(f, p, MCF)
		return
	}
	m.givenUp(f)
}

// blockDone takes a whole block, and with the last of a page the page.
func (m *Machine) blockDone(f Frame, p pps, response FCF) {
	b := &m.rx.ecm
	for i := range p.frames {
		m.writeFrame(b.data[i])
	}
	m.report(PageProgressNews{false, m.rx.pages + 1, b.block + 1, p.frames, b.again})
	b.clear()
	m.progress()
	b.done = &p
	if p.next == NULL {
		if m.rx.store != nil {
			m.fail(statusStore, m.rx.store.Error())
			return
		}
		if !m.nextBlock() {
			return
		}
		m.answer(f, response)
		return
	}
	b.block = 0
	m.store(f, response, m.rx.page.Quality())
}

// maxBlocks is how many blocks a page has at most: their number is one octet (A.4.3).
const maxBlocks = 256

// nextBlock counts the blocks of a page; false if the call was ended for too many.
func (m *Machine) nextBlock() bool {
	if m.rx.ecm.block++; m.rx.ecm.block < maxBlocks {
		return true
	}
	m.fail(statusStalled, "page "+itoa(m.rx.pages+1)+" did not end after "+itoa(maxBlocks)+" blocks")
	return false
}

func (m *Machine) writeFrame(data []byte) {
	if data == nil {
		return
	}
	reverse(data)
	m.rx.octets += len(data)
	if _, err := m.rx.page.Write(data); err != nil && m.rx.store == nil {
		m.rx.store = err
	}
}

func (b *blockReceiver) clear() {
	b.data = [blockFrames][]byte{}
	b.any, b.requests, b.again, b.frames, b.waiting = false, 0, 0, 0, false
}

// flush writes what came of a block without gap.
func (b *blockReceiver) flush(w PageWriter) {
	for _, d := range b.data {
		if d == nil {
			return
		}
		reverse(d)
		if _, err := w.Write(d); err != nil {
			return
		}
	}
}

// correct answers a CTC: the block goes on, with new parameters (T.30 A.4.1).
func (m *Machine) correct(f Frame) {
	if !m.patient(CTC) {
		return
	}
	if len(f.FIF()) >= 2 {
		if r, ok := codeRate(bits(f.FIF()).value(bitRate, bitRate+3)); ok {
			m.params.Rate = r
		}
	}
	m.trained = false
	m.rx.ecm.requests = 0
	m.rx.response = CTR
	if m.rx.command == nil {
		m.rx.command = append(Frame(nil), f...)
	}
	m.send(SendingResponse, frame(CTR))
}

// endRetransmission answers an EOR: the sender gives the block up.
func (m *Machine) endRetransmission(f Frame) {
	if !m.params.ECM() || m.rx.command == nil {
		m.report(TroubleNews{"EOR cannot be used"})
		return
	}
	if m.rx.command.FCF() == EOR && m.rx.page == nil && !m.line.fastSeen {
		m.answer(f, m.rx.response)
		return
	}
	if m.busy {
		m.hold(f)
		return
	}
	m.givenUp(f)
}

// givenUp takes what there is of a block that the sender gave up.
func (m *Machine) givenUp(f Frame) {
	if !m.openPage() {
		m.fail(m.rx.refuse.status, m.rx.refuse.reason)
		return
	}
	b := &m.rx.ecm
	for _, d := range b.data {
		m.writeFrame(d)
	}
	b.clear()
	if f.PostMessage() == NULL {
		if !m.nextBlock() {
			return
		}
		m.answer(f, ERR)
		return
	}
	b.block = 0
	m.store(f, ERR, m.rx.page.Quality())
}
