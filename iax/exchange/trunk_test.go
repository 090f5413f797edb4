package exchange

import (
	"context"
	"math/rand/v2"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/wire"
)

// TestTrunkSetting: with trunk=yes the exchange sends a peer trunk frames, with
// or without time stamps as trunktimestamps says.
func TestTrunkSetting(t *testing.T) {
	for general, stamped := range map[string]bool{"": true, "trunktimestamps=yes\n": true, "trunktimestamps=no\n": false} {
		t.Run(general, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				conf := strings.Replace(testPeers, "[general]\n", "[general]\n"+general, 1)
				w.write("iax.conf", strings.Replace(conf, "secret=frog0", "secret=frog0\ntrunk=yes", 1))
				if err := w.x.Reload(); err != nil {
					t.Fatal(err)
				}
				var good, bad, mini atomic.Int64
				exchange := netip.MustParseAddrPort("10.0.0.1:4569")
				w.net.SetFate(func(_ *rand.Rand, b []byte, from, _ netip.AddrPort) []time.Duration {
					var f wire.Trunk
					switch kind, _ := wire.Peek(b); {
					case from != exchange:
					case kind == wire.KindMini:
						mini.Add(1)
					case kind != wire.KindTrunk:
					case wire.ParseTrunk(b, &f) == nil && f.Timestamps == stamped:
						good.Add(1)
					default:
						bad.Add(1)
					}
					return []time.Duration{time.Millisecond}
				})
				a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
				defer w.close(a)
				c := dial(t, a, "line0", "frog0", "600")
				m := &counter{}
				c.Attach(m)
				if err := c.WaitAnswer(context.Background()); err != nil {
					t.Fatal(err)
				}
				time.Sleep(4 * time.Second)
				c.Hangup(iax.CauseNormalClearing, "")
				<-c.Done()
				if good.Load() < 190 || bad.Load() > 0 || mini.Load() > 0 || len(m.heard) < 190*160 {
					t.Errorf("%d trunk frames as wanted, %d others, %d mini frames, %d samples heard", good.Load(), bad.Load(), mini.Load(), len(m.heard))
				}
			})
		})
	}
}
