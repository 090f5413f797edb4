package qam

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// tracker is what follows a carrier symbol by symbol.
type tracker struct {
	want     int         // absolute number of half symbols that the next symbol needs
	k        int         // number of the next symbol, 0 for the first known one
	ref      []complex64 // known symbols of this training
	hunt     bool        // the decoder must find the end of training
	hold     int         // symbols of data from which nothing is learned
	bridge   int         // symbols after them that are decided among the bridge's points
	data     int         // symbols given to the decoder
	trained  bool
	cos, sin float32 // of the carrier's phase
	omega    float64 // carrier offset, radians a symbol
	// Steps of the equalizer, for the power that the line has.
	trainStep, dataStep float32
	lastY               complex64
	lastD               complex64
	timeRate            float64 // integral part of the timing loop, samples a symbol
	err                 float64 // running mean squared error
	recent              float64 // the same over a few symbols
	doubted             int     // symbols in a row whose errors were not believed
	power               [fadeWindow]float32
	powerAt             int
	powerSum            float64
}

// Loop constants, per symbol.
const (
	fadeWindow = 24   // symbols over which the end of the carrier is looked for
	fadeShare  = 0.12 // share of the power in data under which the carrier is gone

	doubtShare  = 1.0 / 8
	doubtFactor = 4
	doubtFloor  = 0.002
	doubtMost   = 240
	hopeless    = 4 // times the power of data: errors that are no more to be learned from

	carrierGain  = 0.04
	carrierDrift = 0.0004
	timingGain   = 0.010 // of a sample, for one unit of the detector
	timingDrift  = 0.00005
	errorShare   = 1.0 / 256 // of one symbol in the mean squared error
	eqStepTrain  = 0.06      // of 1/(taps times power of a half symbol)
	eqStepData   = 0.025     // the same in data, where
	eqEvery      = 2         // only every second symbol moves the taps: half the cost, the same quality
)

func (t *tracker) start(k int, ref []complex64, bridge, want int, phase, omega, err float64) {
	*t = tracker{
		k: k, ref: ref, bridge: bridge, want: want,
		omega: omega, err: err, recent: err,
	}
	s, c := math.Sincos(phase)
	t.cos, t.sin = float32(c), float32(s)
	for i := range t.power {
		t.power[i] = 1
	}
	t.powerSum = fadeWindow
}

// symbol takes one symbol through equalizer, decision and loops.
func (r *Receiver) symbol() {
	t := &r.track
	f := r.front
	first := t.want - f.zbase - eqTaps
	zr, zi := f.zr[first:first+eqTaps], f.zi[first:first+eqTaps]
	re, im := r.eq.output(zr, zi)
	y := complex(re*t.cos+im*t.sin, im*t.cos-re*t.sin)
	d := r.decide(y)
	if r.state != tracking {
		return
	}
	if r.probe != nil {
		r.probed(y, d)
	}
	e := d - y
	errPower := float64(real(e)*real(e) + imag(e)*imag(e))
	turn := t.omega
	if t.data >= t.hold && !r.held() && !t.doubts(errPower) {
		t.err += (errPower - t.err) * errorShare
		turn += r.adapt(zr, zi, y, d, e)
	}
	if t.doubted >= doubtMost && !(t.recent < hopeless) {
		r.finish(doubtMost) // something else, and much stronger, has taken the line
		return
	}
	t.turn(float32(turn))
	f.next += t.timeRate
	t.lastY, t.lastD = y, d
	t.k++
}

// doubts tells whether the latest errors are so far above what is usual that they
// should teach nothing: a stretch was lost and replaced by something else. When
// it goes on for too long, the loops are let go again.
func (t *tracker) doubts(errPower float64) bool {
	t.recent += (errPower - t.recent) * doubtShare
	if t.recent < doubtFactor*t.err+doubtFloor {
		t.doubted = 0
		return false
	}
	t.doubted++
	return t.doubted < doubtMost
}

// turn moves the carrier's phase on by a small angle: the first terms of sine and
// cosine, and then back to the unit circle.
func (t *tracker) turn(by float32) {
	s := by * (1 - by*by/6)
	c := 1 - by*by/2
	cos, sin := t.cos*c-t.sin*s, t.cos*s+t.sin*c
	fix := 1.5 - 0.5*(cos*cos+sin*sin)
	t.cos, t.sin = cos*fix, sin*fix
}

// adapt moves equalizer and timing by what the symbol's error says, and gives
// the angle that it says the carrier has moved.
func (r *Receiver) adapt(zr, zi []float32, y, d, e complex64) float64 {
	t := &r.track
	known := t.k < len(t.ref)
	if known || t.k%eqEvery == 0 {
		step := t.dataStep
		if known {
			step = t.trainStep
		}
		er := (real(e)*t.cos - imag(e)*t.sin) * step
		ei := (imag(e)*t.cos + real(e)*t.sin) * step
		r.eq.adapt(zr, zi, er, ei)
	}

	ph := float64(imag(y)*real(d) - real(y)*imag(d))
	t.omega += carrierDrift * ph

	g := float64(real(t.lastD)*real(y) + imag(t.lastD)*imag(y) - real(d)*real(t.lastY) - imag(d)*imag(t.lastY))
	r.front.next += timingGain * g
	t.timeRate += timingDrift * g
	return carrierGain * ph
}

// held tells whether made-up samples are in the window of the present symbol.
func (r *Receiver) held() bool {
	if r.fakeTo < 0 {
		return false
	}
	f := r.front
	newest := f.moved + int64(f.next) + frontTaps
	oldest := newest - int64(float64(eqTaps)*f.step) - 3*frontTaps
	if r.fakeTo < oldest {
		r.fakeTo = -1
		return false
	}
	return r.fakeAt < newest
}

// decide gives the point that belongs to a symbol: known, or decided.
func (r *Receiver) decide(y complex64) complex64 {
	t := &r.track
	switch {
	case t.k < len(t.ref):
		return t.ref[t.k]
	case t.k < len(t.ref)+t.bridge:
		return nearest(r.mode.BridgePoints, y)
	case !t.trained:
		if t.err > r.mode.MaxError {
			r.sink.Status(modem.TrainingFailed)
			r.search(r.now())
			return 0
		}
		t.trained = true
		r.dec.Start(t.hunt)
		r.sink.Status(modem.Trained)
		if !t.hunt {
			r.memory.recent = knowledge{}
			r.remember()
		}
	}
	t.data++
	if t.data%memoryEvery == 0 && t.doubted == 0 && !r.held() {
		r.remember()
	}
	r.scatter.add(y)
	d := r.dec.Decide(y)
	r.watchPower(y)
	return d
}

// watchPower looks for the end of the carrier.
func (r *Receiver) watchPower(y complex64) {
	if r.held() {
		return
	}
	t := &r.track
	p := real(y)*real(y) + imag(y)*imag(y)
	t.powerSum += float64(p) - float64(t.power[t.powerAt])
	t.power[t.powerAt] = p
	t.powerAt++
	if t.powerAt == fadeWindow {
		t.powerAt = 0
	}
	if t.powerSum < fadeShare*fadeWindow {
		r.finish(fadeWindow)
	}
}

// finish ends a reception whose carrier was gone in the latest drop symbols.
func (r *Receiver) finish(drop int) {
	r.track.err = r.memory.sure.err
	if r.track.trained {
		r.dec.Finish(drop)
		r.sink.Status(modem.CarrierDown)
	} else {
		r.sink.Status(modem.TrainingFailed)
	}
	r.search(r.now())
}

// nearest gives the point that is closest to y.
func nearest(points []complex64, y complex64) complex64 {
	var best complex64
	least := float32(math.MaxFloat32)
	for _, p := range points {
		e := y - p
		if d := real(e)*real(e) + imag(e)*imag(e); d < least {
			best, least = p, d
		}
	}
	return best
}
