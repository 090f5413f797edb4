package t30

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// deed is something that a far end does while we listen.
type deed struct {
	name string
	do   func(r *rand.Rand, give func(Event))
}

// says makes a deed of a frame.
func says(f Frame) deed {
	return deed{f.String(), func(_ *rand.Rand, give func(Event)) {
		give(CarrierEvent{Status: modem.CarrierUp})
		give(FrameEvent{Frame: append(Frame(nil), f...), Good: true})
		give(CarrierEvent{Status: modem.CarrierDown})
	}}
}

// burst makes a deed of a carrier of the fast modem.
func burst(name string, content ...Event) deed {
	return deed{name, func(_ *rand.Rand, give func(Event)) {
		give(CarrierEvent{true, modem.CarrierUp})
		give(CarrierEvent{true, modem.Trained})
		for _, e := range content {
			give(e)
		}
		give(CarrierEvent{true, modem.CarrierDown})
	}}
}

func block(n ...byte) (all []Event) {
	for _, i := range n {
		all = append(all, FrameEvent{append(frame(FCD, i), make([]byte, 256)...), true, true})
	}
	return all
}

// Deeds that openings are made of.
var (
	dis, disECM = capable(false), capable(true)
	dcs         = says(frame(DCS, Parameters{Rate: rateCodes[4].rate}.dcs()...))
	dcsECM      = says(frame(DCS, Parameters{Rate: rateCodes[0].rate, FrameSize: 256}.dcs()...))
	goodTCF     = burst("a training check", DataEvent{make([]byte, 2700)})
	somePage    = burst("a page", DataEvent{make([]byte, 1000)})
	someBlock   = burst("a block", block(0, 1)...)
)

func capable(ecm bool) deed {
	return says(frame(DIS, Capabilities{Receive: true, Transmit: true, Modems: AllModems, ECM: ecm, Codings: AllCodings, Resolutions: AllResolutions}.dis()...))
}

// deeds is everything that a far end may do.
func deeds() []deed {
	all := []deed{
		{"nothing", func(*rand.Rand, func(Event)) {}},
		{"a damaged frame", func(_ *rand.Rand, give func(Event)) {
			give(CarrierEvent{Status: modem.CarrierUp})
			give(FrameEvent{})
			give(CarrierEvent{Status: modem.CarrierDown})
		}},
		{"a V.21 carrier that stays", func(_ *rand.Rand, give func(Event)) { give(CarrierEvent{Status: modem.CarrierUp}) }},
		{"a fast carrier that stays", func(_ *rand.Rand, give func(Event)) {
			give(CarrierEvent{true, modem.CarrierUp})
			give(CarrierEvent{true, modem.Trained})
		}},
		{"a failed training", func(_ *rand.Rand, give func(Event)) { give(CarrierEvent{true, modem.TrainingFailed}) }},
		{"PPR for any frames", func(r *rand.Rand, give func(Event)) {
			f := frame(PPR, make([]byte, requestSize)...)
			f[headLength+r.IntN(2)] = byte(r.Uint32())
			give(FrameEvent{Frame: f, Good: true})
		}},
		{"ringback", func(_ *rand.Rand, give func(Event)) { give(ToneEvent{Tone: Ringback}) }},
		dis, disECM, dcs, dcsECM, goodTCF, somePage, someBlock,
		burst("a bad training check", DataEvent{[]byte{1, 2, 3, 4, 5, 6, 7, 8}}),
	}
	for _, f := range fuzzFrames() {
		all = append(all, says(f))
	}
	return all
}

// openings are how calls begin, before the far end does only what it is told.
func openings(calling bool) [][]deed {
	cfr, mcf := says(frame(CFR)), says(frame(MCF))
	if calling {
		return [][]deed{{}, {dis}, {disECM}, {dis, cfr}, {disECM, cfr}, {dis, cfr, mcf}, {disECM, cfr, mcf},
			{disECM, cfr, says(frame(RNR))}, {disECM, cfr, says(frame(PPR, 1))}}
	}
	mps, pps0 := says(frame(MPS)), says(pps{MPS, 0, 0, 2}.frame())
	return [][]deed{{}, {dcs}, {dcs, goodTCF}, {dcsECM, goodTCF}, {dcs, goodTCF, somePage}, {dcs, goodTCF, somePage, mps},
		{dcsECM, goodTCF, someBlock}, {dcsECM, goodTCF, someBlock, pps0}, {dcs, goodTCF, somePage, says(frame(EOM))}}
}

// endless is a call with a far end that does the same few things for ever.
type endless struct {
	m     *Machine
	r     *rand.Rand
	now   Samples
	sends Samples // until when we send; 0: we listen
}

func (e *endless) act(actions []Action) {
	for _, a := range actions {
		switch a := a.(type) {
		case SendTone:
			if a.Tone == CED {
				e.sends = e.now + a.Length
			}
		case SendFrames, SendTCF:
			e.sends = e.now + pureFrames
		case SendImage:
			e.sends = e.now + 30*Second
		case SendECM:
			e.sends = e.now + Second + pureFrame*Samples(len(a.Frames))
		case Stop:
			e.sends = 0
		}
	}
}

func (e *endless) give(ev Event) { e.act(e.m.Handle(e.now, ev)) }

// pass lets time pass until the far end speaks, and serves what is due.
func (e *endless) pass(d Samples) {
	until := e.now + d
	for !e.m.Done() {
		if e.sends > 0 {
			e.now, e.sends = e.sends, 0
			e.give(SentEvent{})
			until = e.now + d
			continue
		}
		at, ok := e.m.NextDeadline()
		if !ok || at > until {
			break
		}
		e.now = max(e.now, at)
		e.act(e.m.Advance(e.now))
	}
	e.now = max(e.now, until)
}

// run plays the opening and then the deeds at random, and gives the length of the
// call; it breaks off after limit.
func (e *endless) run(opening, what []deed, limit Samples) Samples {
	e.act(e.m.Start(0))
	for i := 0; !e.m.Done() && e.now < limit; i++ {
		d := what[e.r.IntN(len(what))]
		if i < len(opening) {
			d = opening[i]
		}
		e.pass(Second/2 + Samples(e.r.IntN(3))*Second)
		if !e.m.Done() && e.sends == 0 {
			d.do(e.r, e.give)
		}
	}
	return e.now
}

// endlessPages is how many pages there are on either side in such a call; each has
// one block.
const endlessPages = 3

func newEndless(t *testing.T, calling bool, seed uint64) *endless {
	t.Helper()
	cfg := Config{Calling: calling, Poll: calling && seed%3 == 0, MaxRecvPages: endlessPages, GiveUpECM: seed%2 == 0,
		Pages: &fakeStore{quality: Quality{Rows: 10}}, Document: fakeDocument{pageOf('f'), pageOf('f'), pageOf('d')}}
	m, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return &endless{m: m, r: rand.New(rand.NewPCG(seed, 3))}
}

// TestEveryCallEnds: whatever one to three things a far end does for ever, after
// any opening, the call ends with a reason, and no later than StallLimit
// after the last page that got through.
func TestEveryCallEnds(t *testing.T) {
	all := deeds()
	// Two documents may pass in one call: ours, and what is polled.
	const limit = (2*endlessPages + 2) * StallLimit
	longest, worst := Samples(0), ""
	one := func(calling bool, opening, what []deed, seed uint64) {
		e := newEndless(t, calling, seed)
		n := e.run(opening, what, limit)
		name := fmt.Sprintf("calling=%v seed %d: %v, then %v", calling, seed, deedNames(opening), deedNames(what))
		if r := e.m.Result(); !e.m.Done() {
			t.Errorf("%s: not over after %v, state %v", name, n, e.m.State())
		} else if r.Outcome != Done && (r.Reason == "" || r.Status.Text == "") {
			t.Errorf("%s: %v without a reason", name, r)
		}
		if n > longest {
			longest, worst = n, fmt.Sprintf("%s: %v", name, e.m.Result())
		}
	}
	for _, calling := range []bool{true, false} {
		for i, opening := range openings(calling) {
			for n, d := range all {
				one(calling, opening, []deed{d}, uint64(n))
			}
			for seed := range uint64(24) {
				r := rand.New(rand.NewPCG(seed, uint64(i)))
				what := []deed{all[r.IntN(len(all))], all[r.IntN(len(all))], all[r.IntN(len(all))]}
				one(calling, opening, what[:2+r.IntN(2)], seed)
			}
			one(calling, opening, all, 1)
		}
	}
	t.Logf("the longest call was %v: %s", longest, worst)
}

func deedNames(d []deed) (all []string) {
	for _, one := range d {
		all = append(all, one.name)
	}
	return all
}
