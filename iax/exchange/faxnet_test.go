package exchange

import (
	"bytes"
	"math/rand/v2"
	"net/netip"
	"testing"
	"testing/synctest"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// folder is a document and a tray in memory.
type folder struct {
	pages []*t4.Bitmap
	got   []*t4.Bitmap
}

func (f *folder) Page(n int) (t30.PageInfo, bool) {
	return t30.PageInfo{Resolution: t30.Fine, Width: t30.Width215, Length: t30.Unlimited}, n < len(f.pages)
}

func (f *folder) Bitmap(n int) (*t4.Bitmap, error) { return f.pages[n], nil }

func (f *folder) Store(p modemdrv.ReceivedPage) error {
	f.got = append(f.got, p.Bitmap)
	return nil
}

func dotted(height int, seed uint64) *t4.Bitmap {
	b := t4.NewBitmap(1728, height)
	rnd := rand.New(rand.NewPCG(seed, seed))
	for range height * 3 {
		x, y := rnd.IntN(1700), rnd.IntN(height)
		for i := range 4 + rnd.IntN(20) {
			b.SetBlack(x+i, y)
		}
	}
	return b
}

// TestFaxOverBadNetworks sends faxes at 14400 with error correction from line to
// line through the exchange, while the network between the sender and the exchange
// is bad both ways. All pages must arrive in the one call.
func TestFaxOverBadNetworks(t *testing.T) {
	for _, tc := range []struct {
		name                 string
		loss, dup, reorder   float64
		jitter               time.Duration
		stall                time.Duration // all packets of one direction wait, now and then
		noRepeats, fullSpeed bool
		pages                int // 3 where 0
	}{
		{name: "clean", noRepeats: true, fullSpeed: true},
		{name: "loss 1 % and jitter 40 ms", loss: 0.01, jitter: 40 * time.Millisecond},
		{name: "loss 1 %", loss: 0.01},
		{name: "jitter 40 ms", jitter: 40 * time.Millisecond, noRepeats: true, fullSpeed: true},
		{name: "reordering 1 %", reorder: 0.01, noRepeats: true, fullSpeed: true},
		{name: "duplication 1 %", dup: 0.01, noRepeats: true, fullSpeed: true},
		{name: "ten pages, loss 1 % and jitter 40 ms", loss: 0.01, jitter: 40 * time.Millisecond, pages: 10},
		{name: "ten pages, reordering 1 % and duplication 1 %", reorder: 0.01, dup: 0.01, noRepeats: true, fullSpeed: true, pages: 10},
		{name: "ten pages, loss 3 %", loss: 0.03, pages: 10},
		{name: "stalls of 300 ms", stall: 300 * time.Millisecond, noRepeats: true, fullSpeed: true},
		{name: "stalls of 450 ms and loss 0.5 %", stall: 450 * time.Millisecond, loss: 0.005, fullSpeed: true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := newWorld(t)
				f := &folder{}
				for i := range max(3, tc.pages) {
					f.pages = append(f.pages, dotted(500, uint64(i)))
				}
				sender, receiver := faxPair(t, f)
				in := make(chan *iax.Call, 1)
				a := w.line("10.0.0.2:4569", "line0", "frog0", nil)
				b := w.line("10.0.0.3:4569", "line1", "frog1", func(c *iax.Call) { c.Answer(receiver); in <- c })
				defer w.close(a, b)
				begin := time.Now()
				w.net.SetFate(func(rnd *rand.Rand, _ []byte, from, to netip.AddrPort) []time.Duration {
					d := 10 * time.Millisecond
					if other := netip.MustParseAddr("10.0.0.3"); from.Addr() == other || to.Addr() == other {
						return []time.Duration{d}
					}
					d += time.Duration(rnd.Float64() * float64(tc.jitter))
					if phase := time.Since(begin) % (5 * time.Second); phase < tc.stall {
						d += tc.stall - phase
					}
					if rnd.Float64() < tc.reorder {
						d += 25 * time.Millisecond
					}
					if rnd.Float64() < tc.loss {
						return nil
					}
					if rnd.Float64() < tc.dup {
						return []time.Duration{d, d + time.Millisecond}
					}
					return []time.Duration{d}
				})
				c := dial(t, a, "line0", "frog0", "1001")
				c.Attach(sender)
				other := <-in
				<-c.Done()
				<-other.Done()
				sender.LineDown()
				receiver.LineDown()
				t.Logf("sender: %v", sender.Result())
				t.Logf("%v", c.Stats())
				t.Logf("%v", other.Stats())
				r := sender.Result()
				if r.Outcome != t30.Done || r.Sent != len(f.pages) || len(f.got) != len(f.pages) {
					t.Fatalf("%d of %d pages arrived: %v", len(f.got), len(f.pages), r)
				}
				for i := range f.got {
					if !bytes.Equal(f.got[i].Pix, f.pages[i].Pix) {
						t.Errorf("page %d differs", i+1)
					}
				}
				if tc.fullSpeed && r.Parameters.Rate.BitRate != 14400 {
					t.Errorf("the rate fell to %v", r.Parameters.Rate)
				}
				if s := other.Stats(); tc.noRepeats && s.Lost+s.Late+c.Stats().Lost+c.Stats().Late != 0 {
					t.Errorf("something was lost where nothing was: %v; %v", s, c.Stats())
				}
			})
		})
	}
}

func faxPair(t *testing.T, f *folder) (sender, receiver *modemdrv.Session) {
	t.Helper()
	return faxPairObserved(t, f, nil)
}

// faxPairObserved is faxPair with somebody who is told what the sender does.
func faxPairObserved(t *testing.T, f *folder, o modemdrv.Observer) (sender, receiver *modemdrv.Session) {
	t.Helper()
	var out, in modemdrv.Config
	out.Observer = o
	out.ID, in.ID = "1000", "1001"
	in.Capabilities.MaxLength = t30.Unlimited
	out.Document, in.Pages = modemdrv.NewDocument(f), modemdrv.NewPages(f)
	sender, err := modemdrv.NewCaller(out)
	if err != nil {
		t.Fatal(err)
	}
	receiver, err = modemdrv.NewAnswerer(in)
	if err != nil {
		t.Fatal(err)
	}
	return sender, receiver
}
