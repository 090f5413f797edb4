package server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"golang.org/x/sys/unix"

	"github.com/litoria-fax/litoria/spool"
)

// queueOp is what faxq is asked to do: the first letter of a message to its FIFO.
type queueOp byte

// The messages to faxq (faxq(8)).
const (
	opSubmit      queueOp = 'S'
	opSuspend     queueOp = 'X'
	opInterrupt   queueOp = 'Y'
	opKill        queueOp = 'K'
	opTrigger     queueOp = 'T'
	opEndTrigger  queueOp = 'D'
	opUnreference queueOp = 'U' // a prepared document is no longer needed
	opModem       queueOp = '+' // state of a modem
	opConfig      queueOp = 'C' // set a parameter
)

// Messages to a modem's FIFO (faxgetty(8)).
const (
	modemAbort   = "Z"
	modemAnswer  = "A"
	modemDisable = "SD"
	modemEnable  = "SR"
)

// Limits of talking to faxq.
const (
	maxQueueMessage = 64 << 10
	queueBuffer     = 256
	queueTimeout    = 2 * time.Minute // JSUSP waits for a call to reach a point where it can stop
)

// queuer is a session's FIFO for the answers and events of faxq.
type queuer struct {
	srv     *Server
	rel     string // "client/123-1"
	path    string
	fifo    *os.File
	answers chan string
	events  chan []byte
	hello   chan struct{} // faxq has begun anew
}

// newQueuer makes a FIFO below client and reads it until Close.
func (srv *Server) newQueuer() (*queuer, error) {
	n := atomic.AddUint64(&srv.fifos, 1)
	q := &queuer{
		srv:     srv,
		rel:     fmt.Sprintf("client/%d-%d", os.Getpid(), n),
		answers: make(chan string, 1), events: make(chan []byte, queueBuffer), hello: make(chan struct{}, 1),
	}
	q.path = srv.cfg.Spool + "/" + q.rel
	if err := unix.Mkfifo(q.path, 0o622); err != nil && !errors.Is(err, unix.EEXIST) {
		return nil, fmt.Errorf("Could not create %s: %w", q.rel, err) //nolint:staticcheck // HylaFAX's words
	}
	fifo, err := srv.root.OpenFile(q.rel, os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		os.Remove(q.path)                                                     //nolint:errcheck // the fault before counts
		return nil, fmt.Errorf("Could not open FIFO file %s: %w", q.rel, err) //nolint:staticcheck // HylaFAX's words
	}
	if err := fifo.Chmod(0o622); err != nil { // whatever the umask is
		srv.log.Debug().Err(err).Msg("FIFO")
	}
	q.fifo = fifo
	go q.read()
	return q, nil
}

// Close removes the FIFO.
func (q *queuer) Close() {
	q.fifo.Close()
	os.Remove(q.path) //nolint:errcheck // nothing to be done about it
}

// read distributes what arrives. It ends when the FIFO is closed.
func (q *queuer) read() {
	var held []byte
	buf := make([]byte, 4096)
	for {
		n, err := q.fifo.Read(buf)
		if err != nil {
			return
		}
		held = append(held, buf[:n]...)
		for {
			message, rest, ok := splitMessage(held)
			if !ok {
				break
			}
			q.deliver(message)
			held = rest
		}
		if len(held) > maxQueueMessage {
			held = nil
		}
	}
}

// eventHeaderSize is the size of TriggerMsgHeader on 64-bit machines: magic, reserved, sequence
// number, length, event (two octets each), padding, time (eight octets).
const eventHeaderSize = 16

// splitMessage takes the first message off: an event of its own length, or text up to a NUL.
func splitMessage(b []byte) (message, rest []byte, ok bool) {
	if len(b) == 0 {
		return nil, nil, false
	}
	if b[0] != '!' {
		end := bytes.IndexByte(b, 0)
		if end < 0 {
			return nil, b, false
		}
		return b[:end], b[end+1:], true
	}
	if len(b) < eventHeaderSize {
		return nil, b, false
	}
	length := int(binary.NativeEndian.Uint16(b[4:]))
	if length < eventHeaderSize {
		return nil, nil, false
	}
	if len(b) < length {
		return nil, b, false
	}
	return b[:length], b[length:], true
}

func (q *queuer) deliver(message []byte) {
	q.srv.trace(TraceFIFO).Str("fifo", q.rel).Bytes("message", message).Msg("FIFO receive")
	switch {
	case len(message) == 0:
	case message[0] == '!':
		select {
		case q.events <- bytes.Clone(message):
		default: // the client does not keep up: events are lost, as with HylaFAX
		}
	case message[0] == 'H' && strings.HasPrefix(string(message), "HELLO"):
		select {
		case q.hello <- struct{}{}:
		default:
		}
	default:
		select {
		case <-q.answers: // of a question that was given up
		default:
		}
		select {
		case q.answers <- strings.TrimSuffix(string(message), "\n"):
		default:
		}
	}
}

// writeFIFO sends a message to a FIFO of the spool. The error has the system's words.
func (srv *Server) writeFIFO(rel, message string) error {
	err := srv.spool.Send(rel, message)
	srv.trace(TraceFIFO).Str("fifo", rel).Str("message", message).Err(err).Msg("FIFO send")
	if !errors.Is(err, spool.ErrNobody) {
		return err
	}
	if _, statErr := srv.root.Lstat(rel); isNotExist(statErr) {
		return unix.ENOENT
	}
	return unix.ENXIO
}

// sendQueue sends a message to faxq.
func (srv *Server) sendQueue(message string) error {
	if err := srv.writeFIFO(spoolPath(srv.settings().FIFO), message); err != nil {
		return fmt.Errorf("Unable to open scheduler FIFO: %s", reason(err)) //nolint:staticcheck // HylaFAX's words
	}
	return nil
}

// tellQueue sends a message to faxq without waiting for an answer.
func (s *session) tellQueue(op queueOp, argument string) error {
	return s.srv.sendQueue(string(op) + argument)
}

// askQueue sends a message to faxq and waits for its consent.
func (s *session) askQueue(op queueOp, argument string) error {
	_, err := s.questionQueue(op, argument)
	return err
}

var (
	errQueueRefused = errors.New("Unspecified reason (scheduler NAK'd request)") //nolint:staticcheck // HylaFAX's words
	errQueueSilent  = errors.New("the scheduler does not answer")
	errUserAbort    = errors.New("User aborted operation") //nolint:staticcheck // HylaFAX's words
)

// questionQueue sends a message to faxq and returns what comes with its consent.
func (s *session) questionQueue(op queueOp, argument string) (string, error) {
	if s.queue == nil {
		q, err := s.srv.newQueuer()
		if err != nil {
			return "", err
		}
		s.queue = q
	}
	select {
	case <-s.queue.answers: // late, of a question before
	default:
	}
	if err := s.srv.sendQueue(string(op) + s.queue.rel + ":" + argument); err != nil {
		return "", err
	}
	answer, err := s.awaitAnswer()
	switch {
	case err != nil:
		return "", err
	case len(answer) < 2 || answer[0] != byte(op):
		return "", fmt.Errorf("Unexpected response from scheduler: %q", answer) //nolint:staticcheck // HylaFAX's words
	case answer[1] != '*':
		return "", errQueueRefused
	}
	return answer[2:], nil
}

// awaitAnswer waits for faxq; the client may lose patience first.
func (s *session) awaitAnswer() (string, error) {
	timeout := time.NewTimer(queueTimeout)
	defer timeout.Stop()
	for {
		s.listen()
		select {
		case answer := <-s.queue.answers:
			return answer, nil
		case line := <-s.lines():
			s.heard(line)
			switch {
			case line.gone:
				return "", errUserAbort
			case strings.EqualFold(line.text, "ABOR"):
				return "", errUserAbort
			}
			s.held = &line
		case <-timeout.C:
			return "", errQueueSilent
		case <-s.srv.closing:
			return "", errQueueSilent
		}
	}
}

// modemID turns the name of a device into its identifier.
func modemID(modem string) string {
	return strings.ReplaceAll(strings.TrimPrefix(modem, "/dev/"), "/", "_")
}

// tellModem sends a message to the process that looks after a modem.
func (srv *Server) tellModem(modem, message string) error {
	id := modemID(modem)
	if id == "" || strings.ContainsAny(id, "\x00") || strings.HasPrefix(id, ".") {
		return os.ErrNotExist
	}
	if err := srv.writeFIFO("FIFO."+id, message); err != nil {
		return fmt.Errorf("Unable to open /FIFO.%s: %s", id, reason(err)) //nolint:staticcheck // HylaFAX's words
	}
	return nil
}
