package iax

import (
	"context"
	"time"
)

// EventKind is what happened in a call.
type EventKind uint8

// Events of a call, in the order of its life.
const (
	EventAccepted   EventKind = iota + 1 // the other side took the call and the codec is known
	EventProceeding                      // the call goes on its way
	EventRinging                         // it rings at the far end
	EventProgress                        // in-band information may be heard
	EventBusy                            // the far end tells it is busy (a hang-up follows)
	EventCongestion                      // no circuit (a hang-up follows)
	EventAnswered                        // answered; audio runs
	EventDTMF                            // a digit, in Event.Digit
	EventText                            // a text frame, in Event.Text
	EventEnded                           // the call is over; Event.Err tells why. The last event
)

// Event is something that happened in a call.
type Event struct {
	Kind  EventKind
	At    time.Time
	Digit byte
	Text  string
	Err   *CallError // of EventEnded
}

// Call is one call, placed or received. Its methods may be called from any
// goroutine, also from a Media.
type Call struct{}

// Info is what is known from the set-up of the call.
func (c *Call) Info() CallInfo { return CallInfo{} }

// Events is the call's life. The channel is closed after EventEnded. Nobody
// needs to read it: DTMF and text are dropped when it is full, the rest fits.
func (c *Call) Events() <-chan Event { return nil }

// WaitAnswer waits until a placed call is answered (nil), is over (*CallError)
// or ctx ends (its error; the call goes on).
func (c *Call) WaitAnswer(ctx context.Context) error { return errNotYet }

// Ring tells the caller of an incoming call that it rings.
func (c *Call) Ring() {}

// Answer takes an incoming call and connects its audio.
func (c *Call) Answer(m Media) {}

// Attach connects the audio of a call that was placed. It runs from the answer
// on.
func (c *Call) Attach(m Media) {}

// Reject refuses an incoming call that was not answered.
func (c *Call) Reject(cause Cause, text string) {}

// Hangup ends the call.
func (c *Call) Hangup(cause Cause, text string) {}

// Done is closed when the call is over and its Media is no longer called.
func (c *Call) Done() <-chan struct{} { return nil }

// Err tells after Done why the call is over.
func (c *Call) Err() *CallError { return nil }

// Stats are the figures of the call so far; final after Done.
func (c *Call) Stats() Stats { return Stats{} }
