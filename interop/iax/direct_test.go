//go:build interop

package iax_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/exchange"
	"github.com/litoria-fax/litoria/interop/lab"
)

// TestAsteriskTrunk calls Asterisk's echo three times at once with audio in
// trunk frames, of both kinds.
func TestAsteriskTrunk(t *testing.T) {
	a := startPBX(t)
	for name, mode := range map[string]iax.TrunkMode{"time stamps": iax.TrunkYes, "no time stamps": iax.TrunkPlain} {
		t.Run(name, func(t *testing.T) {
			e := listen(t, nil, nil)
			account := iax.Account{Username: "trunk", Secret: "trunksecret"}
			var calls []*iax.Call
			var ears []*ear
			for range 3 {
				m := &ear{limit: 8000 * 4}
				calls = append(calls, call(t, e, iax.DialParams{Account: account, Server: a.server(), Number: "600", Trunk: mode}, m))
				ears = append(ears, m)
			}
			for i, c := range calls {
				<-c.Done()
				t.Logf("%v", c.Stats())
				if l := ears[i].level(1850); l < 7000 || l > 9000 {
					t.Errorf("echo of 8000 comes back at %.0f", l)
				}
				if s := c.Stats(); s.Received < 180 {
					t.Errorf("%d frames came back", s.Received)
				}
			}
		})
	}
}

// TestAsteriskTransferred lets our exchange connect a line with Asterisk's echo
// and then transfer the call: Asterisk is one end of it.
func TestAsteriskTransferred(t *testing.T) {
	a := startPBX(t)
	for _, mode := range []string{"yes", "mediaonly", "no"} {
		t.Run(mode, func(t *testing.T) {
			dir := t.TempDir()
			write := func(name, text string) string {
				path := filepath.Join(dir, name)
				if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
				return path
			}
			// An address of its own: Asterisk mixes up calls of one number and address.
			x, err := exchange.Start(exchange.Config{Listen: "127.0.0.2:0",
				IAXConf: write("iax.conf", fmt.Sprintf("[general]\ntransfer=%s\n[line]\ntype=friend\nhost=dynamic\nsecret=frog\ncontext=fax\nallow=ulaw\n"+
					"[pbx]\ntype=peer\nhost=127.0.0.1\nport=%d\nusername=md5\nsecret=md5secret\nallow=ulaw\n", mode, a.Port)),
				Extensions: write("extensions.conf", "[fax]\nexten => 600,1,Dial(IAX2/pbx/600)\n"),
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = x.Close() })
			line := listen(t, nil, nil)
			m := &ear{limit: 8000 * 8}
			c := call(t, line, iax.DialParams{Account: iax.Account{Username: "line", Secret: "frog"}, Server: x.Addr().String(), Number: "600"}, m)
			var events []iax.EventKind
			done := make(chan struct{})
			go func() {
				defer close(done)
				for ev := range c.Events() {
					events = append(events, ev.Kind)
				}
			}()
			time.Sleep(5 * time.Second)
			if direct := c.Info().Remote.Port() == uint16(a.Port); direct != (mode == "yes") {
				t.Errorf("the other end of the call is %v", c.Info().Remote)
			}
			t.Logf("%s", a.CLI(t, "iax2 show channels"))
			<-c.Done()
			<-done
			t.Logf("%v: %v", events, c.Stats())
			if l := m.level(1850); l < 7000 || l > 9000 {
				t.Errorf("echo of 8000 comes back at %.0f", l)
			}
			if got := strings.Contains(fmt.Sprint(events), "transferred"); got != (mode != "no") {
				t.Errorf("events: %v", events)
			}
			lab.Wait(t, 5*time.Second, "Asterisk to hear the end", func() bool {
				return strings.Contains(a.CLI(t, "core show channels count"), "0 active channels")
			})
		})
	}
}
