package line

import (
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
)

// TestLinesComeAndGo: while one line sends to another, a third is added by a
// message on a FIFO, changed by SIGHUP and removed again, one with a bad
// configuration is refused with its reason, and the two in the call lose their
// files: the call goes on to its end, and they go with it.
func TestLinesComeAndGo(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.start()
		a, b := w.line("ttyIAX0"), w.line("ttyIAX1")
		idle(a, b)
		page := dotted(1500, 1)
		job := w.job("1001", nil, w.document("doc1.ps;00", page))
		done := w.send(a, job)
		w.await("c000000001", "SEND begin page 1")

		w.config("ttyIAX2", "FAXNumber: 1002", "IAXPeer: third", `LocalIdentifier: "Third"`)
		w.config("ttyIAX3", "FAXNumber: 1003", "IAXPeer: fourth", "IAXCodec: g729")
		a.obey(string(spool.LineRescan))
		time.Sleep(time.Second)
		if got := strings.Join(p.Lines(), " "); got != "ttyIAX0 ttyIAX1 ttyIAX2" {
			t.Errorf("after the message the lines are %s", got)
		}
		if got := status(t, w, "ttyIAX3"); !strings.HasPrefix(got, spool.StatusRefused) || !strings.Contains(got, "g729") {
			t.Errorf("status of the line that cannot be: %q", got)
		}
		w.config("ttyIAX2", "FAXNumber: 1002", "IAXPeer: third", `LocalIdentifier: "Changed"`)
		p.Rescan()
		if got := w.line("ttyIAX2").set.LocalID; got != "Changed" {
			t.Errorf("after SIGHUP the new line is %q", got)
		}
		for _, id := range []string{"ttyIAX0", "ttyIAX1", "ttyIAX2", "ttyIAX3"} {
			if err := os.Remove(w.spool.Path(spool.Etc, "config."+id)); err != nil {
				t.Fatal(err)
			}
		}
		p.Rescan()
		if got := strings.Join(p.Lines(), " "); got != "ttyIAX0 ttyIAX1" {
			t.Errorf("in the call the lines are %s", got)
		}
		<-done
		if j := w.final(job); j.NPages != 1 {
			t.Errorf("the job that was being sent: %d pages, %q", j.NPages, j.Status)
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if got := w.received(); len(got) != 1 {
			t.Errorf("%d faxes received", len(got))
		} else {
			samePages(t, "fax", got[0], []*t4.Bitmap{page})
		}
		if got := p.Lines(); len(got) != 0 {
			t.Errorf("after the call the lines are %v", got)
		}
		if got := status(t, w, "ttyIAX0"); got != "Not running" {
			t.Errorf("status of a line that is gone: %q", got)
		}
	})
}

// TestLineStays: a line that was to go when its call is over stays if its
// configuration is there again.
func TestLineStays(t *testing.T) {
	inWorld(t, func(w *world) {
		p := w.start()
		a, b := w.line("ttyIAX0"), w.line("ttyIAX1")
		idle(a, b)
		file := w.spool.Path(spool.Etc, "config.ttyIAX0")
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		done := w.send(a, w.job("1001", nil, w.document("doc1.ps;00", dotted(1500, 1))))
		w.await("c000000001", "SEND begin page 1")
		if err := os.Remove(file); err != nil {
			t.Fatal(err)
		}
		p.Rescan()
		write(t, file, string(text))
		p.Rescan()
		<-done
		idle(a, b)
		if got := strings.Join(p.Lines(), " "); got != "ttyIAX0 ttyIAX1" {
			t.Errorf("after the call the lines are %s", got)
		}
	})
}

func status(t *testing.T, w *world, devid string) string {
	t.Helper()
	b, err := os.ReadFile(w.spool.Path(spool.Status, devid))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(b))
}
