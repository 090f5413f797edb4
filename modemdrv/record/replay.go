package record

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// ErrDeparts says that the session did not do what it did when it was recorded.
var ErrDeparts = errors.New("the session departs from the recording")

// Limits of a log.
const (
	maxLine  = 64 << 20 // octets: a page's code stands on one line
	maxPiece = 1 << 20  // samples of one order
)

// entry is a line of a log.
type entry struct {
	line       int
	word, rest string
}

// replay runs a recording.
type replay struct {
	sc       *bufio.Scanner
	head     entry // the next one
	more     bool
	line     int
	session  *modemdrv.Session
	received *wavReader
	sent     *wavReader
	observer modemdrv.Observer
	pcm      []int16
	spoken   []int16
	samples  int64
	err      error
}

// Replay runs a recording again and reports to o (may be nil) as the recorded
// session did. Where the session says or does anything else than when it was
// recorded, the error is ErrDeparts, with the line of the log; sent may be nil:
// then only what the session said is compared.
func Replay(log, received, sent io.Reader, o modemdrv.Observer) (modemdrv.Result, error) {
	r := &replay{sc: bufio.NewScanner(log), observer: o}
	r.sc.Buffer(nil, maxLine)
	var err error
	if r.received, err = openWAV(received); err != nil {
		return modemdrv.Result{}, fmt.Errorf("what was received: %w", err)
	}
	if sent != nil {
		if r.sent, err = openWAV(sent); err != nil {
			return modemdrv.Result{}, fmt.Errorf("what was sent: %w", err)
		}
	}
	if err := r.open(); err != nil {
		return modemdrv.Result{}, err
	}
	for r.more && r.err == nil {
		r.order(r.pop())
	}
	if r.err == nil {
		r.err = r.sc.Err()
	}
	return r.session.Result(), r.err
}

// open reads the first line and makes the session.
func (r *replay) open() error {
	if !r.sc.Scan() || !strings.HasPrefix(r.sc.Text(), magic) {
		return errors.New("this is no recording of a session")
	}
	r.line = 1
	var h head
	if err := json.Unmarshal(r.sc.Bytes()[len(magic):], &h); err != nil {
		return fmt.Errorf("the recording's first line: %w", err)
	}
	cfg := modemdrv.Config{Config: h.Config.Config, Level: h.Level, Observer: modemdrv.ObserverFunc(r.news)}
	if h.Document {
		cfg.Document = replayDocument{r}
	}
	if h.Pages {
		cfg.Pages = replayReceiver{r}
	}
	judge := func(t30.Remote) error { return r.verdict("accept") }
	if h.Accept {
		cfg.Accept = judge
	}
	if h.AcceptPoll {
		cfg.AcceptPoll = judge
	}
	r.advance()
	var err error
	if cfg.Calling {
		r.session, err = modemdrv.NewCaller(cfg)
	} else {
		r.session, err = modemdrv.NewAnswerer(cfg)
	}
	return err
}

// advance reads the next line.
func (r *replay) advance() {
	r.more = r.sc.Scan()
	r.line++
	word, rest, _ := strings.Cut(r.sc.Text(), " ")
	r.head = entry{r.line, word, rest}
}

func (r *replay) pop() entry {
	e := r.head
	r.advance()
	return e
}

func (r *replay) departs(line int, format string, args ...any) error {
	if r.err == nil {
		r.err = fmt.Errorf("line %d: %w: %s", line, ErrDeparts, fmt.Sprintf(format, args...))
	}
	return r.err
}

// order gives the session what it was given then.
func (r *replay) order(e entry) {
	switch e.word {
	case "r", "t", "c":
		n, err := strconv.Atoi(e.rest)
		if err != nil || n < 0 || n > maxPiece {
			r.err = fmt.Errorf("line %d: %q is no number of samples", e.line, e.rest)
			return
		}
		r.samplesOf(e, n)
	case "down":
		r.session.LineDown()
	case "abort":
		r.session.Abort()
	case "busy":
		r.session.SetBusy(e.rest == "true")
	case "interrupt":
		r.session.Interrupt()
	default:
		_ = r.departs(e.line, "%q was recorded and does not come", e.word+" "+e.rest)
	}
}

func (r *replay) samplesOf(e entry, n int) {
	if cap(r.pcm) < n {
		r.pcm, r.spoken = make([]int16, n), make([]int16, n)
	}
	pcm := r.pcm[:n]
	switch e.word {
	case "c":
		r.session.Conceal(n)
	case "r":
		if r.err = r.received.next(pcm); r.err == nil {
			r.session.Receive(pcm)
		}
	default:
		r.session.Transmit(pcm)
		r.compare(e, pcm)
	}
}

// compare looks whether the session sends what it sent then.
func (r *replay) compare(e entry, pcm []int16) {
	was := r.spoken[:len(pcm)]
	if r.sent == nil || r.err != nil {
		return
	}
	if r.err = r.sent.next(was); r.err != nil {
		return
	}
	for i := range pcm {
		if pcm[i] != was[i] {
			_ = r.departs(e.line, "sample %d sent is %d and was %d", r.samples+int64(i), pcm[i], was[i])
			return
		}
	}
	r.samples += int64(len(pcm))
}

// news compares what the session reports.
func (r *replay) news(at t30.Samples, n t30.News) {
	if r.observer != nil {
		r.observer.Report(at, n)
	}
	want := fmt.Sprintf("%d %q", int64(at), n.String())
	if r.err != nil {
		return
	}
	if r.head.word != "news" || r.head.rest != want {
		_ = r.departs(r.head.line, "it reports %s where %q was recorded", want, r.head.word+" "+r.head.rest)
		return
	}
	r.advance()
	for r.more && r.head.word == "within" {
		e := r.pop()
		e.word, e.rest, _ = strings.Cut(e.rest, " ")
		r.order(e)
	}
}

// asked takes the recorded answer to a question of the session.
func (r *replay) asked(word string) (string, error) {
	if r.err != nil {
		return "", r.err
	}
	if r.head.word != word {
		return "", r.departs(r.head.line, "it asks for %q where %q was recorded", word, r.head.word)
	}
	return r.pop().rest, nil
}

// verdict gives the recorded one.
func (r *replay) verdict(word string) error {
	rest, err := r.asked(word)
	if err != nil || rest == "" {
		return err
	}
	return recorded(rest)
}

func recorded(quoted string) error {
	text, err := strconv.Unquote(quoted)
	if err != nil {
		text = quoted
	}
	return errors.New(text) //nolint:err113 // the text of the recorded one
}

type replayDocument struct{ *replay }

// Page implements t30.Document.
func (d replayDocument) Page(n int) (info t30.PageInfo, ok bool) {
	rest, err := d.asked("page")
	number, text, there := strings.Cut(rest, " ")
	if err != nil || !there || number != strconv.Itoa(n) {
		return info, false
	}
	return info, json.Unmarshal([]byte(text), &info) == nil
}

// Code implements t30.Document.
func (d replayDocument) Code(n int, _ t30.Parameters) (io.Reader, error) {
	rest, err := d.asked("code")
	if err != nil {
		return nil, err
	}
	_, text, _ := strings.Cut(rest, " ")
	if quoted, failed := strings.CutPrefix(text, "error "); failed {
		return nil, recorded(quoted)
	}
	code, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, fmt.Errorf("the recorded code of page %d: %w", n+1, err)
	}
	return bytes.NewReader(code), nil
}

type replayReceiver struct{ *replay }

// Page implements t30.Receiver.
func (v replayReceiver) Page(t30.Parameters) (t30.PageWriter, error) {
	if err := v.verdict("take"); err != nil {
		return nil, err
	}
	return replayPage(v), nil
}

type replayPage struct{ *replay }

// Write implements t30.PageWriter.
func (p replayPage) Write(code []byte) (int, error) {
	if p.more && p.head.word == "write" {
		return 0, p.verdict("write")
	}
	return len(code), p.err
}

// Quality implements t30.PageWriter.
func (p replayPage) Quality() (q t30.Quality) {
	rest, err := p.asked("quality")
	if err == nil {
		_, _ = fmt.Sscan(rest, &q.Rows, &q.BadRows, &q.LongestBad)
	}
	return q
}

// Keep implements t30.PageWriter.
func (p replayPage) Keep(bool, bool) error { return p.verdict("keep") }

// Discard implements t30.PageWriter.
func (replayPage) Discard() {}
