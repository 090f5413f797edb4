package server

import (
	"bytes"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	ftpserver "github.com/fclairamb/ftpserverlib"
	"github.com/spf13/afero"
)

// The FTP engine (ftpserverlib) makes the data connections: it listens or dials, checks that the
// other end is the client, speaks TLS, copies, and aborts. It knows only the commands of plain FTP
// and its replies are not HylaFAX's, so a session talks to it as its only client over a connection
// in memory: engineConn. A transfer is announced by a session (engine.transfer) and then ordered as
// RETR or STOR of whatever name; the engine asks its driver for the file and gets what was announced.
//
// An engine starts at the first command of a session that needs it: sessions without data
// connections cost none.

// Limits of the engine.
const (
	// dataConnectTimeout is how long the client may take to make its data connection, or to be dialled.
	dataConnectTimeout = 30 * time.Second
	engineReplyTimeout = 40 * time.Second
	noIdleTimeout      = -1 // the session watches over idleness
	maxEngineReplies   = 64
)

// engineReply is a complete reply of the engine.
type engineReply struct {
	code int
	text string
}

// engines starts engines for sessions.
type engines struct {
	ftp    *ftpserver.FtpServer
	driver *engineDriver
	conns  chan net.Conn
	done   chan struct{}
	once   sync.Once
}

// newEngines prepares the engine. tlsConfig may be nil; connect is how long a data connection may take,
// in whole seconds.
func newEngines(tlsConfig func() (*tls.Config, error), connect time.Duration) (*engines, error) {
	if connect < time.Second {
		connect = dataConnectTimeout
	}
	e := &engines{conns: make(chan net.Conn), done: make(chan struct{})}
	e.driver = &engineDriver{listener: e, tlsConfig: tlsConfig, connect: connect}
	e.ftp = ftpserver.NewFtpServer(e.driver)
	if err := e.ftp.Listen(); err != nil {
		return nil, err
	}
	go e.ftp.Serve() //nolint:errcheck // ends when the listener closes, and says so
	return e, nil
}

// Accept, Close and Addr make engines the listener of the engine.

func (e *engines) Accept() (net.Conn, error) {
	select {
	case c := <-e.conns:
		return c, nil
	case <-e.done:
		return nil, &net.OpError{Op: "accept", Net: "engine", Err: errEngineClosed{}}
	}
}

// errEngineClosed has the words by which the engine knows that its listener was closed on purpose.
type errEngineClosed struct{}

func (errEngineClosed) Error() string { return "use of closed network connection" }

func (e *engines) Close() error {
	e.once.Do(func() { close(e.done) })
	return nil
}

func (e *engines) Addr() net.Addr { return &net.UnixAddr{Name: "engine", Net: "engine"} }

// engine is the FTP engine of one session.
type engine struct {
	conn *engineConn

	mu      sync.Mutex
	pending ftpserver.FileTransfer // the next transfer
}

// start starts an engine for a client's connection.
func (e *engines) start(client net.Conn) (*engine, error) {
	g := &engine{}
	g.conn = newEngineConn(engineAddr{client.RemoteAddr(), g}, client.LocalAddr())
	select {
	case e.conns <- g.conn:
	case <-e.done:
		return nil, net.ErrClosed
	}
	if _, err := g.await(); err != nil { // its greeting
		return nil, err
	}
	for _, line := range []string{"USER session", "PASS session", "TYPE I"} {
		if r, err := g.call(line); err != nil || r.code >= 400 {
			g.close()
			return nil, errors.New("the FTP engine does not start")
		}
	}
	return g, nil
}

// call sends a command and waits for its reply.
func (g *engine) call(line string) (engineReply, error) {
	if err := g.order(line); err != nil {
		return engineReply{}, err
	}
	return g.await()
}

// order sends a command.
func (g *engine) order(line string) error { return g.conn.give(line + "\r\n") }

// await waits for a reply.
func (g *engine) await() (engineReply, error) {
	timeout := time.NewTimer(engineReplyTimeout)
	defer timeout.Stop()
	select {
	case r, ok := <-g.conn.replies:
		if !ok {
			return r, net.ErrClosed
		}
		return r, nil
	case <-timeout.C:
		return engineReply{}, os.ErrDeadlineExceeded
	}
}

// announce says what the next transfer reads or writes.
func (g *engine) announce(file ftpserver.FileTransfer) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.pending = file
}

func (g *engine) take() ftpserver.FileTransfer {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.pending
	g.pending = nil
	return f
}

// drop closes the file of a transfer that the engine has not begun, and will not.
func (g *engine) drop() {
	if file := g.take(); file != nil {
		file.Close() //nolint:errcheck // nothing was transferred
	}
}

func (g *engine) close() { g.conn.Close() }

// engineAddr is the address of the client, and leads the engine's driver to the session's engine.
type engineAddr struct {
	net.Addr
	engine *engine
}

// engineConn is the connection between a session and its engine. The engine reads what the session
// gives, and what it writes arrives at the session as replies.
type engineConn struct {
	remote, local net.Addr
	replies       chan engineReply

	mu     sync.Mutex
	ready  sync.Cond
	in     bytes.Buffer
	closed bool

	out []byte // incomplete line of the engine; written by the engine only, one write at a time
}

func newEngineConn(remote, local net.Addr) *engineConn {
	c := &engineConn{remote: remote, local: local, replies: make(chan engineReply, maxEngineReplies)}
	c.ready.L = &c.mu
	return c
}

func (c *engineConn) give(s string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return net.ErrClosed
	}
	c.in.WriteString(s)
	c.ready.Signal()
	return nil
}

// Read gives the engine what the session ordered.
func (c *engineConn) Read(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.in.Len() == 0 && !c.closed {
		c.ready.Wait()
	}
	if c.closed {
		return 0, io.EOF
	}
	return c.in.Read(p)
}

// Write takes the engine's lines. The engine flushes after each line and writes from several
// goroutines, so lines come whole but for the buffering of long ones.
func (c *engineConn) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed {
		return 0, net.ErrClosed
	}
	c.out = append(c.out, p...)
	for {
		end := bytes.IndexByte(c.out, '\n')
		if end < 0 {
			return len(p), nil
		}
		if r, ok := parseEngineReply(strings.TrimRight(string(c.out[:end]), "\r")); ok {
			select {
			case c.replies <- r:
			default: // nobody reads: the session is gone
			}
		}
		c.out = c.out[end+1:]
	}
}

// parseEngineReply parses the last line of a reply.
func parseEngineReply(line string) (engineReply, bool) {
	if len(line) < 4 || line[3] != ' ' {
		return engineReply{}, false
	}
	code, err := strconv.Atoi(line[:3])
	return engineReply{code, line[4:]}, err == nil
}

// Close ends the engine.
func (c *engineConn) Close() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if !c.closed {
		c.closed = true
		close(c.replies)
		c.ready.Broadcast()
	}
	return nil
}

func (c *engineConn) RemoteAddr() net.Addr             { return c.remote }
func (c *engineConn) LocalAddr() net.Addr              { return c.local }
func (c *engineConn) SetDeadline(time.Time) error      { return nil }
func (c *engineConn) SetReadDeadline(time.Time) error  { return nil }
func (c *engineConn) SetWriteDeadline(time.Time) error { return nil }

// engineDriver is what the engine asks for settings, users and files.
type engineDriver struct {
	listener  net.Listener
	tlsConfig func() (*tls.Config, error)
	connect   time.Duration
	passive   sync.Map // port (string) to *passiveListener: where clients may call
}

// WrapPassiveListener notes a listener of the engine, so that a session can end the wait for a client
// that does not call.
func (d *engineDriver) WrapPassiveListener(l net.Listener) (net.Listener, error) {
	_, port, err := net.SplitHostPort(l.Addr().String())
	if err != nil {
		return nil, err
	}
	p := &passiveListener{Listener: l, driver: d, port: port}
	d.passive.Store(port, p)
	return p, nil
}

// passiveListener takes calls of the session's client alone, and forgets itself when it is closed. The
// engine looks at the caller too, but would keep a stranger's connection for the next transfer.
type passiveListener struct {
	net.Listener
	driver *engineDriver
	port   string
	client atomic.Pointer[netip.Addr] // nil until the session has said who it is
}

// Accept waits for the client. Others are hung up on.
func (l *passiveListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		from, err := netip.ParseAddr(remoteIP(conn))
		if client := l.client.Load(); err == nil && client != nil && from.Unmap() == client.Unmap() {
			return conn, nil
		}
		conn.Close() //nolint:errcheck // a stranger's
	}
}

func (l *passiveListener) Close() error {
	l.driver.passive.CompareAndDelete(l.port, l)
	return l.Listener.Close()
}

// expect says who may call a port.
func (e *engines) expect(port string, client netip.Addr) {
	if l, ok := e.driver.passive.Load(port); ok {
		l.(*passiveListener).client.Store(&client) //nolint:forcetypeassert // nothing else is stored
	}
}

// hangUp ends the wait for a call on a port.
func (e *engines) hangUp(port string) {
	if l, ok := e.driver.passive.Load(port); ok {
		l.(*passiveListener).Listener.Close() //nolint:errcheck,forcetypeassert // nothing else is stored; it is closed in any case
	}
}

func (d *engineDriver) GetSettings() (*ftpserver.Settings, error) {
	return &ftpserver.Settings{
		Listener:                d.listener,
		IdleTimeout:             noIdleTimeout,
		ConnectionTimeout:       int(d.connect / time.Second),
		ActiveTransferPortNon20: true,
		DisableMLSD:             true,
		DisableMLST:             true,
		DisableMFMT:             true,
		DisableSite:             true,
		DisableASCIIConversion:  true, // TYPE A is done by the session
		ActiveConnectionsCheck:  ftpserver.IPMatchRequired,
		PasvConnectionsCheck:    ftpserver.IPMatchRequired,
	}, nil
}

func (d *engineDriver) ClientConnected(ftpserver.ClientContext) (string, error) { return "engine", nil }
func (d *engineDriver) ClientDisconnected(ftpserver.ClientContext)              {}

func (d *engineDriver) AuthUser(cc ftpserver.ClientContext, _, _ string) (ftpserver.ClientDriver, error) {
	addr, ok := cc.RemoteAddr().(engineAddr)
	if !ok {
		return nil, errors.New("not a session")
	}
	return &engineFiles{Fs: afero.NewReadOnlyFs(afero.NewMemMapFs()), engine: addr.engine}, nil
}

func (d *engineDriver) GetTLSConfig() (*tls.Config, error) {
	if d.tlsConfig == nil {
		return nil, errors.New("no TLS")
	}
	return d.tlsConfig()
}

// engineFiles is the engine's file system: an empty one, but for the transfer that was announced.
type engineFiles struct {
	afero.Fs
	engine *engine
}

// GetHandle implements ftpserver.ClientDriverExtentionFileTransfer.
func (f *engineFiles) GetHandle(string, int, int64) (ftpserver.FileTransfer, error) {
	if file := f.engine.take(); file != nil {
		return file, nil
	}
	return nil, os.ErrNotExist
}
