package line

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax"
	"github.com/litoria-fax/litoria/iax/wire"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/record"
	"github.com/litoria-fax/litoria/spool"
)

// faxSession is a modemdrv.Session, recorded or not.
type faxSession interface {
	iax.Media
	Abort()
	LineDown()
	Result() modemdrv.Result
}

// openSession makes the session of a call, recorded where the line's
// configuration says so. That a recording cannot be made hinders no call.
func (l *Line) openSession(set *Settings, cfg modemdrv.Config, log *spool.SessionLog) (*media, error) {
	if set.Record != "" {
		t, err := openTapes(filepath.Join(below(l.spool, set.Record), "c"+log.CommID))
		if err == nil {
			s, err := record.New(cfg, record.Tape{Log: t.files[0], Received: t.files[1], Sent: t.files[2]})
			if err != nil {
				return nil, err
			}
			t.log = log
			log.Printf(time.Now(), "IAXRecord: %s", t.files[0].f.Name())
			return &media{faxSession: s, tapes: t}, nil
		}
		log.Printf(time.Now(), "IAXRecord: %v; the call is not recorded", err)
	}
	open := modemdrv.NewAnswerer
	if cfg.Calling {
		open = modemdrv.NewCaller
	}
	s, err := open(cfg)
	if err != nil {
		return nil, err
	}
	return &media{faxSession: s}, nil
}

// The files of a recording, and what they are called behind the session's
// number.
var tapeNames = [...]string{".rec", "-received.wav", "-sent.wav", "-iax.pcap"}

// tapes are the files of one recording.
type tapes struct {
	files [len(tapeNames)]*tape
	log   *spool.SessionLog

	mu     sync.Mutex // guards what follows: the call outlives the session a little
	closed bool
	packet []byte
	err    error
}

// follow captures the frames of a call.
func (t *tapes) follow(c *iax.Call) {
	if t == nil {
		return
	}
	t.packet = wire.AppendCaptureHeader(t.packet[:0])
	_, t.err = t.files[3].Write(t.packet)
	c.Capture(func(at time.Time, from, to netip.AddrPort, frame []byte) {
		t.mu.Lock()
		defer t.mu.Unlock()
		if t.closed || t.err != nil {
			return
		}
		t.packet = wire.AppendCaptured(t.packet[:0], at, from, to, frame)
		_, t.err = t.files[3].Write(t.packet)
	})
}

func openTapes(name string) (*tapes, error) {
	if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
		return nil, err
	}
	t := &tapes{}
	for i, suffix := range tapeNames {
		f, err := os.OpenFile(name+suffix, os.O_CREATE|os.O_WRONLY|os.O_TRUNC, 0o600)
		if err != nil {
			for _, open := range t.files[:i] {
				_ = open.close()
			}
			return nil, err
		}
		t.files[i] = newTape(f)
	}
	return t, nil
}

// close ends the recording of a session.
func (t *tapes) close(s faxSession) {
	if t == nil {
		return
	}
	rec, ok := s.(*record.Session)
	if !ok {
		return
	}
	received, sent, err := rec.End()
	t.mu.Lock()
	defer t.mu.Unlock()
	t.closed = true
	err = errors.Join(err, t.err)
	samples := [...]int64{1: received, 2: sent, 3: 0}
	for i, tape := range t.files {
		err = errors.Join(err, tape.close())
		if err == nil && samples[i] > 0 {
			err = writeHeader(tape.f.Name(), samples[i])
		}
	}
	if err != nil {
		t.log.Printf(time.Now(), "IAXRecord: the recording is not whole: %v", err)
	}
}

// remove ends the recording of a session that never ran.
func (t *tapes) remove(s faxSession) {
	if t == nil {
		return
	}
	t.close(s)
	for _, tape := range t.files {
		_ = os.Remove(tape.f.Name())
	}
}

// writeHeader writes the length of a WAV file into it.
func writeHeader(path string, samples int64) error {
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(record.Header(samples), 0)
	return errors.Join(err, f.Close())
}

// tape is a file that is written beside the call, so that a slow disk does not
// hold up its audio.
type tape struct {
	f      *os.File
	buf    []byte
	chunks chan []byte
	done   chan error
}

const (
	tapeChunk = 32 << 10 // octets: a second of audio
	tapeSpace = 64       // chunks that may wait for the disk
)

var errSlowDisk = errors.New("the disk is too slow for a recording")

func newTape(f *os.File) *tape {
	t := &tape{f: f, chunks: make(chan []byte, tapeSpace), done: make(chan error, 1)}
	go func() {
		var err error
		for b := range t.chunks {
			if err == nil {
				_, err = f.Write(b)
			}
		}
		t.done <- errors.Join(err, f.Close())
	}()
	return t
}

// Write implements io.Writer; it never waits.
func (t *tape) Write(b []byte) (int, error) {
	t.buf = append(t.buf, b...)
	if len(t.buf) < tapeChunk {
		return len(b), nil
	}
	select {
	case t.chunks <- t.buf:
		t.buf = nil
		return len(b), nil
	default:
		return 0, fmt.Errorf("%s: %w", t.f.Name(), errSlowDisk)
	}
}

// close writes what is left.
func (t *tape) close() error {
	if len(t.buf) > 0 {
		t.chunks <- t.buf
		t.buf = nil
	}
	close(t.chunks)
	return <-t.done
}
