//go:build interop

package iax_test

import (
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/ports"
)

const (
	loadLines  = 100
	loadCalls  = 50
	loadLength = 30 // seconds
	lateLimit  = 50 // ms, p99; the aim on a machine of its own is 5
)

// timed sends noise that is made once and notes when it is asked for samples.
type timed struct {
	mu    sync.Mutex
	start time.Time
	late  []float64 // ms behind the schedule of 20 ms
	pos   int
	heard int
	lost  int
}

var noise = func() []int16 {
	pcm := make([]int16, 8000)
	for i := range pcm {
		pcm[i] = int16(8000 * math.Sin(float64(i*i)))
	}
	return pcm
}()

func (m *timed) Receive(pcm []int16) { m.heard += len(pcm) }
func (m *timed) Conceal(n int)       { m.lost += n }
func (m *timed) Done() bool          { return len(m.late) >= loadLength*50 }

func (m *timed) Transmit(out []int16) {
	now := time.Now()
	if m.start.IsZero() {
		m.start = now
	}
	due := m.start.Add(time.Duration(len(m.late)) * 20 * time.Millisecond)
	m.late = append(m.late, float64(now.Sub(due))/float64(time.Millisecond))
	m.pos = (m.pos + copy(out, noise[m.pos:])) % len(noise)
}

// TestLoad runs 100 registered lines and 50 calls of noise in this process, the
// exchange in another, and tells what they cost.
func TestLoad(t *testing.T) {
	dir := t.TempDir()
	bin := filepath.Join(dir, "iaxexchange")
	lab.Run(t, "go", "build", "-o", bin, "github.com/litoria-fax/litoria/cmd/iaxexchange")
	conf := "[general]\n[line](!)\ntype=friend\nhost=dynamic\ncontext=fax\nsecret=s\n"
	for i := range loadLines {
		conf += fmt.Sprintf("[l%d](line)\n", i)
	}
	plan := "[fax]\nexten => _X.,1,Dial(IAX2/l${EXTEN}/${EXTEN})\nexten => _X,1,Dial(IAX2/l${EXTEN}/${EXTEN})\n"
	for name, text := range map[string]string{"iax.conf": conf, "extensions.conf": plan} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := ports.UDP(t)
	server := fmt.Sprintf("127.0.0.1:%d", port)
	x := lab.Start(t, dir, "iaxexchange", bin, "-c", dir, "-l", server)
	lab.Wait(t, 10*time.Second, "the exchange", func() bool { return lab.Contains(x.Log, "ready") })

	before := heap()
	medias := make([]*timed, 0, 2*loadCalls)
	var mu sync.Mutex
	media := func() *timed {
		mu.Lock()
		defer mu.Unlock()
		m := &timed{late: make([]float64, 0, loadLength*50+100)}
		medias = append(medias, m)
		return m
	}
	e := listen(t, nil, func(c *iax.Call) { c.Answer(media()) })
	regs := make([]*iax.Registrar, loadLines)
	for i := range regs {
		var err error
		if regs[i], err = e.Register(iax.Registration{Account: iax.Account{Username: fmt.Sprint("l", i), Secret: "s"}, Server: server}); err != nil {
			t.Fatal(err)
		}
	}
	lab.Wait(t, 20*time.Second, "all lines to register", func() bool {
		return !slices.ContainsFunc(regs, func(r *iax.Registrar) bool { return r.Status().State != iax.Registered })
	})
	idle := heap()

	bare := bareThread()
	ourCPU, theirCPU, begin := selfCPU(), procCPU(t, x.Pid()), time.Now()
	calls := make([]*iax.Call, loadCalls)
	for i := range calls {
		calls[i] = call(t, e, iax.DialParams{Account: iax.Account{Username: fmt.Sprint("l", i), Secret: "s"}, Server: server, Number: fmt.Sprint(loadCalls + i)}, media())
	}
	time.Sleep(loadLength * time.Second / 2)
	busy := heap()
	for _, c := range calls {
		<-c.Done()
	}
	seconds := time.Since(begin).Seconds()
	machine := bare()
	ours, theirs := selfCPU()-ourCPU, procCPU(t, x.Pid())-theirCPU
	time.Sleep(time.Second)
	var late []float64
	lost := 0
	for _, m := range medias {
		late = append(late, m.late...)
		lost += m.lost / 160
	}
	slices.Sort(late)
	at := func(p float64) float64 { return late[int(p*float64(len(late)-1))] }
	t.Logf("%d lines: %d KB each idle; %d calls (both ends here): %d KB each more", loadLines, (idle-before)/loadLines/1024, loadCalls, (busy-idle)/loadCalls/1024)
	t.Logf("CPU of one core: %.2f %% per call for both ends, %.2f %% per call in the exchange", 100*ours/seconds/loadCalls, 100*theirs/seconds/loadCalls)
	t.Logf("sent late: p50 %.2f, p99 %.2f, most %.2f ms; %d frames concealed of %d", at(0.5), at(0.99), at(1), lost, len(late))
	t.Logf("a bare thread that sleeps until the same times: late p50 %.2f, p99 %.2f, most %.2f ms", machine[0], machine[1], machine[2])
	if at(0.99) > lateLimit {
		t.Errorf("p99 of lateness is %.2f ms, more than %d ms even for a machine that does other things", at(0.99), lateLimit)
	}
	if perLine := (idle - before) / loadLines; perLine > 2<<20 {
		t.Errorf("an idle line takes %d octets, at most 2 MB are wanted", perLine)
	}
}

// bareThread is what the machine can do: a thread of its own that does nothing
// but sleep 20 ms at a time by the system's clock, without Go's timers. The
// function that is given back ends it and tells how late it was: median, p99 and
// most, ms.
func bareThread() func() [3]float64 {
	stop, result := make(chan struct{}), make(chan [3]float64)
	go func() {
		runtime.LockOSThread()
		var late []float64
		for due := time.Now(); ; due = due.Add(20 * time.Millisecond) {
			select {
			case <-stop:
				slices.Sort(late)
				n := float64(len(late) - 1)
				result <- [3]float64{late[int(n/2)], late[int(0.99*n)], late[int(n)]}
				return
			default:
			}
			if wait := time.Until(due); wait > 0 {
				rest := syscall.NsecToTimespec(int64(wait))
				_ = syscall.Nanosleep(&rest, nil)
			}
			late = append(late, float64(time.Since(due))/float64(time.Millisecond))
		}
	}()
	return func() [3]float64 { close(stop); return <-result }
}

func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc + m.StackInuse)
}

// selfCPU is the CPU time of this process, seconds.
func selfCPU() float64 {
	var u syscall.Rusage
	_ = syscall.Getrusage(syscall.RUSAGE_SELF, &u)
	return float64(u.Utime.Sec+u.Stime.Sec) + float64(u.Utime.Usec+u.Stime.Usec)/1e6
}

// procCPU is the CPU time of another process, seconds.
func procCPU(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	user, _ := strconv.ParseFloat(fields[11], 64)
	system, _ := strconv.ParseFloat(fields[12], 64)
	return (user + system) / 100 // clock ticks
}
