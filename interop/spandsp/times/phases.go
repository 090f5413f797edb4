//go:build interop

package main

import (
	"slices"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/hdlc"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// phases are where the time of a call between two of ours goes, as its sender
// sees it, in seconds. Blocks are pages where there is no error correction.
type phases struct {
	first   float64 // from the beginning to the first image carrier
	confirm float64 // from the end of an image carrier until MCF was read, on average
	next    float64 // from there to the next carrier, on average
	end     float64 // from the last MCF to the end
	carrier float64 // all image carriers
	sent    float64 // of it the octets of the frames with their stuffing; without ECM the code
	frames  int     // 0 without ECM
	blocks  int
	least   least
}

// least is what T.30 leaves of the phases on the same line: the same frames, the
// shortest signals and silences.
type least struct{ first, confirm, next, end float64 }

// burst is a signal on the line, in samples of the call.
type burst struct {
	state    t30.State
	from, to int
	bits     int // of V.21, after the preamble
}

// taped is an end of a call, its signals and what it read.
type taped struct {
	study.End
	at     int
	state  t30.State
	bits   int
	bursts []burst
	mcf    []int
	ended  int
}

// gap is the longest silence within a signal (V.27ter has one in its training), samples.
const gap = 35 * modem.SampleRate / 1000

// Report implements modemdrv.Observer.
func (t *taped) Report(at t30.Samples, news t30.News) {
	switch n := news.(type) {
	case t30.StateNews:
		t.state = n.To
	case t30.FramesSentNews:
		t.bits = 0
		for _, f := range n.Frames {
			t.bits += frameBits(f) + flagBits
		}
	case t30.FrameReceivedNews:
		if n.Good && n.Frame.FCF() == t30.MCF {
			t.mcf = append(t.mcf, int(at))
		}
	case t30.EndNews:
		t.ended = int(at)
	}
}

var _ modemdrv.Observer = (*taped)(nil)

// Next implements study.End.
func (t *taped) Next(out []int16) error {
	if err := t.End.Next(out); err != nil {
		return err
	}
	for i, s := range out {
		if s != 0 {
			t.sound(t.at + i)
		}
	}
	t.at += len(out)
	return nil
}

func (t *taped) sound(at int) {
	if n := len(t.bursts); n > 0 && at-t.bursts[n-1].to < gap {
		t.bursts[n-1].to = at + 1
		return
	}
	t.bursts = append(t.bursts, burst{t.state, at, at + 1, t.bits})
}

const flagBits = 8

// frameBits is how many bits a frame has with its check sequence and what is stuffed
// into it, without flags.
func frameBits(frame []byte) (bits int) {
	e := hdlc.NewEncoder(hdlc.Spacing{Preamble: 1, Between: 1, Closing: 1}, hdlc.Frames(frame))
	for {
		_, n := e.ReadBits(1)
		if n == 0 {
			return bits - 2*flagBits
		}
		bits += n
	}
}

// The shortest signals of T.30, seconds: CED, the preamble of V.21, the training
// check, the silence where our own modulation changes, and that between the far end's
// V.21 and a page (5.3.2.4). Between V.21 and V.21 there need be none.
const (
	leastCED      = 2.6
	leastPreamble = 0.85
	leastCheck    = 1.35
	leastSilence  = 0.055
	leastTurn     = 0.075
	way           = 0.04 // of the line between them, each way
)

// phases takes the times of a call from its two ends.
func (r row) phases(a, b *taped) (p phases) {
	image := func(s burst) bool { return s.state == t30.SendingImage || s.state == t30.SendingBlock }
	carriers := slices.DeleteFunc(slices.Clone(a.bursts), func(s burst) bool { return !image(s) })
	p.blocks = len(carriers)
	p.first = seconds(carriers[0].from)
	p.end = seconds(a.ended - a.mcf[len(a.mcf)-1])
	for i, c := range carriers {
		p.carrier += seconds(c.to - c.from)
		p.confirm += seconds(a.mcf[i]-c.to) / float64(p.blocks)
		if i > 0 {
			p.next += seconds(c.from-a.mcf[i-1]) / float64(p.blocks-1)
		}
	}
	v21 := func(bursts []burst, states ...t30.State) (seconds float64) {
		for _, s := range bursts {
			if slices.Contains(states, s.state) {
				seconds += leastPreamble + float64(s.bits)/300
			}
		}
		return seconds
	}
	l := &p.least
	l.first = leastCED + leastSilence + v21(b.bursts, t30.SendingDIS) + way + v21(a.bursts, t30.SendingDCS) + leastSilence +
		r.training() + leastCheck + way + leastSilence + v21(b.bursts, t30.SendingTrainingResponse) + way + leastTurn
	commands := v21(a.bursts, t30.SendingPPS, t30.SendingPostMessage) + v21(b.bursts, t30.SendingResponse)
	l.confirm = leastSilence + commands/float64(p.blocks) + 2*way
	l.next = leastTurn
	l.end = v21(a.bursts, t30.SendingDCN) + way
	return p
}

// training is how long the long training is, seconds.
func (r row) training() float64 {
	switch r.rate.Modulation {
	case modem.V17:
		return 1.393
	case modem.V29:
		return 0.253
	default:
		return 0.708
	}
}

// sentBits is how many bits the frames of all pages have with their stuffing, and how
// many they are, or the bits of the code without error correction. The last frame of
// a page is filled up.
func sentBits(d *faxDocument, p t30.Parameters) (bits, frames int, err error) {
	for n := range d.pages {
		code, err := d.code(n, p)
		if err != nil {
			return 0, 0, err
		}
		if !p.ECM() {
			bits += 8 * len(code)
			continue
		}
		number := 0 // of the frame, in its block
		for part := range slices.Chunk(code, p.FrameSize) {
			bits += frameBits(imageFrame(number, part, p.FrameSize))
			number = (number + 1) % blockFrames
			frames++
		}
	}
	return bits, frames, nil
}

// blockFrames is how many frames a block has at most.
const blockFrames = 256

// imageFrame is a frame of a page (T.4 Annex A).
func imageFrame(number int, code []byte, size int) []byte {
	const head = 4
	f := make([]byte, head+size)
	f[0], f[1], f[2], f[3] = 0xFF, 0xC0, byte(t30.FCD), byte(number)
	for i, c := range code {
		f[head+i] = reversed(c)
	}
	return f
}

// rest is what a block of 256 frames would have beside the bits of its frames, as
// a part of these: training, flags and RCP.
func (p phases) rest(bitRate int) float64 {
	flags := func(frames int) float64 { return flagBits * float64(frames) / float64(bitRate) }
	fixed := (p.carrier - p.sent - flags(p.frames)) / float64(p.blocks)
	return (fixed + flags(blockFrames)) / (p.sent / float64(p.frames) * blockFrames)
}

func reversed(c byte) (r byte) {
	for i := range 8 {
		r |= c >> i & 1 << (7 - i)
	}
	return r
}

// taped makes both ends of a call and joins them.
func (r row) taped(d *faxDocument, in *tray) (a, b *taped, result t30.Result, samples int, err error) {
	a, b = &taped{}, &taped{}
	ca, cb := r.config(), r.config()
	ca.Document, ca.Observer = modemdrv.NewDocument(d), a
	cb.Pages, cb.Observer = modemdrv.NewPages(in), b
	sa, err := modemdrv.NewCaller(ca)
	if err != nil {
		return nil, nil, result, 0, err
	}
	sb, err := modemdrv.NewAnswerer(cb)
	if err != nil {
		return nil, nil, result, 0, err
	}
	a.End, b.End = study.Session{Session: sa, Told: true}, study.Session{Session: sb, Told: true}
	samples, err = study.Call(a, b, line(), line(), callLimit)
	return a, b, sa.Result(), samples, err
}
