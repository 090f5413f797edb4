package iax

import (
	"context"
	"net/netip"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax/jitter"
	"github.com/litoria-fax/litoria/iax/wire"
)

// EventKind is what happened in a call.
type EventKind uint8

// Events of a call, in the order of its life. DTMF and text may come often, the
// others once.
const (
	EventAccepted    EventKind = iota + 1 // the other side took the call and the codec is known
	EventProceeding                       // the call goes on its way
	EventRinging                          // it rings at the far end
	EventProgress                         // in-band information may be heard
	EventBusy                             // the far end tells it is busy (the end follows)
	EventCongestion                       // no circuit (the end follows)
	EventAnswered                         // answered; audio runs
	EventDTMF                             // a digit, in Event.Digit
	EventText                             // a text frame, in Event.Text
	EventEnded                            // the call is over; Event.Err tells why. The last event
	EventTransferred                      // the exchange connected us with the far end directly; Event.Text tells what of it
)

// String names the event for logs.
func (k EventKind) String() string {
	names := [...]string{
		EventAccepted: "accepted", EventProceeding: "proceeding", EventRinging: "ringing", EventProgress: "progress",
		EventBusy: "busy", EventCongestion: "congestion", EventAnswered: "answered", EventDTMF: "DTMF", EventText: "text", EventEnded: "ended", EventTransferred: "transferred",
	}
	if int(k) < len(names) && names[k] != "" {
		return names[k]
	}
	return "no event"
}

// Event is something that happened in a call.
type Event struct {
	Kind  EventKind
	At    time.Time
	Digit byte
	Text  string
	Err   *CallError // of EventEnded
}

const (
	eventSpace   = 64 // of the channel
	eventReserve = 16 // kept for events of which there is one each

	// doneLinger is how long after Media.Done the call is kept, so that what
	// was sent last is heard before the other end clears.
	doneLinger = 60 * time.Millisecond
)

// Call is one call, placed or received. Its methods may be called from any
// goroutine, also from a Media.
type Call struct {
	e      *Endpoint
	d      *dialog
	events chan Event
	up     chan struct{} // closed at the answer
	ended  chan struct{} // closed at the end, after the last call of Media

	// Owned by the dialog's goroutine.
	m       callMachine
	media   Media
	relay   func(ts uint32, codec Codec, payload []byte)
	buffer  *jitter.Buffer
	pace    pacer
	spoke   bool // a frame of audio was taken in this step
	playing bool // media runs
	relayed relayClock
	told    bool // Config.Incoming was told
	proved  bool // the sender of an incoming call answered us
	upAt    time.Time
	doneAt  time.Time // when to hang up after Media.Done
	pcm     [FrameSamples]int16
	heard   []int16
	payload []byte
	sent    uint64
	local   netip.AddrPort
	capture CaptureSink // nil: none
	early   []captured  // the set-up, until it is known whether there is a capture
	noEarly bool

	mu    sync.Mutex // guards what users read: written by the dialog's goroutine
	info  CallInfo
	stats Stats
	err   *CallError
	end   remoteKey // of the other end
}

func newCall(e *Endpoint, d *dialog) *Call {
	c := &Call{
		e: e, d: d,
		events: make(chan Event, eventSpace), up: make(chan struct{}), ended: make(chan struct{}),
	}
	c.m.random = e.cfg.Rand
	c.m.voice = c.hear
	c.m.report = c.receiverReport
	c.m.home = d.remote
	c.m.trace = c.traced
	c.local = e.Addr()
	c.m.onState = func(from, to callState) {
		e.log.Debug().Uint16("call", uint16(d.number)).Stringer("remote", d.remote).Stringer("from", from).Stringer("to", to).Msg("iax: call state")
	}
	return c
}

// Info is what is known about the call. Codec and Auth are final once it is
// accepted.
func (c *Call) Info() CallInfo {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.info
}

// Events is the call's life. The channel is closed after EventEnded. Nobody
// needs to read it: DTMF and text are dropped when it is full, the rest fits.
func (c *Call) Events() <-chan Event { return c.events }

// WaitAnswer waits until a placed call is answered (nil), is over (*CallError)
// or ctx ends (its error; the call goes on).
func (c *Call) WaitAnswer(ctx context.Context) error {
	select {
	case <-c.up:
		return nil
	case <-c.ended:
		select {
		case <-c.up:
			return nil
		default:
		}
		return c.Err()
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Ring tells the caller of an incoming call that it rings.
func (c *Call) Ring() { c.indicate(wire.ControlRinging) }

// Proceed tells the caller of an incoming call that it goes on its way.
func (c *Call) Proceed() { c.indicate(wire.ControlProceeding) }

// Progress tells the caller of an incoming call that there is something to
// hear before the answer.
func (c *Call) Progress() { c.indicate(wire.ControlProgress) }

// Busy tells the caller of an incoming call that the far end is busy; the
// caller or Hangup ends the call.
func (c *Call) Busy() { c.indicate(wire.ControlBusy) }

// Congestion tells the caller of an incoming call that there is no circuit.
func (c *Call) Congestion() { c.indicate(wire.ControlCongestion) }

func (c *Call) indicate(ctl wire.Control) {
	c.d.post(func(now time.Time) { c.m.indicate(now, ctl) })
}

// Answer takes an incoming call and connects its audio; m may be nil to attach
// it later.
func (c *Call) Answer(m Media) {
	c.d.post(func(now time.Time) {
		if m != nil {
			c.media = m
		}
		c.m.answer(now)
	})
}

// Attach connects the audio of a call. It runs from the answer on, or at once
// if the call is answered.
func (c *Call) Attach(m Media) {
	c.d.post(func(time.Time) { c.media, c.playing = m, false })
}

// SendDTMF sends a digit.
func (c *Call) SendDTMF(digit byte) {
	c.d.post(func(now time.Time) { c.m.sendDTMF(now, digit) })
}

// Reject refuses an incoming call that was not answered.
func (c *Call) Reject(cause Cause, text string) { c.Hangup(cause, text) }

// Hangup ends the call.
func (c *Call) Hangup(cause Cause, text string) {
	c.d.post(func(now time.Time) { c.m.hangup(now, cause, text) })
}

// Done is closed when the call is over and its Media is no longer called.
func (c *Call) Done() <-chan struct{} { return c.ended }

// Err tells after Done why the call is over.
func (c *Call) Err() *CallError {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.err
}

// Stats are the figures of the call so far; final after Done.
func (c *Call) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// The methods below are the machine that the dialog drives: the call's machine
// with its audio.

func (c *Call) receive(now time.Time, from netip.AddrPort, b []byte) { c.m.receive(now, from, b) }

func (c *Call) ways() (netip.AddrPort, remoteKey) { return c.m.home, c.m.second() }

func (c *Call) output() *output { return &c.m.out }

func (c *Call) remoteNumber() wire.CallNumber { return c.m.remote }

func (c *Call) over() bool { return c.m.state == stateClosed }

// abandon ends a call whose other end does not confirm the end.
func (c *Call) abandon() { c.m.setState(stateClosed) }

func (c *Call) deadline() (time.Time, bool) {
	first, _ := c.m.deadline()
	if c.playing {
		first = earliest(first, c.pace.next())
		if at, ok := c.buffer.Deadline(); ok {
			first = earliest(first, at)
		}
		first = earliest(first, c.doneAt)
	}
	return first, !first.IsZero()
}

func (c *Call) timeout(now time.Time) {
	c.m.timeout(now)
	c.settle(now)
	if !c.playing {
		return
	}
	c.buffer.Timeout(now)
	if c.playing && !c.pace.next().After(now) {
		c.speak(now)
	}
	if due(now, c.doneAt) {
		c.doneAt = time.Time{}
		c.m.hangup(now, CauseNormalClearing, "")
		c.settle(now)
	}
}

// settle starts and stops the audio as the state of the call wants.
func (c *Call) settle(now time.Time) {
	up := c.m.state == stateUp
	switch {
	case up && c.upAt.IsZero():
		c.upAt = now
		c.early, c.noEarly = nil, true
		c.snapshot() // whoever hears the first of the audio knows the codec
	case !up:
		c.playing = false
		return
	}
	if c.media != nil && !c.playing && c.relay == nil {
		c.playing = true
		c.buffer = jitter.New(c.media)
		c.buffer.Start(now)
		c.pace.begin(now, c.m.ts(now))
	}
}

// speak sends the next frame of audio.
func (c *Call) speak(now time.Time) {
	ts := c.pace.take(now)
	c.media.Transmit(c.pcm[:])
	c.payload = appendAudio(c.payload[:0], c.m.info.Codec, c.pcm[:])
	c.m.sendVoice(now, ts, c.m.info.Codec, c.payload)
	c.sent++
	c.spoke = true
	if c.doneAt.IsZero() && c.media.Done() {
		c.doneAt = now.Add(doneLinger)
	}
}

// hear takes audio from the machine.
func (c *Call) hear(now time.Time, ts uint32, codec Codec, payload []byte) {
	if c.relay != nil {
		c.relay(ts, codec, payload)
		return
	}
	c.settle(now)
	if !c.playing {
		return
	}
	c.heard = appendSamples(c.heard[:0], codec, payload)
	c.buffer.Arrive(now, ts, c.heard)
}

// stepped tells the user what happened in the last step.
func (c *Call) stepped(now time.Time) {
	if c.spoke {
		c.pace.sent(now)
		c.spoke = false
	}
	if c.m.info.Incoming && !c.proved && (c.m.heard || c.over()) {
		c.proved = true
		c.e.proved(c.d.remote.Addr())
	}
	c.snapshot()
	for _, ev := range c.m.out.takeEvents() {
		c.tell(ev)
	}
	if c.m.info.Incoming && !c.told && c.m.heard && c.m.state == stateLinked {
		c.told = true
		go c.e.cfg.Incoming(c)
	}
}

func (c *Call) tell(ev Event) {
	switch ev.Kind { //nolint:exhaustive // the two that drop
	case EventDTMF, EventText:
		if len(c.events) >= eventSpace-eventReserve {
			return
		}
	}
	c.events <- ev
	switch ev.Kind { //nolint:exhaustive // the two that wake
	case EventAnswered:
		close(c.up)
	case EventEnded:
		c.playing = false
		c.mu.Lock()
		c.err = ev.Err
		c.mu.Unlock()
		close(c.events)
		close(c.ended)
		c.logEnd(ev.Err)
		if ev.Err.Remote && ev.Err.Text == textForgotten {
			c.e.doubt(c.m.home, (*regMachine).forgotten)
		}
	}
}

// logEnd writes the one line about a call that is over.
func (c *Call) logEnd(why *CallError) {
	s := c.Stats()
	c.e.log.Info().Str("number", c.m.info.Called).Stringer("remote", c.d.remote).Bool("incoming", c.m.info.Incoming).
		Str("why", why.Error()).Uint8("cause", uint8(why.Cause)).Str("stats", s.String()).Msg("iax: call ended")
}

// snapshot makes info and figures readable for users.
func (c *Call) snapshot() {
	s := Stats{Sent: c.sent, RTT: c.m.latest, MaxLate: c.pace.maxLate, Retrans: c.m.retrans}
	if c.buffer != nil {
		j := c.buffer.Stats()
		s.Received, s.Lost, s.Late, s.Reordered, s.Duplicates = j.Received, j.Lost, j.Late, j.Reordered, j.Duplicates
		s.Concealed, s.Silence, s.Jumps, s.Jitter, s.SkewPPM = j.Concealed, j.Silence, j.Jumps, j.Jitter, j.SkewPPM
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return
	}
	if !c.upAt.IsZero() {
		s.Duration = time.Since(c.upAt)
	}
	c.info, c.stats, c.end = c.m.info, s, remoteKey{c.m.home, c.m.remote}
}

// receiverReport is what PONG tells (RFC 5456 8.6.37 to 8.6.42).
func (c *Call) receiverReport() []wire.IE {
	var ies wire.IEs
	if c.buffer == nil {
		return nil
	}
	s := c.buffer.Stats()
	percent := uint64(0)
	if all := s.Received + s.Lost; all > 0 {
		percent = 100 * s.Lost / all
	}
	const ms = time.Millisecond
	ies.AddU32(wire.IERRJitter, uint32(s.Jitter/ms))                              //nolint:gosec // small
	ies.AddU32(wire.IERRLoss, uint32(percent<<24|s.Lost&0xffffff))                //nolint:gosec // 8 and 24 bits
	ies.AddU32(wire.IERRPkts, uint32(s.Received))                                 //nolint:gosec // wraps
	ies.AddU16(wire.IERRDelay, uint16(len(c.heard)/8*(1+c.buffer.Held())&0x7fff)) //nolint:gosec // small
	ies.AddU32(wire.IERRDropped, uint32(s.Late))                                  //nolint:gosec // wraps
	ies.AddU32(wire.IERROOO, uint32(s.Reordered))                                 //nolint:gosec // wraps
	return ies
}
