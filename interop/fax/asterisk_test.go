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
		ids := make([]string, len(modes))
		for i, m := range modes { // HylaFAX's rule: one call at a time to a number, so each mode has its own
			ids[i] = l.Submit(t, ours[i].Device, fmt.Sprint(2100+i), doc, m.options()...)
		}
		for i, m := range modes {
			t.Run(m.name, func(t *testing.T) {
				checkSent(t, spool, ids[i], m)
				var f lab.Fax
				lab.Wait(t, 20*time.Second, "Asterisk's result", func() (ok bool) { f, ok = a.FaxResult("number=" + ours[i].Number); return ok })
				if f.Status != "SUCCESS" || f.Pages != "2" || f.Rate != fmt.Sprint(m.rate) {
					t.Fatalf("Asterisk says of line %s: %+v", ours[i].Number, f)
				}
				lab.SamePages(t, doc, f.File)
			})
		}
	})
	l.WaitIdle(t)
	t.Run("receive", func(t *testing.T) {
		for i, m := range modes {
			a.SendFax(t, m.name, ours[i].Number, doc, lab.SendOptions{Rate: m.rate, Modems: m.modems, NoECM: !m.ecm})
		}
		for i, m := range modes {
			t.Run(m.name, func(t *testing.T) {
				var f lab.Fax
				lab.Wait(t, callLimit, "Asterisk's result", func() (ok bool) { f, ok = a.FaxResult("tag=" + m.name); return ok })
				if f.Status != "SUCCESS" || f.Rate != fmt.Sprint(m.rate) {
					t.Errorf("Asterisk says: %+v", f)
				}
				lab.SamePages(t, doc, receivedOn(t, spool, ours[i].Device))
			})
		}
	})
}

// receivedOn finds the one fax that a line received, by xferfaxlog.
func receivedOn(t testing.TB, spool, devid string) string {
	t.Helper()
	var file string
	lab.Wait(t, 10*time.Second, "a RECV record of "+devid, func() bool {
		for _, f := range xferfaxlog(t, spool) {
			if len(f) > 4 && f[1] == "RECV" && f[3] == devid {
				file = filepath.Join(spool, strings.Trim(f[4], `"`))
			}
		}
		return file != ""
	})
	return file
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
