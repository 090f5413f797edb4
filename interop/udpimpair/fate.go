package udpimpair

import (
	"math"
	"math/rand/v2"
	"time"
)

// Params describes one impairment. Percentages are 0..100.
type Params struct {
	Loss       float64       // random loss, percent
	BurstLoss  float64       // mean loss of the Gilbert model, percent
	BurstLen   float64       // mean burst length of the Gilbert model, packets
	Delay      time.Duration // constant delay
	Jitter     time.Duration // size of the jitter, see Dist
	Dist       string        // uniform [0,J], normal N(J,J/3) in [0,2J], exp mean J at most 5J
	KeepOrder  bool          // jitter never reorders (like a queue)
	Reorder    float64       // percent of packets held back
	ReorderGap int           // ... until so many later packets have passed
	Dup        float64       // percent of packets sent twice
	MediaOnly  bool          // impair only IAX2 mini and meta frames (first bit 0)
}

// Fate is what happens to one packet.
type Fate struct {
	Drop, Burst, Dup, Hold bool
	Delay                  time.Duration
}

// Chooser draws fates. It is deterministic and not safe for concurrent use.
type Chooser struct {
	p   Params
	rng *rand.Rand
	bad bool
}

// NewChooser returns the chooser of one direction of one flow.
func NewChooser(p Params, seed uint64, stream uint64) *Chooser {
	return &Chooser{p: p, rng: rand.New(rand.NewPCG(seed, stream))}
}

// Next draws the fate of the next packet.
func (c *Chooser) Next() Fate {
	var (
		uLoss, uGil, uDup, uReo = c.rng.Float64(), c.rng.Float64(), c.rng.Float64(), c.rng.Float64()
		uJit                    = c.rng.Float64()
		nJit                    = c.rng.NormFloat64()
		f                       Fate
	)
	if c.p.BurstLoss > 0 {
		length := math.Max(c.p.BurstLen, 1)
		out := 1 / length // bad -> good
		rate := math.Min(c.p.BurstLoss/100, 0.99)
		in := out * rate / (1 - rate) // good -> bad
		if c.bad {
			c.bad = uGil >= out
		} else {
			c.bad = uGil < in
		}
		f.Burst = c.bad
	}
	f.Drop = f.Burst || uLoss < c.p.Loss/100
	f.Dup = uDup < c.p.Dup/100
	f.Hold = uReo < c.p.Reorder/100
	f.Delay = c.p.Delay
	if c.p.Jitter > 0 {
		j := float64(c.p.Jitter)
		switch c.p.Dist {
		case "normal":
			f.Delay += time.Duration(math.Min(math.Max(j+nJit*j/3, 0), 2*j))
		case "exp":
			f.Delay += time.Duration(math.Min(-math.Log(1-uJit)*j, 5*j))
		default:
			f.Delay += time.Duration(uJit * j)
		}
	}
	return f
}
