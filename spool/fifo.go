package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
)

// QueuerFIFO is the FIFO on which faxq listens; that of the line DEVID has
// "."+DEVID behind it.
const QueuerFIFO = "FIFO"

// MaxMessage is the longest message: what a pipe takes in one piece
// (PIPE_BUF), so that messages of several writers do not mix.
const MaxMessage = 4096

// pipeCapacity is what Linux keeps of a FIFO that nobody reads (pipe(7)): one
// read takes it all.
const pipeCapacity = 64 << 10

// ErrNobody says that no process reads the FIFO.
var ErrNobody = errors.New("no process listens")

// FIFO is a FIFO special file that this process reads. Messages of HylaFAX end
// with a NUL octet; a line written by echo, which ends with a newline, is taken
// too.
type FIFO struct {
	f    *os.File
	buf  [pipeCapacity]byte
	part []byte // a message that was cut off by the end of the buffer
	done []string
}

// OpenFIFO opens a FIFO of the spool for reading, and makes it where it is
// missing. mode is for a new one.
func (s *Spool) OpenFIFO(name string, mode fs.FileMode) (*FIFO, error) {
	path := s.Path(name)
	if err := syscall.Mkfifo(path, uint32(mode.Perm())); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("could not create %s: %w", path, err)
	}
	// Open for both directions, so that the end of the last writer is no end of file.
	f, err := os.OpenFile(path, os.O_RDWR|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, fmt.Errorf("could not open FIFO file %s: %w", path, err)
	}
	if info, err := f.Stat(); err != nil || info.Mode()&fs.ModeNamedPipe == 0 {
		f.Close()
		return nil, fmt.Errorf("%s is not a FIFO special file", path)
	}
	return &FIFO{f: f}, nil
}

// Next waits for the next message. It returns os.ErrClosed after Close.
func (q *FIFO) Next() (string, error) {
	for len(q.done) == 0 {
		n, err := q.f.Read(q.buf[:])
		if err != nil {
			return "", err
		}
		q.take(q.buf[:n], n == len(q.buf))
	}
	m := q.done[0]
	q.done = q.done[1:]
	return m, nil
}

// take splits what was read into messages. Messages are written in one piece,
// so the end of what was read ends the last one, unless the buffer was full:
// HylaFAX's faxmodem and echo write no NUL.
func (q *FIFO) take(b []byte, full bool) {
	for {
		m, rest, ok := bytes.Cut(b, []byte{0})
		if !ok {
			break
		}
		q.message(append(q.part, m...))
		q.part, b = nil, rest
	}
	q.part = append(q.part, b...)
	if !full || len(q.part) > MaxMessage {
		q.message(q.part)
		q.part = nil
	}
}

// message takes what came before a NUL. A line of echo may stand before it in
// the same read; no message of HylaFAX has a newline in it.
func (q *FIFO) message(b []byte) {
	for m := range strings.SplitSeq(string(b), "\n") {
		if m != "" && len(m) <= MaxMessage {
			q.done = append(q.done, m)
		}
	}
}

// Close ends reading; a Next that waits returns. The special file stays.
func (q *FIFO) Close() error { return q.f.Close() }

// Send writes a message to a FIFO of the spool without waiting: ErrNobody where
// no process reads it.
func (s *Spool) Send(fifo, message string) error {
	if len(message) >= MaxMessage || strings.IndexByte(message, 0) >= 0 {
		return fmt.Errorf("message to %s is too long or has a NUL in it", fifo)
	}
	fd, err := syscall.Open(s.Path(fifo), syscall.O_WRONLY|syscall.O_NONBLOCK|syscall.O_CLOEXEC, 0)
	switch {
	case errors.Is(err, syscall.ENXIO), errors.Is(err, syscall.ENOENT):
		return fmt.Errorf("%s: %w", fifo, ErrNobody)
	case err != nil:
		return fmt.Errorf("%s: %w", fifo, err)
	}
	defer syscall.Close(fd)
	b := append([]byte(message), 0)
	n, err := syscall.Write(fd, b) // at most PIPE_BUF octets go whole or not at all
	if err != nil || n != len(b) {
		return fmt.Errorf("%s: message not taken: %w", fifo, err)
	}
	return nil
}

// Kinds of messages to faxq that begin with their sender: the letter, its id, a
// colon.
const (
	fromModem   = '+' // faxgetty: what a line is doing
	fromJob     = '*' // faxsend: how a job goes on
	fromReceive = '@' // faxgetty: how a reception goes on
)

// Letters of a line's messages to faxq (ModemStatus).
const (
	ModemNumber  = "N" // the line exists; its number follows
	ModemReady   = "R" // ready; capabilities and priority follow
	ModemBusy    = "B" // busy with a call
	ModemDown    = "D" // will not be used
	ModemInUse   = "U" // in use by another program
	ModemWedged  = "W" // needs attention
	ModemSession = "I" // a session began (its commid follows) or ended
	ModemCallID  = "C" // identities of the caller follow, quoted
)

// Letters of messages to the FIFO of a line (faxgetty(8)).
const (
	LineAnswer   = 'A' // answer; fax, data, voice, extern or any may follow
	LineConfig   = 'C' // a configuration parameter follows
	LineHello    = 'H' // faxq was started: tell it the state
	LineQuit     = 'Q' // end
	LineState    = 'S' // the state to be in when idle follows: R, B or D
	LineLockWait = 'L' // go and wait for the lock
	LineAbort    = 'Z' // abort the call
	LineRescan   = 'R' // take up, reread and drop lines as their configurations are now (HylaFAX's faxgetty knows no such message and logs it)
)

// RescanLines tells every process of lines to look at the configuration files
// (LineRescan). It does not matter which line of a process hears it. It tells how
// many lines heard.
func (s *Spool) RescanLines() (heard int) {
	fifos, err := filepath.Glob(s.Path(QueuerFIFO + ".*"))
	if err != nil {
		return 0 // never: the pattern is good
	}
	for _, f := range fifos {
		if s.Send(filepath.Base(f), string(LineRescan)) == nil {
			heard++
		}
	}
	return heard
}

// ModemStatus tells faxq what a line is doing: one of the Modem letters with
// what belongs behind it.
func (s *Spool) ModemStatus(devid, message string) error {
	return s.fromSender(fromModem, devid, message)
}

// JobStatus tells faxq how a job goes on, as faxsend does.
func (s *Spool) JobStatus(jobid, message string) error { return s.fromSender(fromJob, jobid, message) }

// RecvStatus tells faxq how a reception goes on, as faxgetty does.
func (s *Spool) RecvStatus(devid, message string) error {
	return s.fromSender(fromReceive, devid, message)
}

func (s *Spool) fromSender(kind byte, id, message string) error {
	return s.Send(QueuerFIFO, string(kind)+id+":"+message)
}
