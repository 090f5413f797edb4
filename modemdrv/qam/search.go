package qam

// All training begins with alternations of two points, which are three lines
// in the spectrum (carrier and both band edges), and goes on with symbols that
// look random but are known. The search looks for the lines by their share of
// the power, so that neither the level nor noise or silence before matter, and
// when they end, for the known symbols by correlation.
const (
	altShare     = 0.6  // share of the power that lines must have
	altEdge      = 0.01 // share that each band edge must have: a lone tone has none
	altLeast     = 3    // checks in a row, one each two symbols, before alternations are believed
	altGone      = 0.55 // alternations end when the lines' share falls to this part of its best
	boundarySlop = 30   // symbols around the estimated end of alternations in which it is looked for
	chunk        = 16   // symbols that are correlated coherently; a carrier offset of 10 Hz turns less than 1/7 in it at 1200 baud
	matchLeast   = 0.35 // least normalized correlation with the known symbols
)

// alternation watches for the lines.
type alternation struct {
	sum   [4][2]float64 // of the half symbols in the window, by number modulo 4
	power float64
	count int     // checks in a row that found lines
	best  float64 // largest share since
}

func (a *alternation) reset() { *a = alternation{} }

// slide moves the window on by four to end before half symbol number end of
// the history, a multiple of 4 by absolute number. window is its length, full tells whether it has
// that already, so that as many leave it.
func (a *alternation) slide(zr, zi []float32, end, window int, full bool) {
	a.add((*[4]float32)(zr[end-4:]), (*[4]float32)(zi[end-4:]), 1)
	if full {
		a.add((*[4]float32)(zr[end-4-window:]), (*[4]float32)(zi[end-4-window:]), -1)
	}
}

// add puts four half symbols into the window, or takes them out: sign is 1 or -1.
func (a *alternation) add(zr, zi *[4]float32, sign float64) {
	r0, r1, r2, r3 := float64(zr[0]), float64(zr[1]), float64(zr[2]), float64(zr[3])
	i0, i1, i2, i3 := float64(zi[0]), float64(zi[1]), float64(zi[2]), float64(zi[3])
	a.sum[0][0] += sign * r0
	a.sum[0][1] += sign * i0
	a.sum[1][0] += sign * r1
	a.sum[1][1] += sign * i1
	a.sum[2][0] += sign * r2
	a.sum[2][1] += sign * i2
	a.sum[3][0] += sign * r3
	a.sum[3][1] += sign * i3
	a.power += sign * ((r0*r0 + i0*i0 + r1*r1 + i1*i1) + (r2*r2 + i2*i2 + r3*r3 + i3*i3))
}

// shares gives the shares that all lines, and that the weaker band edge, have
// in the power of the window.
func (a *alternation) shares(window int) (lines, edge float64) {
	if a.power <= 0 {
		return 0, 0
	}
	er, ei := a.sum[0][0]-a.sum[2][0], a.sum[0][1]-a.sum[2][1]
	or, oi := a.sum[1][0]-a.sum[3][0], a.sum[1][1]-a.sum[3][1]
	cr := a.sum[0][0] + a.sum[1][0] + a.sum[2][0] + a.sum[3][0]
	ci := a.sum[0][1] + a.sum[1][1] + a.sum[2][1] + a.sum[3][1]
	lo := sq(er+oi) + sq(ei-or)
	hi := sq(er-oi) + sq(ei+or)
	norm := 1 / (a.power * float64(window))
	return (cr*cr + ci*ci + lo + hi) * norm, min(lo, hi) * norm
}

func sq(x float64) float64 { return x * x }

// found looks at the window and tells whether alternations are there.
func (a *alternation) found(window int) bool {
	lines, edge := a.shares(window)
	if lines < altShare || edge < altEdge {
		a.count = 0
		a.best = 0
		return false
	}
	a.count++
	a.best = max(a.best, lines)
	return a.count >= altLeast
}

// gone tells whether alternations that were there have ended.
func (a *alternation) gone(window int) bool {
	lines, _ := a.shares(window)
	a.best = max(a.best, lines)
	return lines < altGone*a.best
}

// correlate gives the correlation of len(ref) known symbols with the half
// symbols from number at on: coherent over chunks, the chunks' magnitudes
// added, relative to what perfectly matching symbols would give.
func correlate(zr, zi []float32, at int, ref []complex64) float64 {
	var sum, energy, refEnergy float64
	for len(ref) > 0 {
		n := min(chunk, len(ref))
		var re, im, e, re2 float32
		for k, d := range ref[:n] {
			x, y := zr[at+2*k], zi[at+2*k]
			re += x*real(d) + y*imag(d)
			im += y*real(d) - x*imag(d)
			e += x*x + y*y
			re2 += real(d)*real(d) + imag(d)*imag(d)
		}
		sum += sqrt(float64(re)*float64(re) + float64(im)*float64(im))
		energy += float64(e)
		refEnergy += float64(re2)
		ref = ref[n:]
		at += 2 * n
	}
	if energy == 0 {
		return 0
	}
	return sum * sum / (energy * refEnergy)
}
