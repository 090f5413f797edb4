package line

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/linectl"
)

// TestBatch: three jobs in one call, each a document of its own at the far end.
// Something happens to the second one, before or in the call.
func TestBatch(t *testing.T) {
	for _, row := range []struct {
		name    string
		before  func(w *world, names []string)
		during  func(w *world, a *Line) // while the first is sent
		results []int                   // "returned" of the jobs
		files   int                     // that arrive
	}{
		{name: "all", results: []int{2, 2, 2}, files: 3},
		{name: "document vanished", before: func(w *world, _ []string) { os.Remove(w.spool.Path(spool.DocQ, "doc2.ps;00")) }, results: []int{2, 7, 7}, files: 1},
		{name: "document of the first vanished", before: func(w *world, _ []string) { os.Remove(w.spool.Path(spool.DocQ, "doc1.ps;00")) }, results: []int{1, 7, 7}},
		{name: "aborted before its turn", during: func(w *world, a *Line) {
			if err := a.Abort("2"); err != nil {
				w.t.Error(err)
			}
		}, results: []int{2, 7, 2}, files: 2},
		{name: "removed before its turn", during: func(w *world, _ *Line) { os.Remove(w.spool.Path(spool.SendQ, "q2")) }, results: []int{2, 0, 2}, files: 2},
		{name: "suspended before its turn", during: func(w *world, _ *Line) {
			l, err := w.spool.LockJob("sendq/q2")
			if err != nil {
				w.t.Fatal(err)
			}
			l.State = spool.StateSuspended
			if err := l.Save(); err != nil {
				w.t.Error(err)
			}
			l.Unlock()
		}, results: []int{2, 7, 2}, files: 2},
		{name: "first aborted", during: func(w *world, a *Line) {
			if err := a.Abort("1"); err != nil {
				w.t.Error(err)
			}
		}, results: []int{0, 7, 7}, files: -1}, // the part of a page that came may be kept
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				a, b := w.both()
				docs := [][]*t4.Bitmap{{dotted(100, 1), dotted(80, 2)}, {dotted(90, 3)}, {dotted(70, 4), dotted(60, 5)}}
				var names []string
				for i, d := range docs {
					names = append(names, w.job("1001", nil, w.document("doc"+string(rune('1'+i))+".ps;00", d...)))
				}
				if row.before != nil {
					row.before(w, names)
				}
				done := w.send(a, names...)
				if row.during != nil {
					w.await("c000000001", "SEND begin page 1")
					time.Sleep(500 * time.Millisecond)
					row.during(w, a)
				}
				t.Log(kinds(<-done))
				idle(a, b)
				var want [][]*t4.Bitmap
				for i, name := range names {
					j, err := w.spool.ReadJob(name)
					if err != nil {
						t.Logf("job %d: %v", i+1, err)
						continue
					}
					t.Logf("job %d: %d %q %d", i+1, j.Returned, j.Status, j.StatusCode)
					if j.Returned != row.results[i] {
						t.Errorf("job %d: returned %d, want %d", i+1, j.Returned, row.results[i])
					}
					if j.Returned == 2 {
						want = append(want, docs[i])
						if j.NPages != len(docs[i]) || j.TotDials != 1 || j.TotTries != 1 || j.CSI != "Line 1" {
							t.Errorf("job %d: %d pages, %d dials, %d tries", i+1, j.NPages, j.TotDials, j.TotTries)
						}
					}
				}
				got := w.received()
				if row.files >= 0 && len(got) != row.files {
					t.Fatalf("%d files arrived, want %d", len(got), row.files)
				}
				for i := range want {
					samePages(t, "document", got[i], want[i])
				}
			})
		})
	}
}

// TestSkippedPages: pages that the job's page range leaves out are counted, and
// not sent.
func TestSkippedPages(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.both()
		p := []*t4.Bitmap{dotted(40, 1), dotted(50, 2), dotted(60, 3), dotted(70, 4), dotted(80, 5)}
		job := w.job("1001", func(j *spool.Job) { j.PageHandling = "00X00S00X00P00X" }, w.document("doc1.ps;00", p[:3]...), w.document("doc2.ps;00", p[3:]...))
		events := w.sent(a, job)
		idle(a, b)
		if got, want := kinds(events), "dialing connected page page page document page page document job done"; got != want {
			t.Errorf("events %s\n want %s", got, want)
		}
		j := w.final(job)
		if j.Returned != int(linectl.Done) || j.NPages != 5 || j.NSkip != 3 || len(j.Documents) != 0 || j.PageHandling != "" {
			t.Errorf("the job says %s", j.Format())
		}
		got := w.received()
		if len(got) != 1 {
			t.Fatalf("%d files", len(got))
		}
		samePages(t, "fax", got[0], []*t4.Bitmap{p[1], p[3]})
	})
}

// TestRest: a job of which some pages were sent in an earlier call.
func TestRest(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.both()
		p := []*t4.Bitmap{dotted(40, 1), dotted(50, 2), dotted(60, 3)}
		doc := w.document("doc1.ps;00", p...)
		job := w.job("1001", func(j *spool.Job) { j.NPages, j.Documents[0].DirNum, j.TotTries, j.TotDials, j.NTries = 2, 2, 1, 1, 0 }, doc)
		w.sent(a, job)
		idle(a, b)
		j := w.final(job)
		if j.Returned != int(linectl.Done) || j.NPages != 3 || j.TotTries != 2 || j.TotDials != 2 {
			t.Errorf("the job says %s", j.Format())
		}
		samePages(t, "rest", w.received()[0], p[2:])
		if r := w.records(); len(r) == 0 || !strings.Contains(r[0], "\t1\t0:00:") {
			t.Errorf("records %q", r)
		}
	})
}

// TestAbort: somebody ends a call before the answer, and within it.
func TestAbort(t *testing.T) {
	for _, row := range []struct {
		name, number string
		when         string
		after        time.Duration
	}{
		{"ringing", "408", "DIAL", 10 * time.Second},
		{"in the training", "1001", "SEND send TSI", 3 * time.Second},
		{"in a page", "1001", "SEND begin page 1", time.Second},
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				a, b := w.both()
				job := w.job(row.number, nil, w.document("doc1.ps;00", dotted(1000, 1)))
				done := w.send(a, job)
				w.await("c000000001", row.when)
				time.Sleep(row.after)
				before := time.Now()
				if err := a.Abort("1"); err != nil {
					t.Error(err)
				}
				if err := a.Abort("77"); err == nil {
					t.Error("a job that is not there was aborted")
				}
				<-done
				if took := time.Since(before); took > 20*time.Second {
					t.Errorf("it took %v", took)
				}
				j := w.final(job)
				if j.Returned != int(linectl.Retry) || j.StatusCode != 345 || j.Status != "Call aborted by user" {
					t.Errorf("returned %d, %q %d", j.Returned, j.Status, j.StatusCode)
				}
				idle(a, b)
			})
		})
	}
}

// TestUnsendable: jobs that cannot be sent fail with a reason, without a call.
func TestUnsendable(t *testing.T) {
	for _, row := range []struct {
		name   string
		doc    string // text of the document; empty: none
		change func(*spool.Job)
		status string
	}{
		{name: "no document", change: func(j *spool.Job) { j.Documents = nil }, status: "Job has no pages to send"},
		{name: "all pages skipped", doc: "one page", change: func(j *spool.Job) { j.PageHandling = "00X" }, status: "Job has no pages to send"},
		{name: "not a TIFF", doc: "rubbish", status: "Can not open document file docq/doc1.ps;00: "},
		{name: "past its end", doc: "one page", change: func(j *spool.Job) { j.Documents[0].DirNum = 3 }, status: "Can not set directory in document file docq/doc1.ps;00: it has 1 pages"},
	} {
		t.Run(row.name, func(t *testing.T) {
			inWorld(t, func(w *world) {
				w.start("ttyIAX0")
				a := w.line("ttyIAX0")
				doc := w.document("doc1.ps;00", dotted(30, 1))
				if row.doc == "rubbish" {
					write(t, w.spool.Path(doc), "This is no TIFF file.")
				}
				job := w.job("1001", row.change, doc)
				t.Log(kinds(w.sent(a, job)))
				j := w.final(job)
				if j.Returned != int(linectl.Failed) || j.StatusCode != codeDocument || !strings.Contains(j.Status, row.status) {
					t.Errorf("returned %d, %q %d", j.Returned, j.Status, j.StatusCode)
				}
				idle(a)
			})
		})
	}
}
