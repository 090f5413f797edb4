package hdlc

import "time"

const (
	flag      = 0x7E
	abortOnes = 0xFF // eight ones: more than the seven that abort a frame
)

// NextFrame gives an encoder its frames, one at a time, when the line is ready
// for them. A frame is its octets without FCS; it must stay as it is until the
// next call. An empty frame with ok true says that none is ready yet: a flag
// is sent, and the encoder asks again. ok false ends the transmission.
type NextFrame func() (frame []byte, ok bool)

// Frames is a NextFrame for frames that are all known.
func Frames(frames ...[]byte) NextFrame {
	return func() ([]byte, bool) {
		for len(frames) > 0 {
			f := frames[0]
			frames = frames[1:]
			if len(f) > 0 {
				return f, true
			}
		}
		return nil, false
	}
}

// FlagsFor tells how many flags last at least d at a bit rate: one second at
// 300 bit/s is 38 flags.
func FlagsFor(d time.Duration, bitRate int) int {
	bits := (int64(d)*int64(bitRate) + int64(time.Second) - 1) / int64(time.Second)
	return int((bits + 7) / 8)
}

// Spacing says how many flags an Encoder sends where. Fewer than one is taken
// for one.
type Spacing struct {
	Preamble int // before the first frame
	Between  int // between two frames; one both ends the one and begins the other
	Closing  int // after the last frame
}

// Encoder makes the bits of flags and frames. It is a modem.BitSource.
type Encoder struct {
	spacing Spacing
	next    NextFrame

	state encoderState
	flags int // flags still to be sent in a state that sends flags
	frame []byte
	at    int
	fcs   uint16
	ones  uint8 // ones in a row at the end of what was stuffed
	abort bool

	bits uint64 // made but not yet read, the first in the lowest place
	n    int
}

// encoderState is what the next octet of an Encoder is.
type encoderState uint8

const (
	sendFlags   encoderState = iota // flags before a frame, then asks for one
	sendFrame                       // octets of the frame
	sendFCS                         // low, then high octet of the FCS
	sendClosing                     // flags after the last frame
	sendNothing                     // the end
)

// NewEncoder makes an encoder of one transmission.
func NewEncoder(spacing Spacing, next NextFrame) *Encoder {
	e := &Encoder{}
	e.Reset(spacing, next)
	return e
}

// Reset makes the encoder begin another transmission.
func (e *Encoder) Reset(spacing Spacing, next NextFrame) {
	spacing.Preamble = max(1, spacing.Preamble)
	spacing.Between = max(1, spacing.Between)
	spacing.Closing = max(1, spacing.Closing)
	*e = Encoder{spacing: spacing, next: next, state: sendFlags, flags: spacing.Preamble}
}

// Abort breaks off the frame that is being sent (ISO/IEC 13239 4.5.2); flags and
// the next frame follow. Between frames it does nothing.
func (e *Encoder) Abort() { e.abort = e.state == sendFrame || e.state == sendFCS }

// ReadBits implements modem.BitSource.
func (e *Encoder) ReadBits(n int) (bits uint32, got int) {
	for e.n < n && e.state != sendNothing {
		e.octet()
	}
	got = min(n, e.n)
	bits = uint32(e.bits) & (1<<got - 1)
	e.bits >>= got
	e.n -= got
	return bits, got
}

// octet makes the bits of the next octet.
func (e *Encoder) octet() {
	if e.abort {
		e.abort = false
		e.put(abortOnes, 8)
		e.endFrame()
		return
	}
	switch e.state {
	case sendFlags:
		if e.flags > 0 {
			e.flags--
			e.put(flag, 8)
			return
		}
		e.ask()
	case sendFrame:
		b := e.frame[e.at]
		e.at++
		e.fcs = fcsAdd(e.fcs, b)
		e.stuff(b)
		if e.at == len(e.frame) {
			e.state, e.at = sendFCS, 0
		}
	case sendFCS:
		e.stuff(byte(^e.fcs >> (8 * e.at)))
		if e.at++; e.at == fcsLength {
			e.endFrame()
		}
	case sendClosing:
		e.flags--
		e.put(flag, 8)
		if e.flags == 0 {
			e.state = sendNothing
		}
	case sendNothing:
	}
}

// ask gets the next frame. At the end the flag just sent counts as closing.
func (e *Encoder) ask() {
	frame, ok := e.next()
	switch {
	case !ok && e.spacing.Closing > e.sent():
		e.state, e.flags = sendClosing, e.spacing.Closing-e.sent()
	case !ok:
		e.state = sendNothing
	case len(frame) == 0:
		e.put(flag, 8)
	default:
		e.state, e.frame, e.at, e.fcs, e.ones = sendFrame, frame, 0, fcsPreset, 0
	}
}

// sent is how many flags went out since the last frame.
func (e *Encoder) sent() int {
	if e.frame == nil {
		return 0
	}
	return e.spacing.Between
}

func (e *Encoder) endFrame() { e.state, e.flags = sendFlags, e.spacing.Between }

func (e *Encoder) put(bits uint64, n int) {
	e.bits |= bits << e.n
	e.n += n
}

// stuff sends an octet with a zero after each five ones.
func (e *Encoder) stuff(b byte) {
	s := &stuffTable[e.ones][b]
	e.put(uint64(s.bits), int(s.n))
	e.ones = s.ones
}

// stuffed is an octet with zeros inserted.
type stuffed struct {
	bits uint16 // up to ten
	n    uint8
	ones uint8 // ones in a row at the end, 0 to 4
}

// stuffTable holds every octet after every number of ones, 0 to 4.
var stuffTable = makeStuffTable()

func makeStuffTable() (t [5][256]stuffed) {
	for ones := range t {
		for b := range 256 {
			t[ones][b] = stuffOctet(uint8(ones), byte(b))
		}
	}
	return t
}

func stuffOctet(ones uint8, b byte) stuffed {
	s := stuffed{ones: ones}
	for i := range 8 {
		bit := uint16(b >> i & 1)
		s.bits |= bit << s.n
		s.n++
		if bit == 0 {
			s.ones = 0
			continue
		}
		if s.ones++; s.ones == 5 {
			s.n++ // the inserted zero
			s.ones = 0
		}
	}
	return s
}
