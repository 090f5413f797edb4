// Package jitter puts the audio of an IAX2 call back in order: a receive buffer
// for demodulators, which can lose sound but must never slip. It is a pure
// machine that takes the time as an argument; docs/iax.md draws its states.
//
// It is not a playout buffer for ears: nothing is played by a clock, stretched
// or squeezed, so a clock that runs fast or slow at the other end changes
// nothing. Sound goes on as soon as it is next in order. Only when something is
// missing does the buffer wait, and then replaces exactly what is missing.
//
// Order and gaps are told by the senders' time stamps (RFC 5456 8.1.1, 8.1.2).
// Those of Asterisk are predictions that may jump after a stall although
// nothing was lost; see [Buffer] for how the two are told apart.
package jitter
