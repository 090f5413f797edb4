package iax

import "time"

const (
	frameTime = 20 * time.Millisecond // FrameSamples at 8000 a second
	frameMS   = uint32(frameTime / time.Millisecond)

	// catchUpGap is the least distance of frames when we are behind after a
	// stall: they go out faster than real time, but not as one burst. Frames
	// that arrive together are put in a wrong order by the threads of Asterisk,
	// and without a jitter buffer there the demodulator hears them so.
	catchUpGap = 10 * time.Millisecond
	// catchUpMax is how far behind we make good. After a longer stall the
	// rest is left out and the time stamps say so.
	catchUpMax = 3 * time.Second
)

// pacer is the schedule of sent audio: frame k is due k times 20 ms after the
// start, whenever the frames before it were really sent, so it does not drift.
type pacer struct {
	start   time.Time
	base    uint32    // time stamp of frame 0
	frame   int64     // next frame
	last    time.Time // when the latest was sent
	maxLate time.Duration
}

// begin starts the schedule with time stamp base.
func (p *pacer) begin(now time.Time, base uint32) { *p = pacer{start: now, base: base} }

// next is when the next frame is to be sent.
func (p *pacer) next() time.Time {
	due := p.start.Add(time.Duration(p.frame) * frameTime)
	if !p.last.IsZero() && due.Sub(p.last) < catchUpGap {
		return p.last.Add(catchUpGap)
	}
	return due
}

// take gives the time stamp of the frame that is to be sent now; sent follows.
func (p *pacer) take(now time.Time) uint32 {
	late := now.Sub(p.start.Add(time.Duration(p.frame) * frameTime))
	p.maxLate = max(p.maxLate, late)
	if late > catchUpMax {
		p.frame += int64(late / frameTime)
	}
	ts := p.base + uint32(p.frame)*frameMS //nolint:gosec // wraps as time stamps do
	p.frame++
	p.last = now
	return ts
}

// sent notes when the frame that was taken last really went out: the process may
// have lost the processor between take and the socket.
func (p *pacer) sent(now time.Time) {
	p.last = now
	p.maxLate = max(p.maxLate, now.Sub(p.start.Add(time.Duration(p.frame-1)*frameTime)))
}
