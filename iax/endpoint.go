package iax

import (
	"context"
	"errors"
	"io"
	"net/netip"

	"github.com/rs/zerolog"
)

// DefaultPort is the UDP port of IAX2.
const DefaultPort = 4569

// Config is how an Endpoint is to be.
type Config struct {
	// Listen is the UDP address of the socket; ":4569" where empty. Port 0
	// takes any free one.
	Listen string
	// Incoming is told of each call that arrives and may be taken; it runs
	// on a goroutine of its own. It or someone later must Answer or Reject.
	// Nil: incoming calls are refused.
	Incoming func(*Call)
	// Codecs for incoming calls, in order of preference. Nil: AllCodecs.
	Codecs []Codec
	// Authority decides who may call and register here. Nil: every caller
	// may call without authentication (as with iaxmodem), nobody registers.
	Authority Authority
	// Numbers gives call numbers. Endpoints on one address need a common one:
	// Asterisk mixes up calls of equal number and address but different
	// port. Nil: an own pool.
	Numbers *NumberPool
	Logger  zerolog.Logger
	// Trace, if not nil, is told every frame that is sent or received. It
	// must not block.
	Trace func(TraceEntry)
	// Rand is where challenges and call numbers come from; crypto/rand if nil.
	Rand io.Reader
}

// Endpoint is one UDP socket with its calls and registrations.
type Endpoint struct{ cfg Config }

var errNotYet = errors.New("iax: not there yet")

// Listen opens the socket and starts to serve.
func Listen(cfg Config) (*Endpoint, error) { return nil, errNotYet }

// Addr is the address of the socket.
func (e *Endpoint) Addr() netip.AddrPort { return netip.AddrPort{} }

// Close hangs up all calls, releases registrations and closes the socket.
func (e *Endpoint) Close() error { return errNotYet }

// Register starts to keep a registration; it returns at once, the outcome comes
// by OnStatus and Registrar.Status.
func (e *Endpoint) Register(r Registration) (*Registrar, error) { return nil, errNotYet }

// Dial places a call and returns when the first frame is sent. The context
// bounds only the look-up of the server's address. What follows is told by
// Call.Events; Call.WaitAnswer waits for the answer.
func (e *Endpoint) Dial(ctx context.Context, p DialParams) (*Call, error) { return nil, errNotYet }

// Registrar keeps one registration.
type Registrar struct{ e *Endpoint }

// Status reports the state now.
func (r *Registrar) Status() RegStatus { return RegStatus{} }

// Close releases the registration.
func (r *Registrar) Close() error { return errNotYet }

// NumberPool hands out call numbers.
type NumberPool struct{}

// NewNumberPool makes a pool; random may be nil for crypto/rand.
func NewNumberPool(random io.Reader) *NumberPool { return &NumberPool{} }

// TraceEntry is a frame that was sent or received.
type TraceEntry struct {
	Sent   bool
	Remote netip.AddrPort
	Frame  string // readable
}

// Authority decides who may call and register at an endpoint.
type Authority interface{}
