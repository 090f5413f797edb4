package udpimpair

import (
	"fmt"
	"time"
)

// Stats counts one direction. Guarded by the direction's mutex.
type Stats struct {
	In, Out, Bytes, Lost, BurstLost, Dup, Reordered, Passed uint64
	DelaySum, DelayMax                                      time.Duration
	Delayed                                                 uint64
}

func (s *Stats) add(o Stats) {
	s.In += o.In
	s.Out += o.Out
	s.Bytes += o.Bytes
	s.Lost += o.Lost
	s.BurstLost += o.BurstLost
	s.Dup += o.Dup
	s.Reordered += o.Reordered
	s.Passed += o.Passed
	s.DelaySum += o.DelaySum
	s.Delayed += o.Delayed
	s.DelayMax = max(s.DelayMax, o.DelayMax)
}

// String gives the counts and shares on one line.
func (s Stats) String() string {
	pct := 0.0
	if s.In > 0 {
		pct = 100 * float64(s.Lost) / float64(s.In)
	}
	avg := 0.0
	if s.Delayed > 0 {
		avg = s.DelaySum.Seconds() * 1000 / float64(s.Delayed)
	}
	return fmt.Sprintf("in=%d out=%d bytes=%d lost=%d(%.2f%%) burst=%d dup=%d reordered=%d unimpaired=%d delay_avg=%.1fms delay_max=%.1fms",
		s.In, s.Out, s.Bytes, s.Lost, pct, s.BurstLost, s.Dup, s.Reordered, s.Passed, avg, s.DelayMax.Seconds()*1000)
}
