package qamtest

import (
	"math"
	"math/cmplx"
	"os"
	"slices"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/g711"
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/qam"
)

// Case is one rate and the signal to noise ratio, in dB, at which bursts must
// come without an error on every one of Lines.
type Case struct {
	Rate modem.Rate
	SNR  float64
}

// receive lets a new receiver hear a line.
func (m Modem) receive(t testing.TB, rate modem.Rate, line []int16) (*Sink, Receiver) {
	t.Helper()
	sink := &Sink{}
	rx, err := m.Receiver(rate, sink)
	if err != nil {
		t.Fatal(err)
	}
	Feed(rx, line)
	return sink, rx
}

// CheckLines sends a burst over every one of Lines.
func (m Modem) CheckLines(t *testing.T, cases []Case) {
	for _, c := range cases {
		bits := Bits(4000, 1)
		burst := m.Burst(t, c.Rate, false, bits)
		for i, l := range Lines {
			t.Run(c.Rate.String()+" "+l.Name, func(t *testing.T) {
				sink, _ := m.receive(t, c.Rate, l.Through(burst, c.SNR, uint64(i)))
				CheckReception(t, sink, bits, 4*c.Rate.BitRate/100)
			})
		}
	}
}

// CheckReception asserts that one burst came, with these bits, and after them
// nothing but ones, at most most of them.
func CheckReception(t testing.TB, sink *Sink, bits []byte, most int) {
	t.Helper()
	if sink.Count(modem.Trained) != 1 || sink.Count(modem.TrainingFailed) != 0 {
		t.Fatalf("events = %v, want one training", sink.Events)
	}
	if n := Errors(sink.Bits, bits); n != 0 {
		t.Errorf("%d of %d bits are wrong", n, len(bits))
	}
	if len(sink.Bits) < len(bits) {
		return
	}
	rest := sink.Bits[len(bits):]
	zeros := 0
	for _, b := range rest {
		zeros += int(1 - b)
	}
	if zeros != 0 || len(rest) > most {
		t.Errorf("after the data came %d bits with %d zeros, want at most %d ones", len(rest), zeros, most)
	}
	if last := sink.Events[len(sink.Events)-1]; last.Status != modem.CarrierDown || last.Bits != len(sink.Bits) {
		t.Errorf("events = %v, want the carrier's end last", sink.Events)
	}
}

// CheckNoise sends several bursts at one signal to noise ratio. At most wrong
// of them may have errors.
func (m Modem) CheckNoise(t *testing.T, c Case, bursts, wrong int) {
	t.Helper()
	bad := 0
	for i := range bursts {
		bits := Bits(8000, uint64(i))
		line := Line{Set: func(p *linesim.Parameters) { p.Delay = float64(i) * 0.37 }}
		sink, _ := m.receive(t, c.Rate, line.Through(m.Burst(t, c.Rate, false, bits), c.SNR, uint64(100+i)))
		if Errors(sink.Bits, bits) > 0 {
			bad++
		}
	}
	if bad > wrong {
		t.Errorf("%v at %.1f dB: %d of %d bursts with errors, want at most %d", c.Rate, c.SNR, bad, bursts, wrong)
	}
}

// CheckGap takes 20 ms out of the data, tells the receiver so, and gives it
// silence instead: only bits of the gap may be lost, and none may slip.
func (m Modem) CheckGap(t *testing.T, rate modem.Rate) {
	t.Helper()
	bits := Bits(12000, 5)
	line := Line{Set: func(p *linesim.Parameters) { p.FreqOffset, p.Skew, p.Delay = 3, 50, 0.4 }}.
		Through(m.Burst(t, rate, false, bits), 40, 1)
	sink := &Sink{}
	rx, err := m.Receiver(rate, sink)
	if err != nil {
		t.Fatal(err)
	}
	gap := (len(line) - 4400) / 160 * 160 // half a second before the end
	clear(line[gap : gap+160])
	Feed(rx, line[:gap])
	rx.Conceal(160)
	Feed(rx, line[gap:])
	if sink.Count(modem.CarrierDown) != 1 {
		t.Fatalf("%v: events = %v, want one end of the carrier", rate, sink.Events)
	}
	// Descramblers repeat errors for 23 bits; the pulse and the trellis reach a
	// little further than the gap.
	spoilt := rate.BitRate/50 + 23 + 16*6
	first, last := -1, -1
	for i := range bits {
		if i >= len(sink.Bits) || sink.Bits[i] != bits[i] {
			if first < 0 {
				first = i
			}
			last = i
		}
	}
	if first < 0 || last-first > spoilt {
		t.Errorf("%v: bits %d to %d are wrong after a gap of %d bits", rate, first, last, rate.BitRate/50)
	}
}

// CheckStrangers lets a receiver hear what is no training at all.
func (m Modem) CheckStrangers(t *testing.T, rate modem.Rate) {
	t.Helper()
	tone := func(hz ...float64) []int16 {
		s := Noise(16000, -50, 3)
		for _, f := range hz {
			Tone(s, f, -15)
		}
		return s
	}
	v21 := make([]int16, 16000)
	fsk(v21, Bits(600, 9))
	for name, s := range map[string][]int16{
		"silence":          make([]int16, 16000),
		"noise":            Noise(80000, -20, 7),
		"CNG":              tone(1100),
		"CED":              tone(2100),
		"busy":             tone(480, 620),
		"ringing":          tone(440, 480),
		"425 Hz":           tone(425),
		"DTMF 1":           tone(697, 1209),
		"carrier alone":    tone(1800),
		"V.29 carrier":     tone(1700),
		"both V.21 tones":  tone(1650, 1850),
		"V.21 random bits": v21,
	} {
		sink, _ := m.receive(t, rate, s)
		if len(sink.Events) != 0 || len(sink.Bits) != 0 {
			t.Errorf("%v: %s gave events %v and %d bits, want nothing", rate, name, sink.Events, len(sink.Bits))
		}
	}
}

// fsk fills samples with V.21 channel 2 (1650 Hz for 1, 1850 Hz for 0).
func fsk(samples []int16, bits []byte) {
	var r phase
	for i := range samples {
		hz := 1850.0
		if bits[i*300/modem.SampleRate] == 1 {
			hz = 1650
		}
		samples[i] = r.next(hz, -15)
	}
}

// CheckSecondTry spoils a training and lets a good one follow.
func (m Modem) CheckSecondTry(t *testing.T, rate modem.Rate) {
	t.Helper()
	bits := Bits(3000, 2)
	burst := m.Burst(t, rate, false, bits)
	spoilt := append([]int16(nil), burst[:3000]...)
	copy(spoilt[800:], Noise(2200, -13, 4))
	line := append(spoilt, Noise(2000, -40, 5)...)
	sink, _ := m.receive(t, rate, append(line, burst...))
	if sink.Count(modem.Trained) != 1 || Errors(sink.Bits, bits) != 0 {
		t.Errorf("%v: events = %v, %d errors, want the second training to succeed", rate, sink.Events, Errors(sink.Bits, bits))
	}
}

// CheckAllocations asserts that hearing a burst allocates nothing.
func (m Modem) CheckAllocations(t *testing.T, rate modem.Rate) {
	t.Helper()
	burst := m.Burst(t, rate, false, Bits(3000, 2))
	sink := &counter{}
	rx, err := m.Receiver(rate, sink)
	if err != nil {
		t.Fatal(err)
	}
	if n := testing.AllocsPerRun(2, func() { Feed(rx, burst) }); n != 0 {
		t.Errorf("%v: Write allocates %.0f times in a burst, want 0", rate, n)
	}
	if sink.trained != 3 {
		t.Errorf("%v: %d trainings, want 3", rate, sink.trained)
	}
	tx, err := m.Transmitter(rate, false, &Source{Bits(100000, 3)})
	if err != nil {
		t.Fatal(err)
	}
	buf := make([]int16, 160)
	if n := testing.AllocsPerRun(100, func() { tx.Read(buf) }); n != 0 {
		t.Errorf("%v: Read allocates %.0f times a frame, want 0", rate, n)
	}
}

// counter is a modem.Sink that keeps only counts.
type counter struct{ bits, trained int }

func (c *counter) WriteBits(_ uint32, n int) { c.bits += n }
func (c *counter) Status(s modem.Status) {
	if s == modem.Trained {
		c.trained++
	}
}

// CheckQuality compares what a receiver says of the line with what the line was.
func (m Modem) CheckQuality(t *testing.T, rate modem.Rate, snr float64) {
	t.Helper()
	bits := Bits(rate.BitRate*6, 8)
	line := Line{Set: func(p *linesim.Parameters) { p.FreqOffset, p.Skew, p.Level = 3, 60, -20 }}
	_, rx := m.receive(t, rate, line.Through(m.Burst(t, rate, false, bits), snr, 4))
	q := rx.Quality()
	near := func(what string, got, want, within float64) {
		if got < want-within || got > want+within {
			t.Errorf("%v: %s = %.2f, want %.2f within %.2f", rate, what, got, want, within)
		}
	}
	near("SNR", q.SNR, snr, 1)
	near("level", q.Level, -20, 0.7)
	// The skewed clock moves the carrier too.
	near("carrier offset", q.CarrierOffset, 3+1800*60e-6, 0.1)
	near("skew", q.ClockSkew, 60, 10)
	if len(q.Constellation) == 0 {
		t.Errorf("%v: no constellation", rate)
	}
}

// Fuzz feeds arbitrary samples to a receiver in the middle of a burst, and where
// there is short training in the middle of one with that too.
func (m Modem) Fuzz(f *testing.F, rate modem.Rate) {
	bits := Bits(1000, 1)
	bursts := [][]int16{m.Burst(f, rate, false, bits)}
	if _, err := m.Transmitter(rate, true, &Source{}); err == nil {
		bursts = append(bursts, m.Burst(f, rate, true, bits))
	}
	f.Add([]byte{}, uint16(0), uint16(0))
	f.Add([]byte("\xff\x7f\x00\x80"), uint16(9000), uint16(160))
	f.Add([]byte("\xff\x7f\x00\x80"), uint16(900), uint16(16))
	f.Fuzz(func(t *testing.T, raw []byte, at, conceal uint16) {
		for i, burst := range bursts {
			rx, err := m.Receiver(rate, &Sink{})
			if err != nil {
				t.Fatal(err)
			}
			if i > 0 {
				Feed(rx, bursts[0])
				if err := rx.Restart(rate, true); err != nil {
					t.Fatal(err)
				}
			}
			line, k := spoil(burst, raw, int(at))
			Feed(rx, line[:k])
			rx.Conceal(int(conceal))
			Feed(rx, line[k:])
			rx.Quality()
		}
	})
}

// spoil puts raw samples into a copy of a burst, and tells where.
func spoil(burst []int16, raw []byte, at int) (line []int16, k int) {
	line = append(line, burst...)
	k = at % len(line)
	for i := 0; i+1 < len(raw) && k+i/2 < len(line); i += 2 {
		line[k+i/2] = int16(uint16(raw[i]) | uint16(raw[i+1])<<8)
	}
	return line, k
}

// CheckRecorded lets a receiver hear what the transmitter of another maker
// (spandsp 0.0.6, at -13 dBm0, through u-law) once sent: 1200 bits of seed 1 with
// long training and, where there is short training, 1200 bits of seed 2 with it.
func (m Modem) CheckRecorded(t *testing.T, rate modem.Rate, file string, short bool) {
	t.Helper()
	octets, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	line := make([]int16, len(octets))
	for i, o := range octets {
		line[i] = g711.DecodeULaw(o)
	}
	line = Line{Set: func(p *linesim.Parameters) { p.Delay = 0.6 }}.Through(line, 40, 1)
	sink := &Sink{}
	rx, err := m.Receiver(rate, sink)
	if err != nil {
		t.Fatal(err)
	}
	for len(line) > 160 && sink.Count(modem.CarrierDown) == 0 {
		rx.Write(line[:160])
		line = line[160:]
	}
	CheckReception(t, sink, Bits(1200, 1), rate.BitRate/40)
	if !short {
		return
	}
	*sink = Sink{}
	if err := rx.Restart(rate, true); err != nil {
		t.Fatal(err)
	}
	Feed(rx, line)
	CheckReception(t, sink, Bits(1200, 2), rate.BitRate/40)
}

// CheckJump lets the level rise by 40 dB in the middle of a burst, as when another
// signal takes the line: the reception must end, and the next burst be received.
func (m Modem) CheckJump(t *testing.T, rate modem.Rate) {
	t.Helper()
	bits := Bits(6000, 2)
	burst := m.Burst(t, rate, false, bits)
	line := Line{Set: func(p *linesim.Parameters) { p.Level = -45 }}.Through(burst, 40, 1)
	copy(line[len(line)-2500:], Noise(2000, -5, 3))
	sink, _ := m.receive(t, rate, append(line, burst...))
	if sink.Count(modem.CarrierDown) != 2 || sink.Count(modem.Trained) != 2 {
		t.Fatalf("%v: events = %v, want two receptions", rate, sink.Events)
	}
	second := sink.Events[len(sink.Events)-2].Bits
	if n := Errors(sink.Bits[second:], bits); n != 0 {
		t.Errorf("%v: %d bits wrong after a jump of level", rate, n)
	}
}

// CheckGroupDelay sends a burst over a line whose edges come late, as loaded
// cables and old carrier systems make them: 1.5 ms at 300 and 3300 Hz for each
// section, and 3 dB of tilt.
func (m Modem) CheckGroupDelay(t *testing.T, c Case) {
	t.Helper()
	for sections := 1; sections <= 2; sections++ {
		bits := Bits(4000, 6)
		x := m.Burst(t, c.Rate, false, bits)
		for range sections {
			x = allpass(allpass(x, 300, 0.85), 3300, 0.85)
		}
		line := Line{Set: func(p *linesim.Parameters) { p.Tilt, p.ULaw = 3, true }}
		sink, rx := m.receive(t, c.Rate, line.Through(x, c.SNR, 1))
		if n := Errors(sink.Bits, bits); n != 0 {
			t.Errorf("%v, %d sections: %d bits wrong, events %v, SNR %.1f", c.Rate, sections, n, sink.Events, rx.Quality().SNR)
		}
	}
}

// allpass delays a signal around one frequency.
func allpass(in []int16, hz, r float64) []int16 {
	b1 := -2 * r * math.Cos(2*math.Pi*hz/modem.SampleRate)
	b2 := r * r
	var x1, x2, y1, y2 float64
	out := make([]int16, len(in))
	for i, s := range in {
		x := float64(s)
		y := b2*x + b1*x1 + x2 - b1*y1 - b2*y2
		x2, x1, y2, y1 = x1, x, y1, y
		out[i] = int16(math.Round(y))
	}
	return out
}

// CheckProbe: a probe sees each symbol of the data (and of training, where that is
// longer than what the equalizer is computed from), changes nothing, and the equalizer
// that it asks for has most of its weight at the symbol.
func (m Modem) CheckProbe(t *testing.T, rate modem.Rate) {
	t.Helper()
	bits := Bits(4000, 9)
	line := Line{}.Through(m.Burst(t, rate, false, bits), 30, 1)
	rx, plain := &Sink{}, &Sink{}
	watched, unwatched := m.receiver(t, rate, rx), m.receiver(t, rate, plain)
	probed, ok := watched.(interface {
		SetProbe(func(qam.Symbol))
		Equalizer() []complex128
	})
	if !ok {
		t.Fatal("the receiver has no probe")
	}
	var data, near int
	top := 0
	probed.SetProbe(func(s qam.Symbol) {
		if s.Known {
			return
		}
		data++
		if d := s.Point - s.Decided; real(d)*real(d)+imag(d)*imag(d) < 0.05 {
			near++
		}
		for i, c := range probed.Equalizer() {
			if cmplx.Abs(c) > cmplx.Abs(probed.Equalizer()[top]) {
				top = i
			}
		}
	})
	Feed(watched, line)
	Feed(unwatched, line)
	if data < 4000/8 || near < data*9/10 {
		t.Errorf("%v: %d symbols of data, %d of them near their points", rate, data, near)
	}
	if top < qam.EqualizerCentre-2 || top > qam.EqualizerCentre+2 {
		t.Errorf("%v: the largest tap is number %d, the symbol's own %d", rate, top, qam.EqualizerCentre)
	}
	if !slices.Equal(rx.Bits, plain.Bits) || !slices.Equal(rx.Events, plain.Events) {
		t.Errorf("%v: with a probe other bits come than without", rate)
	}
}

func (m Modem) receiver(t *testing.T, rate modem.Rate, sink modem.Sink) Receiver {
	t.Helper()
	rx, err := m.Receiver(rate, sink)
	if err != nil {
		t.Fatal(err)
	}
	return rx
}
