package modemdrv

import (
	"fmt"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/tones"
)

// packets is what a network does to packets of 20 ms, of which the session is not
// told.
type packets struct {
	name    string
	deleted float64 // probability that one is missing and the signal shorter by it
	doubled float64 // probability that one comes twice and the signal is longer by it
	swapped float64 // probability that one comes after its successor
	late    int     // packets, at most, that wait and come at once
}

// packetLine carries packets to a session.
type packetLine struct {
	packets
	random  *linesim.Random
	to      *Session
	held    []int16 // a packet that its successor goes before
	waiting [][]int16
	until   int // steps until the waiting ones come
}

func (l *packetLine) pass(in []int16) {
	p := append([]int16(nil), in...)
	u := l.random.Uniform()
	switch {
	case u < l.deleted:
	case u < l.deleted+l.doubled:
		l.queue(p)
		l.queue(p)
	case u < l.deleted+l.doubled+l.swapped && l.held == nil:
		l.held = p
	default:
		l.queue(p)
		if l.held != nil {
			l.queue(l.held)
			l.held = nil
		}
	}
	if l.until--; l.until >= 0 {
		return
	}
	for _, p := range l.waiting {
		l.to.Receive(p)
	}
	l.waiting = l.waiting[:0]
	if l.late > 0 {
		l.until = int(l.random.Uniform() * float64(l.late+1))
	}
}

func (l *packetLine) queue(p []int16) { l.waiting = append(l.waiting, p) }

// TestPackets: packets that are missing without a gap, come twice, out of order or
// late spoil what they carry, and no more: all pages get through in one call, at
// the rate it began with.
func TestPackets(t *testing.T) {
	for _, row := range []packets{
		{name: "deleted 0.5 %", deleted: 0.005},
		{name: "deleted 1 %", deleted: 0.01},
		{name: "doubled 1 %", doubled: 0.01},
		{name: "reordered 1 %", swapped: 0.01},
		{name: "jitter of 40 ms", late: 2},
		{name: "jitter of 200 ms", late: 10},
	} {
		for seed := range uint64(2) {
			t.Run(fmt.Sprintf("%s/%d", row.name, seed), func(t *testing.T) {
				t.Parallel()
				tr := newTrial(3, 500)
				tray := &inTray{}
				tr.caller.Document = NewDocument(bitmaps{tr.info, tr.pages})
				tr.answerer.Pages = NewPages(tray)
				tr.caller.Observer, tr.answerer.Observer = trace(t, "A"), trace(t, "B")
				a, b := pair(t, tr)
				to := &packetLine{packets: row, random: linesim.NewRandom(100 + seed), to: b}
				from := &packetLine{packets: row, random: linesim.NewRandom(200 + seed), to: a}
				length := join(a, b, to.pass, from.pass, tr.limit)
				check(t, tr, a.Result(), b.Result(), tray)
				if r := a.Result().Parameters.Rate; r.BitRate != 14400 {
					t.Errorf("fell to %v", r)
				}
				t.Logf("%v", length)
			})
		}
	}
}

// pair makes the two sessions of a trial.
func pair(t *testing.T, tr *trial) (a, b *Session) {
	t.Helper()
	a, err := NewCaller(tr.caller)
	if err != nil {
		t.Fatal(err)
	}
	b, err = NewAnswerer(tr.answerer)
	if err != nil {
		t.Fatal(err)
	}
	return a, b
}

// join runs two sessions until one hangs up, and ends both.
func join(a, b *Session, ab, ba func([]int16), limit t30.Samples) t30.Samples {
	fromA, fromB := make([]int16, linesim.Packet), make([]int16, linesim.Packet)
	now := t30.Samples(0)
	for ; now < limit && !a.Done() && !b.Done(); now += linesim.Packet {
		a.Transmit(fromA)
		b.Transmit(fromB)
		ab(fromA)
		ba(fromB)
	}
	a.LineDown()
	b.LineDown()
	return now
}

// TestSlowV17: on a line that carries no more, V.17 falls back to 9600 and 7200
// bit/s, and the pages come whole.
func TestSlowV17(t *testing.T) {
	for _, row := range []struct {
		snr  float64
		rate int
	}{{15.2, 9600}, {12, 7200}} {
		t.Run(fmt.Sprint(row.rate), func(t *testing.T) {
			t.Parallel()
			tr := newTrial(2, 300)
			tr.to.SNR = row.snr
			tr.caller.Observer, tr.answerer.Observer = trace(t, "A"), trace(t, "B")
			sent, received, tray, length := tr.run(t)
			check(t, tr, sent, received, tray)
			if want := (modem.Rate{Modulation: modem.V17, BitRate: row.rate}); sent.Parameters.Rate != want {
				t.Errorf("sent at %v", sent.Parameters.Rate)
			}
			t.Logf("%v", length)
		})
	}
}

// TestTones: what is in band and no fax ends the session where nobody is there,
// and is told.
func TestTones(t *testing.T) {
	for _, row := range []struct {
		name    string
		tone    *tones.Generator
		calling bool
		told    string
		status  string
	}{
		{"caller, busy", progress(0.48, 0.48), true, "heard busy tone", "Busy signal detected"},
		{"caller, congestion", progress(0.24, 0.24), true, "heard congestion tone", "Busy signal detected"},
		{"answerer, busy", progress(0.48, 0.48), false, "heard busy tone", "Busy signal detected"},
		{"caller, ringback", progress(1, 4), true, "heard ringback tone", ""},
		{"answerer, CNG", tones.NewCNG(), false, "heard CNG", ""},
		{"answerer, digits", tones.NewDigits("7"), false, "heard the digit 7", ""},
	} {
		t.Run(row.name, func(t *testing.T) {
			tr := newTrial(1, 50)
			tr.caller.Document = NewDocument(bitmaps{tr.info, tr.pages})
			tr.answerer.Pages = NewPages(&inTray{})
			told := false
			observe := ObserverFunc(func(_ t30.Samples, n t30.News) { told = told || n.String() == row.told })
			tr.caller.Observer, tr.answerer.Observer = observe, observe
			a, s := pair(t, tr)
			if row.calling {
				s = a
			}
			in, out := make([]int16, 160), make([]int16, 160)
			for n := 0; !s.Done() && n < 12*50; n++ {
				clear(in)
				row.tone.Read(in)
				s.Transmit(out)
				s.Receive(in)
			}
			if !told {
				t.Errorf("%q was not told", row.told)
			}
			if r := s.Result(); r.Status.Text != row.status || s.Done() != (row.status != "") {
				t.Errorf("%v", r)
			}
		})
	}
}

// progress is a call progress tone of 425 Hz, so many seconds on and off.
func progress(on, off float64) *tones.Generator {
	return tones.NewGenerator(true, tones.Step{Hz: [2]float64{425}, Level: -20, Samples: int(on * modem.SampleRate)},
		tones.Step{Samples: int(off * modem.SampleRate)})
}
