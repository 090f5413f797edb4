package jitter

import "time"

// Stats are the figures of a Buffer.
type Stats struct {
	Received   uint64        // frames handed on
	Lost       uint64        // frames concealed
	Late       uint64        // frames that came after their place was concealed
	Reordered  uint64        // frames that came after later ones and were put right
	Duplicates uint64        // frames that came twice
	Jumps      uint64        // jumps of the sender's count without loss
	Concealed  time.Duration // sound made up in gaps
	Silence    time.Duration // silence filled in while nothing came
	Jitter     time.Duration // interarrival jitter (RFC 3550 6.4.1)
	SkewPPM    float64       // the sender's clock against ours; positive: it is fast
}

// Stats gives the figures so far.
func (b *Buffer) Stats() Stats { return b.stats }

// Held is how many frames wait at present.
func (b *Buffer) Held() int { return len(b.held) }

// skewWindow is the time over which the shortest transit is taken: short
// enough for a call, long enough to find a packet that did not wait anywhere.
const skewWindow = 10 * time.Second

// clockTrack measures jitter and the difference of the two clocks from the
// transit times of frames (arrival minus time stamp).
type clockTrack struct {
	origin   time.Time
	previous time.Duration // transit of the frame before
	known    bool

	windowFrom time.Duration // since origin
	shortest   time.Duration // transit in this window
	firstAt    time.Duration // when the first window's shortest was taken
	first      time.Duration // shortest transit of the first window
	windows    int
}

// restart forgets the transit times after a jump of the count.
func (c *clockTrack) restart() { c.known, c.windows = false, 0 }

// sample takes the arrival of a frame into account.
func (c *clockTrack) sample(now time.Time, pos int64, stats *Stats) {
	if c.origin.IsZero() {
		c.origin = now
	}
	at := now.Sub(c.origin)
	transit := at - time.Duration(pos)*time.Second/(rate*1000)
	if !c.known {
		c.known, c.previous = true, transit
		c.windowFrom, c.shortest = at, transit
		return
	}
	d := max(transit-c.previous, c.previous-transit)
	c.previous = transit
	stats.Jitter += (d - stats.Jitter) / 16
	c.shortest = min(c.shortest, transit)
	if at-c.windowFrom < skewWindow {
		return
	}
	middle := c.windowFrom + skewWindow/2
	if c.windows == 0 {
		c.first, c.firstAt = c.shortest, middle
	} else {
		stats.SkewPPM = -1e6 * float64(c.shortest-c.first) / float64(middle-c.firstAt)
	}
	c.windows++
	c.windowFrom, c.shortest = at, transit
}
