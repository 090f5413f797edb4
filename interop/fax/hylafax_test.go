//go:build interop

package fax_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
)

// TestHylaFAX sends between our lines and HylaFAX's with iaxmodem, both behind
// one Asterisk, in all modes at once.
func TestHylaFAX(t *testing.T) {
	doc, ours := document(t), ourLines()
	a := asteriskFor(t, ours, len(modes))
	theirs := map[string]string{}
	var devids []string
	for i := range modes {
		devid := fmt.Sprintf("ttyLIT%d", i)
		// iaxmodem draws its call numbers from the second in which it starts, and Asterisk mixes up full frames
		// of one call number from one address: start them apart.
		if i > 0 {
			time.Sleep(1020 * time.Millisecond)
		}
		lab.StartIAXModem(t, devid, a.Port, fmt.Sprintf("ref%d", i), fmt.Sprintf("refsecret%d", i), fmt.Sprint(1000+i))
		theirs[devid] = fmt.Sprint(1000 + i)
		devids = append(devids, devid)
	}
	hylaSpool := lab.NewHylaFAXSpool(t, theirs)
	h := lab.StartHylaFAX(t, hylaSpool, devids...)
	spool := lab.NewLitoriaSpool(t, a.Port, ours...)
	l := lab.StartLitoria(t, spool, ours...)
	registered(t, a, ours)

	t.Run("send", func(t *testing.T) {
		ids := make([]string, len(modes))
		for i, m := range modes {
			ids[i] = l.Submit(t, ours[i].Device, fmt.Sprint(1000+i), doc, m.options()...)
		}
		for i, m := range modes {
			t.Run(m.name, func(t *testing.T) {
				checkSent(t, spool, ids[i], m)
				m.exact(t, doc, receivedOn(t, hylaSpool, devids[i], 1), func() string {
					checkSent(t, spool, l.Submit(t, ours[i].Device, fmt.Sprint(1000+i), doc, m.options()...), m)
					return receivedOn(t, hylaSpool, devids[i], 2)
				})
			})
		}
	})
	lab.Wait(t, 30*time.Second, "HylaFAX's modems to be idle again", func() bool {
		for _, d := range devids {
			if !lab.Contains(filepath.Join(hylaSpool, "status", d), "Running and idle") {
				return false
			}
		}
		return true
	})
	l.WaitIdle(t)
	t.Run("receive", func(t *testing.T) {
		submit := func(i int, m mode) string {
			argv := append([]string{"sendfax", "-n"}, m.options()...)
			return lab.RequestID(t, lab.Run(t, append(argv, "-h", devids[i]+"@"+h.Host(), "-d", ours[i].Number, doc)...))
		}
		ids := make([]string, len(modes))
		for i, m := range modes {
			ids[i] = submit(i, m)
		}
		for i, m := range modes {
			t.Run(m.name, func(t *testing.T) {
				checkSent(t, hylaSpool, ids[i], m)
				m.exact(t, doc, receivedOn(t, spool, ours[i].Device, 1), func() string {
					checkSent(t, hylaSpool, submit(i, m), m)
					return receivedOn(t, spool, ours[i].Device, 2)
				})
			})
		}
	})
}
