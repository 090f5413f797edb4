package line

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares a text with a file of testdata.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; got\n%s", file, got)
	}
}

// idle waits until the lines are free again.
func idle(lines ...*Line) {
	for _, l := range lines {
		for range 600 {
			if l.Status().State == linectl.Idle {
				break
			}
			time.Sleep(time.Second)
		}
	}
	synctest.Wait()
}

// kinds are the kinds of events, joined.
func kinds(events []linectl.Event) string {
	var k []string
	for _, e := range events {
		k = append(k, string(e.Event))
	}
	return strings.Join(k, " ")
}

var figures = regexp.MustCompile(`(?m) IAX2 .*$`)

var stamp = regexp.MustCompile(`(?m)^(Jan 01 00:\d\d:\d\d)\.\d\d: \[ *\d+\]: `)

// TestFax sends a fax of three pages from line to line: every page arrives bit
// by bit, and everything that is written tells so.
func TestFax(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.both()
		write(t, w.spool.Path("bin", "faxrcvd"), "#!/bin/sh\nfor a; do echo \"<$a>\"; done >faxrcvd.out\n")
		pages := []*t4.Bitmap{dotted(300, 1), dotted(200, 2), dotted(100, 3)}
		job := w.job("1001", nil, w.document("doc1.ps;00", pages...))
		events := w.sent(a, job)
		idle(a, b)
		if got, want := kinds(events), "dialing connected page page page document job done"; got != want {
			t.Errorf("events %s, want %s", got, want)
		}
		j := w.final(job)
		if j.Returned != int(linectl.Done) || j.NPages != 3 || j.Status != "" || j.TotDials != 1 || j.TotTries != 1 || j.NDials != 0 || j.CSI != "Line 1" ||
			j.SignalRate != "14400 bit/s" || j.DataFormat != "2-D MMR" || j.CommID != "000000001" || j.Find(spool.OpFax) >= 0 {
			t.Errorf("the job says %s", j.Format())
		}
		got := w.received()
		if len(got) != 1 {
			t.Fatalf("%d files received", len(got))
		}
		samePages(t, "fax", got[0], pages)
		for i, log := range w.sessionLogs() {
			golden(t, []string{"send.log", "recv.log"}[i], figures.ReplaceAllString(stamp.ReplaceAllString(log, "$1 "), " IAX2 (figures)"))
		}
		golden(t, "xferfaxlog", strings.Join(w.records(), ""))
		out, _ := os.ReadFile(w.spool.Path("faxrcvd.out"))
		golden(t, "faxrcvd", string(out))
	})
}
