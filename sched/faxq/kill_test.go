package faxq

import (
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// Killed at whatever step and started again, faxq delivers every job exactly
// once, files it, cleans up after it and tells its sender. The line's process
// goes on all the while, and so does a call.
func TestKilledAtEveryStep(t *testing.T) {
	for n := 1; ; n++ {
		steps := killedAt(t, int32(n))
		if t.Failed() {
			return
		}
		if steps < int32(n) {
			t.Logf("%d steps", steps)
			if n < 15 {
				t.Errorf("only %d steps: the test does not reach what it is for", n)
			}
			return
		}
	}
}

// longer is added to kill times: these tests let time fly.
const longer = 200 * 24 * 3600

// killedAt plays two jobs, one of which is busy once, and kills faxq at step n.
// It gives the number of steps that there were until then.
func killedAt(t *testing.T, n int32) (steps int32) {
	t.Helper()
	t.Run(fmt.Sprint(n), func(t *testing.T) {
		w := newWorld(t, "")
		w.write("bin/notify", "#!/bin/sh\necho \"$1 $2\" >> notices\n")
		f := w.line("ttyIAX0", func(job string, i int) string { return map[bool]string{true: "busy"}[job == "2" && i == 1] })
		w.job(1, func(j *spool.Job) { j.State, j.KillTime = spool.StateReady, j.KillTime+longer })
		w.job(2, func(j *spool.Job) { j.State, j.Number, j.KillTime = spool.StateReady, "1002", j.KillTime+longer })
		var count atomic.Int32
		var at atomic.Value
		at.Store("")
		killed := make(chan bool)
		w.step = func(step string) {
			if count.Add(1) == n {
				at.Store(step)
				close(killed)
				panic(errKilled)
			}
		}
		w.start()
		all := func() bool {
			w.clockAhead(time.Minute)
			return w.done(1) && w.done(2)
		}
		restarted := false
		restart := func() {
			select {
			case <-killed:
				if !restarted {
					restarted = true
					w.cancel()
					<-w.ended
					w.step = nil
					w.start()
				}
			default:
			}
		}
		w.wait("both jobs", func() bool {
			restart()
			_ = w.spool.Send(spool.QueuerFIFO, "N")
			return all()
		})
		where := at.Load()
		for id := 1; id <= 2; id++ {
			if j := w.read(id); j.State != spool.StateDone || j.NPages != 2 {
				t.Errorf("killed before %q: job %d is %v, %d pages, %q", where, id, j.State, j.NPages, j.Status)
			}
			if got := f.ledger.delivered[fmt.Sprint(id)]; got != 1 {
				t.Errorf("killed before %q: job %d was delivered %d times", where, id, got)
			}
			w.wait(fmt.Sprintf("the notice of job %d after a kill before %q", id, where), func() bool {
				restart()
				b, _ := os.ReadFile(w.spool.Path("notices"))
				return strings.Contains(string(b), fmt.Sprintf("doneq/q%d done\n", id))
			})
		}
		if j := w.read(2); j.TotDials != 2 || j.TotTries != 1 {
			t.Errorf("killed before %q: job 2 made %d calls, %d tries", where, j.TotDials, j.TotTries)
		}
		w.wait("reminders to go", func() bool { restart(); return len(w.files("tmp/*")) == 0 })
		steps = count.Load()
	})
	return steps
}

// clockAhead moves the clock without a message.
func (w *world) clockAhead(d time.Duration) {
	w.clock.mu.Lock()
	w.clock.ahead += d
	w.clock.mu.Unlock()
}

// The line's process is killed at every step of a call: the fax is sent again
// if, and only if, it is certain that the far end does not have it.
func TestLineKilledAtEveryStep(t *testing.T) {
	for _, row := range []struct {
		step      string
		state     spool.JobState
		delivered int
		dials     int
	}{
		{"dialling", spool.StateDone, 1, 2},
		{"connected", spool.StateDone, 1, 2},
		{"page 1", spool.StateDone, 1, 2},
		{"last page out", spool.StateFailed, 0, 1}, // nobody can know
		{"delivered", spool.StateFailed, 1, 1},
		{"page 2", spool.StateDone, 1, 1},
		{"end", spool.StateDone, 1, 1},
	} {
		for _, faxqToo := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, faxq too: %v", row.step, faxqToo), func(t *testing.T) {
				w := newWorld(t, "")
				f := w.line("ttyIAX0", nil)
				died := make(chan bool)
				f.dies = func(step string) bool {
					if step != row.step {
						return false
					}
					if faxqToo {
						w.cancel()
						<-w.ended
						w.cancel = nil
					}
					close(died)
					return true
				}
				w.start()
				w.job(1, func(j *spool.Job) { j.State, j.KillTime = spool.StateReady, j.KillTime+longer })
				w.send("S:1")
				<-died
				w.wait("the old line to be gone", func() bool { _, err := linectl.Dial(w.spool.Dir(), "ttyIAX0"); return err != nil })
				again := w.lineAgain(f)
				if faxqToo {
					w.start()
				}
				w.wait("the end", func() bool {
					w.clockAhead(time.Minute)
					_ = w.spool.ModemStatus("ttyIAX0", spool.ModemReady)
					return w.done(1)
				})
				j := w.read(1)
				if j.State != row.state || again.ledger.delivered["1"] != row.delivered || j.TotDials != row.dials {
					t.Errorf("%v (%d %q), delivered %d times in %d calls; want %v, %d, %d",
						j.State, j.StatusCode, j.Status, again.ledger.delivered["1"], j.TotDials, row.state, row.delivered, row.dials)
				}
				if row.state == spool.StateFailed && j.StatusCode != linectl.CodeUnconfirmed {
					t.Errorf("failed with %d %q, want unconfirmed", j.StatusCode, j.Status)
				}
			})
		}
	}
}

// lineAgain starts a line's process after the death of f's; the far end is the
// same.
func (w *world) lineAgain(f *fakeLine) *fakeLine {
	w.t.Helper()
	var again *fakeLine
	w.wait("the lock of the dead line", func() bool {
		g := &fakeLine{w: w, id: f.id, tried: map[string]int{}, abort: map[string]bool{}, release: make(chan bool, 1), ledger: f.ledger}
		srv, err := linectl.Listen(w.spool.Dir(), f.id, g)
		if err != nil {
			return false
		}
		g.srv, again = srv, g
		return true
	})
	w.t.Cleanup(func() { again.wg.Wait(); again.srv.Close() })
	return again
}
