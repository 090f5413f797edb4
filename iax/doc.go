// Package iax is an IAX2 endpoint: many calls and registrations over one UDP
// socket, with authentication, call tokens and encryption as Asterisk does
// them, and call audio handed over sample-exact. It follows RFC 5456 and, where
// that is silent or Asterisk differs, Asterisk 22.
//
// It is not a PBX (the small one for tests and small sites is package
// [github.com/litoria-fax/litoria/iax/exchange]) and knows nothing about fax:
// a call's audio goes to a [Media], which may be a fax session, a recorder, a tone.
//
// # Parts
//
// An [Endpoint] owns the socket. [Endpoint.Register] keeps a [Registration]
// alive; [Endpoint.Dial] places a [Call]; calls from others arrive at
// [Config].Incoming. A Call tells its life by events ([Call.Events]) and has a
// [Media] attached with [Call.Attach] or [Call.Answer].
//
// The frames themselves are in package wire, the receive buffer in package
// jitter. Call and registration are machines without I/O that take the time as
// an argument; one goroutine per call drives its machine and its Media.
//
// # Audio
//
// Sent by the clock: every 20 ms one frame of 160 samples, on a schedule that
// does not drift. Received by arrival: samples go to the Media as soon as they
// are next in order; what is missing is waited for shortly, then concealed for
// exactly its own length. Audio is u-law, A-law or signed linear; a codec that
// compresses is refused, since fax does not survive it.
package iax
