package linectl

import (
	"errors"
	"io"
	"sync"
)

// history keeps the events of one call, so that whoever comes late hears them
// all. A call has few events: some per job and one per page.
type history struct {
	mu     sync.Mutex // guards the rest
	more   *sync.Cond
	events []Event
	closed bool
}

func newHistory() *history {
	h := &history{}
	h.more = sync.NewCond(&h.mu)
	return h
}

// add appends an event; what comes after CallEnd is dropped.
func (h *history) add(e Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if n := len(h.events); n > 0 && h.events[n-1].Event == CallEnd {
		return
	}
	h.events = append(h.events, e)
	h.more.Broadcast()
}

// over tells whether the call has ended.
func (h *history) over() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	n := len(h.events)
	return h.closed || n > 0 && h.events[n-1].Event == CallEnd
}

// at waits for the i-th event; ok is false when there will be none.
func (h *history) at(i int) (e Event, ok bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for i >= len(h.events) && !h.closed {
		h.more.Wait()
	}
	if i >= len(h.events) {
		return Event{}, false
	}
	return h.events[i], true
}

// close releases those who wait.
func (h *history) close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	h.more.Broadcast()
}

func isEOF(err error) bool { return errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) }
