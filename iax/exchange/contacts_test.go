package exchange

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax"
)

// TestContacts: a peer registered from several addresses rings at all; one that
// is released rings no more, and the next takes the first one's place.
func TestContacts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t)
		w.write("iax.conf", testPeers+"[pond](line)\nsecret=frog\nregistrations=2\n")
		w.write("extensions.conf", testPlan+"exten => 3000,1,Dial(IAX2/pond/${EXTEN},20)\n")
		if err := w.x.Reload(); err != nil {
			t.Fatal(err)
		}
		rung := make(chan string, 8)
		at := func(name string, answer bool) func(*iax.Call) {
			return func(c *iax.Call) {
				rung <- name
				if answer {
					time.Sleep(200 * time.Millisecond) // in the bubble's time: all others have rung by then
					c.Answer(nil)
					return
				}
				c.Ring()
			}
		}
		a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
		first := w.line("10.0.0.5:4569", "pond", "frog", at("first", false))
		second := w.line("10.0.0.6:4569", "pond", "frog", at("second", true))
		call := func() string {
			c := dial(t, a, "line0", "frog0", "3000")
			time.Sleep(time.Second)
			c.Hangup(iax.CauseNormalClearing, "")
			<-c.Done()
			got := map[string]bool{}
			for len(rung) > 0 {
				got[<-rung] = true
			}
			text := ""
			for _, n := range []string{"first", "second", "third"} {
				if got[n] {
					text += n + " "
				}
			}
			return text
		}
		if got := call(); got != "first second " {
			t.Errorf("rung: %s", got)
		}
		if err := first.Close(); err != nil {
			t.Error(err)
		}
		if got := call(); got != "second " {
			t.Errorf("after the release of the first rung: %s", got)
		}
		third := w.line("10.0.0.7:4569", "pond", "frog", at("third", false))
		if got := call(); got != "second third " {
			t.Errorf("with the third rung: %s", got)
		}
		w.close(a, second, third)
	})
}
