package qam

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// Pulse is the shape of one transmitter's signal on the line.
type Pulse struct {
	SymbolRate int     // symbols a second; 8000/SymbolRate must be a fraction of small numbers
	Carrier    float64 // Hz
	Rolloff    float64 // excess bandwidth of the root raised cosine, 0 to 1
}

// SymbolSource gives a transmitter its points, one for each symbol interval,
// first the training, then the data. ok is false when the burst is over; the
// transmitter then lets its filter run empty.
type SymbolSource interface {
	NextSymbol() (point complex64, ok bool)
}

// pulseSymbols is how many symbols long the transmit pulse is. Twelve keep what
// the cut leaves as intersymbol interference under -50 dB, also with 25 %
// rolloff.
const pulseSymbols = 12

// Transmitter turns symbols into samples: root raised cosine shaping by a
// polyphase filter, then modulation of the carrier.
type Transmitter struct {
	src   SymbolSource
	phase [][pulseSymbols]float32 // filter, one row for each sub-sample phase
	cos   []float32               // carrier, one whole period in samples
	sin   []float32
	num   int // symbol phases that one sample advances
	den   int // symbol phases in a symbol
	gain  float32

	re, im  [2 * pulseSymbols]float32 // history, kept twice so that a window is contiguous
	head    int
	pos     int // phase inside the symbol, 0 to den-1
	carrier int
	tail    int // symbol intervals of silence still to come before the filter is empty; -1 while the source gives symbols
}

// NewTransmitter makes a transmitter for points whose mean square is 1 in data.
func NewTransmitter(p Pulse, src SymbolSource) *Transmitter {
	g := gcd(p.SymbolRate, modem.SampleRate)
	t := &Transmitter{
		src:  src,
		num:  p.SymbolRate / g,
		den:  modem.SampleRate / g,
		tail: -1,
	}
	t.makePulse(p)
	t.cos, t.sin = carrierTable(p.Carrier)
	t.pos = t.den - t.num // the first sample starts the first symbol
	t.SetLevel(-13)
	return t
}

// makePulse fills the polyphase filter. Its gain is such that unit points make
// a baseband signal of mean square 1.
func (t *Transmitter) makePulse(p Pulse) {
	t.phase = make([][pulseSymbols]float32, t.den)
	var energy float64
	for ph := range t.phase {
		for k := range pulseSymbols {
			// Newest symbol (k = 0) was begun ph/den symbols ago.
			x := float64(ph)/float64(t.den) + float64(k) - pulseSymbols/2
			v := RootRaisedCosine(x, p.Rolloff) * blackmanEdge(x/(pulseSymbols/2))
			t.phase[ph][k] = float32(v)
			energy += v * v
		}
	}
	scale := float32(1 / math.Sqrt(energy/float64(t.den)))
	for ph := range t.phase {
		for k := range t.phase[ph] {
			t.phase[ph][k] *= scale
		}
	}
}

// SetLevel sets the power of the data signal in dBm0 (3.14 dBm0 is a sine of
// full scale).
func (t *Transmitter) SetLevel(dBm0 float64) {
	// Baseband of mean square 1 gives a real signal of mean square 1/2.
	t.gain = float32(DBm0ToRMS(dBm0) * math.Sqrt2)
}

// Read fills out with the next samples of the burst and returns how many belong
// to it; fewer than len(out) only when it is over.
func (t *Transmitter) Read(out []int16) int {
	for i := range out {
		t.pos += t.num
		if t.pos >= t.den {
			t.pos -= t.den
			if !t.nextSymbol() {
				t.pos += t.den // asked again: over again
				t.pos -= t.num
				return i
			}
		}
		out[i] = t.sample()
	}
	return len(out)
}

// nextSymbol takes a symbol into the filter and tells whether there is still
// signal to come.
func (t *Transmitter) nextSymbol() bool {
	var p complex64
	if t.tail < 0 {
		var ok bool
		if p, ok = t.src.NextSymbol(); !ok {
			t.tail = pulseSymbols
		}
	}
	if t.tail >= 0 {
		if t.tail == 0 {
			return false
		}
		t.tail--
	}
	t.head--
	if t.head < 0 {
		t.head = pulseSymbols - 1
	}
	t.re[t.head], t.re[t.head+pulseSymbols] = real(p), real(p)
	t.im[t.head], t.im[t.head+pulseSymbols] = imag(p), imag(p)
	return true
}

// sample makes one sample from the filter's present contents.
func (t *Transmitter) sample() int16 {
	h := &t.phase[t.pos]
	re := (*[pulseSymbols]float32)(t.re[t.head:])
	im := (*[pulseSymbols]float32)(t.im[t.head:])
	var a0, a1, b0, b1 float32
	for k := 0; k < pulseSymbols; k += 2 {
		a0 += h[k] * re[k]
		b0 += h[k] * im[k]
		a1 += h[k+1] * re[k+1]
		b1 += h[k+1] * im[k+1]
	}
	a, b := a0+a1, b0+b1
	v := (a*t.cos[t.carrier] - b*t.sin[t.carrier]) * t.gain
	t.carrier++
	if t.carrier == len(t.cos) {
		t.carrier = 0
	}
	return clip(v)
}

// clip rounds to 16 bits, without a branch that half of all samples would miss.
func clip(v float32) int16 {
	const offset = 1 << 20 // makes everything positive, where conversion rounds down
	n := int32(v+offset+0.5) - offset
	return int16(min(max(n, math.MinInt16), math.MaxInt16))
}

// carrierTable gives cosine and sine of the carrier over the shortest time
// after which both carrier and sampling begin anew.
func carrierTable(hz float64) (cos, sin []float32) {
	n := modem.SampleRate / gcd(int(hz), modem.SampleRate)
	cos, sin = make([]float32, n), make([]float32, n)
	for i := range cos {
		s, c := math.Sincos(2 * math.Pi * hz * float64(i) / modem.SampleRate)
		cos[i], sin[i] = float32(c), float32(s)
	}
	return cos, sin
}

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
