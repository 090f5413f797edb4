package t30

import (
	"fmt"
	mathbits "math/bits"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// Judgement of the training check: 1.5 s of zeros (T.30 5.3.6.1.4). The
// Recommendation leaves it to the receiver. Noise spreads wrong bits over all of
// it; a packet lost on the way makes one burst of them, and says nothing about the
// rate: such bursts are forgiven.
const (
	checkShare  = 100 // a piece is a 100th of a second
	minGood     = 95  // pieces without a wrong bit, of 150 that are sent
	maxBursts   = 2   // bursts of wrong bits that are forgiven
	burstPieces = 16  // pieces of a burst: a lost packet, and the time to recover
	edgePieces  = 8   // pieces at either end that do not count
)

// check collects a training check.
type check struct {
	rate   modem.Rate
	active bool
	ones   []uint16 // wrong bits of each piece
	bits   int      // of the piece under way
	wrong  int
	gaps   int
}

func (c *check) begin(r modem.Rate) {
	*c = check{rate: r, active: true, ones: c.ones[:0]}
}

// maxCheck bounds what is kept: three seconds.
const maxCheck = 3 * checkShare

func (c *check) write(p []byte) {
	for _, b := range p {
		c.bits += 8
		c.wrong += mathbits.OnesCount8(b)
		if c.bits >= c.rate.BitRate/checkShare {
			if len(c.ones) < maxCheck {
				c.ones = append(c.ones, uint16(c.wrong))
			}
			c.bits, c.wrong = 0, 0
		}
	}
}

func (c *check) gap() { c.gaps++ }

// judge tells whether the rate is good, and why.
func (c *check) judge() (bool, string) {
	p := c.ones
	if len(p) > 2*edgePieces {
		p = p[edgePieces : len(p)-edgePieces]
	}
	good, bursts, last := 0, 0, -1
	begin := 0
	for i, n := range p {
		if n == 0 {
			good++
			continue
		}
		if last < 0 || i-last > burstPieces || i-begin > burstPieces {
			bursts++
			begin = i
		}
		last = i
	}
	text := fmt.Sprintf("%d of %d pieces of 10 ms good, %d bursts of errors", good, len(p), bursts)
	if c.gaps > 0 {
		text += fmt.Sprintf(", %d lost packets", c.gaps)
	}
	return good >= minGood && bursts <= max(maxBursts, 2*c.gaps), text
}
