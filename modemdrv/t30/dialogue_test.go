package t30

import (
	"encoding/hex"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

var rewrite = flag.Bool("rewrite", false, "write testdata/*.txt anew; read the diff")

// TestDialogues plays testdata/*.txt: lines that begin with "< " or "! " are what
// the far end or the line does, the indented lines after them are what the
// machine answered. See (*dialogue).play for the commands.
func TestDialogues(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, name := range files {
		t.Run(strings.TrimSuffix(filepath.Base(name), ".txt"), func(t *testing.T) {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			got := replay(t, string(text))
			if got == string(text) {
				return
			}
			if *rewrite {
				if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			t.Errorf("%s went otherwise (run with -rewrite and read the diff):\n%s", name, firstDifference(string(text), got))
		})
	}
}

func firstDifference(want, got string) string {
	w, g := strings.Split(want, "\n"), strings.Split(got, "\n")
	for i := range max(len(w), len(g)) {
		var a, b string
		if i < len(w) {
			a = w[i]
		}
		if i < len(g) {
			b = g[i]
		}
		if a != b {
			return fmt.Sprintf("line %d\n got: %s\nwant: %s", i+1, b, a)
		}
	}
	return ""
}

// replay runs a dialogue and gives it with our part as it is now.
func replay(t *testing.T, text string) string {
	d := &dialogue{t: t}
	for line := range strings.Lines(text) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "  "): // our part: made anew
		case strings.HasPrefix(line, "< "), strings.HasPrefix(line, "! "):
			d.out.WriteString(line + "\n")
			d.play(strings.Fields(line[2:]))
		default:
			d.out.WriteString(line + "\n")
		}
	}
	return d.out.String()
}

// dialogue is one machine and what it said.
type dialogue struct {
	t     *testing.T
	m     *Machine
	now   Samples
	out   strings.Builder
	store *fakeStore
}

// play does one line. Of the far end ("<"):
//
//	< DIS v17 ecm mr mmr fine poll ...   a frame; see parseFrame
//	< bad                                a damaged frame, and the end of its carrier
//	< spoilt                             a damaged frame, whose carrier goes on
//	< tcf good|bad|lost                  a training check: clean, noisy, hit by a lost packet
//	< image 100 [bad=5] [run=2]          a page of so many rows without ECM
//	< block 0-9,11                       frames of a block
//	< long 800                           a fast carrier of so many seconds, with image
//	< carrier                            a V.21 carrier that stays
//	< empty                              its end, without a frame
//	< unknown ffc800                     a frame of these octets, as T.30 prints them: the first bit is the most significant one
//	< tone CED|Busy
//
// Of the line, the clock and our own user ("!"):
//
//	! new calling|answering [pages=2] ...  see parseConfig
//	! sent                    the transmission is over
//	! timer                   to the next deadline
//	! wait 2.5                so many seconds
//	! down, abort, busy, ready, interrupt
func (d *dialogue) play(f []string) {
	if f[0] != "new" && f[0] != "timer" && f[0] != "wait" {
		d.now += Second / 10
	}
	switch f[0] {
	case "new":
		d.create(f[1:])
	case "sent":
		d.show(d.m.Handle(d.now, SentEvent{}))
	case "timer":
		if at, ok := d.m.NextDeadline(); ok {
			d.now = at
			d.show(d.m.Advance(d.now))
		} else {
			d.line("no timer runs")
		}
	case "wait":
		d.wait(f[1])
	case "down":
		d.show(d.m.Handle(d.now, LineDownEvent{}))
	case "abort":
		d.show(d.m.Handle(d.now, AbortEvent{}))
	case "busy", "ready":
		d.show(d.m.Handle(d.now, BusyEvent{f[0] == "busy"}))
	case "interrupt":
		d.show(d.m.Handle(d.now, InterruptEvent{}))
	case "tone":
		d.show(d.m.Handle(d.now, ToneEvent{Tone: map[string]Tone{"CED": CED, "CNG": CNG, "Busy": Busy, "Congestion": Congestion, "Ringback": Ringback}[f[1]]}))
	case "bad":
		d.slow(FrameEvent{})
	case "spoilt":
		d.show(d.m.Handle(d.now, CarrierEvent{Status: modem.CarrierUp}))
		d.show(d.m.Handle(d.now, FrameEvent{}))
	case "carrier":
		d.show(d.m.Handle(d.now, CarrierEvent{Status: modem.CarrierUp}))
	case "empty":
		d.show(d.m.Handle(d.now, CarrierEvent{Status: modem.CarrierDown}))
	case "unknown":
		octets, err := hex.DecodeString(f[1])
		if err != nil {
			d.t.Fatal(err)
		}
		reverse(octets)
		d.slow(FrameEvent{Frame: octets, Good: true})
	case "long":
		d.store.quality.Rows = 100
		d.fast(func() {
			d.show(d.m.Handle(d.now, DataEvent{make([]byte, 100)}))
			d.wait(f[1])
		})
	case "tcf":
		d.fast(func() { d.check(f[1]) })
	case "image":
		d.image(f[1:])
	case "block":
		d.fast(func() { d.block(f[1]) })
	default:
		d.slow(FrameEvent{Frame: d.parseFrame(f), Good: true})
	}
}

// wait lets time pass; what the timers do is shown.
func (d *dialogue) wait(seconds string) {
	s, err := strconv.ParseFloat(seconds, 64)
	if err != nil {
		d.t.Fatal(err)
	}
	until := d.now + Samples(s*float64(Second))
	for at, ok := d.m.NextDeadline(); ok && at <= until; at, ok = d.m.NextDeadline() {
		d.now = at
		d.show(d.m.Advance(at))
	}
	d.now = until
}

func (d *dialogue) line(s string) { fmt.Fprintf(&d.out, "  %7v %s\n", d.now, s) }

func (d *dialogue) show(actions []Action) {
	for _, a := range actions {
		if r, ok := a.(Report); ok {
			switch r.News.(type) {
			case FramesSentNews, FrameReceivedNews, RemoteNews:
				continue // seen already
			}
			d.line("(" + r.News.String() + ")")
			continue
		}
		d.line(a.String())
	}
}

// slow brings a frame with its carrier.
func (d *dialogue) slow(e FrameEvent) {
	d.show(d.m.Handle(d.now, CarrierEvent{Status: modem.CarrierUp}))
	d.show(d.m.Handle(d.now, e))
	d.show(d.m.Handle(d.now, CarrierEvent{Status: modem.CarrierDown}))
}

// fast brings a burst of the fast modem.
func (d *dialogue) fast(content func()) {
	d.show(d.m.Handle(d.now, CarrierEvent{true, modem.CarrierUp}))
	d.show(d.m.Handle(d.now, CarrierEvent{true, modem.Trained}))
	content()
	d.now += Second
	d.show(d.m.Handle(d.now, CarrierEvent{true, modem.CarrierDown}))
}

func (d *dialogue) check(kind string) {
	b := make([]byte, d.m.params.Rate.BitRate*3/2/8)
	for i := range b {
		if kind == "bad" && i%7 == 0 || kind == "lost" && i > len(b)/2 && i < len(b)/2+20 {
			b[i] = 0x55
		}
	}
	d.show(d.m.Handle(d.now, DataEvent{b}))
}

func (d *dialogue) image(f []string) {
	d.store.quality.Rows = number(d.t, f[0])
	d.store.quality.BadRows, d.store.quality.LongestBad = 0, 0
	for _, o := range f[1:] {
		k, v, _ := strings.Cut(o, "=")
		switch k {
		case "bad":
			d.store.quality.BadRows = number(d.t, v)
		case "run":
			d.store.quality.LongestBad = number(d.t, v)
		}
	}
	d.fast(func() { d.show(d.m.Handle(d.now, DataEvent{make([]byte, 100)})) })
}

func (d *dialogue) block(list string) {
	d.store.quality = Quality{Rows: 100}
	for part := range strings.SplitSeq(list, ",") {
		from, to, ok := strings.Cut(part, "-")
		if !ok {
			to = from
		}
		for n := number(d.t, from); n <= number(d.t, to); n++ {
			f := append(frame(FCD, byte(n)), make([]byte, max(1, d.m.params.FrameSize))...)
			f[len(f)-1] = byte(n)
			d.show(d.m.Handle(d.now, FrameEvent{f, true, true}))
		}
	}
	for range rcpFrames {
		d.show(d.m.Handle(d.now, FrameEvent{frame(RCP), true, true}))
	}
}

func number(t *testing.T, s string) int {
	t.Helper()
	n, err := strconv.Atoi(s)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func (d *dialogue) create(f []string) {
	cfg := Config{ID: "us", Capabilities: Capabilities{MaxLength: Unlimited, MaxWidth: Width303}}
	d.store = &fakeStore{}
	doc := fakeDocument{}
	for _, o := range f {
		k, v, _ := strings.Cut(o, "=")
		d.option(&cfg, &doc, k, v)
	}
	if len(doc) > 0 {
		cfg.Document = doc
	}
	if cfg.Document == nil || cfg.Poll || !cfg.Calling {
		cfg.Pages = d.store
	}
	m, err := New(cfg)
	if err != nil {
		d.line(err.Error())
		return
	}
	d.m, d.now = m, 0
	d.show(m.Start(0))
}

// option reads one option of "new".
func (d *dialogue) option(cfg *Config, doc *fakeDocument, k, v string) {
	switch k {
	case "calling", "answering":
		cfg.Calling = k == "calling"
	case "pages": // each page a letter; see pageOf
		for _, c := range v {
			*doc = append(*doc, pageOf(c))
		}
	case "octets":
		(*doc)[len(*doc)-1].octets = number(d.t, v)
	case "noecm":
		cfg.NoECM = true
	case "ecm64":
		cfg.FrameSize = 64
	case "noced":
		cfg.NoCED = true
	case "poll":
		cfg.Poll = true
	case "sub":
		cfg.Subaddress = v
	case "pwd":
		cfg.Password, cfg.PollPassword = v, v
	case "sep":
		cfg.PolledAddress = v
	case "station":
		cfg.StationID = v
	case "maxrate":
		cfg.MaxRate = number(d.t, v)
	case "rtn":
		cfg.RTN = map[string]RTNHandling{"retransmit": Retransmit, "giveup": GiveUp, "ignore": Ignore}[v]
	case "badpage":
		cfg.BadPage = map[string]BadPageHandling{"discard": RTNDiscard, "dcn": SendDCN}[v]
	case "quality":
		cfg.PercentGoodLines, cfg.MaxConsecutiveBadLines = 95, 5
	case "maxpages":
		cfg.MaxRecvPages = number(d.t, v)
	case "eor":
		cfg.GiveUpECM = true
	case "refuse":
		cfg.Accept = func(r Remote) error { return errors.New("not from " + r.ID) }
		cfg.AcceptPoll = func(r Remote) error { return errors.New("wrong password " + r.Password) }
	case "known": // the password that callers must give
		check := func(r Remote) error {
			if r.Password != v {
				return errors.New("wrong password " + r.Password)
			}
			return nil
		}
		cfg.Accept, cfg.AcceptPoll = check, check
	case "full":
		d.store.err = errors.New("no space left on device")
	default:
		d.t.Fatalf("unknown option %q", k)
	}
}

// pageOf makes a page: s standard, f fine, d fine of a new document, a A3, b B4, u superfine,
// h and i 400 per inch, t 300.
func pageOf(c rune) fakePage {
	p := fakePage{octets: 1000, info: PageInfo{Length: Unlimited, Resolution: Fine}}
	switch c {
	case 's':
		p.info.Resolution = Standard
	case 'd':
		p.info.NewDocument = true
	case 'a':
		p.info.Width = Width303
	case 'b':
		p.info.Width, p.info.Length = Width255, LengthB4
	case 'u':
		p.info.Resolution = Superfine
	case 'h':
		p.info.Resolution = R400
	case 'i':
		p.info.Resolution, p.info.Inch = R400, true
	case 't':
		p.info.Resolution, p.info.Inch = R300, true
	}
	return p
}

// parseFrame makes the far end's frame.
func (d *dialogue) parseFrame(f []string) Frame {
	var out Frame
	name, next, _ := strings.Cut(f[0], "-")
	if c, ok := code(f[0]); ok {
		name, next = f[0], ""
		_ = c
	}
	c, ok := code(name)
	if !ok {
		d.t.Fatalf("unknown frame %q", f[0])
	}
	switch c {
	case DIS, DTC:
		out = frame(c, capabilities(d.t, f[1:]).dis()...)
	case DCS:
		out = frame(c, parameters(d.t, f[1:]).dcs()...)
	case CTC:
		out = frame(c, parameters(d.t, f[1:]).dcs()[:2]...)
	case CSI, CIG, TSI, PWD, SEP, SUB, SID:
		out = frame(c, identity(strings.Join(f[1:], " "))...)
	case PPR:
		out = frame(c, request(d.t, f[1:])...)
	case PPS:
		n, _ := code(next)
		out = pps{n, uint8(number(d.t, f[1])), uint8(number(d.t, f[2])), number(d.t, f[3])}.frame()
	case EOR:
		n, _ := code(next)
		out = frame(c, byte(n))
	default:
		out = frame(c)
	}
	out[1] = controlFinal
	return out
}

func request(t *testing.T, list []string) []byte {
	b := make([]byte, requestSize)
	for _, s := range list {
		n := number(t, s)
		b[n/8] |= 1 << (n % 8)
	}
	return b
}

func code(name string) (FCF, bool) {
	for c, s := range names {
		if s == name {
			return c, true
		}
	}
	return 0, false
}

func capabilities(t *testing.T, words []string) Capabilities {
	c := Capabilities{Receive: true, Resolutions: SetOf(Standard), Codings: SetOf(t4.MH), Modems: Modems{V27ter4800: true, V29: true}, MaxLength: Unlimited, Subaddress: true, Password: true}
	for _, w := range words {
		switch w {
		case "v17":
			c.Modems = AllModems
		case "v27":
			c.Modems = Modems{V27ter4800: true}
		case "ecm":
			c.ECM = true
		case "mr":
			c.Codings |= SetOf(t4.MR)
		case "mmr":
			c.Codings |= SetOf(t4.MMR)
		case "fine":
			c.Resolutions |= SetOf(Fine)
		case "poll":
			c.Transmit, c.SelectivePolling = true, true
		case "noreceiver":
			c.Receive = false
		default:
			t.Fatalf("unknown capability %q", w)
		}
	}
	return c
}

func parameters(t *testing.T, words []string) Parameters {
	p := Parameters{Rate: rateCodes[0].rate, Coding: t4.MH, Resolution: Fine, Length: Unlimited}
	for _, w := range words {
		switch w {
		case "14400", "12000":
			p.Rate.BitRate = number(t, w)
		case "9600", "7200":
			p.Rate = modem.Rate{Modulation: modem.V29, BitRate: number(t, w)}
		case "4800", "2400":
			p.Rate = modem.Rate{Modulation: modem.V27ter, BitRate: number(t, w)}
		case "ecm":
			p.FrameSize = 256
		case "ecm64":
			p.FrameSize = 64
		case "mr":
			p.Coding = t4.MR
		case "mmr":
			p.Coding = t4.MMR
		default:
			t.Fatalf("unknown parameter %q", w)
		}
	}
	return p
}

// fakeDocument has pages of so many octets.
type fakeDocument []fakePage

type fakePage struct {
	info   PageInfo
	octets int
}

func (d fakeDocument) Page(n int) (PageInfo, bool) {
	if n >= len(d) {
		return PageInfo{}, false
	}
	return d[n].info, true
}

func (d fakeDocument) Code(n int, _ Parameters) (io.Reader, error) {
	b := make([]byte, d[n].octets)
	for i := range b {
		b[i] = byte(i*7 + n)
	}
	return strings.NewReader(string(b)), nil
}

// fakeStore takes pages and says what quality it is told.
type fakeStore struct {
	quality Quality
	err     error
	pages   [][]byte // kept
	partial int      // kept, but cut off
}

func (s *fakeStore) Page(Parameters) (PageWriter, error) { return &fakeWriter{store: s}, nil }

type fakeWriter struct {
	store *fakeStore
	data  []byte
}

func (w *fakeWriter) Write(p []byte) (int, error) {
	w.data = append(w.data, p...)
	return len(p), nil
}
func (w *fakeWriter) Quality() Quality { return w.store.quality }
func (w *fakeWriter) Discard()         {}
func (w *fakeWriter) Keep(complete, _ bool) error {
	if w.store.err != nil {
		return w.store.err
	}
	if !complete {
		w.store.partial++
	}
	w.store.pages = append(w.store.pages, w.data)
	return nil
}
