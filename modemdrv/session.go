package modemdrv

import (
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// Session is one fax session on one line. It is used by one goroutine: give it
// what the far end sent with Receive, and ask it for as many samples with
// Transmit; in what order and in what pieces matters only for delay.
type Session struct {
	machine *t30.Machine
	cfg     Config
	rx      receive
	tx      transmit
	now     t30.Samples // transmitted
	started bool
	queue   []t30.Event
	busy    bool // the queue is being served
	hungUp  bool
}

func newSession(cfg Config) (*Session, error) {
	m, err := t30.New(cfg.Config)
	if err != nil {
		return nil, err
	}
	if cfg.Level == 0 {
		cfg.Level = defaultLevel
	}
	s := &Session{machine: m, cfg: cfg}
	if err := s.rx.init(s); err != nil {
		return nil, err
	}
	s.tx.init(s)
	return s, nil
}

// defaultLevel is what modems send with, dBm0.
const defaultLevel = -13

// Receive takes the next samples of the far end. The slice is not kept.
func (s *Session) Receive(pcm []int16) {
	s.start()
	for len(pcm) > 0 && !s.Done() {
		n := min(len(pcm), step)
		s.rx.write(pcm[:n])
		s.drain()
		pcm = pcm[n:]
	}
}

// step is how many samples are worked on at a time, so that what they bring has
// effect at the next ones.
const step = 80

// Conceal tells that the next n samples given to Receive are made up.
func (s *Session) Conceal(n int) {
	s.start()
	s.rx.conceal(n)
	s.event(t30.GapEvent{Length: t30.Samples(n)})
}

// Transmit fills out with the next samples to send.
func (s *Session) Transmit(out []int16) {
	s.start()
	for len(out) > 0 {
		n := min(len(out), step)
		s.tx.read(out[:n])
		s.now += t30.Samples(n)
		s.drain()
		s.advance()
		out = out[n:]
	}
}

// Done tells that the call is to be hung up: what Transmit gave so far is all.
func (s *Session) Done() bool { return s.hungUp && s.tx.idle() }

// Result tells what became of the session; it is complete when Done.
func (s *Session) Result() Result { return s.machine.Result() }

// LineDown tells that the far end hung up, or the line failed. The session is Done
// after it.
func (s *Session) LineDown() {
	s.start()
	s.event(t30.LineDownEvent{})
}

// Abort asks to end the call; an image is broken off. Go on until Done.
func (s *Session) Abort() {
	s.start()
	s.event(t30.AbortEvent{})
}

// SetBusy tells that received pages cannot be taken for now, or can again.
func (s *Session) SetBusy(busy bool) {
	s.start()
	s.event(t30.BusyEvent{Busy: busy})
}

// Interrupt asks the far end for its operator.
func (s *Session) Interrupt() {
	s.start()
	s.event(t30.InterruptEvent{})
}

func (s *Session) start() {
	if !s.started {
		s.started = true
		s.act(s.machine.Start(s.now))
	}
}

// post queues an event from within a modem, which must not be restarted while
// it is at work.
func (s *Session) post(e t30.Event) { s.queue = append(s.queue, e) }

// event gives the machine an event, after those that wait.
func (s *Session) event(e t30.Event) {
	s.post(e)
	s.drain()
}

// drain serves the queue.
func (s *Session) drain() {
	if s.busy {
		return
	}
	s.busy = true
	for i := 0; i < len(s.queue); i++ {
		s.act(s.machine.Handle(s.now, s.queue[i]))
	}
	s.queue = s.queue[:0]
	s.busy = false
}

// advance serves the machine's timers.
func (s *Session) advance() {
	for {
		at, ok := s.machine.NextDeadline()
		if !ok || at > s.now {
			return
		}
		s.act(s.machine.Advance(s.now))
	}
}

// act does what the machine says.
func (s *Session) act(actions []t30.Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case t30.Report:
			s.report(a.News)
		case t30.Listen:
			s.rx.listen(a)
		case t30.Stop:
			s.tx.stop()
		case t30.HangUp:
			s.hungUp = true
			s.rx.stop()
		default:
			s.rx.stop()
			s.tx.begin(a)
		}
	}
}

func (s *Session) report(n t30.News) {
	if s.cfg.Observer != nil {
		s.cfg.Observer.Report(s.now, n)
	}
}
