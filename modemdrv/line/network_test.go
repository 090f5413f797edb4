package line

import (
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/spool/linectl"
)

// TestSecretFile: the secret stands in a file of its own, which counts more than
// the one in the configuration.
func TestSecretFile(t *testing.T) {
	inWorld(t, func(w *world) {
		write(t, w.spool.Path("etc", "ttyIAX0.secret"), "pond\n")
		w.config("ttyIAX0", "FAXNumber: 1000", "IAXSecret: puddle", "IAXSecretFile: etc/ttyIAX0.secret")
		a, b := w.both()
		job := w.job("1001", nil, w.document("doc1.ps;00", dotted(20, 1)))
		w.sent(a, job)
		idle(a, b)
		if j := w.final(job); j.Returned != int(linectl.Done) {
			t.Errorf("returned %d, %q", j.Returned, j.Status)
		}
	})
}

var statistics = regexp.MustCompile(`IAX2 [\d.a-z]+: sent (\d+), received (\d+), lost (\d+), late \d+, reordered \d+, duplicates \d+, jitter [\d.]+ ms, skew [-+]\d+ ppm, round trip [\d.]+ ms`)

// TestStatistics: the session logs of both ends tell how many packets came and
// how many did not.
func TestStatistics(t *testing.T) {
	inWorld(t, func(w *world) {
		sound, gone := 0, 0
		w.net.lost = func(b []byte) bool {
			if b[0]&0x80 != 0 || len(b) < 160 { // signalling
				return false
			}
			if sound++; sound%400 != 0 {
				return false
			}
			gone++
			return true
		}
		a, b := w.both()
		w.sent(a, w.job("1001", nil, w.document("doc1.ps;00", dotted(300, 1))))
		idle(a, b)
		missed := 0
		logs := w.sessionLogs()
		for _, log := range logs {
			m := statistics.FindStringSubmatch(log)
			if m == nil {
				t.Fatalf("no statistics in\n%s", log)
			}
			var n [3]int
			for i := range n {
				n[i], _ = strconv.Atoi(m[1+i])
			}
			missed += n[2]
			if n[0] < 500 || n[1] < 500 || n[2] == 0 {
				t.Errorf("%s", m[0])
			}
		}
		// What was lost at the very end of the call nobody misses.
		if len(logs) != 2 || missed > gone || missed < gone-2 {
			t.Errorf("%d logs: %d packets are missed, %d were lost", len(logs), missed, gone)
		}
	})
}

// TestFreeAgain: both lines are free for the next call half a second after the job
// is done.
func TestFreeAgain(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.both()
		w.sent(a, w.job("1001", nil, w.document("doc1.ps;00", dotted(50, 1))))
		time.Sleep(500 * time.Millisecond)
		for _, l := range []*Line{a, b} {
			if s := l.Status().State; s != linectl.Idle {
				t.Errorf("%s is %v", l.Status().DevID, s)
			}
		}
	})
}
