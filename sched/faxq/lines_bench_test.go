package faxq

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/interop/fastline"
	"github.com/litoria-fax/litoria/spool"
)

// willing is a far end that confirms every page at once.
type willing struct{}

func (willing) Call(string) (fastline.Session, error)          { return willing{}, nil }
func (willing) Page(fastline.Page) (confirmed bool, err error) { return true, nil }
func (willing) Close()                                         {}

// BenchmarkLines is the throughput of a faxq with 200 lines that need no time
// for a page, one job of one page to each of as many destinations as there are
// jobs: what is left is the queue, the spool and the hand-over.
func BenchmarkLines(b *testing.B) {
	const lines, jobs = 200, 1000
	for b.Loop() {
		b.StopTimer()
		s, err := spool.Create(b.TempDir())
		if err != nil {
			b.Fatal(err)
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
			j.TotPages = 1
			if err := os.WriteFile(s.Path(spool.JobName(spool.SendQ, id)), j.Format(), 0o600); err != nil {
				b.Fatal(err)
			}
		}
		var served []*fastline.Line
		for i := range lines {
			l, err := fastline.Listen(s, fmt.Sprint("line", i), willing{}, time.Second)
			if err != nil {
				b.Fatal(err)
			}
			served = append(served, l)
		}
		srv, err := New(Options{Spool: s, Log: zerolog.Nop()})
		if err != nil {
			b.Fatal(err)
		}
		ctx, cancel := context.WithCancel(context.Background())
		ended := make(chan error, 1)
		b.StartTimer()
		go func() { ended <- srv.Run(ctx) }()
		for {
			done, err := s.Jobs(spool.DoneQ)
			if err != nil {
				b.Fatal(err)
			}
			if len(done) == jobs {
				break
			}
			time.Sleep(10 * time.Millisecond) // the spool is what tells
		}
		b.StopTimer()
		cancel()
		<-ended
		for _, l := range served {
			l.Close()
		}
		b.StartTimer()
	}
	b.ReportMetric(jobs*float64(b.N)/b.Elapsed().Seconds(), "faxes/s")
}
