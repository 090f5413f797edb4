package v21

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/level"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// noiseShare is what a tone explains of white noise: two of the 26.7 degrees
// of freedom of a bit.
const noiseShare = 2 / bitSamples

// quality averages what is known of a reception.
type quality struct {
	bits      int
	explained float64 // energy per bit
	energy    float64
	moved     float64 // sum of all corrections of timing, blocks
}

func (q *quality) begin() { *q = quality{} }

func (q *quality) corrected(step float64) { q.moved += step }

func (q *quality) add(w *window) {
	q.bits++
	k := max(smoothing, 1/float64(q.bits))
	q.explained += k * (max(w.one, w.zero) - q.explained)
	q.energy += k * (w.energy - q.energy)
}

// Quality implements modem.Receiver. There is no equalizer and no
// constellation; a carrier offset of a few hertz is nothing that this
// receiver needs to know.
func (r *Receiver) Quality() modem.Quality {
	q := &r.quality
	if q.bits == 0 || q.energy <= 0 {
		return modem.Quality{}
	}
	out := modem.Quality{Level: level.DBm0(q.energy / bitSamples)}
	share := q.explained / q.energy
	signal := math.Max(share-noiseShare, 1e-3) / math.Max(1-share, 1e-4)
	out.SNR = 10 * math.Log10(signal)
	out.ClockSkew = -q.moved / (float64(q.bits) * bitBlocks) * 1e6
	return out
}
