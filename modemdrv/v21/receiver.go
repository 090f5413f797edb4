package v21

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/level"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

const (
	bitSamples = float64(modem.SampleRate) / bitRate
	bitBlocks  = bitSamples / blockLen

	// A carrier is recognised by what its tones explain of the line's energy,
	// not by level: line noise alone gives 0.11, a fast modem up to
	// 0.4, V.21 at 3.5 dB of SNR 0.69, and 0.5 to 0.6 where windows and
	// bits are a quarter of a bit apart.
	lookBits   = 12   // bits looked at together
	shareUp    = 0.5  // mean share that makes a carrier
	shareBit   = 0.3  // share under which there is no carrier in a bit
	goneBits   = 12   // so many of them end it: two lost packets of 20 ms do not
	goneBack   = 4    // what a good bit takes back of them: noise makes one now and then
	leastLevel = -50. // dBm0; what is less is crosstalk

	doubtful = bitSamples * 2 / 3 // so many samples made up make a bit a guess

	timingGain = 0.04 // part of a transition's timing error that is corrected
	smoothing  = 1. / 32
)

// Doubter is a modem.Sink that wants to know which bits lie in samples that
// were made up (Conceal): they come by WriteDoubtful in place of WriteBits, in
// their order among the others. hdlc.Decoder can make use of it.
type Doubter interface {
	WriteDoubtful(bits uint32, n int)
}

// Receiver implements modem.Receiver. Its carrier needs no training: CarrierUp
// is followed by Trained at once, and then by the bits from the begin of the
// carrier on. Bits of up to 40 ms after the end of a carrier are noise.
type Receiver struct {
	sink    modem.Sink
	doubt   Doubter // the same, if it is one
	line    correlator
	conceal int // samples still to come that are made up

	up   bool
	hunt hunt

	// While the carrier is up:
	time    float64 // where the next instant is due, in blocks
	half    bool    // it is the middle of a bit
	start   instant // of the bit under way
	middle  instant // of the bit before
	change  window  // from there to the middle of the bit under way
	last    int     // the bit before
	gone    int     // bits in a row without carrier
	quality quality
	probe   func(Bit) // nil: none
}

// NewReceiver makes a receiver of channel 2.
func NewReceiver(sink modem.Sink) *Receiver { return NewReceiverOn(Channel2, sink) }

// NewReceiverOn makes a receiver of either channel.
func NewReceiverOn(c Channel, sink modem.Sink) *Receiver {
	r := &Receiver{sink: sink}
	r.doubt, _ = sink.(Doubter)
	r.line.reference = channelReferences[c]
	r.Restart()
	return r
}

// Restart makes the receiver forget the line and wait for another burst. A
// carrier under way is not reported down.
func (r *Receiver) Restart() {
	r.up, r.conceal = false, 0
	r.line = correlator{reference: r.line.reference}
	r.hunt.begin(0)
}

// Write takes line signal.
func (r *Receiver) Write(in []int16) {
	for len(in) > 0 {
		n, marked := r.line.write(in, r.conceal)
		in = in[n:]
		if r.conceal > 0 {
			r.conceal = max(0, r.conceal-n)
		}
		if marked {
			r.advance()
		}
	}
}

// Conceal implements modem.Receiver.
func (r *Receiver) Conceal(n int) { r.conceal += n }

// advance does what is due at the newest mark.
func (r *Receiver) advance() {
	now := float64(r.line.blocks)
	if !r.up {
		if now >= r.hunt.next && r.hunt.look(&r.line) {
			r.acquire()
		}
		return
	}
	for r.up && r.time <= now {
		i := r.line.instantAt(r.time)
		if r.half {
			r.transition(&i)
		} else {
			r.bit(&i)
		}
		r.half = !r.half
		r.time += bitBlocks / 2
	}
}

// acquire begins a reception: the carrier was recognised, its bits of the
// last 128 ms are delivered at once.
func (r *Receiver) acquire() {
	r.up = true
	r.gone = 0
	r.time = burstStart(&r.line)
	r.start = r.line.instantAt(r.time)
	r.middle = r.start
	r.time += bitBlocks / 2
	r.half = true
	r.last = 0
	r.quality.begin()
	r.sink.Status(modem.CarrierUp)
	r.sink.Status(modem.Trained)
	r.advance()
}

// transition looks from the middle of one bit to the middle of the next. Where
// they differ both tones are there for equally long, if the timing is right.
func (r *Receiver) transition(i *instant) {
	r.change = between(&r.middle, i, bitSamples)
	r.middle = *i
}

// follow corrects the timing by what lies between the bit before and this one, once
// that is decided: a part of it would not do where the timing is far off, as half a
// bit that begins a third of a bit early is the one before.
func (r *Receiver) follow(bit int) {
	w := &r.change
	if bit == r.last || w.made > 0 || r.gone > 0 {
		return
	}
	late := (w.one - w.zero) / (w.one + w.zero + 1)
	if r.last == 1 {
		late = -late
	}
	step := -late * timingGain * bitBlocks / 2
	r.time += step
	r.quality.corrected(step)
}

// bit decides.
func (r *Receiver) bit(i *instant) {
	w := between(&r.start, i, bitSamples)
	if r.probe != nil {
		r.probed(&w)
	}
	r.start = *i
	bit := 0
	if w.one > w.zero {
		bit = 1
	}
	r.follow(bit)
	r.last = bit
	share := w.share()
	if w.made == 0 {
		if share < shareBit || w.energy < leastEnergy {
			r.gone++
		} else {
			r.gone = max(0, r.gone-goneBack)
		}
		if r.gone == 0 { // else the carrier may be ending
			r.quality.add(&w)
		}
	}
	if r.gone >= goneBits {
		r.up = false
		r.hunt.begin(float64(r.line.blocks))
		r.sink.Status(modem.CarrierDown)
		return
	}
	if w.made > doubtful && r.doubt != nil {
		r.doubt.WriteDoubtful(uint32(bit), 1)
		return
	}
	r.sink.WriteBits(uint32(bit), 1)
}

// leastEnergy is that of a bit at leastLevel.
var leastEnergy = bitSamples * math.Pow(level.RMS(leastLevel), 2)
