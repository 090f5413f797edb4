package modemdrv

import (
	"github.com/litoria-fax/litoria/modemdrv/t30"
)

// Observer follows a session. It is called from within Receive and Transmit, in
// order, and must not block.
type Observer interface {
	// Report tells what happened, at which sample of the session.
	Report(at t30.Samples, news t30.News)
}

// ObserverFunc is a function that is an Observer.
type ObserverFunc func(at t30.Samples, news t30.News)

// Report implements Observer.
func (f ObserverFunc) Report(at t30.Samples, news t30.News) { f(at, news) }

// Config says what a session is to do. Document and Pages of the embedded
// Config are usually made by NewDocument and NewPages of this package.
type Config struct {
	t30.Config
	Observer Observer // nil: none
	Level    float64  // of what is sent, dBm0; 0: -13
}

// Result is what became of a session.
type Result = t30.Result

// NewCaller makes the session of the station that called. Its first sample is
// the first after the call was answered.
func NewCaller(cfg Config) (*Session, error) {
	cfg.Calling = true
	return newSession(cfg)
}

// NewAnswerer makes the session of the station that answered.
func NewAnswerer(cfg Config) (*Session, error) {
	cfg.Calling = false
	return newSession(cfg)
}
