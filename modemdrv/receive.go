package modemdrv

import (
	"github.com/litoria-fax/litoria/modemdrv/hdlc"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/tones"
	"github.com/litoria-fax/litoria/modemdrv/v17"
	"github.com/litoria-fax/litoria/modemdrv/v21"
	"github.com/litoria-fax/litoria/modemdrv/v27ter"
	"github.com/litoria-fax/litoria/modemdrv/v29"
)

// fastReceiver is what v17, v27ter and v29 have in common.
type fastReceiver interface {
	modem.Receiver
	Restart(rate modem.Rate, short bool) error
}

// receive is the receiving side of a session: V.21 whenever we do not send, and
// at the same time the fast modem that the machine listens for. Whichever finds
// its signal reports it.
type receive struct {
	s         *Session
	v21       *v21.Receiver
	slow      slowSink
	fast      fastReceiver // nil: not wanted
	fastRate  modem.Rate
	content   t30.Content
	receivers map[modem.Modulation]fastReceiver
	image     fastSink
	tones     *tones.Detector
	listening bool
	heard     bool // V.21 was: of the tones only busy and congestion matter now
	// signal tells that the far end sends, as far as any modem knows.
	v21Up, fastUp bool
	now           t30.Samples // heard
	ended         t30.Samples // when the far end's latest signal was over
	endedSlow     bool        // it was V.21
}

// v21Flags is how many flags in a row are taken for a preamble: noise makes one
// now and then.
const v21Flags = 2

// v21Rate names V.21 in reports.
var v21Rate = modem.Rate{Modulation: modem.V21, BitRate: 300}

// repairBits is how many bits of V.21 a lost packet of 20 ms makes doubtful, at most.
const repairBits = 7

func (r *receive) init(s *Session) error {
	r.s = s
	r.slow = slowSink{s: s}
	r.slow.decoder = hdlc.NewDecoder(&r.slow, v21Flags)
	r.slow.decoder.Repair(repairBits)
	r.v21 = v21.NewReceiver(&r.slow)
	r.image = fastSink{s: s}
	r.image.decoder = hdlc.NewDecoder(&r.image, 1)
	r.receivers = map[modem.Modulation]fastReceiver{}
	r.tones = tones.NewDetector(r.tone, tones.CNG, tones.CED, tones.Busy, tones.Congestion, tones.Ringback, tones.Digit)
	return nil
}

// listen does what a t30.Listen says.
func (r *receive) listen(l t30.Listen) {
	if !r.listening {
		r.listening = true
		r.v21.Restart()
		r.slow.decoder.Reset()
		r.v21Up = false
	}
	r.fast, r.fastUp, r.content = nil, false, l.Content
	if l.Content == t30.Signals {
		return
	}
	fast, err := r.receiver(l.Rate, l.Short)
	if err != nil { // the machine asks for rates of the table only
		r.s.report(t30.TroubleNews{Text: err.Error()})
		return
	}
	r.fast, r.fastRate = fast, l.Rate
	r.image.begin(l.Content)
}

// receiver gives the receiver of a modulation, the same one each time: what it
// learned of the line in a long training is needed for the short ones.
func (r *receive) receiver(rate modem.Rate, short bool) (fastReceiver, error) {
	if f := r.receivers[rate.Modulation]; f != nil {
		return f, f.Restart(rate, short)
	}
	var f fastReceiver
	var err error
	switch rate.Modulation {
	case modem.V17:
		f, err = v17.NewReceiver(rate, &r.image)
	case modem.V29:
		f, err = v29.NewReceiver(rate, &r.image)
	default:
		f, err = v27ter.NewReceiver(rate, &r.image)
	}
	if err != nil {
		return nil, err
	}
	r.receivers[rate.Modulation] = f
	return f, nil
}

// stop ends listening: we send. V.21 is still followed to its end, which tells
// when the line is free.
func (r *receive) stop() {
	r.listening = false
	r.fast = nil
}

// lateEnd is how long after the end of the far end's V.21 we know of it.
const lateEnd = 40 * t30.Second / 1000

// over notes that a signal of the far end has ended.
func (r *receive) over(slow bool) {
	r.ended, r.endedSlow = r.now, slow
	if slow {
		r.ended -= lateEnd
	}
}

// silence is how long the far end has been silent.
func (r *receive) silence() t30.Samples { return r.now - r.ended }

func (r *receive) write(pcm []int16) {
	r.now += t30.Samples(len(pcm))
	if !r.heard || r.listening && !r.v21Up && !r.fastUp {
		r.tones.Write(pcm)
	}
	if r.listening || r.v21Up {
		r.v21.Write(pcm)
	}
	if r.fast != nil {
		r.fast.Write(pcm)
		r.image.flush()
	}
}

func (r *receive) conceal(n int) {
	if r.listening || r.v21Up {
		r.v21.Conceal(n)
	}
	if r.fast != nil {
		r.fast.Conceal(n)
	}
}

func (r *receive) tone(e tones.Event) {
	if !e.On {
		return
	}
	switch e.Tone {
	case tones.Digit:
		r.s.post(t30.ToneEvent{Tone: t30.PushButton, Digit: e.Digit})
	case tones.CNG:
		r.s.post(t30.ToneEvent{Tone: t30.CNG})
	case tones.CED:
		r.s.post(t30.ToneEvent{Tone: t30.CED})
	case tones.Busy:
		r.s.post(t30.ToneEvent{Tone: t30.Busy})
	case tones.Congestion:
		r.s.post(t30.ToneEvent{Tone: t30.Congestion})
	case tones.Ringback:
		r.s.post(t30.ToneEvent{Tone: t30.Ringback})
	default:
	}
}

// slowSink takes what V.21 brings.
type slowSink struct {
	s       *Session
	decoder *hdlc.Decoder
	copies  splicer
	broken  int // bits until an abort counts; 0: there is none
}

// afterEnd is how many bits of noise V.21 may give after the end of a carrier. An
// abort among them spoils nothing.
const afterEnd = 16

// WriteBits implements modem.Sink.
func (k *slowSink) WriteBits(bits uint32, n int) {
	k.goesOn(n)
	k.decoder.WriteBits(bits, n)
}

// WriteDoubtful implements v21.Doubter.
func (k *slowSink) WriteDoubtful(bits uint32, n int) {
	k.goesOn(n)
	k.decoder.WriteDoubtful(bits, n)
}

// goesOn tells that the carrier is there still: an abort was one.
func (k *slowSink) goesOn(bits int) {
	if k.broken == 0 {
		return
	}
	if k.broken -= bits; k.broken <= 0 {
		k.broken = 0
		k.s.post(t30.FrameEvent{})
	}
}

// Status implements modem.Sink. A carrier counts once flags were found in it.
func (k *slowSink) Status(st modem.Status) {
	switch st {
	case modem.CarrierUp:
		k.broken = 0
		k.decoder.Reset()
	case modem.CarrierDown:
		k.down()
	case modem.Trained, modem.TrainingFailed:
	}
}

func (k *slowSink) down() {
	k.decoder.Close() // a frame that waits for its flag comes before the end
	k.broken = 0
	r := &k.s.rx
	if r.v21Up {
		r.v21Up = false
		r.over(true)
		k.s.report(t30.LineNews{Rate: v21Rate, Quality: r.v21.Quality()})
		k.s.post(t30.CarrierEvent{Status: modem.CarrierDown})
	}
}

// Flags implements hdlc.Handler.
func (k *slowSink) Flags() {
	if r := &k.s.rx; !r.v21Up && !r.fastUp {
		r.v21Up = true
		if !r.heard {
			r.heard = true
			r.tones.Listen(tones.Busy, tones.Congestion)
		}
		k.s.post(t30.CarrierEvent{Status: modem.CarrierUp})
	}
}

// Frame implements hdlc.Handler.
func (k *slowSink) Frame(payload []byte, ok bool) {
	if ok {
		k.copies.clear()
	} else if n := len(payload) + fcsLength; n <= cap(payload) { // the decoder leaves it there
		if whole, found := k.copies.add(payload[:n]); found {
			payload, ok = whole, true
		}
	}
	k.s.post(t30.FrameEvent{Frame: append(t30.Frame(nil), payload...), Good: ok})
}

// fcsLength is how many octets a check sequence has.
const fcsLength = 2

// Abort implements hdlc.Handler. Within a transmission it means that a frame
// was spoilt, unless the carrier has ended: then it is noise.
func (k *slowSink) Abort() {
	switch {
	case !k.s.rx.v21Up:
	case k.decoder.Octets() >= hdlc.MinFrame:
		k.s.post(t30.FrameEvent{})
	case k.broken == 0:
		k.broken = afterEnd
	}
}

// fastSink takes what a fast modem brings.
type fastSink struct {
	s       *Session
	decoder *hdlc.Decoder
	content t30.Content
	octets  []byte
	acc     uint32 // bits that do not yet make an octet, the first the most significant
	n       int
}

func (k *fastSink) begin(c t30.Content) {
	k.content = c
	k.octets, k.acc, k.n = k.octets[:0], 0, 0
	k.decoder.Reset()
}

// WriteBits implements modem.Sink.
func (k *fastSink) WriteBits(bits uint32, n int) {
	if k.content == t30.ECM {
		k.decoder.WriteBits(bits, n)
		return
	}
	for ; n > 0; n-- {
		k.acc = k.acc<<1 | bits&1
		bits >>= 1
		if k.n++; k.n == 8 {
			k.octets = append(k.octets, byte(k.acc))
			k.n = 0
		}
	}
}

// flush hands on the octets collected.
func (k *fastSink) flush() {
	if len(k.octets) > 0 {
		k.s.post(t30.DataEvent{Octets: append([]byte(nil), k.octets...)})
		k.octets = k.octets[:0]
	}
}

// Status implements modem.Sink.
func (k *fastSink) Status(st modem.Status) {
	r := &k.s.rx
	switch st {
	case modem.Trained:
		k.begin(k.content)
		r.fastUp = true
	case modem.CarrierDown:
		if !r.fastUp {
			return
		}
		k.flush()
		r.fastUp = false
		r.over(false)
		k.s.report(t30.LineNews{Rate: r.fastRate, Quality: r.fast.Quality()})
	case modem.CarrierUp, modem.TrainingFailed:
	}
	k.s.post(t30.CarrierEvent{Fast: true, Status: st})
}

// Flags implements hdlc.Handler.
func (k *fastSink) Flags() {}

// Frame implements hdlc.Handler.
func (k *fastSink) Frame(payload []byte, ok bool) {
	if ok {
		k.s.post(t30.FrameEvent{Frame: append(t30.Frame(nil), payload...), Good: true, Fast: true})
	}
}

// Abort implements hdlc.Handler.
func (k *fastSink) Abort() {}
