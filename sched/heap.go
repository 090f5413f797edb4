package sched

import "time"

// ranked is an element of a heap that knows its place in it.
type ranked[T any] interface {
	before(T) bool
	placed(int)
}

// heapOf is a binary heap with the first element on top. Elements are told
// their index so that they can be removed from the middle.
type heapOf[T ranked[T]] struct{ items []T }

func (h *heapOf[T]) len() int { return len(h.items) }

// head gives the first element of a heap that is not empty.
func (h *heapOf[T]) head() T { return h.items[0] }

func (h *heapOf[T]) push(x T) {
	h.items = append(h.items, x)
	x.placed(len(h.items) - 1)
	h.up(len(h.items) - 1)
}

// remove takes the element at index i out.
func (h *heapOf[T]) remove(i int) T {
	x := h.items[i]
	last := len(h.items) - 1
	h.swap(i, last)
	var none T
	h.items[last] = none
	h.items = h.items[:last]
	if i < last {
		h.fix(i)
	}
	x.placed(-1)
	return x
}

// fix restores the order after the element at i changed.
func (h *heapOf[T]) fix(i int) {
	if !h.down(i) {
		h.up(i)
	}
}

func (h *heapOf[T]) swap(i, j int) {
	h.items[i], h.items[j] = h.items[j], h.items[i]
	h.items[i].placed(i)
	h.items[j].placed(j)
}

func (h *heapOf[T]) up(i int) {
	for i > 0 {
		parent := (i - 1) / 2
		if !h.items[i].before(h.items[parent]) {
			return
		}
		h.swap(i, parent)
		i = parent
	}
}

func (h *heapOf[T]) down(i int) bool {
	start := i
	for {
		c := 2*i + 1
		if c >= len(h.items) {
			break
		}
		if r := c + 1; r < len(h.items) && h.items[r].before(h.items[c]) {
			c = r
		}
		if !h.items[c].before(h.items[i]) {
			break
		}
		h.swap(i, c)
		i = c
	}
	return i > start
}

// timer is a moment at which something is due for a job or a destination. A
// timer is never stopped: it is stale when its generation is not its job's
// any more.
type timer struct {
	at   time.Time
	kind timerKind
	job  *entry
	dest *dest
	gen  uint32
}

type timerKind uint8

const (
	timerSend   timerKind = iota // tts of a pending or sleeping job
	timerKill                    // killtime
	timerGather                  // a batch has waited long enough for its documents
)

func (t *timer) before(o *timer) bool { return t.at.Before(o.at) }
func (t *timer) placed(int)           {}
