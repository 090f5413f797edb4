package iax

import (
	"time"
)

// The sound of a call that is transferred comes over the exchange first, then
// directly, with time stamps of another count. A demodulator must not notice:
// the first direct frame follows the last one over the exchange, and what the
// exchange dropped in between is a gap of its true length.

const (
	// spliceWait is how long direct sound waits for what is still under way
	// over the exchange.
	spliceWait = 60 * time.Millisecond
	// spliceMax bounds the frames that wait.
	spliceMax = 64
	// spliceGapMax bounds what may be missing between the two ways, ms.
	spliceGapMax = 1000
	// arrivalSpan is for how long the earliest arrival is remembered.
	arrivalSpan = time.Second
)

// splice joins the direct way to the one over the exchange.
type splice struct {
	known bool   // there was sound over the exchange
	end   uint32 // time stamp behind the last of it
	early earliestArrival

	joined  bool
	delta   uint32 // what makes a direct time stamp one of the exchange's count
	waiting []heldVoice
	direct  earliestArrival
	until   time.Time
	arrived time.Time // of a frame that is taken later than it came
}

type heldVoice struct {
	ts    uint32
	codec Codec
	data  []byte
}

// earliestArrival is the least of arrival less time stamp, in ms, over the last
// second or two: the delay of the way without its jitter.
type earliestArrival struct {
	now, before int32
	since       time.Time
	full        uint8 // how many of the two are known
}

func (a *earliestArrival) take(at time.Time, v int32) {
	switch {
	case a.full == 0:
		a.now, a.since, a.full = v, at, 1
	case at.Sub(a.since) >= arrivalSpan:
		a.before, a.now, a.since, a.full = a.now, v, at, 2
	case v-a.now < 0:
		a.now = v
	}
}

func (a *earliestArrival) least() int32 {
	if a.full == 2 && a.before-a.now < 0 {
		return a.before
	}
	return a.now
}

// voiceMS is how long a payload is.
func voiceMS(codec Codec, payload []byte) uint32 {
	if codec == SLinear {
		return uint32(len(payload) / 16) //nolint:gosec // a datagram
	}
	return uint32(len(payload) / 8) //nolint:gosec // a datagram
}

// oldVoice takes audio that comes over the exchange.
func (m *callMachine) oldVoice(now time.Time, ts uint32, codec Codec, payload []byte) {
	s := &m.tx.splice
	if end := ts + voiceMS(codec, payload); !s.known || int32(end-s.end) > 0 { //nolint:gosec // serial number arithmetic
		s.known, s.end = true, end
	}
	s.early.take(now, int32(m.ts(now)-ts)) //nolint:gosec // serial number arithmetic
	m.hand(now, ts, codec, payload)
}

func (m *callMachine) hand(now time.Time, ts uint32, codec Codec, payload []byte) {
	if m.voice != nil && len(payload) > 0 {
		m.voice(now, ts, codec, payload)
	}
}

// directVoice takes audio that comes directly.
func (m *callMachine) directVoice(now time.Time, ts uint32, codec Codec, payload []byte) {
	s := &m.tx.splice
	if s.joined || !s.known {
		s.joined = true
		m.hand(now, ts+s.delta, codec, payload)
		return
	}
	at := now
	if !s.arrived.IsZero() {
		at = s.arrived
	}
	if len(s.waiting) == 0 {
		s.until = now.Add(spliceWait)
	}
	s.direct.take(at, int32(m.ts(at)-ts)) //nolint:gosec // serial number arithmetic
	s.waiting = append(s.waiting, heldVoice{ts, codec, append([]byte(nil), payload...)})
	if len(s.waiting) >= spliceMax {
		m.joinDirect(now)
	}
}

// joinDirect sets the count of the direct way against that of the exchange. By
// the count alone the first direct frame is the next one; if it came later than
// that, whole frames are missing in between.
func (m *callMachine) joinDirect(now time.Time) {
	s := &m.tx.splice
	s.until, s.joined = time.Time{}, true
	first := s.waiting[0].ts
	for _, w := range s.waiting[1:] {
		if int32(w.ts-first) < 0 { //nolint:gosec // serial number arithmetic
			first = w.ts
		}
	}
	s.delta = s.end - first
	byTime := uint32(s.direct.least() - s.early.least()) //nolint:gosec // serial number arithmetic
	missing := int32(byTime - s.delta)                   //nolint:gosec // serial number arithmetic
	if missing > 0 && missing <= spliceGapMax {
		s.delta += (uint32(missing) + frameMS/2) / frameMS * frameMS
	}
	waiting := s.waiting
	s.waiting = nil
	for _, w := range waiting {
		m.hand(now, w.ts+s.delta, w.codec, w.data)
	}
}
