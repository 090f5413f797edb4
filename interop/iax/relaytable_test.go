//go:build interop && relay

package iax_test

import (
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/udpimpair"
)

// envRelay names the page whose last chapter is written.
const envRelay = "LITORIA_RELAY_TABLE"

const (
	relayPages = 10
	relayRows  = 1100 // of a page
	relayCalls = 3    // of each row of the table
	relayLimit = 9 * time.Minute
)

// relayRow is a row of the table. What must be true of it stands in demands;
// theirs is what iaxmodem and HylaFAX did behind the same relay: calls in which
// all pages arrived, calls, mean seconds.
type relayRow struct {
	name      string
	p         udpimpair.Params
	noRepeats bool // nothing is asked for again
	theirs    string
}

const msec = time.Millisecond

var relayTable = []relayRow{
	{"none", udpimpair.Params{}, true, "4 / 4, 110"},
	{"loss 0.5 %", udpimpair.Params{Loss: 0.5}, false, "6 / 8, 217"},
	{"loss 1 %", udpimpair.Params{Loss: 1}, false, "0 / 8"},
	{"loss 1 % and jitter 0 to 40 ms", udpimpair.Params{Loss: 1, Jitter: 40 * msec}, false, "-"},
	{"loss 3 %", udpimpair.Params{Loss: 3}, false, "0 / 8"},
	{"bursts of 5, 1 %", udpimpair.Params{BurstLoss: 1, BurstLen: 5}, false, "4 / 6, 171"},
	{"jitter 0 to 40 ms (reorders)", udpimpair.Params{Jitter: 40 * msec}, false, "0 / 5"},
	{"reordering 1 %", udpimpair.Params{Reorder: 1}, true, "2 / 6, 214"},
	{"duplication 1 %", udpimpair.Params{Dup: 1}, true, "1 / 2, 170"},
	{"reordering 1 % and duplication 1 %", udpimpair.Params{Reorder: 1, Dup: 1}, true, "-"},
}

// TestRelayTable sends ten pages in one call over each bad network, all calls at
// once in real time. Every page must arrive in the first call; where the network
// loses nothing, without anything being sent again.
func TestRelayTable(t *testing.T) {
	var calls []*relayed
	for i, row := range relayTable {
		for n := range relayCalls {
			calls = append(calls, &relayed{name: row.name, p: row.p, seed: uint64(100*i + n)})
		}
	}
	f := newRelayLab(t, calls)
	doc := markedPages(t, relayPages, relayRows)
	results := make([]relayResult, len(calls))
	var mu sync.Mutex
	t.Run("calls", func(t *testing.T) {
		for i, c := range calls {
			row := relayTable[i/relayCalls]
			t.Run(fmt.Sprintf("%s/%d", c.name, i%relayCalls), func(t *testing.T) {
				t.Parallel()
				r := f.send(t, c, doc, relayLimit, "-T", "1", "-t", "1")
				mu.Lock()
				results[i] = r
				mu.Unlock()
				if !r.whole || r.pages != relayPages || r.dials != 1 {
					t.Errorf("%d of %d pages in %d calls: %q", r.pages, relayPages, r.dials, r.status)
				}
				if row.noRepeats && (r.again != 0 || r.rate != 14400) {
					t.Errorf("%d requests for a repetition, %d packets missed, %d late, %d bit/s where nothing was lost", r.again, r.lost, r.late, r.rate)
				}
			})
		}
	})
	text := relayHead
	for i, row := range relayTable {
		text += row.line(results[relayCalls*i : relayCalls*(i+1)])
	}
	t.Log("\n" + text)
	if page := os.Getenv(envRelay); page != "" {
		b, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		before, _, _ := strings.Cut(string(b), relayTitle)
		if err := os.WriteFile(page, []byte(strings.TrimRight(before, "\n")+"\n\n"+text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

const relayTitle = "## Over real sockets\n"

var relayHead = relayTitle + fmt.Sprintf(`
Made by `+"`make loss-relay`"+` in real time: %d pages of %d rows of small marks, V.17 14400 with ECM, by `+"`sendfax`"+` from line to line of one `+"`faxgetty`"+` through
`+"`iaxexchange`"+`, UDP on loopback. The relay of `+"`interop/udpimpair`"+` stands between the sender and the exchange, bad both ways for signalling and sound alike,
each call with a seed of its own; all %d calls of the table at once, on two cores. The columns are those above.

| network | ok / calls | pages | time | rate | PPR | lost | iaxmodem, HylaFAX |
|---|---|---|---|---|---|---|---|
`, relayPages, relayRows, relayCalls*len(relayTable))

func (r *relayRow) line(calls []relayResult) string {
	ok, pages, again, lost, rate := 0, 0, 0, 0, 0
	var sum, most time.Duration
	for _, c := range calls {
		pages += c.pages
		again += c.again
		lost += c.lost
		if rate == 0 || c.rate < rate {
			rate = c.rate
		}
		if c.whole && c.dials == 1 {
			ok++
			sum += c.took
			most = max(most, c.took)
		}
	}
	took := "-"
	if ok > 0 {
		took = fmt.Sprintf("%.0f (%.0f)", sum.Seconds()/float64(ok), most.Seconds())
	}
	return fmt.Sprintf("| %s | %d / %d | %d / %d | %s | %d | %d | %d | %s |\n", r.name, ok, len(calls), pages, len(calls)*relayPages, took, rate, again, lost, r.theirs)
}
