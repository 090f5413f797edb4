package t30

import (
	"strconv"
	"time"
)

// Samples is a time or a duration on the line, 8000 a second.
type Samples int64

// Second is how many samples make one.
const Second Samples = 8000

// Duration is the same as clocks measure it.
func (s Samples) Duration() time.Duration { return time.Duration(s) * time.Second / 8000 }

// String gives seconds, for traces.
func (s Samples) String() string {
	return strconv.FormatFloat(float64(s)/float64(Second), 'f', 2, 64) + "s"
}

func itoa(n int) string { return strconv.Itoa(n) }

// timer is one of T.30's timers: when it runs out, if it runs.
type timer struct {
	at      Samples
	running bool
	over    Samples // since when a signal holds it off; 0: not
}

func (t *timer) start(now, d Samples) { *t = timer{at: now + d, running: true} }
func (t *timer) stop()                { t.running = false }
func (t timer) expired(now Samples) bool {
	return t.running && now >= t.at
}
