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
		inAllModes(t, func(t *testing.T, i int, m mode) error {
			before := len(recordsOf(t, hylaSpool, devids[i]))
			if err := checkSent(t, spool, l.Submit(t, ours[i].Device, fmt.Sprint(1000+i), doc, m.options()...), m); err != nil {
				return err
			}
			return lab.ComparePages(doc, receivedOn(t, hylaSpool, devids[i], before))
		})
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
	receive := func(t *testing.T, i int, m mode) error {
		before := len(recordsOf(t, spool, ours[i].Device))
		argv := append([]string{"sendfax", "-n"}, m.options()...)
		id := lab.RequestID(t, lab.Run(t, append(argv, "-h", devids[i]+"@"+h.Host(), "-d", ours[i].Number, doc)...))
		if err := checkSent(t, hylaSpool, id, m); err != nil {
			return err
		}
		return lab.ComparePages(doc, receivedOn(t, spool, ours[i].Device, before))
	}
	t.Run("receive", func(t *testing.T) {
		inAllModes(t, func(t *testing.T, i int, m mode) error {
			err := receive(t, i, m)
			for n := 1; err != nil && !m.ecm && n < hylafaxCalls; n++ {
				t.Logf("call %d: %v", n, err)
				err = receive(t, i, m)
			}
			return err
		})
	})
}

// hylafaxCalls is how many calls HylaFAX may make without error correction until
// one is exact. On a busy machine iaxmodem sends some rows twice: spandsp counts
// them as well on the samples that came here, and finds no error in them.
const hylafaxCalls = 2
