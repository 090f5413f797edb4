package linectl

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"time"
)

const (
	// requestTimeout is how long a new connection may take to say its request.
	// Connections are served in order, so it must be short.
	requestTimeout = time.Second
	// eventTimeout is how long a slow reader may hold an event; then it is cut
	// off and finds the rest by attach.
	eventTimeout = 5 * time.Second
)

// Handler is the process that owns the line, as the server sees it. The server
// calls it from one goroutine at a time.
type Handler interface {
	// Send begins a call for the batch and returns at once: nil means that the
	// line has the jobs, a *Refusal (or any other error) that it has not and
	// touched nothing. Every further event goes to report, from any goroutine,
	// in order; the last one is CallEnd. Accepted is sent by the server.
	Send(b Batch, report func(Event)) error
	// Abort begins to end the call of the job. Its end is reported by the call
	// itself. An error (ErrIdle) means that the line does not have the job.
	Abort(job string) error
	// Status tells what the line is doing now. DevID, PID are filled in by the
	// server.
	Status() Line
}

// Server answers the requests for one line.
type Server struct {
	devid   string
	handler Handler
	ln      net.Listener
	lock    *os.File
	path    string

	mu    sync.Mutex // guards call and conns
	call  *history
	conns map[net.Conn]bool
	wg    sync.WaitGroup
}

// Listen makes the line's socket below the spool and serves it until Close. A
// socket left behind by a process that died is replaced; ErrInUse if another
// process is alive.
func Listen(spool, devid string, h Handler) (*Server, error) {
	if err := checkDevID(devid); err != nil {
		return nil, err
	}
	path := filepath.Join(spool, SocketName(devid))
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return nil, fmt.Errorf("linectl: %w", err)
	}
	lock, err := lockLine(filepath.Join(filepath.Dir(path), "."+devid+suffix+".lock"))
	if err != nil {
		return nil, err
	}
	s := &Server{devid: devid, handler: h, lock: lock, path: path, conns: map[net.Conn]bool{}}
	if err := s.listen(spool); err != nil {
		lock.Close()
		return nil, fmt.Errorf("linectl: listen for line %s: %w", devid, err)
	}
	s.wg.Add(1)
	go s.accept()
	return s, nil
}

// lockLine makes sure that one process at a time serves the line: the lock
// goes with the process, however it ends.
func lockLine(path string) (*os.File, error) {
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, fmt.Errorf("linectl: %w", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("%w (%s)", ErrInUse, path)
		}
		return nil, fmt.Errorf("linectl: lock %s: %w", path, err)
	}
	return f, nil
}

func (s *Server) listen(spool string) error {
	if err := os.Remove(s.path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	err := withSocketPath(spool, s.devid, func(path string) (err error) {
		s.ln, err = net.Listen("unix", path)
		return err
	})
	if err != nil {
		return err
	}
	s.ln.(*net.UnixListener).SetUnlinkOnClose(false) // path may be a short-cut
	return os.Chmod(s.path, 0o600)
}

// Close stops serving and cuts off every connection. The call in progress is
// the handler's affair.
func (s *Server) Close() error {
	err := s.ln.Close()
	s.mu.Lock()
	for c := range s.conns {
		c.Close()
	}
	if s.call != nil {
		s.call.close()
	}
	s.mu.Unlock()
	s.wg.Wait()
	if rmErr := os.Remove(s.path); err == nil && !errors.Is(rmErr, os.ErrNotExist) {
		err = rmErr
	}
	s.lock.Close()
	return err
}

// accept serves requests in the order of the connections.
func (s *Server) accept() {
	defer s.wg.Done()
	for {
		conn, err := s.ln.Accept()
		if err != nil {
			return
		}
		s.serve(conn)
	}
}

// serve reads one request and begins to answer it; only the following of a
// call goes on beside the next connection.
func (s *Server) serve(conn net.Conn) {
	l := newLink(conn)
	s.track(conn, true)
	var r request
	err := conn.SetReadDeadline(deadline(requestTimeout))
	if err == nil {
		err = l.read(&r)
	}
	if err == nil {
		err = r.check()
	} else if isSilence(err) {
		s.end(conn) // a probe: connected and left
		return
	}
	if err != nil {
		s.answer(l, Event{Event: Error, Reason: err.Error()})
		return
	}
	switch r.Op {
	case opSend:
		s.send(l, r.Batch)
	case opAttach:
		s.attach(l)
	case opAbort:
		s.abort(l, r.Job)
	case opStatus:
		line := s.handler.Status()
		line.DevID, line.PID = s.devid, os.Getpid()
		s.answer(l, Event{Event: StatusNow, Line: &line})
	}
}

// isSilence tells a connection that ended without a request.
func isSilence(err error) bool {
	var ne net.Error
	return !errors.Is(err, errTooLong) && (errors.As(err, &ne) || isEOF(err))
}

func (s *Server) send(l *link, b Batch) {
	s.mu.Lock()
	busy := s.call != nil && !s.call.over()
	s.mu.Unlock()
	if busy {
		s.answer(l, Event{Event: Refused, Reason: "line is sending", Busy: true})
		return
	}
	h := newHistory()
	h.add(Event{Event: Accepted})
	if err := s.handler.Send(b, h.add); err != nil {
		e := Event{Event: Refused, Reason: err.Error()}
		var r *Refusal
		if errors.As(err, &r) {
			e.Reason, e.Busy = r.Reason, r.Busy
		}
		s.answer(l, e)
		return
	}
	s.mu.Lock()
	s.call = h
	s.mu.Unlock()
	s.follow(l, h)
}

func (s *Server) attach(l *link) {
	s.mu.Lock()
	h := s.call
	s.mu.Unlock()
	if h == nil || h.over() {
		s.answer(l, Event{Event: Error, Reason: ErrIdle.Error()})
		return
	}
	s.follow(l, h)
}

func (s *Server) abort(l *link, job string) {
	if err := s.handler.Abort(job); err != nil {
		s.answer(l, Event{Event: Error, Reason: err.Error()})
		return
	}
	s.answer(l, Event{Event: Aborting, Job: job})
}

// follow copies a call's events to one connection.
func (s *Server) follow(l *link, h *history) {
	s.wg.Add(1)
	go func() {
		defer s.wg.Done()
		defer s.end(l.conn)
		for i := 0; ; i++ {
			e, ok := h.at(i)
			if !ok || l.write(e, eventTimeout) != nil || e.Event == CallEnd {
				return
			}
		}
	}()
}

// answer writes a single event and ends the connection.
func (s *Server) answer(l *link, e Event) {
	l.write(e, eventTimeout) // a client that left needs no answer
	s.end(l.conn)
}

func (s *Server) end(conn net.Conn) {
	conn.Close()
	s.track(conn, false)
}

func (s *Server) track(conn net.Conn, open bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if open {
		s.conns[conn] = true
	} else {
		delete(s.conns, conn)
	}
}
