//go:build interop

package iax_test

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/interop/lab"
	"github.com/litoria-fax/litoria/interop/udpimpair"
)

// relayed is a call between two lines of ours over real sockets, with a relay
// that spoils packets between the sender and the exchange.
type relayed struct {
	name     string
	p        udpimpair.Params
	seed     uint64
	at       int // its place among the relays
	from, to lab.Line
}

// relayLab is an exchange of ours and a server of ours with two lines for each
// call.
type relayLab struct {
	l      *lab.Litoria
	spool  string
	relays *relays
	begins sync.Mutex // who holds it begins a call
}

// newRelayLab starts everything. All calls have a relay each, so that the fates of
// a call's packets depend on its seed alone.
func newRelayLab(t *testing.T, calls []*relayed) *relayLab {
	t.Helper()
	f := &relayLab{}
	var lines []lab.Line
	for i, c := range calls {
		c.from = lab.Line{Device: fmt.Sprintf("ttyOUT%d", i), Peer: fmt.Sprintf("out%d", i), Secret: "pond", Number: fmt.Sprint(3000 + i)}
		c.to = lab.Line{Device: fmt.Sprintf("ttyIN%d", i), Peer: fmt.Sprintf("in%d", i), Secret: "pond", Number: fmt.Sprint(4000 + i)}
		lines = append(lines, c.from, c.to)
	}
	exchange := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), uint16(lab.StartExchange(t, lines...)))
	f.relays = startRelays(t, exchange, calls)
	for i, c := range calls {
		c.at = i
		c.from.Config = soon + fmt.Sprintf("IAXServer: %v\n", f.relays.state(t).Addrs[i])
		lines[2*i] = c.from
	}
	f.spool = lab.NewLitoriaSpool(t, int(exchange.Port()), lines...)
	f.l = lab.StartLitoria(t, f.spool, lines...)
	return f
}

// relayResult is what became of a call.
type relayResult struct {
	pages, dials, rate int
	whole              bool
	took               time.Duration
	again              int // PPR that came
	lost               int // packets that the two ends missed
	late               int // packets that came when their place was concealed
	status             string
}

// send makes a call and looks at what arrived.
func (f *relayLab) send(t *testing.T, c *relayed, doc string, limit time.Duration, options ...string) (r relayResult) {
	t.Helper()
	f.begins.Lock() // documents are prepared one after the other, beside the calls
	id := f.l.Submit(t, c.from.Device, c.to.Number, doc, append([]string{"-m"}, options...)...)
	lab.Wait(t, limit, "the call to begin", func() bool { return lab.Job(f.spool, id)["commid"] != "" })
	f.begins.Unlock()
	job := lab.WaitDone(t, f.spool, id, limit)
	r.status = job["status"]
	r.pages, r.dials, r.rate = number(job["npages"]), number(job["totdials"]), number(job["signalrate"])
	sender, took := r.network(t, filepath.Join(f.spool, "log", "c"+job["commid"]))
	r.again, r.took = strings.Count(sender, "SEND recv PPR"), took
	var got []reception
	lab.Wait(t, 20*time.Second, "a RECV record of "+c.to.Device, func() bool { got = receivedOn(f.spool, c.to.Device); return len(got) > 0 || job["state"] != "7" })
	if len(got) == 0 {
		return r
	}
	last := got[len(got)-1]
	r.network(t, filepath.Join(f.spool, "log", "c"+last.commid))
	err := lab.ComparePages(doc, filepath.Join(f.spool, last.file))
	r.whole = job["state"] == "7" && err == nil
	if job["state"] == "7" && err != nil {
		t.Error(err)
	}
	net := f.relays.state(t)
	t.Logf("%s, seed %d: %+v; there: %v; back: %v", c.name, c.seed, r, net.Up[c.at], net.Down[c.at])
	return r
}

var networkLine = regexp.MustCompile(`IAX2 ([\d.a-z]+): sent \d+, received \d+, lost (\d+), late (\d+), `)

// network adds what the network did to one end, by the end of its session log, and
// gives the log and the length of the call.
func (r *relayResult) network(t *testing.T, file string) (log string, took time.Duration) {
	t.Helper()
	var m []string
	lab.Wait(t, 20*time.Second, "the line about the network in "+file, func() bool {
		log = readFile(t, file)
		m = networkLine.FindStringSubmatch(log)
		return m != nil
	})
	r.lost += number(m[2])
	r.late += number(m[3])
	took, err := time.ParseDuration(m[1])
	if err != nil {
		t.Error(err)
	}
	return log, took
}

// number is the number that a field of a job file begins with.
func number(s string) int {
	first, _, _ := strings.Cut(strings.TrimSpace(s), " ")
	n, _ := strconv.Atoi(first)
	return n
}

// markedPages draws pages of small marks, each other ones, as ghostscript and
// libtiff write them.
func markedPages(t *testing.T, pages, rows int) string {
	t.Helper()
	dir := lab.TempDir(t)
	ps, tif := filepath.Join(dir, "marks.ps"), filepath.Join(dir, "marks.tif")
	text := fmt.Sprintf("%%!PS-Adobe-3.0\n1 1 %d {\n  srand initmatrix [1 0 0 1 0 0] setmatrix\n"+
		"  %d { rand 1700 mod rand %d mod rand 20 mod 4 add 1 rectfill } repeat showpage\n} for\n", pages, 3*rows, rows)
	if err := os.WriteFile(ps, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	lab.Run(t, "gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-r204x196", fmt.Sprintf("-g1728x%d", rows), "-sOutputFile="+tif, ps)
	return tif
}

// TestRelay sends two pages over real sockets while each hundredth packet is lost
// and the others are up to 40 ms late. Every page must be the same bit by bit; the
// bounds of single calls are those of `make loss-relay`, where nothing else runs.
func TestRelay(t *testing.T) {
	t.Parallel()
	c := &relayed{name: "loss 1 % and jitter 0 to 40 ms", p: udpimpair.Params{Loss: 1, Jitter: 40 * time.Millisecond}, seed: 1}
	f := newRelayLab(t, []*relayed{c})
	r := f.send(t, c, markedPages(t, 2, 600), faxLimit, "-T", "3", "-t", "3")
	if !r.whole || r.pages != 2 {
		t.Errorf("%d of 2 pages after %d calls: %q", r.pages, r.dials, r.status)
	}
	if net := f.relays.state(t); net.Up[0].Lost == 0 || net.Down[0].Lost == 0 || net.Up[0].DelayMax < 30*time.Millisecond {
		t.Errorf("the relay did little harm: %v; %v", net.Up[0], net.Down[0])
	}
}
