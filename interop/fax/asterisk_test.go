//go:build interop

package fax_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
)

// TestAsterisk sends our faxes to ReceiveFAX and receives those of SendFAX, in
// all modes at once, each on a line of its own.
func TestAsterisk(t *testing.T) {
	doc, ours := document(t), ourLines()
	a := asteriskFor(t, ours, 0)
	spool := lab.NewLitoriaSpool(t, a.Port, ours...)
	l := lab.StartLitoria(t, spool, ours...)
	registered(t, a, ours)

	t.Run("send", func(t *testing.T) {
		inAllModes(t, func(t *testing.T, i int, m mode) error {
			id := l.Submit(t, ours[i].Device, fmt.Sprint(2100+i), doc, m.options()...)
			if err := checkSent(t, spool, id, m); err != nil {
				return err
			}
			var f lab.Fax
			lab.Wait(t, 20*time.Second, "Asterisk's result", func() (ok bool) { f, ok = a.FaxResult("number=" + ours[i].Number); return ok })
			if f.Status != "SUCCESS" || f.Pages != "2" || f.Rate != fmt.Sprint(m.rate) {
				return fmt.Errorf("Asterisk says of line %s: %+v", ours[i].Number, f)
			}
			return lab.ComparePages(doc, f.File)
		})
	})
	l.WaitIdle(t)
	t.Run("receive", func(t *testing.T) {
		inAllModes(t, func(t *testing.T, i int, m mode) error {
			received := len(recordsOf(t, spool, ours[i].Device))
			a.SendFax(t, m.name, ours[i].Number, doc, lab.SendOptions{Rate: m.rate, Modems: m.modems, NoECM: !m.ecm})
			var f lab.Fax
			lab.Wait(t, callLimit, "Asterisk's result", func() (ok bool) { f, ok = a.FaxResult("tag=" + m.name); return ok })
			if f.Status != "SUCCESS" || f.Rate != fmt.Sprint(m.rate) {
				return fmt.Errorf("Asterisk says: %+v", f)
			}
			return lab.ComparePages(doc, receivedOn(t, spool, ours[i].Device, received))
		})
	})
}

// receivedOn waits until a line has received more faxes than it had before, by
// xferfaxlog, and gives the file of the latest.
func receivedOn(t testing.TB, spool, devid string, before int) string {
	t.Helper()
	var files []string
	lab.Wait(t, 20*time.Second, "a RECV record of "+devid, func() bool {
		files = recordsOf(t, spool, devid)
		return len(files) > before
	})
	return filepath.Join(spool, files[len(files)-1])
}

// recordsOf lists the files that a line received.
func recordsOf(t testing.TB, spool, devid string) []string {
	t.Helper()
	var files []string
	for _, f := range xferfaxlog(t, spool) {
		if len(f) > 4 && f[1] == "RECV" && f[3] == devid {
			files = append(files, strings.Trim(f[4], `"`))
		}
	}
	return files
}

// xferfaxlog gives the fields of each record (xferfaxlog(5)).
func xferfaxlog(t testing.TB, spool string) [][]string {
	t.Helper()
	var records [][]string
	for line := range strings.Lines(lab.Tail(filepath.Join(spool, "log", "xferfaxlog"), 1000)) {
		records = append(records, strings.Split(strings.TrimSpace(line), "\t"))
	}
	return records
}
