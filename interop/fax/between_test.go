//go:build interop && times

package fax_test

import (
	"bufio"
	"fmt"
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

const (
	betweenLines  = 4 // that send, and as many that receive
	betweenRounds = 6 // calls of each line, to be submitted one by one and all at once
	betweenPage   = "%!PS\n/Courier findfont 12 scalefont setfont\n60 700 moveto (one line) show showpage\n"
	betweenLimit  = 5 * time.Minute
)

// TestBetween measures what is between calls over our own exchange: from the start
// of sendfax to the dialing where the line is free, and from the end of one call to
// the next dialing of a line that has more to send; and the phases of these calls.
func TestBetween(t *testing.T) {
	lines := timesLines(2 * betweenLines)
	port := lab.StartExchange(t, lines...)
	spool := lab.NewLitoriaSpool(t, port, lines...)
	config := filepath.Join(spool, "etc", "config")
	old, err := os.ReadFile(config)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(config, append(old, "\nMaxBatchJobs: 1\n"...), 0o644); err != nil {
		t.Fatal(err)
	}
	l := lab.StartLitoria(t, spool, lines...)
	doc := filepath.Join(lab.TempDir(t), "line.tif")
	if err := papers.Draw(doc, betweenPage); err != nil {
		t.Fatal(err)
	}
	var m betweenTimes
	submit := func(i int) (id string) {
		return l.Submit(t, lines[2*i].Device, lines[2*i+1].Number, doc)
	}
	for range betweenRounds {
		m.alone(t, spool, submit)
		l.WaitIdle(t)
	}
	m.queued(t, spool, submit)
	text := m.String()
	t.Log("\n" + text)
	if page := os.Getenv(envTimes); page != "" && !t.Failed() {
		writeChapter(t, page, text)
	}
}

// betweenTimes are the figures, in seconds.
type betweenTimes struct{ dial, gap, first, confirm, end []float64 }

// alone sends one job by each line, each submitted when all lines are free.
func (m *betweenTimes) alone(t *testing.T, spool string, submit func(int) string) {
	t.Helper()
	var ids []string
	var begun []time.Time
	for i := range betweenLines {
		begun = append(begun, time.Now())
		ids = append(ids, submit(i))
	}
	for i, id := range ids {
		c := m.call(t, spool, id)
		m.dial = append(m.dial, c.from.Sub(begun[i]).Seconds())
	}
}

// queued submits all jobs of each line at once; the gaps are between its calls.
func (m *betweenTimes) queued(t *testing.T, spool string, submit func(int) string) {
	t.Helper()
	var ids [betweenLines][]string
	for range betweenRounds {
		for i := range ids {
			ids[i] = append(ids[i], submit(i))
		}
	}
	for _, jobs := range ids {
		var calls []callPhases
		for _, id := range jobs {
			calls = append(calls, m.call(t, spool, id))
		}
		slices.SortFunc(calls, func(a, b callPhases) int { return a.from.Compare(b.from) })
		for i, c := range calls[1:] {
			m.gap = append(m.gap, c.from.Sub(calls[i].to).Seconds())
		}
	}
}

// call waits for a job, whose first call must do, and takes the phases of it.
func (m *betweenTimes) call(t *testing.T, spool, id string) callPhases {
	t.Helper()
	job := lab.WaitDone(t, spool, id, betweenLimit)
	if job["state"] != "7" || job["totdials"] != "1" {
		t.Errorf("job %s: state %s after %s dials, status %q", id, job["state"], job["totdials"], job["status"])
	}
	log := filepath.Join(spool, "log", "c"+job["commid"])
	lab.Wait(t, betweenLimit, "the end of the call", func() bool { return lab.Contains(log, "SESSION END") }) // DCN goes out after the job is filed
	c := readPhases(t, log)
	m.first = append(m.first, c.image.Sub(c.from).Seconds())
	m.confirm = append(m.confirm, c.mcf.Sub(c.imageEnd).Seconds())
	m.end = append(m.end, c.to.Sub(c.mcf).Seconds())
	return c
}

// callPhases are the moments of a call of one page, by its sender's log.
type callPhases struct{ from, image, imageEnd, mcf, to time.Time }

// readPhases reads our log of a session.
func readPhases(t *testing.T, file string) (c callPhases) {
	t.Helper()
	f, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	const pause = 105 * time.Millisecond // before the page, whose silence the state begins with
	for lines := bufio.NewScanner(f); lines.Scan(); {
		stamp, text, ok := strings.Cut(lines.Text(), ": [")
		at, err := time.ParseInLocation("2006 Jan 02 15:04:05.00", strconv.Itoa(time.Now().Year())+" "+stamp, time.Local)
		if !ok || err != nil {
			continue
		}
		switch {
		case c.from.IsZero():
			c.from = at
		case strings.Contains(text, "-> SendingBlock"):
			c.image = at.Add(pause)
		case strings.Contains(text, "SendingBlock ->"):
			c.imageEnd = at
		case strings.Contains(text, "SEND recv MCF"):
			c.mcf = at
		}
		c.to = at
	}
	if c.mcf.IsZero() || c.image.IsZero() || c.imageEnd.IsZero() {
		t.Fatalf("%s tells of no page", file)
	}
	return c
}

// String is the chapter of the page.
func (m *betweenTimes) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, papers.BetweenCalls+`
Made by `+"`make times-between`"+` in real time: %d lines send short pages with ECM at 14400 to as many others, all of one `+"`faxgetty`"+`, through our own exchange, first
one job after the other, then six submitted at once for each line. Seconds; each job was done at its first dial. Aimed at were 0.3 s from sendfax to the dialing and
0.5 s from a call to the next; the time to the first carrier has in it what IAX2 takes to set a call up and to answer it.

| | times | median | longest |
|---|---|---|---|
`, betweenLines)
	for _, r := range []struct {
		name  string
		times []float64
	}{
		{"from the start of `sendfax` to the dialing, the line being free", m.dial},
		{"from the end of a call to the next dialing of its line", m.gap},
		{"from the dialing to the first image carrier", m.first},
		{"from the end of the image carrier to MCF", m.confirm},
		{"from MCF to the end", m.end},
	} {
		slices.Sort(r.times)
		n := len(r.times)
		fmt.Fprintf(&b, "| %s | %d | %.2f | %.2f |\n", r.name, n, r.times[n/2], r.times[n-1])
	}
	return b.String()
}

// writeChapter puts the chapter at the end of a page, in place of an older one.
func writeChapter(t *testing.T, page, text string) {
	t.Helper()
	old, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	before, _, _ := strings.Cut(string(old), papers.BetweenCalls)
	if err := os.WriteFile(page, []byte(strings.TrimRight(before, "\n")+"\n\n"+text), 0o644); err != nil {
		t.Fatal(err)
	}
}
