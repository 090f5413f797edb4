//go:build crash

package crash

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// settle waits until the queue is empty, everything running undisturbed. What
// stays are jobs whose client was cut off before it said "submit": those are
// suspended, and their clients know.
func (s *site) settle() {
	s.t.Helper()
	var left []string
	for end := time.Now().Add(s.settled); time.Now().Before(end); time.Sleep(100 * time.Millisecond) {
		left = nil
		ids, err := s.spool.Jobs(spool.SendQ)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, id := range ids {
			j, err := s.spool.ReadJob(spool.JobName(spool.SendQ, id))
			if err != nil && j == nil {
				left = append(left, fmt.Sprintf("%d (%v)", id, err))
				continue
			}
			if s.leftOver(j) {
				continue
			}
			left = append(left, fmt.Sprintf("%d (%v, %d %q)", id, j.State, j.StatusCode, j.Status))
		}
		if len(left) == 0 && len(s.files("tmp/notice.*")) == 0 {
			return
		}
	}
	s.t.Errorf("after %v of peace these are still in the queue: %s; notices owed: %d", s.settled, strings.Join(left, ", "), len(s.files("tmp/notice.*")))
}

// leftOver tells a job that its client never submitted: it was cut off before,
// and perhaps made another one.
func (s *site) leftOver(j *spool.Job) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	sub := s.sent[j.JobTag]
	return j.State == spool.StateSuspended && (sub == nil || !sub.accepted || sub.id != j.JobID)
}

func (s *site) files(pattern string) []string {
	names, _ := filepath.Glob(s.spool.Path(pattern))
	return names
}

// tally is what became of all jobs.
type tally struct {
	done, failed, unconfirmed, unsubmitted, unheard int
	pages, twice                                    int
}

// judge compares every job's record with the ledger.
func (s *site) judge(kills int) {
	var sum tally
	byTag := map[string][]*spool.Job{}
	for _, q := range []string{spool.SendQ, spool.DoneQ} {
		ids, err := s.spool.Jobs(q)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, id := range ids {
			if j, err := s.spool.ReadJob(spool.JobName(q, id)); err == nil && s.leftOver(j) {
				sum.unsubmitted++
			} else if err == nil {
				byTag[j.JobTag] = append(byTag[j.JobTag], j)
			} else if q == spool.SendQ && errors.Is(err, fs.ErrNotExist) {
				continue // hfaxd removes what a client that is gone never submitted; an accepted job would be missed below
			} else {
				s.t.Errorf("%s/q%d: %v", q, id, err)
			}
		}
	}
	notices, _ := os.ReadFile(s.spool.Path("notices"))
	for tag, sub := range s.sent {
		jobs := byTag[tag]
		switch {
		case len(jobs) > 1:
			s.t.Errorf("%s: %d jobs came of one submission", tag, len(jobs))
		case len(jobs) == 0 && sub.accepted:
			s.t.Errorf("%s (job %s): accepted and lost; the far end has it %d times", tag, sub.id, s.ledger.of(tag).complete)
		case len(jobs) == 0:
			if n := s.ledger.of(tag).complete; n > 0 {
				s.t.Errorf("%s: no job, but delivered %d times", tag, n)
			}
		default:
			if !sub.accepted {
				sum.unheard++
			}
			s.judgeJob(sub, jobs[0], s.ledger.of(tag), string(notices), &sum)
		}
	}
	died := ""
	for _, m := range s.mortals {
		died += fmt.Sprintf(" %s %d", m.name, m.died)
	}
	s.t.Logf("%d kills (%s)", kills, strings.TrimSpace(died))
	s.t.Logf("%d submissions: %d done, %d unconfirmed, %d failed, %d jobs never submitted; %d submitted whose client did not hear it, %d that were submitted again with their key",
		len(s.sent), sum.done, sum.unconfirmed, sum.failed, sum.unsubmitted, sum.unheard, s.again.Load())
	s.t.Logf("far end: %d calls, %d broken off; %d pages, %d of them again in a later call", s.ledger.calls, s.ledger.broken, sum.pages, sum.twice)
	if sum.done == 0 || kills == 0 {
		s.t.Error("nothing happened: the test does not test; the last error of a client: ", s.lastErr.Load())
	}
}

// judgeJob holds one job's record against what has arrived.
func (s *site) judgeJob(sub *submission, j *spool.Job, f fax, notices string, sum *tally) {
	bad := func(format string, args ...any) {
		s.t.Errorf("job %s (%s, %v, %d %q, %d of %d pages): %s", j.JobID, sub.tag, j.State, j.StatusCode, j.Status, j.NPages, j.TotPages, fmt.Sprintf(format, args...))
	}
	for page, n := range f.pages {
		sum.pages += n
		sum.twice += n - 1
		if n > j.TotDials {
			bad("page %q arrived %d times in %d calls", page, n, j.TotDials)
		}
	}
	switch {
	case j.State == spool.StateDone:
		sum.done++
		if f.complete != 1 || f.confirmed != 1 {
			bad("delivered %d times, confirmed %d times", f.complete, f.confirmed)
		}
		if len(f.pages) != sub.pages || j.NPages != sub.pages {
			bad("%d different pages arrived of %d", len(f.pages), sub.pages)
		}
	case j.State == spool.StateFailed && j.StatusCode == linectl.CodeUnconfirmed:
		sum.unconfirmed++
		if f.complete > 1 {
			bad("delivered %d times", f.complete)
		}
	case j.State == spool.StateFailed:
		sum.failed++
		bad("failed, though nothing stood in its way; delivered %d times", f.complete)
	default:
		bad("not over")
		return
	}
	why := "failed"
	if j.State == spool.StateDone {
		why = "done"
	}
	if line := fmt.Sprintf("doneq/q%s %s\n", j.JobID, why); !strings.Contains(notices, line) {
		bad("its sender was never told (%q)", strings.TrimSpace(line))
	}
}
