package v17

import (
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/qam/qamtest"
)

func BenchmarkDecide(b *testing.B) {
	k, _ := newConstellation(14400)
	d := newDecoder(k, newLookup(k), &qamtest.Nothing{})
	i := 0
	for b.Loop() {
		d.Decide(k.points[i&127] + 0.01)
		i += 57
	}
}
