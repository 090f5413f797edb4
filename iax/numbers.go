package iax

import (
	"crypto/rand"
	"encoding/binary"
	"io"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

const (
	// firstNumber leaves out 0 (none) and 1, from which Asterisk sends
	// answers that belong to no call.
	firstNumber wire.CallNumber = 2
	// numberRest is how long a call number is not used again, so that late
	// frames meet nobody (Asterisk: MIN_REUSE_TIME).
	numberRest = 60 * time.Second
)

// NumberPool hands out call numbers: at random, so that they cannot be guessed,
// and never one in use or used a short while ago. Endpoints may share one.
type NumberPool struct {
	random io.Reader

	mu      sync.Mutex // guards what follows; endpoints may share a pool
	used    map[wire.CallNumber]bool
	resting []restingNumber // oldest first
}

type restingNumber struct {
	number wire.CallNumber
	until  time.Time
}

// NewNumberPool makes a pool; random may be nil for crypto/rand.
func NewNumberPool(random io.Reader) *NumberPool {
	if random == nil {
		random = rand.Reader
	}
	return &NumberPool{random: random, used: make(map[wire.CallNumber]bool)}
}

// take gives a call number; ok is false when all are in use.
func (p *NumberPool) take(now time.Time) (n wire.CallNumber, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(p.resting) > 0 && !p.resting[0].until.After(now) {
		p.wake()
	}
	const all = int(wire.MaxCallNumber-firstNumber) + 1
	if len(p.used) >= all {
		if len(p.resting) == 0 {
			return 0, false
		}
		p.wake() // better one used lately than none
	}
	var b [2]byte
	if _, err := io.ReadFull(p.random, b[:]); err != nil {
		return 0, false
	}
	for i := int(binary.BigEndian.Uint16(b[:])) % all; ; i = (i + 1) % all {
		n = firstNumber + wire.CallNumber(i) //nolint:gosec // below 2^15
		if !p.used[n] {
			p.used[n] = true
			return n, true
		}
	}
}

// wake makes the number that rested longest free.
func (p *NumberPool) wake() {
	delete(p.used, p.resting[0].number)
	p.resting = p.resting[1:]
}

// release gives a number back.
func (p *NumberPool) release(now time.Time, n wire.CallNumber) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.resting = append(p.resting, restingNumber{n, now.Add(numberRest)})
}
