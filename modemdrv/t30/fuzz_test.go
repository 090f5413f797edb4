package t30

import (
	"bytes"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// FuzzFrame: no octets make the parsers fail, and what was read and is written
// again is read as the same.
func FuzzFrame(f *testing.F) {
	f.Add([]byte(frame(DIS, Capabilities{Receive: true, Modems: AllModems, ECM: true, Codings: AllCodings, Resolutions: AllResolutions}.dis()...)))
	f.Add([]byte(frame(DCS, Parameters{Rate: rateCodes[0].rate, FrameSize: 64}.dcs()...)))
	f.Add([]byte(pps{EOP, 1, 2, 256}.frame()))
	f.Add([]byte(frame(CSI, identity("+49 30 12345")...)))
	f.Add([]byte(frame(NSF, 0xB5, 0, 0xAA, 'a', 'b', 'c', 'd')))
	f.Add([]byte{0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		fr := Frame(b)
		_ = fr.String()
		fr.PostMessage()
		parsePPS(fr)
		StationID(fr.FIF())
		if p, err := ParseParameters(fr.FIF()); err == nil {
			q, err := ParseParameters(p.dcs())
			if err != nil || q.String() != p.String() {
				t.Errorf("DCS %x: %v, again %v, %v", fr.FIF(), p, q, err)
			}
		}
		c := ParseCapabilities(fr.FIF())
		if d := ParseCapabilities(c.dis()); d != c {
			t.Errorf("DIS %x: %v, again %v", fr.FIF(), c, d)
		}
		id := ParseIdentity(fr.FIF())
		if got := ParseIdentity(identity(id)); len(id) <= identityLength && got != id {
			t.Errorf("identity %q, again %q", id, got)
		}
	})
}

// FuzzEvents: no order of events breaks the machine; while it sends it does not
// listen, it sends one thing at a time, and after HangUp it is silent.
func FuzzEvents(f *testing.F) {
	f.Add(true, []byte{0, 1, 1, 3, 1, 1, 9})
	f.Add(false, []byte{1, 1, 4, 16, 17, 18, 19, 1, 5})
	f.Add(false, bytes.Repeat([]byte{1, 4, 2, 16, 17, 18, 19, 6}, 10))
	frames := fuzzFrames()
	f.Fuzz(func(t *testing.T, calling bool, steps []byte) {
		cfg := Config{Calling: calling, Document: fakeDocument{pageOf('f'), pageOf('d')}, Pages: &fakeStore{quality: Quality{Rows: 10}}, Poll: calling}
		m, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		w := &watcher{t: t}
		now := Samples(0)
		w.see(m.Start(now))
		for _, s := range steps[:min(len(steps), 2000)] {
			now += 800
			if at, ok := m.NextDeadline(); ok && s&3 == 2 {
				now = max(now, at)
				w.see(m.Advance(now))
				continue
			}
			w.sent(SentEvent{} == fuzzEvent(s, frames))
			w.see(m.Handle(now, fuzzEvent(s, frames)))
		}
		w.see(m.Handle(now, LineDownEvent{}))
		if !m.Done() {
			t.Errorf("not done after the line is down: %v", m.State())
		}
	})
}

func fuzzFrames() []Frame {
	all := []Frame{
		frame(DIS, Capabilities{Receive: true, Transmit: true, Modems: AllModems, ECM: true, Codings: AllCodings}.dis()...),
		frame(DCS, Parameters{Rate: rateCodes[0].rate, FrameSize: 256}.dcs()...),
		frame(DCS, Parameters{Rate: rateCodes[4].rate}.dcs()...),
		frame(DTC, Capabilities{Receive: true, Modems: AllModems, ECM: true}.dis()...),
		pps{NULL, 0, 0, 2}.frame(), pps{MPS, 0, 0, 1}.frame(), pps{EOP, 1, 0, 1}.frame(), pps{EOM, 0, 0, 3}.frame(),
		frame(PPR, make([]byte, requestSize)...), frame(PPR, 1), frame(CTC, 0, 2), frame(EOR, byte(EOP)),
	}
	for _, c := range []FCF{CFR, FTT, CTR, EOM, MPS, EOP, PRIEOP, RR, MCF, RTP, RTN, PIP, PIN, RNR, ERR, DCN, CRP, TSI, NSF} {
		all = append(all, frame(c))
	}
	return all
}

// fuzzEvent makes an event of an octet.
func fuzzEvent(s byte, frames []Frame) Event {
	switch {
	case s < 8:
		return SentEvent{}
	case s < 16:
		return CarrierEvent{Fast: s&1 != 0, Status: modem.Status(1 + s>>1&3)}
	case s < 20:
		return DataEvent{make([]byte, 1000)}
	case s < 24:
		return FrameEvent{append(frame(FCD, s&3), make([]byte, 256)...), true, true}
	case s == 24:
		return FrameEvent{}
	case s == 25:
		return BusyEvent{true}
	case s == 26:
		return BusyEvent{}
	case s == 27:
		return InterruptEvent{}
	case s == 28:
		return AbortEvent{}
	case s == 29:
		return ToneEvent{Tone: Busy}
	case s == 30:
		return GapEvent{160}
	}
	return FrameEvent{Frame: append(Frame(nil), frames[int(s)%len(frames)]...), Good: true}
}

// watcher checks the order of actions.
type watcher struct {
	t       *testing.T
	sending bool
	ended   bool
}

func (w *watcher) sent(done bool) {
	if done {
		w.sending = false
	}
}

func (w *watcher) see(actions []Action) {
	for _, a := range actions {
		if w.ended {
			w.t.Fatalf("%v after the end", a)
		}
		switch a := a.(type) {
		case Listen:
			if w.sending {
				w.t.Fatalf("%v while sending", a)
			}
		case SendFrames, SendTCF, SendImage, SendECM:
			if w.sending {
				w.t.Fatalf("%v while sending", a)
			}
			w.sending = true
		case Stop:
			w.sending = false
		case HangUp:
			w.ended = true
		}
	}
}
