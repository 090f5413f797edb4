//go:build interop && times

package fax_test

import (
	"bufio"
	"cmp"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/papers"
)

// envTimes names the page whose last chapter is written; envTimesOnly picks the
// rows whose names contain it.
const (
	envTimes     = "LITORIA_TIMES_TABLE"
	envTimesOnly = "LITORIA_TIMES_ONLY"
)

// timed is a row of the table: a document in a mode, between two lines of ours
// and between two of HylaFAX's.
type timed struct {
	document string
	pages    int
	mode
	results [2]callTimes // ours, the reference's
}

func (r *timed) String() string { return r.document + "-" + r.name }

// callTimes are the times of one call, in seconds.
type callTimes struct {
	dial  float64 // from the start of sendfax to the beginning of the session
	call  float64 // the session, as the sender's log has it
	after float64 // from its end to the job in doneq; ours is filed before DCN has gone out
	again int     // requests for frames that a stall of the machine spoiled, pages that were refused
}

// timesLimit bounds one call.
const timesLimit = 9 * time.Minute

// together is how many rows are measured at once. HylaFAX's faxq with twenty modems
// never began any of ten jobs.
const together = 3

// TestTimes measures whole calls over Asterisk, a few rows at once: each row between
// two lines of ours and between two modems of HylaFAX's, the same document in the
// same mode, and writes the rows into the table. Every page must arrive; ours bit
// for bit.
func TestTimes(t *testing.T) {
	rows, files := timedRows(t)
	n := 0
	for some := range slices.Chunk(rows, together) {
		n++
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			measure(t, some, files)
			if text := timesRows(some); !t.Failed() {
				t.Log("\n" + strings.Join(text, ""))
				writeRows(t, os.Getenv(envTimes), text)
			}
		})
	}
}

func measure(t *testing.T, rows []*timed, files map[string]string) {
	t.Helper()
	ours, devids := timesLines(2*len(rows)), []string{}
	a := asteriskFor(t, ours, 2*len(rows))
	theirs := map[string]string{}
	for i := range 2 * len(rows) {
		devid := fmt.Sprintf("ttyTIM%d", i)
		if i > 0 {
			time.Sleep(1020 * time.Millisecond) // see TestHylaFAX
		}
		lab.StartIAXModem(t, devid, a.Port, fmt.Sprintf("ref%d", i), fmt.Sprintf("refsecret%d", i), fmt.Sprint(1000+i))
		theirs[devid] = fmt.Sprint(1000 + i)
		devids = append(devids, devid)
	}
	hylaSpool := lab.NewHylaFAXSpool(t, theirs)
	h := lab.StartHylaFAX(t, hylaSpool, devids...)
	spool := lab.NewLitoriaSpool(t, a.Port, ours...)
	l := lab.StartLitoria(t, spool, ours...)
	registered(t, a, ours)

	t.Run("calls", func(t *testing.T) {
		for i, r := range rows {
			doc := files[r.document]
			t.Run(r.String()+"/ours", func(t *testing.T) {
				t.Parallel()
				submit := func() string {
					return l.Submit(t, ours[2*i].Device, ours[2*i+1].Number, doc, r.options()...)
				}
				r.results[0] = r.time(t, spool, submit)
				if err := lab.ComparePages(doc, receivedOn(t, spool, ours[2*i+1].Device, 0)); err != nil {
					t.Error(err)
				}
			})
			t.Run(r.String()+"/reference", func(t *testing.T) {
				t.Parallel()
				submit := func() string {
					argv := append([]string{"sendfax", "-n"}, r.options()...)
					return lab.RequestID(t, lab.Run(t, append(argv, "-h", devids[2*i]+"@"+h.Host(), "-d", fmt.Sprint(1001+2*i), doc)...))
				}
				r.results[1] = r.time(t, hylaSpool, submit)
			})
		}
	})
}

// timedRows are the rows that are wanted, and the documents.
func timedRows(t *testing.T) (rows []*timed, files map[string]string) {
	t.Helper()
	services, err := papers.Services()
	if err != nil {
		t.Fatal(err)
	}
	dir := lab.TempDir(t)
	files = map[string]string{}
	for name, ps := range map[string]string{"text": papers.Text(), "services": services} {
		files[name] = filepath.Join(dir, name+".tif")
		if err := papers.Draw(files[name], ps); err != nil {
			t.Fatal(err)
		}
	}
	for _, m := range modes {
		rows = append(rows, &timed{document: "text", pages: 1, mode: m})
	}
	for _, m := range modes {
		if m.ecm || m.rate == 14400 {
			rows = append(rows, &timed{document: "services", pages: 7, mode: m})
		}
	}
	var wanted []*timed
	for _, r := range rows {
		if strings.Contains(r.String(), os.Getenv(envTimesOnly)) {
			wanted = append(wanted, r)
		}
	}
	return wanted, files
}

func timesLines(n int) (lines []lab.Line) {
	for i := range n {
		lines = append(lines, lab.Line{Device: fmt.Sprintf("ttyIAX%d", i), Peer: fmt.Sprintf("lit%d", i), Secret: fmt.Sprintf("litsecret%d", i),
			Number: fmt.Sprint(1100 + i), Config: soonAgain})
	}
	return lines
}

// time submits a job and takes its times.
func (r *timed) time(t *testing.T, spool string, submit func() string) (c callTimes) {
	t.Helper()
	begun := time.Now()
	id := submit()
	job := lab.WaitDone(t, spool, id, timesLimit)
	file, err := os.Stat(filepath.Join(spool, "doneq", "q"+id))
	if err != nil {
		t.Fatal(err)
	}
	if job["state"] != "7" || job["npages"] != fmt.Sprint(r.pages) {
		t.Fatalf("job %s: state %s, %s pages, status %q", id, job["state"], job["npages"], job["status"])
	}
	if rate := strings.TrimSpace(strings.TrimSuffix(job["signalrate"], "bit/s")); rate != fmt.Sprint(r.rate) {
		t.Errorf("job %s was sent at %s bit/s", id, rate)
	}
	log := filepath.Join(spool, "log", "c"+job["commid"])
	lab.Wait(t, timesLimit, "the end of the session", func() bool { return lab.Contains(log, "SESSION END") })
	s := readSession(t, log)
	c = callTimes{dial: s.from.Sub(begun).Seconds(), call: s.to.Sub(s.from).Seconds(), after: max(0, file.ModTime().Sub(s.to).Seconds()), again: s.again}
	if job["totdials"] != "1" {
		t.Logf("job %s: %s dials; the last one is taken", id, job["totdials"])
		c.dial = 0 // of another call
	}
	return c
}

// sessionTimes is what a session log tells.
type sessionTimes struct {
	from, to time.Time
	again    int
}

// readSession reads a session log, HylaFAX's or ours.
func readSession(t *testing.T, file string) (s sessionTimes) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for lines := bufio.NewScanner(f); lines.Scan(); {
		stamp, text, ok := strings.Cut(lines.Text(), ": [")
		at, err := time.ParseInLocation("2006 Jan 02 15:04:05.00", strconv.Itoa(time.Now().Year())+" "+stamp, time.Local)
		if !ok || err != nil {
			continue
		}
		if s.from.IsZero() {
			s.from = at
		}
		s.to = at
		if strings.Contains(text, "SEND recv PPR") || strings.Contains(text, "SEND recv RTN") {
			s.again++
		}
	}
	if s.from.IsZero() {
		t.Fatalf("%s has no times", file)
	}
	return s
}

const timesHead = papers.OverAsterisk + `
Made by ` + "`make times-asterisk`" + ` in real time, on one machine, three calls of either at once over one Asterisk 22: two lines of ours (one ` + "`faxgetty`" + `), and two
of HylaFAX 6.0.7 with iaxmodem 1.2.0 (*reference*), on the same documents. *to dial*: from the start of ` + "`sendfax`" + ` to the beginning of the
session; *call*: the session in the sender's log, from dialing to the end; *to done*: from there to the job in ` + "`doneq`" + `. *again*: how often the receiver
asked for something once more, which on this clean network means that the machine stalled.

| document | mode | call, ours | call, reference | saved | to dial, ours | reference | to done, ours | reference | again, ours | reference |
|---|---|---|---|---|---|---|---|---|---|---|
`

func timesRows(rows []*timed) (lines []string) {
	for _, r := range rows {
		o, h := r.results[0], r.results[1]
		lines = append(lines, fmt.Sprintf("| %s, %d p | %s | %.1f | %.1f | %.1f | %s | %s | %.1f | %.1f | %d | %d |\n", r.document, r.pages, r.name,
			o.call, h.call, h.call-o.call, dialed(o.dial), dialed(h.dial), o.after, h.after, o.again, h.again))
	}
	return lines
}

// dialed writes the time to the first dial, if it was the one that counts.
func dialed(s float64) string {
	if s == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f", s)
}

// writeRows puts rows into the chapter at the end of a page, in place of older ones.
func writeRows(t *testing.T, page string, rows []string) {
	t.Helper()
	if page == "" {
		return
	}
	b, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	kept, between, _ := strings.Cut(string(b), papers.BetweenCalls)
	before, chapter, _ := strings.Cut(kept, papers.OverAsterisk)
	all := map[string]string{}
	for line := range strings.Lines(chapter) {
		if strings.HasPrefix(line, "| text,") || strings.HasPrefix(line, "| services,") {
			all[rowKey(line)] = line
		}
	}
	for _, r := range rows {
		all[rowKey(r)] = r
	}
	text := strings.TrimRight(before, "\n") + "\n\n" + timesHead
	for _, key := range slices.SortedFunc(maps.Keys(all), byLength) {
		text += all[key]
	}
	if between != "" {
		text += "\n" + papers.BetweenCalls + between
	}
	if err := os.WriteFile(page, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

// rowKey is the document and the mode of a row.
func rowKey(row string) string { return strings.Join(strings.SplitN(row, "|", 4)[1:3], "|") }

// byLength sorts rows: the document of one page first, then the modes in their order.
func byLength(a, b string) int { return cmp.Compare(place(a), place(b)) }

func place(key string) (n int) {
	if strings.Contains(key, "services") {
		n = len(modes)
	}
	return n + slices.IndexFunc(modes, func(m mode) bool { return strings.HasSuffix(key, " "+m.name+" ") })
}
