package iax

import (
	"fmt"
	"time"
)

// Stats are figures of a call's audio and network.
type Stats struct {
	Sent       uint64        // voice frames sent
	Received   uint64        // voice frames received, without duplicates
	Lost       uint64        // frames that never came in time and were concealed
	Late       uint64        // frames that came after they had been concealed
	Reordered  uint64        // frames that came out of order and were put right
	Duplicates uint64        // frames that came twice
	Jumps      uint64        // jumps of the far end's time stamps without loss
	Concealed  time.Duration // audio made up for losses
	Silence    time.Duration // silence filled in while nothing came
	Jitter     time.Duration // interarrival jitter as in RFC 3550 6.4.1
	SkewPPM    float64       // the far clock against ours, positive: it is fast
	RTT        time.Duration // latest round trip of a full frame or PING
	MaxLate    time.Duration // worst lateness of a sent frame against its schedule
	Retrans    uint64        // full frames sent again
	Duration   time.Duration // since the answer
}

// String gives the figures on one line, for session logs.
func (s Stats) String() string {
	ms := func(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
	return fmt.Sprintf("%.1f s, sent %d, received %d, lost %d, late %d, reordered %d, duplicates %d, jumps %d, concealed %.0f ms, silence %.0f ms, jitter %.1f ms, skew %+.0f ppm, round trip %.1f ms, sent late by at most %.1f ms, repeated %d",
		s.Duration.Seconds(), s.Sent, s.Received, s.Lost, s.Late, s.Reordered, s.Duplicates, s.Jumps, ms(s.Concealed), ms(s.Silence),
		ms(s.Jitter), s.SkewPPM, ms(s.RTT), ms(s.MaxLate), s.Retrans)
}
