//go:build unix

package protocoltest

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"syscall"

	"golang.org/x/sys/unix"
)

// Scheduler stands for faxq: it reads the FIFO, says yes to everything, and changes the state of jobs
// as faxq would, without sending anything.
type Scheduler struct {
	dir  string
	fifo *os.File
	done chan struct{}

	mu       sync.Mutex // guards messages
	messages []string
}

// StartScheduler serves the FIFO of a spool until Close.
func StartScheduler(dir string) (*Scheduler, error) {
	fifo, err := os.OpenFile(filepath.Join(dir, "FIFO"), os.O_RDWR|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	s := &Scheduler{dir: dir, fifo: fifo, done: make(chan struct{})}
	go s.run()
	return s, nil
}

// Close stops the scheduler.
func (s *Scheduler) Close() {
	s.fifo.Close()
	<-s.done
}

// Messages returns what was received, with the names of client FIFOs replaced by CLIENT.
func (s *Scheduler) Messages() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.messages...)
}

func (s *Scheduler) run() {
	defer close(s.done)
	var held []byte
	buf := make([]byte, 4096)
	for {
		n, err := s.fifo.Read(buf)
		if err != nil {
			return
		}
		held = append(held, buf[:n]...)
		for {
			message, rest, ok := bytes.Cut(held, []byte{0})
			if !ok {
				break
			}
			s.message(string(message))
			held = rest
		}
	}
}

var clientFIFO = regexp.MustCompile(`^client/[0-9-]+`)

func (s *Scheduler) message(text string) {
	if text == "" {
		return
	}
	op, rest := text[:1], text[1:]
	client, argument, ok := strings.Cut(rest, ":")
	if !ok || !clientFIFO.MatchString(client) {
		client, argument = "", rest
	}
	s.mu.Lock()
	s.messages = append(s.messages, op+clientFIFO.ReplaceAllString(rest, "CLIENT"))
	s.mu.Unlock()
	s.act(op, argument)
	if client == "" {
		return
	}
	answer := op + "*"
	if op == "T" {
		answer += "17"
	}
	s.Tell(client, answer+"\x00")
}

// act changes the job that a message is about.
func (s *Scheduler) act(op, id string) {
	from := filepath.Join(s.dir, "sendq", "q"+id)
	switch op {
	case "S":
		s.setState(from, "5", "")
	case "X", "Y":
		s.setState(from, "1", "")
	case "K":
		s.setState(from, "8", "Job aborted by request")
		os.Rename(from, filepath.Join(s.dir, "doneq", "q"+id)) //nolint:errcheck // a job that is not there
	}
}

var stateLine = regexp.MustCompile(`(?m)^state:.*$`)
var statusLine = regexp.MustCompile(`(?m)^status:.*$`)

func (s *Scheduler) setState(path, state, status string) {
	// A program that is started at this moment would have the lock until it runs.
	syscall.ForkLock.RLock()
	defer syscall.ForkLock.RUnlock()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		return
	}
	defer f.Close()
	unix.Flock(int(f.Fd()), unix.LOCK_EX) //nolint:errcheck // a test sees it
	text, err := os.ReadFile(path)
	if err != nil {
		return
	}
	text = stateLine.ReplaceAll(text, []byte("state:"+state))
	text = statusLine.ReplaceAll(text, []byte("status:"+status))
	os.WriteFile(path, text, 0o600) //nolint:errcheck // a test sees it by the state
}

// Tell sends octets to a client FIFO.
func (s *Scheduler) Tell(client, text string) {
	f, err := os.OpenFile(filepath.Join(s.dir, client), os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return
	}
	defer f.Close()
	f.WriteString(text) //nolint:errcheck // a client that is gone
}
