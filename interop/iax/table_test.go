//go:build interop

package iax_test

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"
)

// envTable names the page that the run writes: each option of Asterisk, the
// line's configuration for it, the direction, and what became of the fax.
const envTable = "LITORIA_TABLE"

// result is a row of the page.
type result struct {
	option, line, direction string
	text                    string
}

// results are the rows in the order in which they were begun.
var results struct {
	mu   sync.Mutex
	rows []*result
}

// record begins a row; it stays "failed" unless passed is called.
func record(o option, direction string) *result {
	line := strings.NewReplacer("\n", "; ", "{p}-s", "...", "{port}", "...", "127.0.0.1:{deaf}", "A", "127.0.0.1:{asterisk}", "B").Replace(o.line)
	return recordAs(o.name(), line, direction)
}

func recordAs(option, line, direction string) *result {
	r := &result{option: option, line: line, direction: direction, text: "**failed**"}
	results.mu.Lock()
	defer results.mu.Unlock()
	results.rows = append(results.rows, r)
	return r
}

// passed says that the page came through bit by bit, unless the test has failed.
func (r *result) passed(t *testing.T, carriage, rate, dials string, took time.Duration) {
	t.Helper()
	if t.Failed() {
		return
	}
	r.say("same page; %s bit/s; %s; %s", rate, carriage, tookWords(dials, took))
}

func tookWords(dials string, took time.Duration) string {
	if dials == "1" {
		return fmt.Sprintf("%.0f s", took.Seconds())
	}
	return fmt.Sprintf("%.0f s in %s calls", took.Seconds(), dials)
}

func (r *result) say(format string, args ...any) {
	results.mu.Lock()
	defer results.mu.Unlock()
	r.text = fmt.Sprintf(format, args...)
}

const tableHead = `# Faxes over Asterisk's options

Made by ` + "`make iax-table`" + `: Asterisk 22 on one side, a line of ours on the other; a short page over each option, in both
directions, by ` + "`sendfax`" + ` to ` + "`ReceiveFAX`" + ` and by ` + "`SendFAX`" + ` to a line, or from line to line through Asterisk. *Same page*: bit by bit,
after libtiff has decoded it. All peers have ` + "`type=friend`, `host=dynamic`, `qualify=yes`" + `, and lines one UDP socket, unless the row says
otherwise. Times are from ` + "`sendfax`" + ` to the job in ` + "`doneq`" + `, many calls at once.

| Asterisk | line | direction | result |
|---|---|---|---|
`

// TestMain lets all calls of a test run at once, whatever the number of
// processors, and writes the page.
func TestMain(m *testing.M) {
	flag.Parse()
	if *relayFile != "" {
		if err := beRelays(*relayFile); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if err := flag.Set("test.parallel", "64"); err != nil {
		panic(err)
	}
	code := m.Run()
	if page := os.Getenv(envTable); page != "" {
		if err := os.WriteFile(page, []byte(tablePage()), 0o644); err != nil {
			fmt.Fprintln(os.Stderr, err)
			code = 1
		}
	}
	os.Exit(code)
}

func tablePage() string {
	var b strings.Builder
	b.WriteString(tableHead)
	done := map[*result]bool{}
	for _, r := range results.rows { // the directions of an option one below the other
		for _, other := range results.rows {
			if !done[other] && other.option == r.option {
				done[other] = true
				fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", other.option, code(other.line), other.direction, other.text)
			}
		}
	}
	return b.String()
}

func code(s string) string {
	if s == "" {
		return ""
	}
	return "`" + s + "`"
}
