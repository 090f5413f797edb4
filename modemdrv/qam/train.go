package qam

import (
	"math"
	"slices"
)

// boundary finds the half symbol, by its place in the history, that fits the
// first known symbol best, and how well it does. Where a long training is
// expected, all of what the equalizer will be computed from must fit, stretch
// by stretch: some may have been lost, and one that is repeated for another may
// fit well in the wrong place.
func (r *Receiver) boundary() (at int, quality float64) {
	f := r.front
	stretches, slop := 1, boundarySlop
	if !r.tryShort {
		stretches, slop = r.mode.LeastSquares/r.mode.Match, 2*boundarySlop
	}
	edge := r.edge - f.zbase
	from := max(edge-2*slop, eqPast)
	to := min(edge+2*slop, len(f.zr)-2*r.mode.Match*stretches)
	for k := from; k < to; k++ {
		if q := r.fits(k, stretches); q > quality {
			at, quality = k, q
		}
	}
	return at, quality
}

// fits tells how well known symbols match when the first is at half symbol at:
// the mean over the better half of the stretches.
func (r *Receiver) fits(at, stretches int) float64 {
	var q [maxChunks]float64
	n := r.mode.Match
	for i := range stretches {
		q[i] = correlate(r.front.zr, r.front.zi, at+2*n*i, r.mode.Training[n*i:n*i+n])
	}
	slices.Sort(q[:stretches])
	half := q[stretches/2 : stretches]
	sum := 0.0
	for _, x := range half {
		sum += x
	}
	return sum / float64(len(half))
}

// trainLong computes the equalizer from the known symbols, the first of which
// is at half symbol at, and sets the loops up. It tells whether the result is
// good enough to go on.
func (r *Receiver) trainLong(at int) bool {
	f := r.front
	ref := r.mode.Training[:r.mode.LeastSquares]
	first := at - eqPast
	omega := r.coarseOffset(at, ref)
	r.fit.spans = append(r.fit.spans[:0], span{0, len(ref)})
	phase, err, ok := r.solve(first, ref, &omega)
	if ok && r.cutOutliers(first, ref, omega) {
		phase, err, ok = r.solve(first, ref, &omega)
	}
	if !ok || err > r.mode.MaxError*2 {
		return false
	}
	r.power = r.fit.power
	n := len(ref)
	r.begin(n, r.mode.Training, r.mode.Bridge, f.zbase+at+2*n+eqFuture+1, phase+omega*float64(n), omega, err)
	return true
}

// solve computes the equalizer over the fit's spans, and refines the carrier
// offset with it. It gives the carrier's phase at the first symbol and the mean
// squared error.
func (r *Receiver) solve(first int, ref []complex64, omega *float64) (phase, err float64, ok bool) {
	f := r.front
	if !r.fit.gather(f.zr, f.zi, first) {
		return 0, 0, false
	}
	for range 3 {
		r.fit.solve(f.zr, f.zi, first, ref, *omega)
		r.loadTaps()
		var slope float64
		phase, slope, err = r.residual(first, ref, *omega)
		*omega += slope
	}
	return phase, err, true
}

// loadTaps takes the computed taps into the equalizer.
func (r *Receiver) loadTaps() {
	for j, c := range r.fit.taps {
		r.eq.re[j], r.eq.im[j] = float32(real(c)), float32(imag(c))
	}
}

// coarseOffset estimates the carrier offset, in radians a symbol, from the
// progress of the correlation from chunk to chunk.
func (r *Receiver) coarseOffset(at int, ref []complex64) float64 {
	f := r.front
	var before, sum complex128
	for k := 0; k+chunk <= len(ref); k += chunk {
		var c complex128
		for i, d := range ref[k : k+chunk] {
			z := complex(float64(f.zr[at+2*(k+i)]), float64(f.zi[at+2*(k+i)]))
			c += z * conj(complex128(d))
		}
		sum += c * conj(before)
		before = c
	}
	return math.Atan2(imag(sum), real(sum)) / chunk
}

// residual compares the equalizer's output with the known symbols of the spans:
// phase left at the first, its slope, and the mean squared error.
func (r *Receiver) residual(first int, ref []complex64, omega float64) (phase, slope, err float64) {
	f := r.front
	var half [2]complex128 // sums over the earlier and the later symbols
	var centre [2]float64  // and their middle
	var count [2]float64
	for _, s := range r.fit.spans {
		turn := newRotor(-omega*float64(s.from), -omega)
		for k := s.from; k < s.to; k++ {
			d := complex128(ref[k])
			re, im := r.eq.output(f.zr[first+2*k:], f.zi[first+2*k:])
			y := complex(float64(re), float64(im)) * turn.next()
			h := 2 * k / len(ref)
			half[h] += y * conj(d)
			centre[h] += float64(k)
			count[h]++
			e := y - d
			err += real(e)*real(e) + imag(e)*imag(e)
		}
	}
	if count[0] > 0 && count[1] > 0 {
		p := half[1] * conj(half[0])
		slope = math.Atan2(imag(p), real(p)) / (centre[1]/count[1] - centre[0]/count[0])
	}
	all := half[0] + half[1]
	return math.Atan2(imag(all), real(all)), slope, err / (count[0] + count[1])
}

// Outliers: stretches of a training that were lost on the way and replaced by
// something else.
const (
	outlierFactor = 4   // times the median error of all chunks
	outlierFloor  = 0.1 // but never less than this
	outlierMargin = 8   // symbols beside a bad chunk that are left out too
)

// cutOutliers takes stretches with errors far above the others out of the fit's
// spans. It tells whether there were any, and enough is left.
func (r *Receiver) cutOutliers(first int, ref []complex64, omega float64) bool {
	var errs [maxChunks]float64
	n := len(ref) / chunk
	for c := range n {
		errs[c] = r.chunkError(first, ref, c*chunk, omega)
	}
	sorted := errs
	slices.Sort(sorted[:n])
	limit := max(outlierFloor, outlierFactor*sorted[n/2])
	spans, left := r.fit.spans[:0], 0
	start := 0
	for c := range n + 1 {
		if c < n && errs[c] <= limit {
			continue
		}
		end := len(ref)
		if c < n {
			end = c*chunk - outlierMargin
		}
		if end > start && len(spans) < maxSpans {
			spans = append(spans, span{start, end})
			left += end - start
		}
		start = (c+1)*chunk + outlierMargin
	}
	r.fit.spans = spans
	return left < len(ref) && left > 2*eqTaps
}

// maxChunks bounds the chunks of the symbols an equalizer is computed from.
const maxChunks = 64

// chunkError is the mean squared error of one chunk of known symbols.
func (r *Receiver) chunkError(first int, ref []complex64, from int, omega float64) (err float64) {
	f := r.front
	turn := newRotor(-omega*float64(from), -omega)
	for k := from; k < from+chunk; k++ {
		re, im := r.eq.output(f.zr[first+2*k:], f.zi[first+2*k:])
		e := complex(float64(re), float64(im))*turn.next() - complex128(ref[k])
		err += real(e)*real(e) + imag(e)*imag(e)
	}
	return err / chunk
}
