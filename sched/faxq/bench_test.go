package faxq

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/spool"
)

// BenchmarkStart reads a queue of 10,000 waiting jobs (LITORIA_BENCH_JOBS), as a
// faxq does that is started: time to the first decision, and memory per job.
func BenchmarkStart(b *testing.B) {
	s, err := spool.Create(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	jobs := 10_000
	if n, err := strconv.Atoi(os.Getenv("LITORIA_BENCH_JOBS")); err == nil {
		jobs = n
	}
	if err := os.WriteFile(s.Path("docq/doc.tif"), tiffFile(1, 1728, 1143, 98), 0o600); err != nil {
		b.Fatal(err)
	}
	for id := 1; id <= jobs; id++ {
		j := spool.NewJob()
		j.JobID, j.Number, j.External, j.Modem = strconv.Itoa(id), fmt.Sprint(100_000+id), "x", "any"
		j.MailAddr, j.Sender, j.Client, j.Owner, j.JobType = "me@here", "Me", "here", "me", "facsimile"
		j.State, j.KillTime, j.MaxDials, j.MaxTries = spool.StateReady, time.Now().Add(24*time.Hour).Unix(), 12, 3
		j.PageHandling, j.Documents = "c0P", []spool.Document{{Op: spool.OpFax, File: "docq/doc.tif"}}
		if err := os.WriteFile(s.Path(spool.JobName(spool.SendQ, id)), j.Format(), 0o600); err != nil {
			b.Fatal(err)
		}
	}
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	var srv *Server
	for b.Loop() {
		if srv, err = New(Options{Spool: s}); err != nil {
			b.Fatal(err)
		}
		srv.ctx = context.Background()
		if err := srv.start(); err != nil {
			b.Fatal(err)
		}
		srv.carryOut(srv.queue.Run(time.Now()))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	b.ReportMetric(float64(after.HeapAlloc-before.HeapAlloc)/float64(jobs), "B/job")
	b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/float64(jobs), "µs/job")
	runtime.KeepAlive(srv)
}

// BenchmarkSubmitToDial is the time from a client's message to the moment at
// which a line has the job, with a document that is ready.
func BenchmarkSubmitToDial(b *testing.B) {
	s, err := spool.Create(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	if err := os.WriteFile(s.Path("docq/doc.tif"), tiffFile(1, 1728, 1143, 98), 0o600); err != nil {
		b.Fatal(err)
	}
	srv, err := New(Options{Spool: s, Set: []string{"SendFaxCmd: /bin/true", "UUCPLockDir: " + b.TempDir()}})
	if err != nil {
		b.Fatal(err)
	}
	ctx, cancel := context.WithCancel(b.Context())
	srv.ctx = ctx
	defer func() { cancel(); srv.workers.Wait() }()
	if err := srv.start(); err != nil {
		b.Fatal(err)
	}
	srv.turn()
	n := 0
	for b.Loop() {
		b.StopTimer()
		n++
		j := spool.NewJob()
		j.JobID, j.Number, j.External, j.Modem = strconv.Itoa(n), fmt.Sprint(100_000+n), "x", "any"
		j.MailAddr, j.Sender, j.Client, j.Owner, j.JobType = "me@here", "Me", "here", "me", "facsimile"
		j.State, j.KillTime, j.MaxDials, j.MaxTries = spool.StateSuspended, time.Now().Add(24*time.Hour).Unix(), 12, 3
		j.PageHandling, j.Documents = "c0P", []spool.Document{{Op: spool.OpFax, File: "docq/doc.tif"}}
		if err := os.WriteFile(s.Path(spool.JobName(spool.SendQ, n)), j.Format(), 0o600); err != nil {
			b.Fatal(err)
		}
		dev := fmt.Sprint("line", n)
		srv.queue.LineReady(dev, nil, 0, time.Now())
		b.StartTimer()
		srv.message("S:" + strconv.Itoa(n))
		srv.turn() // ends with the hand-over
	}
}
