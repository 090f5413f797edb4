package linesim

import (
	"math"
	"math/bits"
)

// Random is the generator xoshiro256** of Blackman and Vigna, seeded by
// splitmix64: small, fast, and the same on every machine.
type Random struct {
	s     [4]uint64
	spare float64
	have  bool
}

// NewRandom makes a generator.
func NewRandom(seed uint64) *Random {
	r := &Random{}
	for i := range r.s {
		seed += 0x9E3779B97F4A7C15
		z := seed
		z = (z ^ z>>30) * 0xBF58476D1CE4E5B9
		z = (z ^ z>>27) * 0x94D049BB133111EB
		r.s[i] = z ^ z>>31
	}
	return r
}

// Uint64 gives 64 random bits.
func (r *Random) Uint64() uint64 {
	out := bits.RotateLeft64(r.s[1]*5, 7) * 9
	t := r.s[1] << 17
	r.s[2] ^= r.s[0]
	r.s[3] ^= r.s[1]
	r.s[1] ^= r.s[2]
	r.s[0] ^= r.s[3]
	r.s[2] ^= t
	r.s[3] = bits.RotateLeft64(r.s[3], 45)
	return out
}

// Uniform gives a number of 0 <= x < 1 with 53 random bits.
func (r *Random) Uniform() float64 {
	return float64(r.Uint64()>>11) * (1.0 / (1 << 53))
}

// Gauss gives a normally distributed number of variance 1 (Marsaglia's polar
// method; both values of a pair are used, in order).
func (r *Random) Gauss() float64 {
	if r.have {
		r.have = false
		return r.spare
	}
	for {
		u := 2*r.Uniform() - 1
		v := 2*r.Uniform() - 1
		s := float64(u*u) + float64(v*v)
		if s >= 1 || s == 0 {
			continue
		}
		f := math.Sqrt(-2 * math.Log(s) / s)
		r.spare, r.have = v*f, true
		return u * f
	}
}

// bitsSalt keeps the stream of Bits apart from those of a channel.
const bitsSalt = 0xB175B175B175B175

// Bits gives n random data bits, each 0 or 1: the test pattern of all
// measurements.
func Bits(n int, seed uint64) []byte {
	r := NewRandom(seed ^ bitsSalt)
	out := make([]byte, n)
	var w uint64
	for i := range out {
		if i&63 == 0 {
			w = r.Uint64()
		}
		out[i] = byte(w & 1)
		w >>= 1
	}
	return out
}
