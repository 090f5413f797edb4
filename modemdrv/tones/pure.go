package tones

import (
	"math"
	"math/cmplx"
)

const (
	// A frame belongs to a pure tone if that explains so much of its energy:
	// 1 for a clean tone, S/(S+N) with noise; 0.05 for noise, some 0.15 for
	// a fast modem.
	pureShare = 0.5
	pureOn    = 15 // frames: 300 ms
	pureOff   = 3  // frames that a tone may be away: a reversal of ANSam, a lost packet
)

// pure finds one steady sine, whose frequency it measures. Windows of 5 ms are
// correlated by themselves, so that the reversals of phase of ANSam every 450 ms
// spoil one of ninety; the angle from one to the next tells the frequency.
type pure struct {
	tone      Tone
	tolerance float64 // Hz
	longest   int     // frames; what goes on longer is another tone; 0: no limit

	sum    complex128 // window under way
	before complex128 // window before
	energy float64    // explained in this frame
	turn   complex128 // from window to window

	hits, misses int
	on           bool
}

// window ends a window.
func (p *pure) window() {
	z := p.sum
	p.sum = 0
	p.energy += 2.0 / windowLen * (real(z)*real(z) + imag(z)*imag(z))
	p.turn += z * cmplx.Conj(p.before)
	p.before = z
}

// hit ends a frame and tells whether the tone fills it.
func (p *pure) hit(energy float64) bool {
	const perTurn = 1000 / 5 // Hz: one turn from window to window
	hz := cmplx.Phase(p.turn) / (2 * math.Pi) * perTurn
	ok := p.energy > pureShare*energy && math.Abs(hz) < p.tolerance
	p.energy, p.turn = 0, 0
	return ok
}

// pure takes a frame's verdict and tells what follows from it.
func (d *Detector) pure(p *pure, tonal bool) {
	hit := p.hit(d.energy) && tonal
	if !hit {
		if p.misses++; p.misses < pureOff {
			return
		}
		p.hits = 0
		if p.on {
			p.on = false
			d.tell(p.tone, false)
		}
		return
	}
	p.hits += 1 + min(p.misses, pureOff-1)*min(p.hits, 1) // what was missing inside counts
	p.misses = 0
	switch {
	case p.longest > 0 && p.hits > p.longest:
		if p.on {
			p.on = false
			d.tell(p.tone, false)
		}
	case p.hits >= pureOn && !p.on:
		p.on = true
		d.tell(p.tone, true)
	}
}
