package exchange

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/interop/udpimpair"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

var (
	lossTable = flag.String("losstable", "", "measure faxes over bad networks and write the table to this file")
	lossCalls = flag.Int("losscalls", 10, "calls of each row of the table")
	lossPages = flag.Int("losspages", 10, "pages of each call")
)

// lossRow is a line of the table; theirs is what iaxmodem and HylaFAX did with
// the same impairment: calls in which all pages arrived, calls, mean seconds.
type lossRow struct {
	name   string
	p      udpimpair.Params
	theirs string
}

const msec = time.Millisecond

var lossRows = []lossRow{
	{"none", udpimpair.Params{}, "4 / 4, 110"},
	{"loss 0.1 %", udpimpair.Params{Loss: 0.1}, "6 / 6, 137"},
	{"loss 0.3 %", udpimpair.Params{Loss: 0.3}, "6 / 6, 165"},
	{"loss 0.5 %", udpimpair.Params{Loss: 0.5}, "6 / 8, 217"},
	{"loss 1 %", udpimpair.Params{Loss: 1}, "0 / 8"},
	{"loss 2 %", udpimpair.Params{Loss: 2}, "0 / 8"},
	{"loss 3 %", udpimpair.Params{Loss: 3}, "0 / 8"},
	{"loss 1 % and jitter 0 to 40 ms", udpimpair.Params{Loss: 1, Jitter: 40 * msec}, "-"},
	{"bursts of 3, 0.5 %", udpimpair.Params{BurstLoss: 0.5, BurstLen: 3}, "6 / 6, 139"},
	{"bursts of 5, 1 %", udpimpair.Params{BurstLoss: 1, BurstLen: 5}, "4 / 6, 171"},
	{"jitter 0 to 10 ms", udpimpair.Params{Jitter: 10 * msec}, "5 / 5, 115"},
	{"jitter 0 to 20 ms", udpimpair.Params{Jitter: 20 * msec}, "5 / 5, 122"},
	{"jitter 0 to 40 ms (reorders)", udpimpair.Params{Jitter: 40 * msec}, "0 / 5"},
	{"jitter 0 to 40 ms, order kept", udpimpair.Params{Jitter: 40 * msec, KeepOrder: true}, "3 / 5, 193"},
	{"reordering 1 %", udpimpair.Params{Reorder: 1}, "2 / 6, 214"},
	{"duplication 1 %", udpimpair.Params{Dup: 1}, "1 / 2, 170"},
	{"reordering 1 % and duplication 1 %", udpimpair.Params{Reorder: 1, Dup: 1}, "-"},
	{"delay 100 ms each way", udpimpair.Params{Delay: 100 * msec}, "3 / 3, 117"},
	{"delay 300 ms each way", udpimpair.Params{Delay: 300 * msec}, "3 / 3, 120"},
}

// lossCall is what became of one call.
type lossCall struct {
	pages  int
	whole  bool
	took   time.Duration
	rate   int
	again  int // PPR that came
	lost   uint64
	reason string
}

// TestLossTable makes the table of docs/loss-table.md, in the time that the
// processor needs.
func TestLossTable(t *testing.T) {
	if *lossTable == "" {
		t.Skip("give -losstable FILE")
	}
	results := make([][]lossCall, len(lossRows))
	var mu sync.Mutex
	t.Run("calls", func(t *testing.T) {
		for i, row := range lossRows {
			for seed := range *lossCalls {
				t.Run(fmt.Sprintf("%s/%d", row.name, seed), func(t *testing.T) {
					t.Parallel()
					synctest.Test(t, func(t *testing.T) {
						c := callOver(t, row.p, uint64(100*i+seed)) //nolint:gosec // small
						mu.Lock()
						defer mu.Unlock()
						results[i] = append(results[i], c)
					})
				})
			}
		}
	})
	var b strings.Builder
	fmt.Fprintf(&b, lossHead, *lossPages)
	for i, row := range lossRows {
		b.WriteString(row.line(results[i]))
	}
	if old, err := os.ReadFile(*lossTable); err == nil { // what another test made stays
		if at := bytes.Index(old, []byte(realSockets)); at >= 0 {
			fmt.Fprintf(&b, "\n%s", old[at:])
		}
	}
	if err := os.WriteFile(*lossTable, []byte(b.String()), 0o600); err != nil {
		t.Fatal(err)
	}
}

// realSockets begins the page's chapter of `make loss-relay`.
const realSockets = "## Over real sockets\n"

const lossHead = `# Faxes over bad networks

Made by ` + "`make loss-table`" + `: %d pages of small marks, V.17 14400 with ECM, line to line through the embedded exchange, one call,
in virtual time. The network between the sender and the exchange is bad in both directions, for signalling and sound
alike, with the draws of ` + "`interop/udpimpair`" + `. *ok*: all pages arrived in that call, bit for bit. *time*: mean (longest) of
those calls, seconds. *rate*: lowest at the end of a call. *PPR*: how often the receiver asked for parts of a block
again, all calls. *lost*: packets that the two ends missed, all calls. The last column is iaxmodem 1.2 and HylaFAX
6.0.7 through Asterisk 22 behind the same relay, in real time with 7 pages of text: ok / calls, mean time.

| network | ok / calls | pages | time | rate | PPR | lost | iaxmodem, HylaFAX |
|---|---|---|---|---|---|---|---|
`

func (r *lossRow) line(calls []lossCall) string {
	ok, pages, again, lost, rate := 0, 0, 0, uint64(0), 0
	var sum, most time.Duration
	var reasons []string
	for _, c := range calls {
		pages += c.pages
		again += c.again
		lost += c.lost
		if rate == 0 || c.rate < rate {
			rate = c.rate
		}
		if !c.whole {
			reasons = append(reasons, c.reason)
			continue
		}
		ok++
		sum += c.took
		most = max(most, c.took)
	}
	took := "-"
	if ok > 0 {
		took = fmt.Sprintf("%.0f (%.0f)", sum.Seconds()/float64(ok), most.Seconds())
	}
	name := r.name
	slices.Sort(reasons)
	if reasons = slices.Compact(reasons); len(reasons) > 0 {
		name += " (failed: " + strings.Join(reasons, "; ") + ")"
	}
	return fmt.Sprintf("| %s | %d / %d | %d / %d | %s | %d | %d | %d | %s |\n", name, ok, len(calls), pages, len(calls)**lossPages, took, rate, again, lost, r.theirs)
}

// fateOf makes the fates of one direction.
func fateOf(p udpimpair.Params, seed, stream uint64) func() []time.Duration {
	c := udpimpair.NewChooser(p, seed, stream)
	var last time.Time
	return func() []time.Duration {
		f := c.Next()
		d := f.Delay + msec
		if at := time.Now().Add(d); p.KeepOrder {
			if at.Before(last) {
				at = last
			}
			last = at
			d = time.Until(at)
		}
		switch {
		case f.Drop:
			return nil
		case f.Hold: // until the next one has passed
			return []time.Duration{d + 25*msec}
		case f.Dup:
			return []time.Duration{d, d}
		}
		return []time.Duration{d}
	}
}

// callOver makes one call.
func callOver(t *testing.T, p udpimpair.Params, seed uint64) lossCall {
	w := newWorld(t)
	f := &folder{}
	for i := range *lossPages {
		f.pages = append(f.pages, dotted(2200, seed<<8|uint64(i))) //nolint:gosec // small
	}
	var out, in modemdrv.Config
	result := lossCall{}
	out.ID, in.ID = "1000", "1001"
	in.Capabilities.MaxLength = t30.Unlimited
	out.Document, in.Pages = modemdrv.NewDocument(f), modemdrv.NewPages(f)
	out.Observer = modemdrv.ObserverFunc(func(_ t30.Samples, n t30.News) {
		if got, ok := n.(t30.FrameReceivedNews); ok && got.Good && strings.HasPrefix(fmt.Sprint(got.Frame), "PPR") {
			result.again++
		}
	})
	sender, err := modemdrv.NewCaller(out)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err := modemdrv.NewAnswerer(in)
	if err != nil {
		t.Fatal(err)
	}
	taken := make(chan *iax.Call, 1)
	a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
	b := w.line("10.0.0.3:4569", "line1", "frog1", func(c *iax.Call) { c.Answer(receiver); taken <- c })
	defer w.close(a, b)
	begin := time.Now()
	sends, hears := fateOf(p, seed, 1), fateOf(p, seed, 2)
	w.net.SetFate(func(_ *rand.Rand, _ []byte, from, to netip.AddrPort) []time.Duration {
		line := netip.MustParseAddr("10.0.0.2")
		switch {
		case from.Addr() == line:
			return sends()
		case to.Addr() == line:
			return hears()
		}
		return []time.Duration{0}
	})
	c, err := a.Dial(t.Context(), iax.DialParams{Account: iax.Account{Username: "line0", Secret: "frog0"}, Server: "10.0.0.1", Number: "1001", Timeout: 60 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	c.Attach(sender)
	<-c.Done()
	select {
	case other := <-taken:
		<-other.Done()
		s := other.Stats()
		result.lost += s.Lost
	default:
		result.reason = "not answered"
	}
	w.net.SetFate(nil)
	sender.LineDown()
	receiver.LineDown()
	r := sender.Result()
	result.lost += c.Stats().Lost
	result.took, result.rate, result.pages = time.Since(begin), r.Parameters.Rate.BitRate, len(f.got)
	result.whole = r.Outcome == t30.Done && len(f.got) == len(f.pages)
	if result.reason == "" {
		result.reason = fmt.Sprint(r.Reason)
	}
	for i := range f.got {
		result.whole = result.whole && bytes.Equal(f.got[i].Pix, f.pages[i].Pix)
	}
	t.Logf("seed %d: %v; %v", seed, r, c.Stats())
	return result
}
