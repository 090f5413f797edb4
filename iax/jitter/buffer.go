package jitter

import (
	"slices"
	"time"
)

// rate is samples per ms.
const rate = 8

// Limits and times of the buffer.
const (
	// minWait and maxWait bound how long a gap is kept open for what may
	// still come; between them it is waitJitters times the measured jitter.
	minWait     = 60 * time.Millisecond
	maxWait     = 120 * time.Millisecond
	waitJitters = 6

	// starveLoud is how long nothing at all may come after sound before
	// silence takes its place; a sender or network that stalls is not a
	// loss, and what is filled in then would be lost when the rest comes.
	starveLoud = 500 * time.Millisecond
	// starveQuiet is the same after silence: servers stop sending then.
	starveQuiet = 120 * time.Millisecond
	starveTick  = 20 * time.Millisecond
	starveFill  = int(starveTick/time.Millisecond) * rate

	// stallMin is how late Timeout must come for a sign that we stood still
	// ourselves, and what was sent in the meantime still waits to be read; at
	// most stallMax is forgiven before sound comes again.
	stallMin = 10 * time.Millisecond
	stallMax = 3 * time.Second

	// jumpMin is the least jump of time stamps that may be the sender's
	// doing (Asterisk: MAX_TIMESTAMP_SKEW, 160 ms) and not a loss.
	jumpMin = 100 * rate

	// maxConceal bounds what is made up for one gap. Beyond that the call was
	// held or the sender started anew: one second of silence says as much.
	maxConceal = 1000 * rate
	concealCap = 3000 * rate

	// repeatMax is how much of a gap is filled by repeating the last frame;
	// the rest is silence.
	repeatMax = 200 * rate

	// backJump is how far behind time stamps may lie as late ones; farther
	// back, three times in a row, the sender has begun a new count.
	backJump      = 1000 * rate
	backJumpTimes = 3

	maxHeld    = 128 // frames; more are let through at once
	maxFrame   = 8000
	quietLevel = 120 // peak of 16 bit samples, about -49 dBm0
	historyLen = 64
)

// Sink takes what comes out of a Buffer: Receive gets every sample in order;
// Conceal announces that the next n samples are made up.
type Sink interface {
	Receive(pcm []int16)
	Conceal(n int)
}

// Buffer is the receive buffer of one call.
//
// Positions are the sender's time in samples. next is the position of the
// sample to be handed on next; a frame that lies there goes on at once.
//
//   - A frame ahead of next is held and a gap timer starts. What comes in the
//     meantime fills the gap or is held behind. When the timer ends, the gap is
//     concealed for exactly its length.
//   - Unless the gap is one of the time stamps alone: when as much sound came
//     since the last frame before the gap as time went by, nothing was lost, and
//     the sender's count jumped (a stall of Asterisk). Then the positions are
//     shifted and nothing is concealed.
//   - A frame behind next is a duplicate if the same sound had been there, late
//     if that place was concealed. Other sound at a place that was already
//     filled means that the sender's count went back; it follows what came
//     before it.
//   - When nothing comes at all, silence is handed on by the clock, after a
//     longer wait, so that a receiver notices that the line is quiet.
//   - A timer that is far too late means that this machine stood still. Then the
//     wait begins anew: what came meanwhile has yet to be read.
type Buffer struct {
	sink  Sink
	stats Stats

	running   bool  // a first frame was seen
	next      int64 // position of the next sample
	lastTS    uint32
	lastTime  int64 // lastTS without wrapping, ms
	shift     int64 // added to the sender's time, samples
	farBehind int   // frames in a row that were far behind

	held    []*frame // ahead of next, by position
	free    []*frame
	gapFrom time.Time // arrival of the first frame that is held
	heldSum int       // samples that came since the gap opened

	lastInOrder time.Time // arrival of the last frame handed on
	activity    time.Time // last arrival or filling, for starvation
	quiet       bool      // the last frame was silence
	starving    bool
	afterQuiet  bool          // starvation began after silence
	filled      int           // samples filled in since lastInOrder by starvation
	stalled     time.Duration // stalls of our own since lastInOrder

	past    [historyLen]place
	pastEnd int
	last    []int16 // last frame handed on, to repeat
	zeros   []int16

	clock clockTrack
}

// frame is sound that waits.
type frame struct {
	pos     int64
	pcm     []int16
	hash    uint64
	arrived time.Time
}

// place remembers what was handed on where.
type place struct {
	pos       int64
	n         int
	hash      uint64
	concealed bool
}

// New makes a buffer that hands on to sink.
func New(sink Sink) *Buffer {
	return &Buffer{sink: sink, zeros: make([]int16, repeatMax)}
}

// Start tells that sound may come from now on: silence is handed on if none
// does.
func (b *Buffer) Start(now time.Time) {
	if b.activity.IsZero() {
		b.activity, b.quiet = now, true
	}
}

// Arrive takes a frame with its time stamp in ms. The samples are copied if
// they must wait.
func (b *Buffer) Arrive(now time.Time, ts uint32, pcm []int16) {
	if len(pcm) == 0 || len(pcm) > maxFrame {
		return
	}
	hash := hashOf(pcm)
	pos := b.unwrap(ts)*rate + b.shift
	if !b.running {
		b.running = true
		b.next = pos
	}
	tolerance := int64(len(pcm) / 2)
	switch d := pos - b.next; {
	case d > -tolerance && d < tolerance:
		b.clock.sample(now, pos, &b.stats)
		b.inOrder(now, pos, pcm, hash)
	case d > 0:
		b.ahead(now, pos, pcm, hash)
	default:
		b.behind(now, pos, pcm, hash)
	}
}

// unwrap counts a time stamp on beyond 32 bits.
func (b *Buffer) unwrap(ts uint32) int64 {
	if !b.running {
		b.lastTS, b.lastTime = ts, int64(ts)
	}
	t := b.lastTime + int64(int32(ts-b.lastTS)) //nolint:gosec // serial number arithmetic
	b.lastTS, b.lastTime = ts, t
	return t
}

// inOrder hands a frame on, and what waited for it.
func (b *Buffer) inOrder(now time.Time, pos int64, pcm []int16, hash uint64) {
	b.farBehind = 0
	b.activity = now
	if len(b.held) > 0 {
		b.stats.Reordered++
		b.heldSum += len(pcm)
	}
	b.hand(now, pos, pcm, hash)
	b.release()
}

// hand gives one frame to the sink.
func (b *Buffer) hand(arrived time.Time, pos int64, pcm []int16, hash uint64) {
	b.stats.Received++
	b.sink.Receive(pcm)
	b.remember(place{pos: pos, n: len(pcm), hash: hash})
	b.next = pos + int64(len(pcm))
	b.last = append(b.last[:0], pcm...)
	b.quiet = isQuiet(pcm)
	b.lastInOrder, b.filled, b.starving, b.stalled = arrived, 0, false, 0
}

// release hands on all held frames that are next in order now.
func (b *Buffer) release() {
	for len(b.held) > 0 {
		f := b.held[0]
		if f.pos-b.next >= int64(len(f.pcm)/2) {
			b.gapFrom = f.arrived // a further gap
			return
		}
		b.hand(f.arrived, f.pos, f.pcm, f.hash)
		b.held = slices.Delete(b.held, 0, 1)
		b.free = append(b.free, f)
	}
	b.heldSum = 0
}

// ahead holds a frame behind a gap.
func (b *Buffer) ahead(now time.Time, pos int64, pcm []int16, hash uint64) {
	b.farBehind = 0
	b.activity = now
	i, same := slices.BinarySearchFunc(b.held, pos, func(f *frame, pos int64) int { return int(f.pos - pos) })
	if same {
		if b.held[i].hash == hash {
			b.stats.Duplicates++
			return
		}
		// Other sound at the same place: the count went back (see Buffer).
		end := b.held[len(b.held)-1]
		shift := end.pos + int64(len(end.pcm)) - pos
		b.shift += shift
		pos += shift
		i = len(b.held)
		b.stats.Jumps++
	}
	if len(b.held) == 0 {
		b.gapFrom = now
		b.heldSum = 0
	}
	b.clock.sample(now, pos, &b.stats)
	b.heldSum += len(pcm)
	b.held = slices.Insert(b.held, i, b.keep(now, pos, pcm, hash))
	if len(b.held) > maxHeld {
		b.closeGap(now)
	}
}

// keep copies a frame into one of the free places.
func (b *Buffer) keep(now time.Time, pos int64, pcm []int16, hash uint64) *frame {
	f := &frame{}
	if n := len(b.free); n > 0 {
		f = b.free[n-1]
		b.free = b.free[:n-1]
	}
	f.pos, f.hash, f.arrived = pos, hash, now
	f.pcm = append(f.pcm[:0], pcm...)
	return f
}

// behind judges a frame whose place has passed.
func (b *Buffer) behind(now time.Time, pos int64, pcm []int16, hash uint64) {
	p, known := b.placeOf(pos)
	switch {
	case known && !p.concealed && p.hash == hash:
		b.stats.Duplicates++
	case known && !p.concealed:
		b.countWentBack(now, pos, pcm, hash)
	case known && b.filled > 0 && b.afterQuiet:
		// A pause was only a stall: the silence that was filled in between
		// silence and what comes now hurts nobody, losing its beginning would.
		b.clock.restart()
		b.shift += b.next - pos
		b.inOrder(now, b.next, pcm, hash)
	case pos < b.next-backJump:
		if b.farBehind++; b.farBehind >= backJumpTimes {
			b.countWentBack(now, pos, pcm, hash)
		}
	default:
		b.stats.Late++
	}
}

// countWentBack lets a frame follow what came before it, whatever its stamp.
func (b *Buffer) countWentBack(now time.Time, pos int64, pcm []int16, hash uint64) {
	b.stats.Jumps++
	b.clock.restart()
	if len(b.held) > 0 {
		b.closeGap(now)
	}
	b.shift += b.next - pos
	b.inOrder(now, b.next, pcm, hash)
}

// remember notes what was handed on at a place.
func (b *Buffer) remember(p place) {
	b.past[b.pastEnd%historyLen] = p
	b.pastEnd++
}

// placeOf finds what was handed on at a position.
func (b *Buffer) placeOf(pos int64) (place, bool) {
	for i := b.pastEnd - 1; i >= 0 && i >= b.pastEnd-historyLen; i-- {
		p := b.past[i%historyLen]
		if pos >= p.pos && pos < p.pos+int64(p.n) {
			return p, true
		}
		if p.pos+int64(p.n) < pos {
			break
		}
	}
	return place{}, false
}

// wait is how long a gap is kept open at present.
func (b *Buffer) wait() time.Duration { return min(maxWait, max(minWait, waitJitters*b.stats.Jitter)) }

// Deadline is when Timeout has something to do.
func (b *Buffer) Deadline() (time.Time, bool) {
	switch {
	case len(b.held) > 0:
		return b.gapFrom.Add(b.wait()), true
	case b.activity.IsZero():
		return time.Time{}, false
	}
	return b.activity.Add(b.patience()), true
}

// patience is how long nothing may come before silence is filled in.
func (b *Buffer) patience() time.Duration {
	switch {
	case b.starving:
		return starveTick
	case b.quiet:
		return starveQuiet
	}
	return starveLoud
}

// Timeout closes a gap whose time is over and fills in silence where nothing
// comes.
func (b *Buffer) Timeout(now time.Time) {
	b.forgive(now)
	for len(b.held) > 0 && !b.gapFrom.Add(b.wait()).After(now) {
		b.closeGap(now)
	}
	if len(b.held) > 0 || b.activity.IsZero() {
		return
	}
	for n := 0; n < maxConceal/starveFill && !b.activity.Add(b.patience()).After(now); n++ {
		if !b.starving {
			b.afterQuiet = b.quiet
		}
		b.activity = b.activity.Add(b.patience())
		b.starving, b.quiet = true, true
		b.fill(b.zeros[:starveFill])
		b.filled += starveFill
		b.stats.Silence += starveTick
	}
	if now.Sub(b.activity) > concealCap/rate*time.Millisecond {
		b.activity = now // we were stalled ourselves: that time is gone
	}
}

// forgive lets a wait that ended in a stall of ours end as much later.
func (b *Buffer) forgive(now time.Time) {
	at, ok := b.Deadline()
	stall := now.Sub(at)
	if !ok || stall < stallMin || b.stalled+stall > stallMax {
		return
	}
	b.stalled += stall + minWait
	if len(b.held) > 0 {
		b.gapFrom = b.gapFrom.Add(stall + minWait)
		return
	}
	b.activity = b.activity.Add(stall + minWait)
}

// fill hands on made-up samples at next.
func (b *Buffer) fill(pcm []int16) {
	b.sink.Conceal(len(pcm))
	b.sink.Receive(pcm)
	b.remember(place{pos: b.next, n: len(pcm), concealed: true})
	b.next += int64(len(pcm))
}

// closeGap ends the wait for the gap before the first held frame.
func (b *Buffer) closeGap(now time.Time) {
	gap := b.held[0].pos - b.next
	switch {
	case gap >= jumpMin && b.nothingMissing(now, gap):
		b.stats.Jumps++
		b.clock.restart()
		b.shift -= gap
		for _, f := range b.held {
			f.pos -= gap
		}
	case gap > concealCap:
		b.stats.Jumps++
		b.clock.restart()
		b.conceal(maxConceal)
		b.next = b.held[0].pos
	case b.filled > 0: // the sender paused; the first of the pause was waited for
		b.silence(int(gap))
	default:
		b.conceal(int(gap))
	}
	b.release()
}

// silence hands on n samples of silence for a pause of the sender.
func (b *Buffer) silence(n int) {
	b.stats.Silence += time.Duration(n) * time.Second / (rate * 1000)
	for n > 0 {
		k := min(n, len(b.zeros))
		b.fill(b.zeros[:k])
		n -= k
	}
}

// nothingMissing tells whether about as much sound came since the last frame
// before the gap as time went by.
func (b *Buffer) nothingMissing(now time.Time, gap int64) bool {
	if b.lastInOrder.IsZero() {
		return false
	}
	elapsed := int64(now.Sub(b.lastInOrder)/time.Millisecond) * rate
	missing := elapsed - int64(b.heldSum) - int64(b.filled)
	return missing < gap/2
}

// conceal makes up n samples: the last frame again, so that a carrier keeps its
// energy, then silence. At 2400 symbols and a carrier of 1800 Hz a frame of
// 20 ms holds whole periods of both.
func (b *Buffer) conceal(n int) {
	b.stats.Concealed += time.Duration(n) * time.Second / (rate * 1000)
	frames := 1
	if len(b.last) > 0 {
		frames = (n + len(b.last)/2) / len(b.last)
	}
	b.stats.Lost += uint64(max(1, frames)) //nolint:gosec // not negative
	for repeated := 0; n > 0; {
		pcm := b.zeros
		if repeated < repeatMax && len(b.last) > 0 {
			pcm = b.last
		}
		pcm = pcm[:min(n, len(pcm))]
		b.fill(pcm)
		n -= len(pcm)
		repeated += len(pcm)
	}
}

func isQuiet(pcm []int16) bool {
	for _, s := range pcm {
		if s > quietLevel || s < -quietLevel {
			return false
		}
	}
	return true
}

// hashOf is FNV-1a over the samples.
func hashOf(pcm []int16) uint64 {
	h := uint64(14695981039346656037)
	for _, s := range pcm {
		h = (h ^ uint64(uint16(s))) * 1099511628211 //nolint:gosec // the bits are meant
	}
	return h
}
