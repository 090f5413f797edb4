package v21

// blockLen is how many samples lie between two marks.
const blockLen = 4

// markRing is how many marks are kept: 128 ms, 38 bits, enough to go back to the
// begin of a burst when it is recognised.
const markRing = 256

// mark is the sum since the begin of all things of the signal times either
// reference, and of the signal's energy. The difference of two marks is the
// correlation over the time between them, whatever that time is: this makes
// windows of 26 2/3 samples, at any place, for the price of two look-ups. Sums are
// integers, so that nothing ever drifts. made counts the samples that were made
// up in place of lost ones.
type mark struct{ oneRe, oneIm, zeroRe, zeroIm, energy, made int64 }

// correlator takes samples and keeps marks.
type correlator struct {
	reference []reference
	at        int // in reference
	sum       mark
	sub       int   // samples since the last mark
	blocks    int64 // marks made; the newest is number blocks
	marks     [markRing]mark
}

// write takes samples up to the next mark and tells how many, and whether
// it made the mark. The first conceal of the samples are made up, and left out.
func (c *correlator) write(in []int16, conceal int) (taken int, marked bool) {
	n := min(blockLen-c.sub, len(in))
	s := c.sum
	made := min(n, conceal)
	s.made += int64(made)
	c.at = (c.at + made) % len(c.reference)
	for _, x := range in[made:n] {
		r := &c.reference[c.at]
		c.at++
		if c.at == len(c.reference) {
			c.at = 0
		}
		v := int64(x)
		s.oneRe += v * int64(r.oneRe)
		s.oneIm += v * int64(r.oneIm)
		s.zeroRe += v * int64(r.zeroRe)
		s.zeroIm += v * int64(r.zeroIm)
		s.energy += v * v
	}
	c.sum = s
	if c.sub += n; c.sub < blockLen {
		return n, false
	}
	c.sub = 0
	c.blocks++
	c.marks[c.blocks%markRing] = s
	return n, true
}

// instant is a mark at any time, between those that are kept.
type instant struct{ oneRe, oneIm, zeroRe, zeroIm, energy, made float64 }

// instantAt interpolates. Time is in blocks, at most that of the newest mark
// and at least markRing-1 less; before the begin of all things there was nothing.
func (c *correlator) instantAt(time float64) instant {
	time = max(time, 0)
	i := int64(time)
	f := time - float64(i)
	a, b := &c.marks[i%markRing], &c.marks[(i+1)%markRing]
	return instant{
		float64(a.oneRe) + f*float64(b.oneRe-a.oneRe),
		float64(a.oneIm) + f*float64(b.oneIm-a.oneIm),
		float64(a.zeroRe) + f*float64(b.zeroRe-a.zeroRe),
		float64(a.zeroIm) + f*float64(b.zeroIm-a.zeroIm),
		float64(a.energy) + f*float64(b.energy-a.energy),
		float64(a.made) + f*float64(b.made-a.made),
	}
}

// window is what lies between two instants.
type window struct {
	one, zero float64 // energy that each tone explains
	energy    float64 // all of it
	made      float64 // samples that are made up
}

// between gives the window from a to b, length samples.
func between(a, b *instant, length float64) window {
	w := window{energy: b.energy - a.energy, made: b.made - a.made}
	k := 2 / (referenceScale * referenceScale * max(1, length-w.made))
	re, im := b.oneRe-a.oneRe, b.oneIm-a.oneIm
	w.one = k * (re*re + im*im)
	re, im = b.zeroRe-a.zeroRe, b.zeroIm-a.zeroIm
	w.zero = k * (re*re + im*im)
	return w
}

// share is the part of the energy that the stronger tone explains: 1 for one
// bit of a clean signal, and S/(S+N) with noise; about 0.11 for noise alone.
func (w window) share() float64 {
	if w.energy <= 0 {
		return 0
	}
	return max(w.one, w.zero) / w.energy
}
