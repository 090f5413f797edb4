//go:build interop

// Package queue_test measures both faxq, HylaFAX 6.0.7's and ours, in one run:
// on a spool with many jobs that wait for their time, how long the start takes,
// how much memory the jobs take, and how long after the message of a client an
// urgent job is handed to the send command.
package queue_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
	"github.com/litoria-fax/litoria/spool"
)

const (
	envTable  = "LITORIA_QUEUE_TABLE" // file for the table
	envJobs   = "LITORIA_QUEUE_JOBS"  // numbers of jobs, with commas
	startWait = 10 * time.Minute
	dials     = 5 // urgent jobs, of which the median counts
	// quiet is between them: HylaFAX's faxq decides once a second at most.
	quiet = 2100 * time.Millisecond
	// poke is how often the line says that it is ready while a job waits:
	// HylaFAX's faxq overlooks a job that comes soon after another now and then.
	poke = 5 * time.Second
	// clockTick is what /proc counts processor time in.
	clockTick = 100
)

// figures are what is measured of one faxq with a number of jobs.
type figures struct {
	jobs             int
	start, cpu, dial time.Duration
	rss              int // KB
}

func TestCompare(t *testing.T) {
	lab.Need(t, "faxq")
	counts := []int{0, 1000, 10_000}
	if s := os.Getenv(envJobs); s != "" {
		counts = counts[:0]
		for n := range strings.SplitSeq(s, ",") {
			jobs, err := strconv.Atoi(n)
			if err != nil {
				t.Fatalf("%s: %v", envJobs, err)
			}
			counts = append(counts, jobs)
		}
	}
	programs := []string{"faxq", lab.Bin(t, "faxq")}
	results := make([][]figures, len(programs))
	for _, n := range counts {
		for i, p := range programs {
			f := measure(t, p, n)
			results[i] = append(results[i], f)
			t.Logf("%s: %+v", p, f)
		}
	}
	for i := range counts {
		if ours := results[1][i]; ours.dial > time.Second {
			t.Errorf("an urgent job among %d waited %v", ours.jobs, ours.dial)
		}
	}
	if file := os.Getenv(envTable); file != "" {
		if err := os.WriteFile(file, []byte(table(counts, results)), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// measure runs one faxq on a fresh spool.
func measure(t *testing.T, program string, jobs int) (f figures) {
	t.Helper()
	dir := lab.NewHylaFAXSpool(t, nil)
	s, err := spool.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	fill(t, s, jobs)
	lab.Run(t, "chown", "-R", "uucp:uucp", dir)
	// The moment of the hand-over is in the file that the command makes.
	script := filepath.Join(dir, "tmp", "send")
	text := "#!/bin/sh\nfor q; do :; done\ndate +%s%N >" + dir + "/tmp/began.$$\nmv " + dir + "/tmp/began.$$ " + dir + "/tmp/began.${q##*q}\nexit 2\n"
	config := fmt.Sprintf("SendFaxCmd: %s\nUUCPLockDir: %s/tmp\nPollLockWait: 1\nNotifyCmd: bin/none\nMaxConcurrentCalls: 10\n", script, dir)
	for name, c := range map[string]string{script: text, filepath.Join(dir, "etc/config"): config} {
		if err := os.WriteFile(name, []byte(c), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	f.jobs = jobs
	began := time.Now()
	p := lab.Start(t, filepath.Dir(dir), "faxq", program, "-q", dir, "-D")
	defer p.Stop()
	answered(t, s)
	f.start = time.Since(began)
	f.rss, f.cpu = usage(t, p.Pid())
	if err := s.ModemStatus("ttyB0", spool.ModemReady+"Paf9c07f:10"); err != nil {
		t.Fatal(err)
	}
	var took []time.Duration
	for i := range dials {
		took = append(took, dial(t, s, jobs+1+i))
	}
	slices.Sort(took)
	f.dial = took[len(took)/2]
	return f
}

// fill makes jobs that wait for tomorrow.
func fill(t *testing.T, s *spool.Spool, jobs int) {
	t.Helper()
	w, err := tiff.Create(s.Path("docq/doc1.tif"), 0o600)
	if err != nil {
		t.Fatal(err)
	}
	p := tiff.Page{XRes: 204, YRes: 98}
	p.SetCoding(t4.MH)
	if err := w.WriteBitmap(p, t4.NewBitmap(1728, 1100)); err != nil {
		t.Fatal(err)
	}
	w.Close()
	for id := 1; id <= jobs; id++ {
		write(t, s, id, time.Now().Add(24*time.Hour+time.Duration(id)*time.Second), spool.StatePending, 127)
	}
}

func write(t *testing.T, s *spool.Spool, id int, tts time.Time, state spool.JobState, priority int) {
	t.Helper()
	j := spool.NewJob()
	j.JobID, j.GroupID, j.State, j.Priority, j.SchedPri = fmt.Sprint(id), fmt.Sprint(id), state, priority, priority
	j.Number, j.External, j.Modem, j.JobType = fmt.Sprint(5550000+id%1000), fmt.Sprint(5550000+id%1000), "any", "facsimile"
	j.MailAddr, j.Sender, j.Client, j.Owner, j.DoneOp = "me@localhost", "Me", "localhost", "me", "default"
	j.TTS, j.KillTime, j.MaxDials, j.MaxTries = tts.Unix(), time.Now().Add(99*time.Hour).Unix(), 12, 3
	j.TotPages, j.PageHandling = 1, "20P"
	j.Documents = []spool.Document{{Op: spool.OpFax, File: "docq/doc1.tif"}}
	if err := os.WriteFile(s.Path(spool.JobName(spool.SendQ, id)), j.Format(), 0o600); err != nil {
		t.Fatal(err)
	}
}

// answered waits until faxq answers a client: the queue has been read.
func answered(t *testing.T, s *spool.Spool) {
	t.Helper()
	fifo, err := s.OpenFIFO("client/bench", 0o666)
	if err != nil {
		t.Fatal(err)
	}
	defer fifo.Close()
	if err := os.Chmod(s.Path("client/bench"), 0o666); err != nil { // faxq is another user
		t.Fatal(err)
	}
	got := make(chan string, 8)
	go func() {
		for {
			m, err := fifo.Next()
			if err != nil {
				return
			}
			got <- m
		}
	}()
	deadline := time.After(startWait)
	for s.Send(spool.QueuerFIFO, "Nclient/bench:") != nil {
		select {
		case <-deadline:
			t.Fatal("faxq does not listen")
		case <-time.After(2 * time.Millisecond):
		}
	}
	for {
		select {
		case m := <-got:
			if strings.HasPrefix(m, "N*") {
				return
			}
		case <-deadline:
			t.Fatal("faxq does not answer")
		}
	}
}

// usage reads memory (KB) and processor time of a process and its children.
func usage(t *testing.T, pid int) (rss int, cpu time.Duration) {
	t.Helper()
	if b, err := os.ReadFile(fmt.Sprintf("/proc/%d/task/%d/children", pid, pid)); err == nil {
		for child := range strings.FieldsSeq(string(b)) {
			if n, err := strconv.Atoi(child); err == nil {
				r, c := usage(t, n)
				rss, cpu = rss+r, cpu+c
			}
		}
	}
	r, c := usageOf(t, pid)
	return rss + r, cpu + c
}

func usageOf(t *testing.T, pid int) (rss int, cpu time.Duration) {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	if _, rest, ok := strings.Cut(string(status), "VmRSS:"); ok {
		fmt.Sscan(rest, &rss)
	}
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	fields := strings.Fields(string(stat[strings.LastIndexByte(string(stat), ')')+1:]))
	user, _ := strconv.Atoi(fields[11])
	system, _ := strconv.Atoi(fields[12])
	return rss, time.Duration(user+system) * time.Second / clockTick
}

// dial submits an urgent job and tells how long it took until the send command
// began.
func dial(t *testing.T, s *spool.Spool, id int) time.Duration {
	t.Helper()
	write(t, s, id, time.Unix(0, 0), spool.StateSuspended, 1)
	lab.Run(t, "chown", "uucp:uucp", s.Path(spool.JobName(spool.SendQ, id)))
	time.Sleep(quiet)
	began := time.Now()
	if err := s.Send(spool.QueuerFIFO, fmt.Sprintf("S:%d", id)); err != nil {
		t.Fatal(err)
	}
	var at int64
	poked := began
	lab.Wait(t, time.Minute, fmt.Sprintf("job %d to be dialled", id), func() bool {
		if time.Since(poked) > poke {
			poked = time.Now()
			if err := s.ModemStatus("ttyB0", spool.ModemReady+"Paf9c07f:10"); err != nil {
				t.Fatal(err)
			}
		}
		b, err := os.ReadFile(s.Path(fmt.Sprintf("tmp/began.%d", id)))
		if err == nil {
			at, err = strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64)
		}
		return err == nil
	})
	lab.Wait(t, time.Minute, fmt.Sprintf("job %d to be over", id), func() bool { return lab.Job(s.Dir(), fmt.Sprint(id))["queue"] == "doneq" })
	return time.Unix(0, at).Sub(began)
}

// table is docs/faxq-table.md.
func table(counts []int, results [][]figures) string {
	var b strings.Builder
	b.WriteString("# Both faxq with long queues\n\nMade by `make faxq-table` on one machine, one after the other: jobs that wait for tomorrow; the time from the start of faxq\n" +
		"until it answers a client; its memory and processor time then; and the time from the message of a client until the send\n" +
		"command of its urgent job runs (median of " + fmt.Sprint(dials) + "). HylaFAX is 6.0.7 of Debian 12.\n\n" +
		"| jobs | start: HylaFAX | Litoria | processor: HylaFAX | Litoria | memory: HylaFAX | Litoria | submit to dial: HylaFAX | Litoria |\n|---|---|---|---|---|---|---|---|---|\n")
	ms := func(d time.Duration) string {
		if d >= 10*time.Second {
			return fmt.Sprintf("%.1f s", d.Seconds())
		}
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	mb := func(kb int) string { return fmt.Sprintf("%.1f MB", float64(kb)/1024) }
	for i, n := range counts {
		h, l := results[0][i], results[1][i]
		fmt.Fprintf(&b, "| %d | %s | %s | %s | %s | %s | %s | %s | %s |\n", n, ms(h.start), ms(l.start), ms(h.cpu), ms(l.cpu), mb(h.rss), mb(l.rss), ms(h.dial), ms(l.dial))
	}
	return b.String()
}
