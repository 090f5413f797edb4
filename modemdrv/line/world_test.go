package line

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/exchange"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

const testPeers = `
[general]
disallow=all
allow=ulaw
requirecalltoken=yes
[line](!)
type=friend
host=dynamic
context=fax
secret=pond
[ttyIAX0](line)
[ttyIAX1](line)
`

const testPlan = `
[fax]
exten => 1000,1,Dial(IAX2/ttyIAX0/${EXTEN},60)
exten => 1001,1,Dial(IAX2/ttyIAX1/${EXTEN},60)
exten => 486,1,Busy(5)
exten => 503,1,Congestion(5)
exten => 408,1,Ringing()
 same => n,Wait(300)
exten => 200,1,Answer()
 same => n,Wait(120)
`

// world is an exchange, a spool and lines on a network in memory, in a bubble
// of synctest: a call takes as long as the processor needs.
type world struct {
	t      *testing.T
	net    *network
	x      *exchange.Exchange
	spool  *spool.Spool
	log    lockedBuffer
	procs  []*Process
	cancel context.CancelFunc
	ctx    context.Context
}

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// inWorld runs f in a world whose lines ttyIAX0 (1000) and ttyIAX1 (1001) have
// their configurations, but are not started.
func inWorld(t *testing.T, f func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{t: t, net: newNetwork()}
		s, err := spool.Create(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		w.spool = s
		w.ctx, w.cancel = context.WithCancel(context.Background())
		w.exchange()
		w.config("ttyIAX0", "FAXNumber: 1000", `LocalIdentifier: "Line 0"`)
		w.config("ttyIAX1", "FAXNumber: 1001", `LocalIdentifier: "Line 1"`)
		defer w.close()
		f(w)
	})
}

// exchange starts the exchange.
func (w *world) exchange() {
	w.t.Helper()
	dir := w.t.TempDir()
	write(w.t, filepath.Join(dir, "iax.conf"), testPeers)
	write(w.t, filepath.Join(dir, "extensions.conf"), testPlan)
	x, err := exchange.Start(exchange.Config{IAXConf: filepath.Join(dir, "iax.conf"), Extensions: filepath.Join(dir, "extensions.conf"), Conn: w.net.listen("10.0.0.9:4569"), Logger: zerolog.Nop()})
	if err != nil {
		w.t.Fatal(err)
	}
	w.x = x
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
}

// config writes a line's configuration file.
func (w *world) config(devid string, lines ...string) {
	w.t.Helper()
	lines = append([]string{"IAXServer: 10.0.0.9", "IAXPeer: " + devid, "IAXSecret: pond", "RingsBeforeAnswer: 1"}, lines...)
	write(w.t, w.spool.Path(spool.Etc, "config."+devid), strings.Join(lines, "\n")+"\n")
}

// start starts a process with lines, and waits until they are ready.
func (w *world) start(ids ...string) *Process {
	w.t.Helper()
	n := len(w.procs)
	p, err := Start(w.ctx, Options{Spool: w.spool, Lines: ids, Log: zerolog.New(&w.log).Level(zerolog.InfoLevel), deaf: true,
		listen: func(c iax.Config) (*iax.Endpoint, error) {
			c.Conn = w.net.listen(fmt.Sprintf("10.0.0.%d:%d", 10+n, 4569))
			return iax.Listen(c)
		}})
	if err != nil {
		w.t.Fatal(err)
	}
	w.procs = append(w.procs, p)
	time.Sleep(time.Second) // of the bubble: for the registration
	synctest.Wait()
	return p
}

// both starts two processes, one for each line.
func (w *world) both() (a, b *Line) {
	w.t.Helper()
	w.start("ttyIAX0")
	w.start("ttyIAX1")
	return w.line("ttyIAX0"), w.line("ttyIAX1")
}

func (w *world) line(devid string) *Line {
	w.t.Helper()
	for _, p := range w.procs {
		p.mu.Lock()
		l := p.lines[devid]
		p.mu.Unlock()
		if l != nil {
			return l
		}
	}
	w.t.Fatalf("no line %s", devid)
	return nil
}

func (w *world) close() {
	w.cancel()
	for _, p := range w.procs {
		p.Close()
	}
	if err := w.x.Close(); err != nil {
		w.t.Error(err)
	}
	synctest.Wait()
	if w.t.Failed() {
		w.t.Log(w.log.String())
		for _, c := range w.sessionLogs() {
			w.t.Log(c)
		}
	}
}

// sessionLogs gives the session logs in order.
func (w *world) sessionLogs() []string {
	files, _ := filepath.Glob(w.spool.Path(spool.Log, "c*"))
	var logs []string
	for _, f := range files {
		b, _ := os.ReadFile(f)
		logs = append(logs, filepath.Base(f)+"\n"+string(b))
	}
	return logs
}

// await waits until a text stands in a session log.
func (w *world) await(log, text string) {
	w.t.Helper()
	for range 10_000 {
		if b, _ := os.ReadFile(w.spool.Path(spool.Log, log)); strings.Contains(string(b), text) {
			return
		}
		time.Sleep(20 * time.Millisecond)
	}
	w.t.Fatalf("%q never stood in %s", text, log)
}

// records gives the lines of xferfaxlog.
func (w *world) records() []string {
	b, _ := os.ReadFile(w.spool.Path(w.spool.RecordFile()))
	return slices.Collect(strings.Lines(string(b)))
}

// dotted draws a page.
func dotted(height int, seed uint64) *t4.Bitmap {
	b := t4.NewBitmap(1728, height)
	rnd := rand.New(rand.NewPCG(seed, seed))
	for range height {
		x, y := rnd.IntN(1700), rnd.IntN(height)
		for i := range 4 + rnd.IntN(20) {
			b.SetBlack(x+i, y)
		}
	}
	return b
}

// document writes prepared pages into docq and gives the file's name.
func (w *world) document(name string, pages ...*t4.Bitmap) string {
	w.t.Helper()
	name = spool.DocQ + "/" + name
	f, err := os.Create(w.spool.Path(name))
	if err != nil {
		w.t.Fatal(err)
	}
	defer f.Close()
	out, err := tiff.NewWriter(f)
	if err != nil {
		w.t.Fatal(err)
	}
	for i, b := range pages {
		p := tiff.Page{XRes: 204, YRes: 98, Number: i}
		p.SetCoding(t4.MMR)
		if err := out.WriteBitmap(p, b); err != nil {
			w.t.Fatal(err)
		}
	}
	return name
}

// job makes an active job, as a scheduler leaves it before it hands it over.
func (w *world) job(number string, change func(*spool.Job), files ...string) string {
	w.t.Helper()
	id, err := w.spool.NextJob()
	if err != nil {
		w.t.Fatal(err)
	}
	j := spool.NewJob()
	j.JobID, j.State, j.Number, j.External = fmt.Sprint(id), spool.StateActive, number, number
	j.Sender, j.MailAddr, j.Owner, j.Client, j.JobTag = "Ann Frog", "ann@pond", "ann", "pond", "tag"
	j.Returned, j.MaxDials, j.MaxTries = int(linectl.NoBatch), 12, 3
	j.DesiredBR, j.DesiredDF, j.DesiredEC, j.DesiredST = 5, 3, 2, 0
	for _, f := range files {
		j.Documents = append(j.Documents, spool.Document{Op: spool.OpFax, File: f})
		if r, err := tiff.Open(w.spool.Path(f)); err == nil {
			j.TotPages += len(r.Pages())
			r.Close()
		}
	}
	if change != nil {
		change(j)
	}
	name := spool.JobName(spool.SendQ, id)
	l, err := w.spool.CreateJob(spool.SendQ, j)
	if err != nil {
		w.t.Fatal(err)
	}
	name = l.Name
	l.Unlock()
	return name
}

// sent hands jobs to a line and gives what it reported until the end.
func (w *world) sent(l *Line, jobs ...string) []linectl.Event {
	w.t.Helper()
	return <-w.send(l, jobs...)
}

// send hands jobs to a line; the channel gives what was reported at the end.
func (w *world) send(l *Line, jobs ...string) <-chan []linectl.Event {
	w.t.Helper()
	all := make(chan []linectl.Event, 1)
	var events []linectl.Event
	err := l.Send(linectl.Batch{Jobs: jobs}, func(e linectl.Event) {
		events = append(events, e)
		if e.Event == linectl.CallEnd {
			all <- events
		}
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return all
}

// final reads a job as the call left it.
func (w *world) final(name string) *spool.Job {
	w.t.Helper()
	j, err := w.spool.ReadJob(name)
	if err != nil {
		w.t.Fatal(err)
	}
	return j
}

// received gives the pages of the files in recvq, in order.
func (w *world) received() (files [][]*t4.Bitmap) {
	w.t.Helper()
	names, _ := filepath.Glob(w.spool.Path(spool.RecvQ, "*.tif"))
	for _, n := range names {
		r, err := tiff.Open(n)
		if err != nil {
			w.t.Fatal(err)
		}
		var pages []*t4.Bitmap
		for i := range r.Pages() {
			b, _, err := r.Decode(i)
			if err != nil {
				w.t.Fatal(err)
			}
			pages = append(pages, b)
		}
		r.Close()
		files = append(files, pages)
	}
	return files
}

func samePages(t *testing.T, what string, got, want []*t4.Bitmap) {
	t.Helper()
	if len(got) != len(want) {
		t.Errorf("%s: %d pages, want %d", what, len(got), len(want))
		return
	}
	for i := range got {
		if got[i].Width != want[i].Width || got[i].Height != want[i].Height || !bytes.Equal(got[i].Pix, want[i].Pix) {
			t.Errorf("%s: page %d differs (%d rows, want %d)", what, i+1, got[i].Height, want[i].Height)
		}
	}
}
