package t30

import (
	"io"
	"math/rand/v2"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// restarter is a receiver without ECM that goes back to phase B whenever it waits for
// 7 s in vain, as spandsp does, on a line that loses signals.
type restarter struct {
	m      *Machine
	r      *rand.Rand
	lost   float64 // share of V.21 signals that are not heard
	missed float64 // share of pages whose training fails
	now    Samples

	ours    Action // what the machine is sending
	oursEnd Samples
	clear   bool // nothing else was on the line since it began

	says    *Frame // what the receiver is sending
	saysEnd Samples
	saysUp  Samples // when its carrier is there; 0: it was
	t2      Samples // when it gives up waiting; 0: it does not wait
	phaseB  bool    // DIS was its last word
	asked   int     // how often in a row
	coming  bool    // our page is heard
	page    int     // that came and is not stored yet, from 1; 0: none
	trained bool    // TCF may follow
	stored  []int
	over    bool
}

func (e *restarter) chance(p float64) bool { return e.r.Float64() < p }

func (e *restarter) act(actions []Action) {
	for _, a := range actions {
		d := Samples(0)
		switch a.(type) {
		case SendFrames, SendTCF:
			d = pureFrames
		case SendImage:
			d = 20 * Second
		case HangUp:
			e.over = true
		}
		if d == 0 {
			continue
		}
		e.ours, e.oursEnd, e.clear = a, e.now+d, e.says == nil
		if _, image := a.(SendImage); image {
			e.coming = e.clear && !e.phaseB && !e.chance(e.missed)
			if e.coming {
				e.t2 = 0
			}
		}
	}
}

// say has the receiver send a frame.
func (e *restarter) say(f Frame) {
	e.says, e.saysUp, e.saysEnd, e.t2 = &f, e.now+Second/2, e.now+pureFrames, 0
	e.phaseB = f.FCF() == DIS
	e.clear = false
}

func (e *restarter) dis() {
	if e.asked++; e.asked > 3 {
		e.over = true
		return
	}
	e.say(frame(DIS, Capabilities{Receive: true, Modems: AllModems, MaxLength: Unlimited}.dis()...))
}

// hear takes what we sent.
func (e *restarter) hear(a Action) {
	switch a := a.(type) {
	case SendTCF:
		if e.trained {
			e.trained = false
			e.say(frame(CFR))
		}
	case SendImage:
		if code, _ := io.ReadAll(a.Code); e.coming {
			e.page, e.t2 = int(code[1])-7+1, e.now+7*Second
		}
	case SendFrames:
		if !e.chance(e.lost) {
			e.command(a.Frames[len(a.Frames)-1].FCF())
		}
	}
}

func (e *restarter) command(c FCF) {
	switch {
	case c == DCN:
		e.over = true
	case c == DCS:
		e.trained, e.phaseB, e.asked, e.t2 = true, false, 0, e.now+7*Second
	case e.phaseB: // spandsp's way with a command that it does not expect
		e.say(frame(DCN))
	case e.page > 0:
		e.stored = append(e.stored, e.page)
		e.page = 0
		e.say(frame(MCF))
	case len(e.stored) > 0:
		e.say(frame(MCF)) // repeated: the answer was not heard
	}
}

// step goes to the next thing that happens.
func (e *restarter) step() {
	const never = Samples(1 << 60)
	next, what := never, 0
	soonest := func(at Samples, ok bool, n int) {
		if ok && at < next {
			next, what = at, n
		}
	}
	soonest(e.oursEnd, e.ours != nil, 1)
	soonest(e.saysUp, e.says != nil && e.saysUp > 0, 2)
	soonest(e.saysEnd, e.says != nil, 3)
	soonest(e.t2, e.t2 > 0 && e.says == nil, 4)
	at, ok := e.m.NextDeadline()
	soonest(at, ok, 5)
	e.now = max(e.now, next)
	switch what {
	case 1:
		a := e.ours
		e.ours = nil
		if e.clear && e.says == nil {
			e.hear(a)
		}
		e.act(e.m.Handle(e.now, SentEvent{}))
	case 2:
		e.saysUp = 0
		e.act(e.m.Handle(e.now, CarrierEvent{Status: modem.CarrierUp}))
	case 3:
		e.said()
	case 4:
		e.t2 = 0
		e.dis()
	case 5:
		e.act(e.m.Advance(e.now))
	default:
		e.over = true
	}
}

// said: what the receiver sent is over.
func (e *restarter) said() {
	f := *e.says
	e.says, e.t2 = nil, e.now+7*Second
	if e.phaseB {
		e.t2 = e.now + timerT4
	}
	if e.ours == nil && !e.chance(e.lost) {
		e.act(e.m.Handle(e.now, FrameEvent{Frame: f, Good: true}))
	}
	e.act(e.m.Handle(e.now, CarrierEvent{Status: modem.CarrierDown}))
	e.over = e.over || f.FCF() == DCN
}

// TestDoubledIsTold: with a receiver that begins again by DIS, no page that counts as
// sent is missing, and of every page that it has twice the result says so.
func TestDoubledIsTold(t *testing.T) {
	const calls = 3000
	doubled, told := 0, 0
	for seed := range uint64(calls) {
		doc := fakeDocument{pageOf('f'), pageOf('f'), pageOf('f'), pageOf('f')}
		m, err := New(Config{Calling: true, Document: doc})
		if err != nil {
			t.Fatal(err)
		}
		e := &restarter{m: m, r: rand.New(rand.NewPCG(seed, 4)), lost: 0.25, missed: 0.1}
		e.act(m.Start(0))
		e.dis()
		for !e.over && !m.Done() {
			e.step()
		}
		e.m.Handle(e.now, LineDownEvent{})
		result := m.Result()
		count := map[int]int{}
		for _, p := range e.stored {
			count[p]++
		}
		twice := 0
		for p := 1; p <= result.Sent; p++ {
			switch {
			case count[p] == 0:
				t.Fatalf("seed %d: page %d counts as sent and is missing: %v, stored %v", seed, p, result, e.stored)
			case count[p] > 1:
				twice++
			}
		}
		if twice > result.Doubled {
			t.Errorf("seed %d: %d pages came twice, told %d: %v, stored %v", seed, twice, result.Doubled, result, e.stored)
		}
		doubled, told = doubled+twice, told+result.Doubled
	}
	t.Logf("in %d calls %d pages came twice, %d were told to", calls, doubled, told)
	if doubled == 0 {
		t.Error("no page came twice: the line loses too little to show anything")
	}
}
