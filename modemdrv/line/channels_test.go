package line

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/iax/exchange"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
)

// TestChannels: calls at once over one registration, each channel a line of its
// own; the number of channels follows the configuration.
func TestChannels(t *testing.T) {
	inWorld(t, func(w *world) {
		w.config("ttyIAX0", "FAXNumber: 1000", "IAXChannels: 3")
		w.config("ttyIAX1", "FAXNumber: 1001", "IAXChannels: 2")
		a, b := w.both()
		if got := strings.Join(w.procs[0].Lines(), " "); got != "ttyIAX0 ttyIAX0-2 ttyIAX0-3" {
			t.Fatalf("lines %s", got)
		}
		pages := []*t4.Bitmap{dotted(200, 1)}
		a2, b2 := w.line("ttyIAX0-2"), w.line("ttyIAX1-2")
		first := w.send(a, w.job("1001", nil, w.document("doc1.ps;00", pages...)))
		second := w.send(a2, w.job("1001", nil, w.document("doc2.ps;00", pages...)))
		for _, events := range []string{kinds(<-first), kinds(<-second)} {
			if want := "dialing connected page document job done"; events != want {
				t.Errorf("events %s, want %s", events, want)
			}
		}
		idle(a, b, a2, b2)
		if got := w.received(); len(got) != 2 {
			t.Errorf("%d faxes received", len(got))
		}
		used := strings.Join(w.records(), "")
		for _, devid := range []string{"ttyIAX0", "ttyIAX0-2", "ttyIAX1", "ttyIAX1-2"} {
			if !strings.Contains(used, "\t"+devid+"\t") {
				t.Errorf("xferfaxlog knows no call on %s:\n%s", devid, used)
			}
			if s, err := w.spool.ReadStatus(devid); err != nil || s != spool.StatusIdle {
				t.Errorf("status of %s: %q, %v", devid, s, err)
			}
		}
		w.config("ttyIAX0", "FAXNumber: 1000", "IAXChannels: 2", "# changed")
		w.procs[0].Rescan()
		time.Sleep(time.Second)
		if got := strings.Join(w.procs[0].Lines(), " "); got != "ttyIAX0 ttyIAX0-2" {
			t.Errorf("lines after the change %s", got)
		}
		w.procs[0].Remove("ttyIAX0")
		if got := w.procs[0].Lines(); len(got) != 0 {
			t.Errorf("lines after removal %s", got)
		}
	})
}

// TestIncomingEncryption: a line that demands encryption takes encrypted calls
// and no others.
func TestIncomingEncryption(t *testing.T) {
	for _, tc := range []struct {
		exchange, line string
		taken, sealed  bool
	}{
		{"yes", "force", true, true}, {"yes", "yes", true, true}, {"no", "yes", true, false}, {"no", "force", false, false}, {"yes", "no", true, false},
	} {
		t.Run(fmt.Sprintf("exchange %s, line %s", tc.exchange, tc.line), func(t *testing.T) {
			inWorld(t, func(w *world) {
				dir := t.TempDir()
				write(t, filepath.Join(dir, "iax.conf"), testPeers+"encryption="+tc.exchange+"\n")
				write(t, filepath.Join(dir, "extensions.conf"), testPlan)
				x, err := exchange.Start(exchange.Config{IAXConf: filepath.Join(dir, "iax.conf"), Extensions: filepath.Join(dir, "extensions.conf"),
					Conn: w.net.listen("10.0.0.8:4569"), Logger: zerolog.Nop()})
				if err != nil {
					t.Fatal(err)
				}
				defer x.Close()
				w.config("ttyIAX0", "FAXNumber: 1000", "IAXServer: 10.0.0.8")
				w.config("ttyIAX1", "FAXNumber: 1001", "IAXServer: 10.0.0.8", "IAXEncryption: "+tc.line)
				a, b := w.both()
				events := w.send(a, w.job("1001", nil, w.document("doc1.ps;00", dotted(100, 1))))
				time.Sleep(10 * time.Second)
				for _, c := range b.endpoint.Calls() {
					if got := c.Info().Encrypt; got != tc.sealed {
						t.Errorf("encrypted: %v", got)
					}
				}
				<-events
				idle(a, b)
				if got := len(w.received()) == 1; got != tc.taken {
					t.Errorf("taken: %v", got)
				}
			})
		})
	}
}
