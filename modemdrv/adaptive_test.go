package modemdrv

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/hdlc"
	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/tones"
	"github.com/litoria-fax/litoria/modemdrv/v17"
	"github.com/litoria-fax/litoria/modemdrv/v21"
	"github.com/litoria-fax/litoria/modemdrv/v27ter"
	"github.com/litoria-fax/litoria/modemdrv/v29"
)

// sound is a piece of line signal.
type sound []int16

// drained is all that a transmitter sends, at most so many seconds.
func drained(tx modem.Transmitter, seconds int) sound {
	out := make(sound, seconds*modem.SampleRate)
	return out[:tx.Read(out)]
}

func command(frames ...string) sound {
	var octets [][]byte
	for _, f := range frames {
		octets = append(octets, []byte(f))
	}
	return drained(v21.NewTransmitter(hdlc.NewEncoder(hdlc.Spacing{Preamble: hdlc.FlagsFor(preamble, 300), Between: 1, Closing: 2}, hdlc.Frames(octets...))), 5)
}

func fastBurst(t *testing.T, r modem.Rate, short bool) sound {
	t.Helper()
	src := &zeros{r.BitRate * 3 / 2}
	var tx modem.Transmitter
	var err error
	switch r.Modulation {
	case modem.V17:
		tx, err = v17.NewTransmitter(r, short, src)
	case modem.V29:
		tx, err = v29.NewTransmitter(r, false, src)
	default:
		tx, err = v27ter.NewTransmitter(r, false, src)
	}
	if err != nil {
		t.Fatal(err)
	}
	return drained(tx, 5)
}

func hush(d time.Duration) sound { return make(sound, int(d*modem.SampleRate/time.Second)) }

// adaptiveListener is the receiving side of a session whose machine is asleep.
type adaptiveListener struct{ s *Session }

func newListener(t *testing.T) adaptiveListener {
	t.Helper()
	s := &Session{busy: true} // nothing is served: the events stay in the queue
	if err := s.rx.init(s); err != nil {
		t.Fatal(err)
	}
	return adaptiveListener{s}
}

// hear gives sounds with noise between and under them, and tells what was made of them.
func (l adaptiveListener) hear(sounds ...sound) string {
	p := linesim.Defaults()
	p.Level, p.SNR, p.ULaw, p.Delay = -20, 30, true, 0.37
	c := linesim.New(p)
	for _, s := range sounds {
		c.Write(s)
	}
	c.Flush()
	for in := range slices.Chunk(c.Output(), step) {
		l.s.rx.write(in)
	}
	return strings.Join(l.told(), ", ")
}

// told takes the events out of the queue; data once for a run of them.
func (l adaptiveListener) told() (all []string) {
	for _, e := range l.s.queue {
		word := ""
		switch e := e.(type) {
		case t30.CarrierEvent:
			word = map[bool]string{true: "fast ", false: "V.21 "}[e.Fast] +
				map[modem.Status]string{modem.CarrierUp: "up", modem.Trained: "trained", modem.TrainingFailed: "failed", modem.CarrierDown: "down"}[e.Status]
		case t30.FrameEvent:
			word = fmt.Sprintf("%q", string(e.Frame))
			if !e.Good {
				word = "bad frame"
			}
		case t30.DataEvent:
			word = "data"
		case t30.ToneEvent:
			word = e.Tone.String()
		}
		if n := len(all); n == 0 || word != "data" || all[n-1] != word {
			all = append(all, word)
		}
	}
	l.s.queue = l.s.queue[:0]
	return all
}

const (
	heardFrame = `V.21 up, "command", V.21 down`
	heardFast  = "fast up, fast trained, data, fast down"
)

// TestEither: while a fast carrier or V.21 may come, the right one is recognized,
// whichever comes, at every rate, after any wait, and after the other.
func TestEither(t *testing.T) {
	frame, gap := command("command"), hush(75*time.Millisecond)
	for _, r := range []modem.Rate{
		{Modulation: modem.V27ter, BitRate: 2400}, {Modulation: modem.V27ter, BitRate: 4800}, {Modulation: modem.V29, BitRate: 7200},
		{Modulation: modem.V29, BitRate: 9600}, {Modulation: modem.V17, BitRate: 7200}, {Modulation: modem.V17, BitRate: 9600},
		{Modulation: modem.V17, BitRate: 12000}, {Modulation: modem.V17, BitRate: 14400},
	} {
		fast := fastBurst(t, r, false)
		for _, wait := range []time.Duration{20 * time.Millisecond, 1234567 * time.Microsecond} {
			for _, row := range []struct {
				name   string
				sounds []sound
				want   string
			}{
				{"fast", []sound{fast}, heardFast},
				{"V.21", []sound{frame}, heardFrame},
				{"V.21, fast", []sound{frame, gap, fast}, heardFrame + ", " + heardFast},
				{"fast, V.21", []sound{fast, gap, frame}, heardFast + ", " + heardFrame},
				{"V.21, V.21, fast", []sound{frame, hush(3 * time.Second), frame, gap, fast}, heardFrame + ", " + heardFrame + ", " + heardFast},
			} {
				l := newListener(t)
				l.s.rx.listen(t30.Listen{Rate: r, Content: t30.Image})
				sounds := append([]sound{hush(wait)}, row.sounds...)
				if got := l.hear(append(sounds, hush(200*time.Millisecond))...); got != row.want {
					t.Errorf("%v, after %v, %s:\n%s\nwant\n%s", r, wait, row.name, got, row.want)
				}
			}
		}
	}
}

// TestShortOrV21: the same where a short training is expected, which comes, or the
// long one does, or V.21.
func TestShortOrV21(t *testing.T) {
	r := modem.Rate{Modulation: modem.V17, BitRate: 14400}
	gap, frame := hush(75*time.Millisecond), command("command")
	for _, row := range []struct {
		name  string
		sound sound
		want  string
	}{
		{"short", fastBurst(t, r, true), heardFast},
		{"long", fastBurst(t, r, false), heardFast},
		{"V.21", frame, heardFrame},
	} {
		l := newListener(t)
		l.s.rx.listen(t30.Listen{Rate: r, Content: t30.Image})
		if got := l.hear(gap, fastBurst(t, r, false), gap); got != heardFast {
			t.Fatalf("the first training: %s", got)
		}
		l.s.rx.listen(t30.Listen{Rate: r, Short: true, Content: t30.Image})
		if got := l.hear(gap, row.sound, hush(200*time.Millisecond)); got != row.want {
			t.Errorf("%s: %s\nwant %s", row.name, got, row.want)
		}
	}
}

// TestNeither: tones, digits, noise and silence are no carrier of either kind; and
// what was waited for is recognized after each.
func TestNeither(t *testing.T) {
	noise := make(sound, 5*modem.SampleRate)
	random := linesim.NewRandom(5)
	for i := range noise {
		noise[i] = int16(linesim.RMS(-30) * random.Gauss())
	}
	r := modem.Rate{Modulation: modem.V17, BitRate: 14400}
	fast, gap := fastBurst(t, r, false), hush(300*time.Millisecond)
	for _, row := range []struct {
		name  string
		sound sound
		tones string
	}{
		{"silence", hush(5 * time.Second), ""},
		{"noise", noise, ""},
		{"CED", drained(tones.NewCED(3*modem.SampleRate), 4), "CED"},
		{"CNG", drained(tones.NewCNG(), 6), "CNG, CNG"},
		{"digits", drained(tones.NewDigits("159#"), 4), "digit, digit, digit, digit"},
		{"busy", drained(progress(0.48, 0.48), 6), "busy tone"},
		{"ringback", drained(progress(1, 4), 11), "ringback tone"},
	} {
		l := newListener(t)
		l.s.rx.listen(t30.Listen{Rate: r, Content: t30.Image})
		if got := l.hear(row.sound, gap); got != row.tones {
			t.Errorf("%s: %s, want %q", row.name, got, row.tones)
		}
		if got := l.hear(gap, fast, gap); got != heardFast {
			t.Errorf("after %s: %s", row.name, got)
		}
	}
}
