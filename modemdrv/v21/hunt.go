package v21

import "math"

// hunt looks for a carrier while there is none: two chains of windows, half a
// bit apart, so that one of them is never more than a quarter of a bit off.
type hunt struct {
	next   float64 // when the next window ends, in blocks
	past   [2]instant
	at     int
	filled int
	share  [2][lookBits]float64
	tone   [2][lookBits]int8 // 1 or -1 by the tone, 0: no carrier
	sum    [2]float64
}

func (h *hunt) begin(now float64) {
	*h = hunt{next: now}
}

// look takes the window that ends now, and tells whether a carrier is there.
func (h *hunt) look(line *correlator) bool {
	end := line.instantAt(h.next)
	h.next += bitBlocks / 2
	chain, slot := h.at&1, h.at/2
	h.at++
	if h.at == 2*lookBits {
		h.at = 0
	}
	start := h.past[chain]
	h.past[chain] = end
	if h.filled < 2 {
		h.filled++
		return false
	}
	w := between(&start, &end, bitSamples)
	if w.made > doubtful {
		return false
	}
	share, tone := w.share(), int8(0)
	if w.energy < leastEnergy {
		share = 0
	}
	if share > shareBit {
		tone = 1
		if w.zero > w.one {
			tone = -1
		}
	}
	h.sum[chain] += share - h.share[chain][slot]
	h.share[chain][slot], h.tone[chain][slot] = share, tone
	return h.sum[chain] > shareUp*lookBits && h.bothTones(chain)
}

// bothTones tells a carrier from a tone: no flag and no frame has more than six
// ones in a row, and no five octets are without a one.
func (h *hunt) bothTones(chain int) bool {
	var one, zero bool
	for _, t := range h.tone[chain] {
		one = one || t > 0
		zero = zero || t < 0
	}
	return one && zero
}

const (
	backBits    = 34 // how far a burst's begin is searched: the ring less a margin
	timingBits  = 16 // bits whose timing is averaged
	timingSteps = 16 // places tried in a bit
)

// burstStart finds where the bits lie, and the first of the carrier that was
// just recognised. It returns its begin, in blocks.
func burstStart(line *correlator) float64 {
	now := float64(line.blocks)
	var score [timingSteps]float64
	best := 0
	for s := range timingSteps {
		end := now - bitBlocks*float64(s)/timingSteps
		b := line.instantAt(end)
		for k := 1; k <= timingBits; k++ {
			t := end - bitBlocks*float64(k)
			if t < 0 {
				break
			}
			a := line.instantAt(t)
			w := between(&a, &b, bitSamples)
			score[s] += math.Abs(w.one - w.zero)
			b = a
		}
		if score[s] > score[best] {
			best = s
		}
	}
	before, after := score[(best+timingSteps-1)%timingSteps], score[(best+1)%timingSteps]
	place := float64(best)
	if curve := before - 2*score[best] + after; curve < 0 {
		place += 0.5 * (before - after) / curve
	}
	end := now - bitBlocks*math.Max(0, place)/timingSteps
	return firstBit(line, end)
}

// firstBit goes back from end bit by bit while there is carrier, and one more,
// whose begin may be missing.
func firstBit(line *correlator, end float64) float64 {
	b := line.instantAt(end)
	weak := 0
	first := end
	for k := 1; k <= backBits; k++ {
		t := end - bitBlocks*float64(k)
		if t < 0 {
			break
		}
		a := line.instantAt(t)
		w := between(&a, &b, bitSamples)
		b = a
		if w.share() < shareBit || w.energy < leastEnergy {
			if weak++; weak > 2 {
				break
			}
			continue
		}
		weak = 0
		first = t
	}
	return math.Max(first-bitBlocks, end-backBits*bitBlocks)
}
