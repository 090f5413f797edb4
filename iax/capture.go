package iax

import (
	"net/netip"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
)

// earlyFrames bounds the frames of a call's set-up that are kept for a capture
// that begins later.
const earlyFrames = 32

// captured is a frame of a call's set-up.
type captured struct {
	at       time.Time
	from, to netip.AddrPort
	b        []byte
}

// CaptureSink takes the frames of a call, in the clear; see wire.AppendCaptured.
// It must not block, nor keep the frame.
type CaptureSink func(at time.Time, from, to netip.AddrPort, frame []byte)

// Capture gives every frame of the call to f from now on, after those of the
// set-up so far. It is for calls that are not answered yet, whose beginning is
// still known. Nil ends it.
func (c *Call) Capture(f CaptureSink) {
	c.d.post(func(time.Time) {
		c.capture = f
		if f != nil {
			for _, e := range c.early {
				f(e.at, e.from, e.to, e.b)
			}
		}
		c.early, c.noEarly = nil, true
	})
}

// traced is told every frame of the call.
func (c *Call) traced(sent bool, clear []byte) {
	far := c.m.far(sent)
	if c.e.cfg.Trace != nil {
		c.e.tracer(far)(sent, clear)
	}
	if c.noEarly && c.capture == nil {
		return
	}
	at, from, to := time.Now(), far, c.local
	if sent {
		from, to = to, from
	}
	if c.capture != nil {
		c.capture(at, from, to, clear)
		return
	}
	c.keepEarly(captured{at, from, to, clear})
}

func (c *Call) keepEarly(f captured) {
	if kind, _ := wire.Peek(f.b); kind == wire.KindFull && len(c.early) < earlyFrames {
		f.b = append([]byte(nil), f.b...)
		c.early = append(c.early, f)
	}
}
