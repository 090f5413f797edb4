package udpimpair

import (
	"container/heap"
	"sync"
	"time"
)

type item struct {
	at   time.Time
	seq  uint64
	data []byte
}

type queue []item

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].at.Equal(q[j].at) {
		return q[i].seq < q[j].seq
	}
	return q[i].at.Before(q[j].at)
}
func (q queue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)   { *q = append(*q, x.(item)) }
func (q *queue) Pop() any {
	old := *q
	n := len(old) - 1
	it := old[n]
	*q = old[:n]
	return it
}

type held struct {
	data  []byte
	left  int
	since time.Time
}

// holdLimit bounds how long a packet held for reordering may wait when no
// later packet comes.
const holdLimit = 250 * time.Millisecond

// Dir is one direction of one flow.
type Dir struct {
	p    Params
	ch   *Chooser
	send func([]byte)

	mu   sync.Mutex
	st   Stats
	q    queue
	seq  uint64
	last time.Time
	held []held
	wake chan struct{}
	done chan struct{}
}

func newDir(p Params, ch *Chooser, send func([]byte)) *Dir {
	d := &Dir{p: p, ch: ch, send: send, wake: make(chan struct{}, 1), done: make(chan struct{})}
	go d.run()
	return d
}

func (d *Dir) close() { close(d.done) }

// Packet takes one packet; it keeps data.
func (d *Dir) Packet(data []byte, now time.Time) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.st.In++
	d.st.Bytes += uint64(len(data))
	if d.p.MediaOnly && (len(data) == 0 || data[0]&0x80 != 0) {
		d.st.Passed++
		d.emit(data)
		return
	}
	f := d.ch.Next()
	if f.Drop {
		d.st.Lost++
		if f.Burst {
			d.st.BurstLost++
		}
		return
	}
	n := 1
	if f.Dup {
		d.st.Dup++
		n = 2
	}
	if f.Hold {
		d.st.Reordered++
		d.held = append(d.held, held{data, max(d.p.ReorderGap, 1), now})
		d.poke()
		n--
	}
	for ; n > 0; n-- {
		d.schedule(data, f.Delay, now)
	}
	if !f.Hold {
		keep := d.held[:0]
		for _, h := range d.held {
			if h.left--; h.left <= 0 {
				d.schedule(h.data, f.Delay, now)
			} else {
				keep = append(keep, h)
			}
		}
		d.held = keep
	}
}

// emit sends a packet at once. The caller holds mu.
func (d *Dir) emit(data []byte) {
	d.st.Out++
	d.send(data)
}

func (d *Dir) schedule(data []byte, delay time.Duration, now time.Time) {
	d.st.Delayed++
	d.st.DelaySum += delay
	d.st.DelayMax = max(d.st.DelayMax, delay)
	at := now.Add(delay)
	if d.p.KeepOrder && at.Before(d.last) {
		at = d.last
	}
	if at.After(d.last) {
		d.last = at
	}
	if delay == 0 && len(d.q) == 0 {
		d.emit(data)
		return
	}
	d.seq++
	heap.Push(&d.q, item{at, d.seq, data})
	d.poke()
}

func (d *Dir) poke() {
	select {
	case d.wake <- struct{}{}:
	default:
	}
}

func (d *Dir) run() {
	t := time.NewTimer(time.Hour)
	defer t.Stop()
	for {
		d.mu.Lock()
		now := time.Now()
		keep := d.held[:0]
		for _, h := range d.held {
			if now.Sub(h.since) >= holdLimit {
				d.emit(h.data)
			} else {
				keep = append(keep, h)
			}
		}
		d.held = keep
		for len(d.q) > 0 && !d.q[0].at.After(now) {
			d.emit(heap.Pop(&d.q).(item).data)
		}
		wait := time.Hour
		if len(d.q) > 0 {
			wait = d.q[0].at.Sub(now)
		}
		for _, h := range d.held {
			wait = min(wait, h.since.Add(holdLimit).Sub(now))
		}
		d.mu.Unlock()
		t.Reset(max(wait, 0))
		select {
		case <-d.done:
			return
		case <-d.wake:
		case <-t.C:
		}
	}
}

func (d *Dir) stats() Stats {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.st
}
