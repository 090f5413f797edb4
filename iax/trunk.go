package iax

import (
	"net/netip"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// TrunkMode says whether the audio of a call goes in trunk frames (RFC 5456
// 8.1.3.2) together with that of other calls to the same address. Encrypted
// calls do not.
type TrunkMode uint8

// Ways to trunk.
const (
	TrunkNo    TrunkMode = iota // each call has its own frames
	TrunkYes                    // each call's time stamp stands in the trunk frame, as Asterisk's trunktimestamps=yes
	TrunkPlain                  // the trunk frame has one time stamp for all, as trunktimestamps=no
)

const (
	// trunkWait is how long a trunk frame waits for more calls: not for the
	// next frame of the first one.
	trunkWait = frameTime - time.Millisecond
	// trunkRoom is the length at which it goes at once; Asterisk: 1240.
	trunkRoom = 1240
	// trunkIdle is how long a trunk without audio is kept, as with Asterisk.
	trunkIdle = 5 * time.Second
)

// trunks collects the audio of calls by address.
type trunks struct {
	write func(b []byte, to netip.AddrPort)

	mu    sync.Mutex // guards what follows: calls and timers have their own goroutines
	paths map[trunkPath]*trunk
	over  bool
}

type trunkPath struct {
	to   netip.AddrPort
	mode TrunkMode
}

// trunk is what waits for one address.
type trunk struct {
	start time.Time // time stamp 0
	frame wire.Trunk
	spot  int64 // in TrunkPlain: which 20 ms since start the entries belong to
	size  int
	timer *time.Timer
	until time.Time // when the timer is over
	idle  bool      // the timer is that of trunkIdle
	space []byte
	out   []byte
}

// add takes a mini frame that is due at a time.
func (t *trunks) add(now time.Time, to netip.AddrPort, mode TrunkMode, due time.Time, mini []byte) {
	var m wire.Mini
	if wire.ParseMini(mini, &m) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.over {
		return
	}
	path := trunkPath{to, mode}
	k := t.paths[path]
	if k == nil {
		// What is due a little earlier may come yet; the first call's frames
		// are in the middle of their spots.
		k = &trunk{start: due.Add(-frameTime * 3 / 2), idle: true, until: now.Add(trunkIdle), frame: wire.Trunk{Timestamps: mode == TrunkYes}}
		k.timer = time.AfterFunc(trunkIdle, func() { t.fire(path, k) })
		if t.paths == nil {
			t.paths = make(map[trunkPath]*trunk)
		}
		t.paths[path] = k
	}
	spot := int64(due.Sub(k.start) / frameTime)
	full := k.size+len(m.Data) > trunkRoom
	if len(k.frame.Entries) > 0 && (full || mode == TrunkPlain && spot != k.spot) {
		t.flush(to, k)
		k.wait(now, trunkWait) // not the next one at once: it would overtake
	}
	if len(k.frame.Entries) == 0 {
		k.spot = spot
		k.frame.Timestamp = uint32(max(0, due.Sub(k.start)/time.Millisecond)) //nolint:gosec // wraps after 49 days
		if mode == TrunkPlain {
			k.frame.Timestamp = uint32(max(0, spot)) * frameMS //nolint:gosec // wraps after 49 days
		}
	}
	from := len(k.space)
	k.space = append(k.space, m.Data...)
	k.frame.Entries = append(k.frame.Entries, wire.TrunkEntry{Source: m.Source, Timestamp: m.Timestamp, Data: k.space[from:len(k.space):len(k.space)]})
	k.size += len(m.Data) + trunkEntryHead
	if k.idle {
		k.idle = false
		k.wait(now, trunkWait)
	}
}

// trunkEntryHead is the longer of an entry's two heads.
const trunkEntryHead = 6

// wait sets the timer.
func (k *trunk) wait(now time.Time, d time.Duration) {
	k.until = now.Add(d)
	k.timer.Reset(d)
}

// fire is the timer: it sends what waits, or forgets a trunk that nobody uses.
func (t *trunks) fire(path trunkPath, k *trunk) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	if now.Before(k.until) { // set again while this ran
		return
	}
	if t.over || k.idle && len(k.frame.Entries) == 0 {
		delete(t.paths, path)
		return
	}
	t.flush(path.to, k)
	k.idle = true
	k.wait(now, trunkIdle)
}

// flush sends what waits. The mutex is held.
func (t *trunks) flush(to netip.AddrPort, k *trunk) {
	b, err := k.frame.Append(k.out[:0])
	if err == nil {
		t.write(b, to)
	}
	k.out = b[:0]
	k.frame.Entries, k.space, k.size = k.frame.Entries[:0], k.space[:0], 0
}

// close ends all trunks.
func (t *trunks) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	for _, k := range t.paths {
		k.timer.Stop()
	}
	t.paths = nil
}
