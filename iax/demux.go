package iax

import (
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// apatheticNumber is the call number from which Asterisk answers what belongs to no
// call. A REGREJ from there ends a registration at any time.
const apatheticNumber wire.CallNumber = 1

// readRetry is how long the reader rests after an error of the socket that is
// not its end (such as a port that is not reachable).
const readRetry = time.Millisecond

// read is the goroutine that reads the socket and gives each datagram to its
// dialog.
func (e *Endpoint) read() {
	for {
		p := e.space.Get().(*datagram) //nolint:forcetypeassert // the pool holds nothing else
		n, from, err := e.conn.ReadFrom(p.b)
		if err != nil {
			e.recycle(p)
			if e.isClosed() {
				return
			}
			time.Sleep(readRetry)
			continue
		}
		p.n, p.from = n, from
		e.dispatch(p)
	}
}

func (e *Endpoint) isClosed() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.closed
}

func (e *Endpoint) recycle(p *datagram) { e.space.Put(p) }

// dispatch finds the dialog of a datagram. Where there is none, it is a first
// frame, an answer to nobody, or noise.
func (e *Endpoint) dispatch(p *datagram) {
	kind, source := wire.Peek(p.bytes())
	switch kind {
	case wire.KindFull:
		if d := e.dialogFor(p, source); d != nil {
			d.offer(p)
			return
		}
		e.stray(p)
	case wire.KindMini:
		e.mu.Lock()
		d := e.byRemote[remoteKey{p.from, source}]
		e.mu.Unlock()
		if d != nil {
			d.offer(p)
			return
		}
		e.counters.unknown.Add(1)
	case wire.KindTrunk:
		e.untrunk(p)
	case wire.KindVideo, wire.KindMeta:
		e.counters.unknown.Add(1)
	case wire.KindInvalid:
		e.counters.malformed.Add(1)
	}
	e.recycle(p)
}

// dialogFor finds the dialog of a full frame: by its destination, or, for the
// repetition of a first frame, by its source.
func (e *Endpoint) dialogFor(p *datagram, source wire.CallNumber) *dialog {
	e.mu.Lock()
	defer e.mu.Unlock()
	if dest := wire.PeekDest(p.bytes()); dest != 0 {
		if d := e.byNumber[dest]; d != nil && (d.remote == p.from || d.second == remoteKey{p.from, source}) {
			return d
		}
		return nil
	}
	return e.byRemote[remoteKey{p.from, source}]
}

// untrunk gives the parts of a trunk frame (RFC 5456 8.1.3.2) to their calls, as
// mini frames. Without time stamps of their own the calls get the frame's.
func (e *Endpoint) untrunk(p *datagram) {
	var t wire.Trunk
	if wire.ParseTrunk(p.bytes(), &t) != nil {
		e.counters.malformed.Add(1)
	}
	for _, entry := range t.Entries {
		e.mu.Lock()
		d := e.byRemote[remoteKey{p.from, entry.Source}]
		e.mu.Unlock()
		c, ok := machineOf(d).(*Call)
		if !ok {
			e.counters.unknown.Add(1)
			continue
		}
		if !t.Timestamps {
			data := append([]byte(nil), entry.Data...)
			d.post(func(now time.Time) { c.m.trunkVoice(now, t.Timestamp, data) })
			continue
		}
		m := wire.Mini{Source: entry.Source, Timestamp: entry.Timestamp, Data: entry.Data}
		q := e.space.Get().(*datagram) //nolint:forcetypeassert // the pool holds nothing else
		q.n, q.from = len(m.Append(q.b[:0])), p.from
		d.offer(q)
	}
}

func machineOf(d *dialog) machine {
	if d == nil {
		return nil
	}
	return d.m
}

// stray treats a full frame that belongs to no dialog.
func (e *Endpoint) stray(p *datagram) {
	var f wire.Full
	if wire.ParseFull(p.bytes(), &f) != nil {
		e.counters.malformed.Add(1)
		return
	}
	if t := e.tracer(p.from); t != nil {
		t(false, p.bytes())
	}
	if f.Type != wire.TypeIAX {
		e.strayInCall(p.from, &f)
		return
	}
	switch cmd := wire.Command(f.Subclass); cmd { //nolint:exhaustive // default: a frame of a call
	case wire.Poke:
		e.answerFree(p.from, &f, wire.Pong, nil, len(p.bytes()))
	case wire.New, wire.RegReq, wire.RegRel:
		if f.Dest != 0 {
			e.strayInCall(p.from, &f)
			return
		}
		e.firstFrame(p, &f, cmd)
	case wire.Ack, wire.VNAK, wire.Inval, wire.CallToken, wire.Pong, wire.RegAck, wire.RegRej, wire.TxCnt, wire.TxAcc:
		e.counters.unknown.Add(1)
	default:
		e.strayInCall(p.from, &f)
	}
}

// strayInCall answers a frame of a call that is not there with INVAL (RFC 5456
// 6.9.3), which is never longer than what it answers.
func (e *Endpoint) strayInCall(to netip.AddrPort, f *wire.Full) {
	e.counters.unknown.Add(1)
	if f.Dest == 0 || f.Dest == apatheticNumber || f.Dest == e.free {
		return
	}
	answer := wire.Full{
		Source: f.Dest, Dest: f.Source, Timestamp: f.Timestamp, OSeq: f.ISeq, ISeq: f.OSeq + 1,
		Type: wire.TypeIAX, Subclass: uint64(wire.Inval),
	}
	e.sendFree(to, &answer)
}

// answerFree answers a first frame without keeping anything. An answer much
// longer than what was asked with is left out.
func (e *Endpoint) answerFree(to netip.AddrPort, f *wire.Full, cmd wire.Command, ies wire.IEs, asked int) {
	data, err := ies.Append(nil)
	if err != nil {
		return
	}
	if more := wire.FullHeaderLen + len(data) - asked; more > 0 && cmd == wire.CallToken {
		if more > tokenSlack {
			return
		}
	} else if more > 0 {
		data = nil // the bare command says enough
	}
	source := e.free
	if cmd == wire.RegRej {
		source = apatheticNumber
	}
	answer := wire.Full{
		Source: source, Dest: f.Source, Timestamp: f.Timestamp, OSeq: 0, ISeq: f.OSeq + 1,
		Type: wire.TypeIAX, Subclass: uint64(cmd), Data: data,
	}
	e.sendFree(to, &answer)
}

// tokenSlack is how much longer than a request the answer with a call token may
// be: a REGREQ with a short name is 20 octets, the answer 26.
const tokenSlack = 6

func (e *Endpoint) sendFree(to netip.AddrPort, f *wire.Full) {
	b, err := f.Append(nil)
	if err != nil {
		return
	}
	if t := e.tracer(to); t != nil {
		t(true, b)
	}
	e.write(b, to)
}
