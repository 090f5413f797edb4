package record

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// Tape takes a recording. Received and Sent get WAV files whose header does not
// know their length: see Header. An error of a tape ends the recording, not the
// session.
type Tape struct{ Log, Received, Sent io.Writer }

// head is the first line of a log.
type head struct {
	Level                               float64
	Config                              plainConfig
	Document, Pages, Accept, AcceptPoll bool // there was one
}

// plainConfig is a t30.Config without what is no data.
type plainConfig struct {
	t30.Config
	Document   *struct{} `json:",omitempty"`
	Pages      *struct{} `json:",omitempty"`
	Accept     *struct{} `json:",omitempty"`
	AcceptPoll *struct{} `json:",omitempty"`
}

const magic = "litoria-recording "

// Session is a modemdrv.Session that is recorded.
type Session struct {
	*modemdrv.Session
	tape           Tape
	err            error
	received, sent int64 // samples
	space          []byte
	within         bool // an order is being carried out
}

// New makes a session that is recorded: the caller's if cfg.Calling, else the
// answerer's.
func New(cfg modemdrv.Config, tape Tape) (*Session, error) {
	s := &Session{tape: tape}
	h := head{Level: cfg.Level, Config: plainConfig{Config: cfg.Config}, Document: cfg.Document != nil, Pages: cfg.Pages != nil,
		Accept: cfg.Accept != nil, AcceptPoll: cfg.AcceptPoll != nil}
	text, err := json.Marshal(h)
	if err != nil {
		return nil, fmt.Errorf("record: %w", err)
	}
	s.log("%s%s", magic, text)
	s.write(tape.Received, Header(-1))
	s.write(tape.Sent, Header(-1))
	if cfg.Document != nil {
		cfg.Document = document{s, cfg.Document}
	}
	if cfg.Pages != nil {
		cfg.Pages = receiver{s, cfg.Pages}
	}
	cfg.Accept = s.judge(cfg.Accept)
	cfg.AcceptPoll = s.judge(cfg.AcceptPoll)
	observer := cfg.Observer
	cfg.Observer = modemdrv.ObserverFunc(func(at t30.Samples, n t30.News) {
		s.log("news %d %q", int64(at), n.String())
		if observer != nil {
			observer.Report(at, n)
		}
	})
	if cfg.Calling {
		s.Session, err = modemdrv.NewCaller(cfg)
	} else {
		s.Session, err = modemdrv.NewAnswerer(cfg)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Session) write(w io.Writer, b []byte) {
	if s.err == nil {
		_, s.err = w.Write(b)
	}
}

func (s *Session) log(format string, args ...any) {
	if s.err == nil {
		s.space = append(fmt.Appendf(s.space[:0], format, args...), '\n')
		s.write(s.tape.Log, s.space)
	}
}

// order notes an order to the session and carries it out.
func (s *Session) order(line string, f func()) {
	if s.within { // given from within another one, by an observer
		s.log("within %s", line)
		f()
		return
	}
	s.within = true
	s.log("%s", line)
	f()
	s.within = false
}

// Receive is the session's.
func (s *Session) Receive(pcm []int16) {
	s.received += int64(len(pcm))
	s.space = appendPCM(s.space[:0], pcm)
	s.write(s.tape.Received, s.space)
	s.order(fmt.Sprint("r ", len(pcm)), func() { s.Session.Receive(pcm) })
}

// Conceal is the session's.
func (s *Session) Conceal(n int) { s.order(fmt.Sprint("c ", n), func() { s.Session.Conceal(n) }) }

// Transmit is the session's.
func (s *Session) Transmit(out []int16) {
	s.sent += int64(len(out))
	s.order(fmt.Sprint("t ", len(out)), func() { s.Session.Transmit(out) })
	s.space = appendPCM(s.space[:0], out)
	s.write(s.tape.Sent, s.space)
}

// LineDown is the session's.
func (s *Session) LineDown() { s.order("down", s.Session.LineDown) }

// Abort is the session's.
func (s *Session) Abort() { s.order("abort", s.Session.Abort) }

// SetBusy is the session's.
func (s *Session) SetBusy(b bool) {
	s.order(fmt.Sprint("busy ", b), func() { s.Session.SetBusy(b) })
}

// Interrupt is the session's.
func (s *Session) Interrupt() { s.order("interrupt", s.Session.Interrupt) }

// End tells how many samples were recorded, for the headers of the WAV files,
// and whether the recording is whole.
func (s *Session) End() (received, sent int64, err error) { return s.received, s.sent, s.err }

// verdict notes what somebody answered.
func (s *Session) verdict(what string, err error) error {
	if err != nil {
		s.log("%s %q", what, err.Error())
		return err
	}
	s.log("%s", what)
	return nil
}

func (s *Session) judge(f func(t30.Remote) error) func(t30.Remote) error {
	if f == nil {
		return nil
	}
	return func(r t30.Remote) error { return s.verdict("accept", f(r)) }
}

// document notes the pages that are sent.
type document struct {
	s *Session
	t30.Document
}

// Page implements t30.Document.
func (d document) Page(n int) (t30.PageInfo, bool) {
	info, ok := d.Document.Page(n)
	if !ok {
		d.s.log("page %d", n)
		return info, ok
	}
	text, err := json.Marshal(info)
	if err != nil {
		d.s.err = err
	}
	d.s.log("page %d %s", n, text)
	return info, ok
}

// Code implements t30.Document.
func (d document) Code(n int, p t30.Parameters) (io.Reader, error) {
	r, err := d.Document.Code(n, p)
	var code []byte
	if err == nil {
		code, err = io.ReadAll(r)
	}
	if err != nil {
		d.s.log("code %d error %q", n, err.Error())
		return nil, err
	}
	d.s.log("code %d %s", n, base64.StdEncoding.EncodeToString(code))
	return bytes.NewReader(code), nil
}

// receiver notes what becomes of received pages.
type receiver struct {
	s *Session
	t30.Receiver
}

// Page implements t30.Receiver.
func (r receiver) Page(p t30.Parameters) (t30.PageWriter, error) {
	w, err := r.Receiver.Page(p)
	if r.s.verdict("take", err) != nil {
		return nil, err
	}
	return pageWriter{r.s, w}, nil
}

type pageWriter struct {
	s *Session
	t30.PageWriter
}

// Write implements t30.PageWriter.
func (w pageWriter) Write(code []byte) (int, error) {
	n, err := w.PageWriter.Write(code)
	if err != nil {
		err = w.s.verdict("write", err)
	}
	return n, err
}

// Quality implements t30.PageWriter.
func (w pageWriter) Quality() t30.Quality {
	q := w.PageWriter.Quality()
	w.s.log("quality %d %d %d", q.Rows, q.BadRows, q.LongestBad)
	return q
}

// Keep implements t30.PageWriter.
func (w pageWriter) Keep(complete, last bool) error {
	return w.s.verdict("keep", w.PageWriter.Keep(complete, last))
}
