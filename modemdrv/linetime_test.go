//go:build unix && !race

package modemdrv

import (
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// TestLineTime: a call of three pages, both stations and the channel, takes less
// than a hundredth of its length. The processor's time counts, not the clock's,
// so that a busy machine is no failure; no other test runs beside this one.
func TestLineTime(t *testing.T) {
	const least, tries = 100, 3
	best := 0.0
	for range tries {
		tr := newTrial(3, 1100)
		tr.to.ULaw, tr.from.ULaw, tr.to.SNR, tr.from.SNR = true, true, 35, 35
		before := cpuTime(t)
		sent, _, _, length := tr.run(t)
		used := cpuTime(t) - before
		if sent.Outcome != t30.Done {
			t.Fatal(sent)
		}
		best = max(best, length.Duration().Seconds()/used.Seconds())
	}
	if best < least {
		t.Errorf("the call is %.0f times faster than real time, want %d", best, least)
	}
	t.Logf("the call is %.0f times faster than real time", best)
}

// cpuTime is what this process has used of the processors.
func cpuTime(t *testing.T) time.Duration {
	t.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		t.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
