package modemdrv

import (
	"fmt"
	"hash/fnv"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// TestReplay: the same samples give the same session, bit for bit, in whatever
// pieces they come.
func TestReplay(t *testing.T) {
	var recorded [][]int16
	first := record(t, linesim.Packet, func(in []int16) { recorded = append(recorded, append([]int16(nil), in...)) })
	second := newTrial(1, 200)
	tray := &inTray{}
	second.answerer.Pages = NewPages(tray)
	sum := fnv.New64()
	second.answerer.Observer = ObserverFunc(func(at t30.Samples, n t30.News) { fmt.Fprintln(sum, at, n) })
	b, err := NewAnswerer(second.answerer)
	if err != nil {
		t.Fatal(err)
	}
	out := make([]int16, linesim.Packet)
	for _, in := range recorded {
		b.Transmit(out)
		fmt.Fprintln(sum, out)
		b.Receive(in)
	}
	if got := sum.Sum64(); got != first {
		t.Errorf("replayed: %x, want %x", got, first)
	}
}

// record makes a call over a noisy line and gives a sum of all that the answerer
// did.
func record(t *testing.T, frame int, keep func([]int16)) uint64 {
	t.Helper()
	tr := newTrial(1, 200)
	tr.caller.Document = NewDocument(bitmaps{tr.info, tr.pages})
	tr.answerer.Pages = NewPages(&inTray{})
	sum := fnv.New64()
	tr.answerer.Observer = ObserverFunc(func(at t30.Samples, n t30.News) { fmt.Fprintln(sum, at, n) })
	a, _ := NewCaller(tr.caller)
	b, _ := NewAnswerer(tr.answerer)
	tr.to.SNR = 30
	channel := linesim.New(tr.to)
	fromA, fromB := make([]int16, frame), make([]int16, frame)
	for given := 0; !a.Done() && !b.Done(); given = len(channel.Output()) {
		a.Transmit(fromA)
		b.Transmit(fromB)
		fmt.Fprintln(sum, fromB)
		channel.Write(fromA)
		in := channel.Output()[given:]
		keep(in)
		b.Receive(in)
		a.Receive(fromB)
	}
	return sum.Sum64()
}

// TestPolling: the caller polls a document, over the modems.
func TestPolling(t *testing.T) {
	tr := newTrial(2, 200)
	tray := &inTray{}
	tr.caller.Poll, tr.caller.Pages = true, NewPages(tray)
	tr.caller.PolledAddress, tr.caller.PollPassword = "77", "geheim"
	tr.answerer.Document = NewDocument(bitmaps{tr.info, tr.pages})
	tr.caller.Observer, tr.answerer.Observer = trace(t, "A"), trace(t, "B")
	a, err := NewCaller(tr.caller)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewAnswerer(tr.answerer)
	if err != nil {
		t.Fatal(err)
	}
	couple(a, b, &lineEnd{channel: linesim.New(tr.to), to: b}, &lineEnd{channel: linesim.New(tr.from), to: a}, tr.limit)
	check(t, tr, b.Result(), a.Result(), tray)
	if r := b.Result().Remote; r.PolledAddress != "77" || r.Password != "geheim" {
		t.Errorf("the polled station was told %+v", r)
	}
}

// TestReduce: a fine A3 page for a station that has neither.
func TestReduce(t *testing.T) {
	page := t4.NewBitmap(2432, 400)
	for y := range 400 {
		page.SetBlack(1216, y)
	}
	info := t30.PageInfo{Resolution: t30.Fine, Width: t30.Width303}
	got := FitPage(page, info, t30.Parameters{Resolution: t30.Standard, Width: t30.Width215})
	if got.Width != 1728 || got.Height != 200 || !got.Black(864, 100) || got.Black(860, 100) {
		t.Errorf("FitPage gives %d x %d", got.Width, got.Height)
	}
	info = t30.PageInfo{Resolution: t30.R400, Width: t30.Width215, Inch: true}
	wide := t4.NewBitmap(3456, 4400)
	wide.SetBlack(3455, 4399)
	got = FitPage(wide, info, t30.Parameters{Resolution: t30.Fine, Width: t30.Width215, Inch: true})
	if got.Width != 1728 || got.Height != 2200 || !got.Black(1727, 2199) {
		t.Errorf("FitPage gives %d x %d", got.Width, got.Height)
	}
}

// TestNobody: a call to a silent line ends after T1, one that only ever rings after T0.
func TestNobody(t *testing.T) {
	for _, row := range []struct {
		line    string
		ringing bool
		status  string
		seconds int // how long the call is
	}{
		{"silent", false, "No receiver protocol (T.30 T1 timeout)", 40}, // T1
		{"ringing", true, "No answer from remote", 65},                  // T0
	} {
		t.Run(row.line, func(t *testing.T) {
			tr := newTrial(1, 50)
			tr.caller.Document = NewDocument(bitmaps{tr.info, tr.pages})
			a, err := NewCaller(tr.caller)
			if err != nil {
				t.Fatal(err)
			}
			ring := progress(1, 4)
			in, out := make([]int16, 160), make([]int16, 160)
			n := 0
			for ; !a.Done() && n < 2*row.seconds*50; n++ {
				clear(in)
				if row.ringing {
					ring.Read(in)
				}
				a.Transmit(out)
				a.Receive(in)
			}
			if r := a.Result(); r.Outcome != t30.NoFax || r.Status.Text != row.status || n/50 != row.seconds {
				t.Errorf("%d s, %v", n/50, r)
			}
		})
	}
}

// TestAbort: a call that is aborted within an image ends within seconds, and the
// receiver keeps what came.
func TestAbort(t *testing.T) {
	tr := newTrial(1, 2000)
	tr.caller.NoECM, tr.caller.MaxRate = true, 2400
	tr.caller.Document = NewDocument(bitmaps{tr.info, tr.pages})
	tray := &inTray{}
	tr.answerer.Pages = NewPages(tray)
	tr.caller.Observer, tr.answerer.Observer = trace(t, "A"), trace(t, "B")
	a, err := NewCaller(tr.caller)
	if err != nil {
		t.Fatal(err)
	}
	b, err := NewAnswerer(tr.answerer)
	if err != nil {
		t.Fatal(err)
	}
	ab, ba := &lineEnd{channel: linesim.New(tr.to), to: b}, &lineEnd{channel: linesim.New(tr.from), to: a}
	fromA, fromB := make([]int16, 160), make([]int16, 160)
	const aborted = 20 * 50
	n := 0
	for ; !a.Done(); n++ {
		if n == aborted {
			a.Abort()
		}
		a.Transmit(fromA)
		b.Transmit(fromB)
		ab.pass(fromA)
		ba.pass(fromB)
	}
	b.LineDown()
	if r := a.Result(); r.Outcome != t30.Aborted || n > aborted+3*50 {
		t.Errorf("%v after %d frames", r, n-aborted)
	}
	if r := b.Result(); r.Outcome != t30.Failed || r.Bad != 1 || r.Status.Code != 108 {
		t.Errorf("receiver: %v (%s), %d bad", r, r.Reason, r.Bad)
	}
}

// TestCallLength holds what a call costs beside its bits.
func TestCallLength(t *testing.T) {
	tr := newTrial(1, 100)
	sent, received, tray, length := tr.run(t)
	check(t, tr, sent, received, tray)
	bits := 0.0
	for i := range tr.pages {
		code, err := t4.Encode(tr.pages[i], t4.MMR, t4.EncoderOptions{})
		if err != nil {
			t.Fatal(err)
		}
		bits += float64(len(code)) * 8
	}
	over := length.Duration() - time.Duration(bits/14400*float64(time.Second))
	if over > 18*time.Second {
		t.Errorf("a call of one page takes %v beside its bits", over)
	}
	t.Logf("a call of one page takes %v beside its bits", over)
}

// BenchmarkCall is a call of three pages at 14400 bit/s with ECM: both stations
// and the channel. It reports how much faster than real time that is.
func BenchmarkCall(b *testing.B) {
	var length t30.Samples
	for b.Loop() {
		tr := newTrial(3, 1100)
		tr.to.ULaw, tr.from.ULaw, tr.to.SNR, tr.from.SNR = true, true, 35, 35
		sent, _, _, l := tr.run(b)
		if sent.Outcome != t30.Done {
			b.Fatal(sent)
		}
		length += l
	}
	b.ReportMetric(length.Duration().Seconds()/b.Elapsed().Seconds(), "x-real-time")
}
