package faxq

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// patience is how long a test waits for what must happen.
const patience = 10 * time.Second

// world is a spool with a faxq that can be started and killed.
type world struct {
	t      *testing.T
	spool  *spool.Spool
	prep   Preparer
	step   func(string)
	limits timeLimits // zero: those of service
	clock  clock
	server *Server
	cancel context.CancelFunc
	ended  chan error
	log    lockedBuffer
}

// clock is real time plus what the test adds.
type clock struct {
	mu    sync.Mutex
	ahead time.Duration
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return time.Now().Add(c.ahead)
}

type lockedBuffer struct {
	mu sync.Mutex
	b  strings.Builder
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

func newWorld(t *testing.T, config string) *world {
	t.Helper()
	s, err := spool.Create(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	w := &world{t: t, spool: s, prep: &fakePreparer{s: s, pages: 2}}
	w.write("etc/config", config)
	t.Cleanup(func() {
		w.kill()
		if t.Failed() {
			t.Log(w.log.String())
		}
	})
	return w
}

func (w *world) write(name, text string) {
	w.t.Helper()
	if err := os.WriteFile(w.spool.Path(name), []byte(text), 0o700); err != nil {
		w.t.Fatal(err)
	}
}

// start begins a faxq.
func (w *world) start() {
	w.t.Helper()
	srv, err := New(Options{Spool: w.spool, Log: zerolog.New(&w.log), Now: w.clock.now, Preparer: w.prep})
	if err != nil {
		w.t.Fatal(err)
	}
	srv.step = w.step
	if w.limits.control > 0 {
		srv.limits = w.limits
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	w.server, w.cancel, w.ended = srv, cancel, ended
	go func() {
		defer func() {
			if r := recover(); r != nil {
				if r != errKilled {
					panic(r)
				}
				ended <- errKilled
			}
		}()
		ended <- srv.Run(ctx)
	}()
}

// errKilled is thrown at the point where a faxq is to be killed.
var errKilled = errors.New("killed")

// kill ends the faxq; the lines know nothing of it.
func (w *world) kill() {
	if w.cancel != nil {
		w.cancel()
		<-w.ended
		w.cancel = nil
	}
}

// ahead moves the clock.
func (w *world) ahead(d time.Duration) {
	w.clock.mu.Lock()
	w.clock.ahead += d
	w.clock.mu.Unlock()
	w.send("N")
}

// send writes a message to faxq as soon as it listens.
func (w *world) send(m string) {
	w.t.Helper()
	w.wait("faxq to listen", func() bool { return !errors.Is(w.spool.Send(spool.QueuerFIFO, m), spool.ErrNobody) })
}

// wait polls for something that must become true.
func (w *world) wait(what string, f func() bool) {
	w.t.Helper()
	for end := time.Now().Add(patience); !f(); time.Sleep(2 * time.Millisecond) {
		if time.Now().After(end) {
			w.t.Fatalf("waited in vain for %s", what)
		}
	}
}

// job puts a job with a document of two pages into the send queue.
func (w *world) job(id int, change func(*spool.Job)) {
	w.t.Helper()
	doc := fmt.Sprintf("docq/doc%d.ps", id)
	w.write(doc, "%!PS")
	if err := os.Link(w.spool.Path(doc), w.spool.Path(doc+"."+strconv.Itoa(id))); err != nil {
		w.t.Fatal(err)
	}
	j := spool.NewJob()
	j.JobID, j.GroupID = strconv.Itoa(id), strconv.Itoa(id)
	j.Number, j.External, j.Modem = "1001", "1001", "any"
	j.MailAddr, j.Sender, j.Client, j.Owner = "me@here", "Me", "here", "me"
	j.State, j.KillTime = spool.StateSuspended, w.clock.now().Add(3*time.Hour).Unix()
	j.JobType, j.PageWidth, j.PageLength, j.Resolution = "facsimile", 216, 297, 98
	j.MaxDials, j.MaxTries, j.Priority, j.SchedPri = 12, 3, 127, 127
	j.Documents = []spool.Document{{Op: spool.OpPostScript, File: doc + "." + strconv.Itoa(id)}}
	if change != nil {
		change(j)
	}
	l, err := w.spool.CreateJob(spool.SendQ, j)
	if err != nil {
		w.t.Fatal(err)
	}
	l.Unlock()
}

// read gives a job, wherever it is.
func (w *world) read(id int) *spool.Job {
	w.t.Helper()
	for range 3 { // it may move just now
		for _, q := range []string{spool.SendQ, spool.DoneQ} {
			if j, err := w.spool.ReadJob(spool.JobName(q, id)); err == nil {
				return j
			}
		}
	}
	w.t.Fatalf("job %d is in no queue", id)
	return nil
}

func (w *world) done(id int) bool {
	_, err := os.Stat(w.spool.Path(spool.JobName(spool.DoneQ, id)))
	return err == nil
}

func (w *world) waitDone(id int) *spool.Job {
	w.t.Helper()
	w.wait(fmt.Sprintf("job %d in doneq", id), func() bool { return w.done(id) })
	return w.read(id)
}

func (w *world) waitState(id int, st spool.JobState) *spool.Job {
	w.t.Helper()
	w.wait(fmt.Sprintf("job %d to be %v", id, st), func() bool { return w.read(id).State == st })
	return w.read(id)
}

// fakePreparer makes documents of so many pages.
type fakePreparer struct {
	s     *spool.Spool
	pages int
	err   error
	mu    sync.Mutex
	count int
	gate  chan bool // if not nil, waits for it
}

func (p *fakePreparer) Convert(ctx context.Context, c Conversion) error {
	p.mu.Lock()
	p.count++
	p.mu.Unlock()
	if p.gate != nil {
		select {
		case <-p.gate:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	if p.err != nil {
		return p.err
	}
	return os.WriteFile(p.s.Path(c.Output), tiffFile(p.pages, 1728, 1143, 98), 0o600)
}

// tiffFile makes a TIFF of white Group 4 pages.
func tiffFile(pages, width, height, lpi int) []byte {
	f, err := os.CreateTemp("", "pages")
	if err != nil {
		panic(err)
	}
	defer os.Remove(f.Name())
	f.Close()
	w, err := tiff.Create(f.Name(), 0o600)
	if err != nil {
		panic(err)
	}
	w.NoSync()
	for range pages {
		p := tiff.Page{XRes: 204, YRes: float64(lpi)}
		p.SetCoding(t4.MMR)
		if err := w.WriteBitmap(p, t4.NewBitmap(width, height)); err != nil {
			panic(err)
		}
	}
	w.Close()
	b, err := os.ReadFile(f.Name())
	if err != nil {
		panic(err)
	}
	return b
}

// ledger is what the far end got: how often the last page of each job was
// delivered to it.
type ledger struct {
	mu        sync.Mutex
	delivered map[string]int
	pages     map[string]int
}

// fakeLine is a line's process: it sends jobs over a far end that keeps a
// ledger, and behaves as the script says.
type fakeLine struct {
	w      *world
	id     string
	srv    *linectl.Server
	ledger *ledger
	mu     sync.Mutex
	calls  [][]string
	busy   []string
	abort  map[string]bool
	cur    string
	// script tells what happens to an attempt: "" goes through; "busy",
	// "break N" (the call breaks before page N), "unconfirmed", "reformat",
	// "hold" (waits for release after dialling).
	script  func(job string, attempt int) string
	tried   map[string]int
	release chan bool
	wg      sync.WaitGroup
	// dies, if set, tells whether the line's process is killed at a step.
	dies func(step string) bool
	dead bool
}

// errDead is thrown where a line's process is killed.
var errDead = errors.New("line's process killed")

// step is a point at which a line's process may be killed.
func (f *fakeLine) step(what string) {
	if f.dies != nil && f.dies(what) {
		panic(errDead)
	}
}

// died cleans up after a killed process as the system would.
func (f *fakeLine) died(r any) {
	if r == nil {
		return
	}
	if r != errDead {
		panic(r)
	}
	f.mu.Lock()
	f.dead = true
	f.mu.Unlock()
	go f.srv.Close()
}

func (w *world) line(id string, script func(string, int) string) *fakeLine {
	w.t.Helper()
	f := &fakeLine{w: w, id: id, script: script, tried: map[string]int{}, abort: map[string]bool{}, release: make(chan bool, 1),
		ledger: &ledger{delivered: map[string]int{}, pages: map[string]int{}}}
	srv, err := linectl.Listen(w.spool.Dir(), id, f)
	if err != nil {
		w.t.Fatal(err)
	}
	f.srv = srv
	w.t.Cleanup(func() {
		close(f.release)
		f.wg.Wait()
		if !f.dead {
			srv.Close()
		}
	})
	return f
}

// Status answers for the line.
func (f *fakeLine) Status() linectl.Line {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy != nil {
		return linectl.Line{State: linectl.Sending, Jobs: f.busy, Current: f.cur}
	}
	return linectl.Line{State: linectl.Idle}
}

func (f *fakeLine) Abort(job string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy == nil {
		return linectl.ErrIdle
	}
	f.abort[job] = true
	select {
	case f.release <- true:
	default:
	}
	return nil
}

func (f *fakeLine) Send(b linectl.Batch, report func(linectl.Event)) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.busy != nil {
		return &linectl.Refusal{Reason: "sending", Busy: true}
	}
	f.busy = b.Jobs
	f.calls = append(f.calls, b.Jobs)
	f.wg.Add(1)
	go func() {
		defer f.wg.Done()
		defer func() { f.died(recover()) }()
		for i, name := range b.Jobs {
			if !f.attempt(name, i > 0, report) {
				break
			}
		}
		f.mu.Lock()
		f.busy = nil
		f.mu.Unlock()
		report(linectl.Event{Event: linectl.CallEnd})
		f.w.spool.ModemStatus(f.id, spool.ModemReady)
	}()
	return nil
}

// attempt sends one job and tells whether the call goes on.
func (f *fakeLine) attempt(name string, answered bool, report func(linectl.Event)) bool {
	commid, err := f.w.spool.NextCommID()
	if err != nil {
		panic(err)
	}
	a, j, err := linectl.BeginAttempt(f.w.spool, name, commid, answered)
	if err != nil {
		return false
	}
	f.mu.Lock()
	f.cur = j.JobID
	f.tried[j.JobID]++
	what := ""
	if f.script != nil {
		what = f.script(j.JobID, f.tried[j.JobID])
	}
	f.mu.Unlock()
	f.step("dialling")
	report(linectl.Event{Event: linectl.Dialing, Job: j.JobID, CommID: commid})
	if what == "hold" {
		<-f.release
	}
	end := f.pages(a, j, what, commid, report)
	f.mu.Lock()
	if f.abort[j.JobID] && end.Result != linectl.Done {
		end = linectl.Ending{Result: linectl.Retry, Status: "Call aborted by user", Code: 345}
	}
	f.mu.Unlock()
	r, err := a.End(end)
	if err != nil {
		panic(err)
	}
	f.step("end")
	report(linectl.Event{Event: linectl.JobEnd, Job: j.JobID, Result: r, Status: end.Status, Code: end.Code})
	return r == linectl.Done
}

// pages plays the session.
func (f *fakeLine) pages(a *linectl.Attempt, j *spool.Job, what, commid string, report func(linectl.Event)) linectl.Ending {
	switch what {
	case "busy":
		return linectl.Ending{Result: linectl.Retry, Status: "Busy signal detected", Code: 1, TTS: f.w.clock.now().Add(3 * time.Minute)}
	case "reformat":
		return linectl.Ending{Result: linectl.Reformat, Status: "Document was encoded with 2DMMR, but client does not support this data format", Code: 403}
	case "fail":
		return linectl.Ending{Result: linectl.Failed, Status: "No carrier detected", Code: 3}
	}
	if err := a.Connected("+1 1001", ""); err != nil {
		panic(err)
	}
	f.step("connected")
	f.mu.Lock()
	aborted := f.abort[j.JobID]
	f.mu.Unlock()
	if aborted {
		return linectl.Ending{Result: linectl.Retry}
	}
	report(linectl.Event{Event: linectl.Connected, Job: j.JobID})
	left := j.TotPages - j.NPages
	for p := j.NPages + 1; p <= j.TotPages; p++ {
		left--
		if what == "break "+strconv.Itoa(p) {
			return linectl.Ending{Result: linectl.Retry, Status: "Call broke", Code: 128, TTS: f.w.clock.now().Add(time.Minute)}
		}
		if left == 0 {
			if err := a.LastPageOut(); err != nil {
				panic(err)
			}
			f.step("last page out")
			f.ledger.mu.Lock()
			f.ledger.delivered[j.JobID]++
			f.ledger.mu.Unlock()
			f.step("delivered")
			if what == "unconfirmed" {
				return linectl.Ending{Result: linectl.Retry, Status: "No response to EOP repeated 3 tries", Code: 151}
			}
		}
		n, err := a.PageSent(left == 0)
		if err != nil {
			panic(err)
		}
		f.ledger.mu.Lock()
		f.ledger.pages[j.JobID]++
		f.ledger.mu.Unlock()
		f.step(fmt.Sprintf("page %d", n))
		report(linectl.Event{Event: linectl.Page, Job: j.JobID, CommID: commid, Pages: n})
		if left == 0 {
			report(linectl.Event{Event: linectl.Document, Job: j.JobID, CommID: commid, Pages: n, File: j.Documents[j.Find(spool.OpFax)].File})
		}
	}
	return linectl.Ending{Result: linectl.Done, SignalRate: "14400 bit/s", DataFormat: "2-D MMR"}
}

func (w *world) files(pattern string) []string {
	w.t.Helper()
	names, err := filepath.Glob(w.spool.Path(pattern))
	if err != nil {
		w.t.Fatal(err)
	}
	for i := range names {
		names[i] = filepath.Base(names[i])
	}
	return names
}

var _ = sched.Retry
