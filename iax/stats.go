package iax

import "time"

// Stats are figures of a call's audio and network.
type Stats struct {
	Sent       uint64 // voice frames sent
	Received   uint64 // voice frames received, without duplicates
	Lost       uint64 // frames that never came in time and were concealed
	Late       uint64 // frames that came after they had been concealed
	Reordered  uint64 // frames that came out of order and were put right
	Duplicates uint64
	Concealed  time.Duration // audio made up
	Jitter     time.Duration // interarrival jitter as in RFC 3550 6.4.1
	SkewPPM    float64       // the far clock against ours, positive: it is fast
	RTT        time.Duration // of the latest PING or LAGRQ
	MaxLate    time.Duration // worst lateness of a sent frame against its schedule
	Retrans    uint64        // full frames sent again
	Duration   time.Duration // from answer to end
}
