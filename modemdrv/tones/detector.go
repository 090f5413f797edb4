package tones

import (
	"math"
	"strconv"

	"github.com/litoria-fax/litoria/modemdrv/level"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// Tone is what a Detector can tell from a line.
type Tone uint8

// The tones.
const (
	CNG        Tone = iota + 1 // calling tone: begins after 300 ms of it, ends with its pulse
	CED                        // 2100 Hz answering tone, ANSam and its reversals included, after 300 ms
	Silence                    // nothing above -50 dBm0 for 60 ms
	Dial                       // a call progress tone that does not end, after 3 s
	Ringback                   // the far telephone rings: told in the first pause
	Busy                       // the called line is engaged: told in the second period
	Congestion                 // the network is
	Digit                      // a push button digit
	lastTone   = Digit
)

// String names a tone for logs.
func (t Tone) String() string {
	switch t {
	case CNG:
		return "CNG"
	case CED:
		return "CED"
	case Silence:
		return "silence"
	case Dial:
		return "dial tone"
	case Ringback:
		return "ringback"
	case Busy:
		return "busy"
	case Congestion:
		return "congestion"
	case Digit:
		return "digit"
	}
	return "tone " + strconv.Itoa(int(t))
}

// Event tells that a tone began or ended.
type Event struct {
	Tone  Tone
	On    bool
	Digit byte // '0' to '9', 'A' to 'D', '*' or '#', for Digit
}

const (
	windowLen   = 40 // 5 ms: a filter of 200 Hz, so that 40 Hz off costs 0.6 dB only
	frameLen    = 160
	windows     = frameLen / windowLen
	frameMillis = frameLen * 1000 / modem.SampleRate

	silentLevel = -50. // dBm0
	toneLevel   = -46. // dBm0, the least for a tone
)

// Detector listens for tones, all at once. It decides every 20 ms (for digits every
// 12.75 ms).
type Detector struct {
	event                               func(Event)
	want                                [lastTone + 1]bool
	calls, progressWanted, digitsWanted bool

	n      int // samples of the frame taken
	energy float64
	phase  int // in pairTable
	cng    pure
	ced    pure

	low      lowBand
	cadence  cadence
	digits   digitDetector
	quietRun int
	silent   bool
}

// NewDetector makes a detector that calls event as tones begin and end, for the
// tones named, or for all if none is. It costs less the fewer are wanted.
func NewDetector(event func(Event), tones ...Tone) *Detector {
	d := &Detector{event: event}
	d.cng = pure{tone: CNG, tolerance: 45, longest: 700 / frameMillis}
	d.ced = pure{tone: CED, tolerance: 35}
	d.Listen(tones...)
	return d
}

// Listen changes what is listened for (all if none is named); what was heard so
// far stays.
func (d *Detector) Listen(tones ...Tone) {
	d.want = [lastTone + 1]bool{}
	for _, t := range tones {
		if t <= lastTone {
			d.want[t] = true
		}
	}
	for t := range d.want {
		d.want[t] = d.want[t] || len(tones) == 0
	}
	d.calls = d.want[CNG] || d.want[CED]
	d.progressWanted = d.want[Dial] || d.want[Ringback] || d.want[Busy] || d.want[Congestion]
	d.digitsWanted = d.want[Digit]
}

// Write takes line signal.
func (d *Detector) Write(in []int16) {
	if d.digitsWanted {
		d.digits.write(in, d)
	}
	for len(in) > 0 {
		n := min(windowLen-d.n%windowLen, len(in))
		d.take(in[:n])
		in = in[n:]
		d.n += n
		if d.n%windowLen != 0 {
			continue
		}
		if d.calls {
			d.cng.window()
			d.ced.window()
		}
		if d.n == frameLen {
			d.frame()
		}
	}
}

// pairTable is the conjugate of 1100 and 2100 Hz over their common period.
const pairLen = 80

var pairTable = func() (t [pairLen][4]float32) {
	for i := range t {
		for k, hz := range []float64{cngHz, cedHz} {
			s, c := math.Sincos(-2 * math.Pi * hz * float64(i) / modem.SampleRate)
			t[i][2*k], t[i][2*k+1] = float32(c), float32(s)
		}
	}
	return t
}()

// take adds samples to the sums.
func (d *Detector) take(in []int16) {
	var sum int64
	for _, v := range in {
		sum += int64(v) * int64(v)
	}
	d.energy += float64(sum)
	if d.progressWanted {
		d.low.take(in)
	}
	if !d.calls {
		return
	}
	var a, b, c, e float32
	for _, v := range in {
		r := &pairTable[d.phase]
		if d.phase++; d.phase == pairLen {
			d.phase = 0
		}
		x := float32(v)
		a += x * r[0]
		b += x * r[1]
		c += x * r[2]
		e += x * r[3]
	}
	d.cng.sum += complex(float64(a), float64(b))
	d.ced.sum += complex(float64(c), float64(e))
}

// frame decides.
func (d *Detector) frame() {
	loud := d.energy >= frameLen*silentPower
	tonal := d.energy >= frameLen*tonePower
	if d.want[Silence] {
		d.silence(loud)
	}
	if d.calls {
		d.pure(&d.cng, tonal)
		d.pure(&d.ced, tonal)
	}
	if d.progressWanted {
		share := d.low.share(d.energy)
		d.cadence.frame(tonal && share > lowShare, tonal && share <= lowShare, d.tell)
	}
	d.n, d.energy = 0, 0
}

var (
	silentPower = math.Pow(level.RMS(silentLevel), 2)
	tonePower   = math.Pow(level.RMS(toneLevel), 2)
)

// tell reports, if the tone is wanted.
func (d *Detector) tell(t Tone, on bool) {
	if d.want[t] {
		d.event(Event{Tone: t, On: on})
	}
}

// silenceFrames without sound make silence; one with sound ends it.
const silenceFrames = 3

func (d *Detector) silence(loud bool) {
	if loud {
		d.quietRun = 0
		if d.silent {
			d.silent = false
			d.tell(Silence, false)
		}
		return
	}
	if d.quietRun++; d.quietRun == silenceFrames {
		d.silent = true
		d.tell(Silence, true)
	}
}
