package iax

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/litoria-fax/litoria/iax/wire"
	"github.com/rs/zerolog"
)

// DefaultPort is the UDP port of IAX2.
const DefaultPort = 4569

// Config is how an Endpoint is to be.
type Config struct {
	// Listen is the UDP address of the socket; ":4569" where empty. Port 0
	// takes any free one.
	Listen string
	// Conn, if not nil, is used instead of a socket of our own.
	Conn PacketConn
	// Incoming is told of each call that arrives and may be taken; it runs
	// on a goroutine of its own. It or someone later must Answer or Reject.
	// Nil: incoming calls are refused.
	Incoming func(*Call)
	// Codecs for incoming calls, in order of preference. Nil: AllCodecs.
	Codecs []Codec
	// Authority decides who may call and register here. Nil: every caller
	// may call without authentication (as with iaxmodem), nobody registers.
	Authority Authority
	// MaxCalls bounds the calls at one time; 0: 1000.
	MaxCalls int
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

// TraceEntry is a frame that was sent or received, in the clear.
type TraceEntry struct {
	At     time.Time
	Sent   bool
	Remote netip.AddrPort
	Frame  string // readable, one line; passwords left out
}

// defaultMaxCalls is Config.MaxCalls where it is 0.
const defaultMaxCalls = 1000

// closeGrace is how long Close waits for the other ends to confirm.
const closeGrace = 2 * time.Second

// Errors of an Endpoint.
var (
	ErrClosed    = errors.New("iax: endpoint is closed")
	ErrNoNumbers = errors.New("iax: no call number is free")
	ErrTooMany   = errors.New("iax: too many calls")
)

// Counters tell what became of datagrams that belong to no call.
type Counters struct {
	Malformed uint64 // not a frame
	Unknown   uint64 // for a call that is not there
	Overrun   uint64 // dropped since a call's queue was full
	Refused   uint64 // first frames refused: no token, no room, not allowed
	Tokens    uint64 // call tokens given out
}

type counters struct{ malformed, unknown, overrun, refused, tokens atomic.Uint64 }

// remoteKey finds the dialog of a frame that carries only its sender's number.
type remoteKey struct {
	addr   netip.AddrPort
	number wire.CallNumber
}

// Endpoint is one UDP socket with its calls and registrations.
type Endpoint struct {
	cfg      Config
	conn     PacketConn
	log      zerolog.Logger
	numbers  *NumberPool
	free     wire.CallNumber // source of answers that belong to no call
	tokens   *tokenMaker
	counters counters
	trunks   trunks
	space    sync.Pool
	bounces  chan netip.AddrPort

	mu       sync.Mutex // guards the tables: dialogs come and go on their own goroutines
	byNumber map[wire.CallNumber]*dialog
	byRemote map[remoteKey]*dialog
	calls    map[*Call]struct{}
	regs     map[*Registrar]struct{}
	leaders  map[netip.AddrPort]*Registrar // who watches a server for all
	unproved map[netip.Addr]int            // incoming calls whose sender did not yet answer us
	closed   bool

	dialogs sync.WaitGroup
	reader  sync.WaitGroup
}

// Listen opens the socket and starts to serve.
func Listen(cfg Config) (*Endpoint, error) {
	if cfg.Rand == nil {
		cfg.Rand = rand.Reader
	}
	if cfg.Numbers == nil {
		cfg.Numbers = NewNumberPool(cfg.Rand)
	}
	if cfg.Authority == nil {
		cfg.Authority = SamePolicy{}
	}
	if len(cfg.Codecs) == 0 {
		cfg.Codecs = AllCodecs()
	}
	if cfg.MaxCalls == 0 {
		cfg.MaxCalls = defaultMaxCalls
	}
	tokens, err := newTokenMaker(cfg.Rand)
	if err != nil {
		return nil, err
	}
	e := &Endpoint{
		cfg: cfg, conn: cfg.Conn, log: cfg.Logger, numbers: cfg.Numbers, tokens: tokens,
		byNumber: make(map[wire.CallNumber]*dialog), byRemote: make(map[remoteKey]*dialog),
		calls: make(map[*Call]struct{}), regs: make(map[*Registrar]struct{}), leaders: make(map[netip.AddrPort]*Registrar), unproved: make(map[netip.Addr]int),
	}
	e.trunks.write = e.write
	e.space.New = func() any { return &datagram{b: make([]byte, wire.MaxDatagram)} }
	if e.conn == nil {
		if cfg.Listen == "" {
			cfg.Listen = ":" + strconv.Itoa(DefaultPort)
		}
		if e.conn, err = listenUDP(cfg.Listen); err != nil {
			return nil, err
		}
	}
	// Not the 1 of Asterisk: while one of its threads treats a frame, it gives all others from that address
	// with that call number to this thread, who takes them for frames from its own port.
	if n, ok := e.numbers.take(time.Now()); ok {
		e.free = n
	} else {
		e.free = apatheticNumber
	}
	e.bounces = make(chan netip.AddrPort, bouncesWaiting)
	if b, ok := e.conn.(bouncer); ok {
		b.OnBounce(e.bounced)
	}
	e.reader.Go(e.read)
	e.reader.Go(e.watchBounces)
	return e, nil
}

// Addr is the address of the socket.
func (e *Endpoint) Addr() netip.AddrPort { return e.conn.LocalAddr() }

// Counters gives what became of datagrams that belong to no call.
func (e *Endpoint) Counters() Counters {
	c := &e.counters
	return Counters{c.malformed.Load(), c.unknown.Load(), c.overrun.Load(), c.refused.Load(), c.tokens.Load()}
}

// Calls gives the calls there are now, also those about to end.
func (e *Endpoint) Calls() []*Call {
	e.mu.Lock()
	defer e.mu.Unlock()
	list := make([]*Call, 0, len(e.calls))
	for c := range e.calls {
		list = append(list, c)
	}
	return list
}

// Close hangs up all calls, releases registrations, waits shortly for the other
// ends to confirm and closes the socket.
func (e *Endpoint) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	regs := make([]*Registrar, 0, len(e.regs))
	for r := range e.regs {
		regs = append(regs, r)
	}
	e.mu.Unlock()
	for _, c := range e.Calls() {
		c.Hangup(CauseNormalClearing, "shutting down")
	}
	for _, r := range regs {
		r.release()
	}
	all := make(chan struct{})
	go func() { e.dialogs.Wait(); close(all) }()
	grace := time.NewTimer(closeGrace)
	defer grace.Stop()
	select {
	case <-all:
	case <-grace.C:
		e.abandon()
		<-all
	}
	e.trunks.close()
	close(e.bounces) // closed is set: nobody writes any more
	err := e.conn.Close()
	e.reader.Wait()
	if e.free != apatheticNumber {
		e.numbers.release(time.Now(), e.free)
	}
	return err
}

// abandon ends the dialogs whose other end does not confirm.
func (e *Endpoint) abandon() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, d := range e.byNumber {
		if a, ok := d.m.(interface{ abandon() }); ok {
			d.post(func(time.Time) { a.abandon() })
		}
	}
}

// write sends one datagram. What the network does not take is lost like any
// other datagram.
func (e *Endpoint) write(b []byte, to netip.AddrPort) {
	if err := e.conn.WriteTo(b, to); err != nil && !errors.Is(err, net.ErrClosed) {
		e.log.Debug().Err(err).Stringer("to", to).Msg("iax: sending failed")
	}
}

// tracer gives the function that reports the frames of a dialog, or nil.
func (e *Endpoint) tracer(remote netip.AddrPort) func(sent bool, clear []byte) {
	if e.cfg.Trace == nil {
		return nil
	}
	return func(sent bool, clear []byte) {
		e.cfg.Trace(TraceEntry{At: time.Now(), Sent: sent, Remote: remote, Frame: wire.Describe(clear)})
	}
}

// open enters a new dialog. make is given the call number and makes the
// machine.
func (e *Endpoint) open(remote netip.AddrPort, make func(number wire.CallNumber, d *dialog) machine) (*dialog, error) {
	number, ok := e.numbers.take(time.Now())
	if !ok {
		return nil, ErrNoNumbers
	}
	d := newDialog(e, nil, number, remote)
	d.m = make(number, d)
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.closed {
		e.numbers.release(time.Now(), number)
		return nil, ErrClosed
	}
	e.byNumber[number] = d
	e.dialogs.Add(1)
	return d, nil
}

// bind lets frames that carry only the sender's number find the dialog.
func (e *Endpoint) bind(d *dialog, remote wire.CallNumber) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forget(d, remoteKey{d.remote, d.bound})
	d.bound = remote
	e.byRemote[remoteKey{d.remote, remote}] = d
}

// forget ends that frames of a sender belong to a dialog. The tables are locked.
func (e *Endpoint) forget(d *dialog, key remoteKey) {
	if e.byRemote[key] == d {
		delete(e.byRemote, key)
	}
}

// roam follows a call that changes its other end, or may be spoken to by a
// second one.
func (e *Endpoint) roam(d *dialog, home netip.AddrPort, second remoteKey) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forget(d, d.second)
	if home != d.remote {
		e.forget(d, remoteKey{d.remote, d.bound})
		d.remote, d.bound = home, 0
	}
	if d.second = second; second.number != 0 {
		e.byRemote[second] = d
	}
}

// finished takes a dialog out of the tables.
func (e *Endpoint) finished(d *dialog) {
	e.mu.Lock()
	delete(e.byNumber, d.number)
	e.forget(d, remoteKey{d.remote, d.bound})
	e.forget(d, d.second)
	if c, ok := d.m.(*Call); ok {
		delete(e.calls, c)
	}
	e.mu.Unlock()
	e.numbers.release(time.Now(), d.number)
	close(d.gone)
	e.dialogs.Done()
}

// Dial places a call and returns when the first frame is sent. The context
// bounds only the look-up of the server's address. What follows is told by
// Call.Events; Call.WaitAnswer waits for the answer.
func (e *Endpoint) Dial(ctx context.Context, p DialParams) (*Call, error) {
	for _, c := range p.Codecs {
		if !c.Supported() {
			return nil, fmt.Errorf("iax: dial %s: codec %v cannot carry fax; possible are ulaw, alaw and slin", p.Number, c)
		}
	}
	addr, err := Resolve(ctx, p.Server)
	if err != nil {
		return nil, fmt.Errorf("iax: dial %s: %w", p.Number, err)
	}
	if p.Encryption == EncryptDemand && p.Secret == "" {
		return nil, fmt.Errorf("iax: dial %s: encryption is demanded, but there is no secret to make a key of", p.Number)
	}
	var c *Call
	d, err := e.open(addr, func(number wire.CallNumber, d *dialog) machine {
		c = newCall(e, d)
		c.m.info.Remote = addr
		c.m.newOutgoing(time.Now(), number, p)
		return c
	})
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", p.Number, err)
	}
	c.snapshot()
	e.mu.Lock()
	e.calls[c] = struct{}{}
	e.mu.Unlock()
	go d.run()
	return c, nil
}

// Resolve finds the address of a server given as host or host:port.
func Resolve(ctx context.Context, server string) (netip.AddrPort, error) {
	host, portText, err := net.SplitHostPort(server)
	if err != nil {
		host, portText = server, strconv.Itoa(DefaultPort)
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil || host == "" {
		return netip.AddrPort{}, fmt.Errorf("server %q is not host or host:port", server)
	}
	if ip, err := netip.ParseAddr(host); err == nil {
		return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
	}
	ips, err := net.DefaultResolver.LookupNetIP(ctx, "ip", host)
	if err != nil {
		return netip.AddrPort{}, fmt.Errorf("server %q: %w", server, err)
	}
	for _, ip := range ips { // IPv4 first: Asterisk listens there by default
		if ip.Unmap().Is4() {
			return netip.AddrPortFrom(ip.Unmap(), uint16(port)), nil
		}
	}
	return netip.AddrPortFrom(ips[0], uint16(port)), nil
}

// String shows a frame on one line: time, direction, address, frame.
func (t TraceEntry) String() string {
	arrow := "<-"
	if t.Sent {
		arrow = "->"
	}
	return t.At.Format("15:04:05.000000") + " " + arrow + " " + t.Remote.String() + " " + t.Frame
}
