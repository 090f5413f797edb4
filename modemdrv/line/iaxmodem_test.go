package line

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// TestIAXModemFiles: the lines of iaxmodem's files are driven as they are: one
// with HylaFAX's configuration for a modem, one without any.
func TestIAXModemFiles(t *testing.T) {
	inWorld(t, func(w *world) {
		for _, devid := range []string{"ttyIAX0", "ttyIAX1"} {
			if err := os.Remove(w.spool.Path("etc", "config."+devid)); err != nil {
				t.Fatal(err)
			}
		}
		write(t, w.spool.Path("etc", "config.ttyIAX1"), "FAXNumber: 1001\nModemType: Class1\nModemDialCmd: ATDT%s\n")
		dir := t.TempDir()
		file := func(name, devid, more string) {
			write(t, filepath.Join(dir, name), fmt.Sprintf("device /dev/%s\nowner uucp:uucp\nmode 660\nport 0\nrefresh 300\nserver 10.0.0.9\npeername %s\nsecret pond ; ours\ncidname Frog\ncidnumber 1000\ncodec ulaw\n%s", devid, devid, more))
		}
		file("iaxmodem-cfg.ttyIAX0", "ttyIAX0", "")
		file("iaxmodem-cfg.ttyIAX1", "ttyIAX1", "")
		file("asleep", "ttyIAX2", "nodaemon\n")
		file("again", "ttyIAX2", "nodaemon\n")
		write(t, filepath.Join(dir, "ttyIAX0~"), "server 10.9.9.9\n")
		p, err := Start(w.ctx, Options{Spool: w.spool, IAXModem: dir, Log: zerolog.New(&w.log).Level(zerolog.InfoLevel), deaf: true,
			listen: func(c iax.Config) (*iax.Endpoint, error) {
				c.Conn = w.net.listen("10.0.0.10:4569")
				return iax.Listen(c)
			}})
		if err != nil {
			t.Fatal(err)
		}
		w.procs = append(w.procs, p)
		time.Sleep(time.Second)
		synctest.Wait()
		if got := strings.Join(p.Lines(), " "); got != "ttyIAX0 ttyIAX1" {
			t.Fatalf("lines %q", got)
		}
		a, b := w.line("ttyIAX0"), w.line("ttyIAX1")
		pages := []*t4.Bitmap{dotted(100, 1)}
		w.sent(a, w.job("1001", nil, w.document("doc1.ps;00", pages...)))
		idle(a, b)
		if got := w.received(); len(got) != 1 {
			t.Errorf("%d faxes received", len(got))
		}
	})
}
