package iax

import "time"

// trunkCount gives time stamps to audio from trunk frames that have none for each
// call. The frame's own count is set against the call's where it first comes:
// behind the full frame that every sender begins with.
//
// The frame's count tells when it was sent, not whose sound is in it. Asterisk
// sends what it has every 20 ms, and where a call's audio comes to it unevenly
// that is nothing in one frame and two pieces in the next, with one count. So the
// pieces follow each other, and the count is believed where it stays ahead: then
// a frame was lost.
type trunkCount struct {
	begun  bool
	set    bool   // base is known
	first  uint32 // count of the first frame
	base   uint32 // what makes a frame's count a time stamp of the call
	last   uint32 // count of the last frame
	next   uint32 // time stamp behind the last piece
	streak int    // frames in a row whose count was ahead; negative: behind
}

// How far the count may be off before it is believed.
const (
	trunkStreak = 5              // frames in a row that are ahead or behind
	trunkJump   = int32(100)     // ms ahead at once: not unevenness
	trunkOff    = int32(frameMS) // ms that count as ahead or behind
)

// stamp gives the time stamp of a piece that came in a frame with a count.
func (t *trunkCount) stamp(count uint32) uint32 {
	fresh := !t.set || count != t.last
	if !t.set {
		t.set, t.next = true, count+t.base
	}
	at := t.next
	off := int32(count + t.base - at) //nolint:gosec // serial number arithmetic
	if fresh {
		t.streak = streak(t.streak, off)
		switch {
		case off >= trunkJump, t.streak >= trunkStreak: // something is missing
			at += uint32(off) //nolint:gosec // positive
			t.streak = 0
		case t.streak <= -trunkStreak: // more came than the count tells
			t.base += uint32(-off) //nolint:gosec // positive
			t.streak = 0
		}
	}
	t.last, t.next = count, at+frameMS
	return at
}

// streak counts frames that are off in one direction.
func streak(n int, off int32) int {
	switch {
	case off >= trunkOff:
		return max(n, 0) + 1
	case off <= -trunkOff:
		return min(n, 0) - 1
	}
	return 0
}

// trunkVoice takes audio from a trunk frame without time stamps per call. What
// overtakes the call's first full frame is lost: without it neither codec nor
// count is known.
func (m *callMachine) trunkVoice(now time.Time, count uint32, payload []byte) {
	t := &m.rxTrunk
	if !t.begun {
		t.begun, t.first = true, count
	}
	if m.rxCodec == 0 {
		return
	}
	behind := m.rxLast + frameMS // a full frame that came in between
	switch {
	case !t.set:
		t.base = behind - t.first
	case int32(behind-t.next) > 0: //nolint:gosec // serial number arithmetic
		t.next = behind
	}
	m.receiveVoice(now, t.stamp(count), payload)
}
