package iax

import "time"

// relayClock carries the time stamps of one call over to another one.
type relayClock struct {
	known bool
	delta uint32 // what makes a time stamp of the source one of this call
}

// Relay hands the audio of the call to f as it comes, instead of to a Media:
// time stamp, codec and payload, neither reordered nor concealed. f runs on the
// call's goroutine, must not block and must not keep the payload. Nil ends it.
func (c *Call) Relay(f func(ts uint32, codec Codec, payload []byte)) {
	c.d.post(func(time.Time) { c.relay, c.playing = f, false })
}

// SendVoice sends one frame of audio that came from elsewhere with the time
// stamps of its source: losses and reordering before us stay visible behind us.
// A payload in another codec than the call's is converted.
func (c *Call) SendVoice(ts uint32, codec Codec, payload []byte) {
	p := append(make([]byte, 0, len(payload)), payload...)
	c.d.post(func(now time.Time) { c.forward(now, ts, codec, p) })
}

func (c *Call) forward(now time.Time, ts uint32, codec Codec, payload []byte) {
	if !c.relayed.known {
		c.relayed = relayClock{known: true, delta: c.m.ts(now) - ts}
	}
	if own := c.m.info.Codec; codec != own && own != 0 {
		c.heard = appendSamples(c.heard[:0], codec, payload)
		c.payload = appendAudio(c.payload[:0], own, c.heard)
		codec, payload = own, c.payload
	}
	c.m.sendVoice(now, ts+c.relayed.delta, codec, payload)
	c.sent++
}
