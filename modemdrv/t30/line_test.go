package t30

import (
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// pureLine joins two machines without any modem: what one sends takes its time
// and reaches the other if that listens. Losses are drawn at random.
type pureLine struct {
	t      *testing.T
	random *rand.Rand
	frame  float64 // share of V.21 frames that are damaged
	silent float64 // share of V.21 transmissions that are not noticed at all
	ecm    float64 // share of ECM frames that are lost
	check  float64 // share of training checks that fail, times the rate's share of 14400
	carry  float64 // share of fast bursts whose training fails
	now    Samples
	ends   [2]*pureEnd
	down   bool
}

// pureEnd is one station.
type pureEnd struct {
	m       *Machine
	sending Action // nil: listens
	done    Samples
	starts  Samples // when its fast burst begins; 0: it did
	listen  Content
	trained bool // a fast burst is on its way to it
}

// durations, in samples, that are near enough.
const (
	pureFrames = Second + Second/2
	pureCheck  = 3 * Second
	pureFrame  = Second / 6
)

func (l *pureLine) act(e *pureEnd, actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case Listen:
			if e.sending != nil {
				l.t.Fatalf("%v while sending %v", a, e.sending)
			}
			e.listen = a.Content
		case HangUp:
			l.down = true
		case Report:
		case SendTone:
			if a.Tone == CED {
				l.begin(e, a, a.Length)
			}
		case SendFrames:
			l.begin(e, a, pureFrames)
		case SendTCF:
			l.begin(e, a, pureCheck)
		case SendImage:
			l.begin(e, a, 10*Second)
		case SendECM:
			l.begin(e, a, Second+pureFrame*Samples(len(a.Frames)))
		}
	}
}

func (l *pureLine) begin(e *pureEnd, a Action, d Samples) {
	if e.sending != nil {
		l.t.Fatalf("%v while sending %v", a, e.sending)
	}
	e.sending, e.done = a, l.now+d
	switch a.(type) {
	case SendTCF, SendImage, SendECM:
		e.starts = l.now + pause
	}
}

// content is what a fast burst needs its receiver to expect.
func content(a Action) Content {
	switch a.(type) {
	case SendTCF:
		return Check
	case SendImage:
		return Image
	case SendECM:
		return ECM
	}
	return Signals
}

// train begins a fast burst at its receiver.
func (l *pureLine) train(e *pureEnd) {
	l.give(e, CarrierEvent{true, modem.CarrierUp})
	if l.chance(l.carry) {
		l.give(e, CarrierEvent{true, modem.TrainingFailed})
		return
	}
	e.trained = true
	l.give(e, CarrierEvent{true, modem.Trained})
}

// run goes on until both are through; false if they never are.
func (l *pureLine) run() bool {
	for _, e := range l.ends {
		l.act(e, e.m.Start(0))
	}
	for steps := 0; steps < 100_000 && !l.down; steps++ {
		if !l.step() {
			return false
		}
	}
	for _, e := range l.ends {
		e.m.Handle(l.now, LineDownEvent{})
	}
	return l.down
}

// step goes to the next thing that happens.
func (l *pureLine) step() bool {
	next, who, timer := Samples(1<<60), 0, false
	for i, e := range l.ends {
		if e.sending != nil && e.starts > 0 && e.starts < next {
			next, who, timer = e.starts, i, false
		}
		if e.sending != nil && e.done < next {
			next, who, timer = e.done, i, false
		}
		if at, ok := e.m.NextDeadline(); ok && at < next {
			next, who, timer = at, i, true
		}
	}
	if next == 1<<60 {
		return false
	}
	l.now = max(l.now, next)
	e := l.ends[who]
	if timer {
		l.act(e, e.m.Advance(l.now))
		return true
	}
	a := e.sending
	if e.starts > 0 {
		e.starts = 0
		other := l.ends[1-who]
		other.trained = false
		if other.sending == nil && other.listen == content(a) {
			l.train(other)
		}
		return true
	}
	e.sending = nil
	l.deliver(l.ends[1-who], a)
	l.act(e, e.m.Handle(l.now, SentEvent{}))
	return true
}

func (l *pureLine) give(e *pureEnd, events ...Event) {
	for _, ev := range events {
		l.act(e, e.m.Handle(l.now, ev))
	}
}

func (l *pureLine) chance(p float64) bool { return l.random.Float64() < p }

// deliver brings what was sent to the other end.
func (l *pureLine) deliver(e *pureEnd, a Action) {
	if e.sending != nil {
		return // both sent: it is not heard
	}
	switch a := a.(type) {
	case SendFrames:
		if l.chance(l.silent) {
			return
		}
		l.give(e, CarrierEvent{Status: modem.CarrierUp})
		for _, f := range a.Frames {
			l.give(e, FrameEvent{Frame: slices.Clone(f), Good: !l.chance(l.frame)})
		}
		l.give(e, CarrierEvent{Status: modem.CarrierDown})
	case SendTCF:
		if e.listen == Check {
			l.burst(e, func() { l.give(e, DataEvent{l.checkData(a.Rate)}) })
		}
	case SendImage:
		code, _ := io.ReadAll(a.Code)
		if e.listen == Image {
			l.burst(e, func() { l.give(e, DataEvent{code}) })
		}
	case SendECM:
		if e.listen == ECM {
			l.burst(e, func() { l.frames(e, a.Frames) })
		}
	}
}

func (l *pureLine) burst(e *pureEnd, content func()) {
	if !e.trained {
		return
	}
	content()
	l.give(e, CarrierEvent{true, modem.CarrierDown})
}

func (l *pureLine) frames(e *pureEnd, frames []Frame) {
	for _, f := range frames {
		if !l.chance(l.ecm) {
			l.give(e, FrameEvent{slices.Clone(f), true, true})
		}
	}
}

func (l *pureLine) checkData(r modem.Rate) []byte {
	b := make([]byte, r.BitRate*3/2/8)
	if l.chance(l.check * float64(r.BitRate) / 14400) {
		for i := range b {
			b[i] = byte(i)
		}
	}
	return b
}

// lossyLines are lines of all kinds of loss, the first of none.
func lossyLines() []pureLine {
	return []pureLine{
		{},
		{frame: 0.1},
		{frame: 0.3},
		{silent: 0.1},
		{silent: 0.3, frame: 0.1},
		{ecm: 0.1},
		{ecm: 0.5, frame: 0.05},
		{check: 0.8},
		{carry: 0.2, frame: 0.1, ecm: 0.1, silent: 0.1, check: 0.3},
	}
}

// TestLosses: whatever is lost, no page that was confirmed is missing, none is
// doubled, none out of order, and every session ends.
func TestLosses(t *testing.T) {
	for i, row := range lossyLines() {
		for _, noECM := range []bool{false, true} {
			t.Run(fmt.Sprintf("%d/noecm=%v", i, noECM), func(t *testing.T) {
				done := 0
				const runs = 80
				for seed := range uint64(runs) {
					if lossyCall(t, row, noECM, seed) {
						done++
					}
				}
				t.Logf("%d of %d calls were done", done, runs)
				if i == 0 && done != runs {
					t.Errorf("%d of %d calls over a perfect line were done", done, runs)
				}
			})
		}
	}
}

// lossyCall makes one call and tells whether all pages came through.
func lossyCall(t *testing.T, l pureLine, noECM bool, seed uint64) bool {
	t.Helper()
	l.t, l.random = t, rand.New(rand.NewPCG(seed, 1))
	doc := fakeDocument{pageOf('f'), pageOf('f'), pageOf('d'), pageOf('s')}
	doc[1].octets = 70000
	store := &fakeStore{quality: Quality{Rows: 100}}
	a, err := New(Config{Calling: true, Document: doc, NoECM: noECM, RTN: Retransmit})
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Config{Pages: store, Capabilities: Capabilities{MaxLength: Unlimited}})
	if err != nil {
		t.Fatal(err)
	}
	l.ends = [2]*pureEnd{{m: a}, {m: b}}
	if !l.run() {
		t.Fatalf("seed %d: the call never ended: %v, %v", seed, a.State(), b.State())
	}
	sent := a.Result()
	complete := store.pages[:len(store.pages)-store.partial]
	switch {
	case len(complete) < sent.Sent:
		t.Fatalf("seed %d: %d pages confirmed, %d stored (%v)", seed, sent.Sent, len(complete), sent)
	case len(complete) > sent.Sent+1:
		t.Fatalf("seed %d: %d pages confirmed, %d stored (%v)", seed, sent.Sent, len(complete), sent)
	case len(complete) == sent.Sent+1 && sent.Sent+1 == len(doc) && sent.Outcome != Unconfirmed:
		t.Fatalf("seed %d: the last page was stored and the sender says %v", seed, sent)
	}
	for i, p := range complete {
		if len(p) < doc[i].octets || p[1] != byte(7+i) {
			t.Fatalf("seed %d: page %d is another: %d octets", seed, i+1, len(p))
		}
	}
	if testing.Verbose() && sent.Outcome != Done {
		t.Logf("seed %d: %v: %s", seed, sent, sent.Reason)
	}
	return sent.Outcome == Done
}

// TestPollLosses: the same where the caller polls, after it sent pages of its own or
// at once.
func TestPollLosses(t *testing.T) {
	for i, row := range lossyLines() {
		for _, noECM := range []bool{false, true} {
			for _, sends := range []bool{false, true} {
				t.Run(fmt.Sprintf("%d/noecm=%v/sends=%v", i, noECM, sends), func(t *testing.T) {
					done := 0
					const runs = 40
					for seed := range uint64(runs) {
						if lossyPoll(t, row, noECM, sends, seed) {
							done++
						}
					}
					t.Logf("%d of %d calls were done", done, runs)
					if i == 0 && done != runs {
						t.Errorf("%d of %d calls over a perfect line were done", done, runs)
					}
				})
			}
		}
	}
}

// lossyPoll makes one call that polls and tells whether all pages came through.
func lossyPoll(t *testing.T, l pureLine, noECM, sends bool, seed uint64) bool {
	t.Helper()
	l.t, l.random = t, rand.New(rand.NewPCG(seed, 2))
	there, back := fakeDocument{pageOf('f'), pageOf('s')}, fakeDocument{pageOf('f'), pageOf('f'), pageOf('s')}
	back[1].octets = 70000
	arrived, polled := &fakeStore{quality: Quality{Rows: 100}}, &fakeStore{quality: Quality{Rows: 100}}
	cfg := Config{Calling: true, Poll: true, Pages: polled, NoECM: noECM, RTN: Retransmit, Capabilities: Capabilities{MaxLength: Unlimited}}
	if sends {
		cfg.Document = there
	}
	a, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	b, err := New(Config{Document: back, Pages: arrived, NoECM: noECM, RTN: Retransmit, Capabilities: Capabilities{MaxLength: Unlimited}})
	if err != nil {
		t.Fatal(err)
	}
	l.ends = [2]*pureEnd{{m: a}, {m: b}}
	if !l.run() {
		t.Fatalf("seed %d: the call never ended: %v, %v", seed, a.State(), b.State())
	}
	ra, rb := a.Result(), b.Result()
	samePages(t, seed, "sent", there, arrived, ra.Sent)
	samePages(t, seed, "polled", back, polled, rb.Sent)
	if ra.Outcome == Done && (len(polled.pages) != len(back) || sends && ra.Sent != len(there)) {
		t.Fatalf("seed %d: done with %d of %d pages polled, %d sent", seed, len(polled.pages), len(back), ra.Sent)
	}
	return ra.Outcome == Done && rb.Outcome == Done
}

// samePages holds that what a store has is what was confirmed, in order; of one
// page the confirmation may be lost.
func samePages(t *testing.T, seed uint64, what string, doc fakeDocument, store *fakeStore, confirmed int) {
	t.Helper()
	complete := store.pages[:len(store.pages)-store.partial]
	if len(complete) != confirmed && len(complete) != confirmed+1 {
		t.Fatalf("seed %d, %s: %d pages confirmed, %d stored", seed, what, confirmed, len(complete))
	}
	for i, p := range complete {
		if len(p) < doc[i].octets || p[1] != byte(7+i) {
			t.Fatalf("seed %d, %s: page %d is another: %d octets", seed, what, i+1, len(p))
		}
	}
}
