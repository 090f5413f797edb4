//go:build crash

package crash

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/fastline"
	"github.com/litoria-fax/litoria/interop/ports"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// Environment of the test: how long the killing lasts, and which numbers are
// drawn.
const (
	envDuration = "LITORIA_CRASH_TIME" // a duration, 60s unless set
	envSeed     = "LITORIA_CRASH_SEED"
	envLine     = "LITORIA_CRASH_LINE" // set in the children that are lines: DEVID SPOOL NETWORK
)

const (
	lines        = 4
	destinations = 6
	submitters   = 3
	// outstanding is how many jobs may wait at a time.
	outstanding = 40
	// settleFast is how long the last jobs may take once nothing is killed any more.
	settleFast = 40 * time.Second
	// lineRetry is the time after which a line wants a job tried again.
	lineRetry = time.Second
)

func TestMain(m *testing.M) {
	if spec := os.Getenv(envLine); spec != "" {
		os.Exit(runLine(strings.Fields(spec)))
	}
	os.Exit(m.Run())
}

// runLine is the child process of a line.
func runLine(spec []string) int {
	s, err := spool.Open(spec[1])
	if err == nil {
		var l *fastline.Line
		for end := time.Now().Add(10 * time.Second); ; time.Sleep(time.Millisecond) {
			l, err = fastline.Listen(s, spec[0], network(spec[2]), lineRetry)
			if !errors.Is(err, linectl.ErrInUse) || time.Now().After(end) {
				break
			}
		}
		if err == nil {
			ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
			defer stop()
			<-ctx.Done()
			l.Close()
			return 0
		}
	}
	fmt.Fprintln(os.Stderr, "line:", err)
	return 1
}

// mortal is a process that is killed and started again.
type mortal struct {
	name string
	make func() *exec.Cmd
	log  *os.File
	cmd  *exec.Cmd
	born time.Time
	died int
}

func (m *mortal) start(t *testing.T) {
	t.Helper()
	m.cmd = m.make()
	m.cmd.Stdout, m.cmd.Stderr = m.log, m.log
	m.cmd.SysProcAttr = asNobody()
	if err := m.cmd.Start(); err != nil {
		t.Fatalf("%s: %v", m.name, err)
	}
	m.born = time.Now()
}

// asNobody are the rights of the servers: hfaxd would not stay root.
func asNobody() *syscall.SysProcAttr {
	if os.Getuid() != 0 {
		return nil
	}
	return &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
}

// kill is kill -9 of the one process, not of its children: those are other
// programs, and live on.
func (m *mortal) kill() {
	_ = m.cmd.Process.Kill()
	_ = m.cmd.Wait()
	m.died++
}

// site is the whole fax server.
type site struct {
	t       *testing.T
	dir     string
	spool   *spool.Spool
	port    int
	ledger  *ledger
	mortals []*mortal
	doc     []string // TIFF files of one, two and so on pages
	tsi     bool     // jobs carry their tag as TSI: the far end is a fax machine
	number  func(n int) string
	waiting int           // jobs that may wait at a time
	settled time.Duration // how long the last jobs may take

	mu      sync.Mutex // guards sent
	sent    map[string]*submission
	next    atomic.Int64
	again   atomic.Int64 // submissions of a job that the server had already
	lastErr atomic.Value
}

// submission is what a client knows of what it submitted.
type submission struct {
	tag      string
	id       string // of the job that was taken
	pages    int
	accepted bool // the server said so
}

// settings are how long to kill, and what to draw from.
func settings(t *testing.T, duration time.Duration) (time.Duration, uint64) {
	t.Helper()
	if v := os.Getenv(envDuration); v != "" {
		var err error
		if duration, err = time.ParseDuration(v); err != nil {
			t.Fatalf("%s: %v", envDuration, err)
		}
	}
	seed := uint64(time.Now().UnixNano())
	if v, err := strconv.ParseUint(os.Getenv(envSeed), 10, 64); err == nil {
		seed = v
	}
	t.Logf("%s=%d", envSeed, seed)
	return duration, seed
}

func TestCrash(t *testing.T) {
	duration, seed := settings(t, 60*time.Second)
	s := newSite(t)
	kills := s.run(duration, seed, 120*time.Millisecond)
	s.settle()
	s.judge(kills)
}

// run submits and kills for a while, every now and then as often as pause says.
func (s *site) run(duration time.Duration, seed uint64, pause time.Duration) (kills int) {
	var wg sync.WaitGroup
	ctx, cancel := context.WithTimeout(s.t.Context(), duration)
	defer cancel()
	for range submitters {
		wg.Go(func() { s.submitAll(ctx) })
	}
	kills = s.killAll(ctx, rand.New(rand.NewPCG(seed, 1)), pause)
	wg.Wait()
	return kills
}

// killAll kills one process after the other until ctx ends.
func (s *site) killAll(ctx context.Context, r *rand.Rand, pause time.Duration) (kills int) {
	for ctx.Err() == nil {
		time.Sleep(pause/6 + time.Duration(r.Int64N(int64(2*pause*5/6)))) // the moment is what is drawn here
		m := s.mortals[0]                                                 // faxq
		if i := r.IntN(10); i > 3 {
			m = s.mortals[1+r.IntN(len(s.mortals)-1)]
		}
		m.kill()
		kills++
		time.Sleep(time.Duration(r.IntN(30)) * time.Millisecond)
		m.start(s.t)
	}
	return kills
}

// newSite is a server with fast lines.
func newSite(t *testing.T) *site {
	s := bareSite(t, "faxq", "hfaxd")
	for i := range s.doc {
		s.doc[i] = filepath.Join(s.dir, fmt.Sprintf("doc%d.tif", i+1))
		makePages(t, s.doc[i], i+1, func(int) int { return 1143 })
	}
	self, err := os.ReadFile(os.Args[0]) // where the servers' user may not enter
	if err == nil {
		err = os.WriteFile(s.bin("line"), self, 0o755)
	}
	if err != nil {
		t.Fatal(err)
	}
	socket := filepath.Join(s.dir, "network")
	l, err := net.Listen("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	giveAway(t, s.spool.Dir(), socket)
	go s.ledger.serve(l)
	s.addServers()
	for i := range lines {
		s.add(fmt.Sprint("line", i), func() *exec.Cmd {
			cmd := exec.Command(s.bin("line"))
			cmd.Env = append(os.Environ(), fmt.Sprintf("%s=line%d %s %s", envLine, i, s.spool.Dir(), socket))
			return cmd
		})
	}
	return s
}

// bareSite is a spool and the programs of a server, none of which runs.
func bareSite(t *testing.T, programs ...string) *site {
	dir, err := os.MkdirTemp("", "litoria-crash-")
	if err == nil {
		err = os.Chmod(dir, 0o755) // nobody must get in
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	s := &site{t: t, dir: dir, ledger: &ledger{faxes: map[string]*fax{}}, sent: map[string]*submission{}, doc: make([]string, 3), waiting: outstanding, settled: settleFast,
		number: func(n int) string { return fmt.Sprint(1000 + n%destinations) }}
	args := []string{"build", "-o", s.bin("") + "/"}
	for _, p := range programs {
		args = append(args, "../../cmd/"+p)
	}
	build := exec.Command("go", args...)
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if s.spool, err = spool.Create(filepath.Join(dir, "spool")); err != nil {
		t.Fatal(err)
	}
	s.write("etc/config", "MaxBatchJobs: 4\nJobReqOther: 1\nMaxDials: 1000\nMaxTries: 1000\nPollLockWait: 1\nNotifyCmd: bin/notify\nMaxConcurrentCalls: 1\n", 0o644)
	s.write("etc/hosts.hfaxd", "localhost\n127.0.0.1\n", 0o600)
	s.write("bin/notify", "#!/bin/sh\necho \"$1 $2\" >>notices\n", 0o755)
	s.port = ports.TCP(t)
	return s
}

// bin is the path of a program.
func (s *site) bin(name string) string { return filepath.Join(s.dir, "bin", name) }

// addServers starts faxq and hfaxd.
func (s *site) addServers() {
	s.t.Helper()
	s.add("faxq", func() *exec.Cmd { return exec.Command(s.bin("faxq"), "-D", "-q", s.spool.Dir()) })
	s.add("hfaxd", func() *exec.Cmd {
		return exec.Command(s.bin("hfaxd"), "-d", "-q", s.spool.Dir(), "-i", strconv.Itoa(s.port))
	})
}

// nobody is whom the servers run as where the test is root.
const nobody = 65534

// giveAway makes nobody the owner of a spool and of other files, for root.
func giveAway(t *testing.T, spool string, files ...string) {
	t.Helper()
	if os.Getuid() != 0 {
		return
	}
	err := filepath.WalkDir(spool, func(path string, _ fs.DirEntry, err error) error {
		return errors.Join(err, os.Lchown(path, nobody, nobody))
	})
	for _, f := range files {
		err = errors.Join(err, os.Chown(f, nobody, nobody))
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (s *site) write(name, text string, mode os.FileMode) {
	s.t.Helper()
	path := s.spool.Path(name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		s.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), mode); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) add(name string, make func() *exec.Cmd) {
	s.t.Helper()
	log, err := os.Create(filepath.Join(filepath.Dir(s.spool.Dir()), name+".log"))
	if err != nil {
		s.t.Fatal(err)
	}
	m := &mortal{name: name, make: make, log: log}
	s.mortals = append(s.mortals, m)
	m.start(s.t)
	s.t.Cleanup(func() {
		m.kill()
		log.Close()
		if keep := os.Getenv("LITORIA_CRASH_KEEP"); keep != "" && s.t.Failed() {
			_ = os.CopyFS(keep, os.DirFS(filepath.Dir(s.spool.Dir())))
		}
	})
}

// makePages makes a document; the height of each page is given.
func makePages(t *testing.T, name string, pages int, height func(page int) int) {
	t.Helper()
	w, err := tiff.Create(name, 0o644)
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	w.NoSync()
	for n := range pages {
		p := tiff.Page{XRes: 204, YRes: 98}
		p.SetCoding(t4.MMR)
		if err := w.WriteBitmap(p, t4.NewBitmap(1728, height(n))); err != nil {
			t.Fatal(err)
		}
	}
}

// submitAll is a client that submits one job after the other.
func (s *site) submitAll(ctx context.Context) {
	for ctx.Err() == nil {
		if ids, err := s.spool.Jobs(spool.SendQ); err == nil && len(ids) >= s.waiting {
			time.Sleep(10 * time.Millisecond)
			continue
		}
		n := s.next.Add(1)
		sub := &submission{tag: fmt.Sprint("tag", n), pages: 1 + int(n)%len(s.doc)}
		s.mu.Lock()
		s.sent[sub.tag] = sub
		s.mu.Unlock()
		// Whoever does not know whether the server has the job submits it again,
		// with its key.
		for ctx.Err() == nil && !sub.accepted {
			if err := s.submit(ctx, sub, int(n)); err != nil {
				s.lastErr.Store(err.Error())
				time.Sleep(20 * time.Millisecond) // hfaxd is being killed
			}
		}
	}
}

func (s *site) submit(ctx context.Context, sub *submission, n int) error {
	c, err := client.Dial(ctx, client.Config{Host: "127.0.0.1", Port: strconv.Itoa(s.port), Passive: true, Timeout: 10 * time.Second})
	if err != nil {
		return err
	}
	defer c.Close()
	if err := c.Login("crash", nil); err != nil {
		return err
	}
	f, err := os.Open(s.doc[sub.pages-1])
	if err != nil {
		return err
	}
	defer f.Close()
	doc, err := c.StoreTemp(client.FormTIFF, f)
	if err != nil {
		return err
	}
	tsi := ""
	if s.tsi {
		tsi = strings.TrimPrefix(sub.tag, "tag")
	}
	job, _, err := c.Create(&client.Request{
		Number: s.number(n), TSI: tsi, Sender: "Crash", Mail: "crash@localhost", Modem: "any", Tag: sub.tag,
		Priority: client.DefaultPriority, Lifetime: 3 * time.Hour, MaxDials: 1000, MaxTries: 1000, Resolution: 98, PageWidth: 209, PageLength: 296,
		Notify: client.NotifyDone, Documents: []string{doc}, Key: sub.tag,
	})
	if err != nil {
		return err
	}
	err = c.Submit(job)
	var known *client.DuplicateError
	if errors.As(err, &known) {
		s.again.Add(1)
		job, err = known.Job, nil
	}
	if err != nil {
		return err
	}
	s.mu.Lock()
	sub.id, sub.accepted = string(job), true
	s.mu.Unlock()
	return c.Quit()
}
