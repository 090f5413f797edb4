// Package server is hfaxd: it answers the HylaFAX client-server protocol (hfaxd(8)) over a spool
// directory. Clients submit, alter, watch and remove jobs, and see the spool as a small file system
// whose rights are those of hosts.hfaxd(5).
//
// The dialect of HylaFAX is spoken here, in front of an ordinary FTP engine (ftpserverlib) that makes
// the data connections; see engine.go for how the two meet. Beyond HylaFAX's hfaxd the server knows
// TLS (RFC 4217).
//
// The package does not know the scheduler: jobs are files, and faxq is told of them through its FIFO,
// both by package spool. It does not serve SNPP (pagers).
package server

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/spool"
)

// Version is what the greeting says about the server. Clients look for the words of HylaFAX.
const Version = "Litoria, as HylaFAX (tm) Version 6.0.7"

// Config describes a server.
type Config struct {
	Spool    string    // the spool directory
	Settings *Settings // nil for DefaultSettings
	// ReadSettings, if set, is asked for the settings of each new client, as HylaFAX reads hfaxd.conf
	// for each.
	ReadSettings func() (*Settings, error)
	Hostname     string // as the server names itself; "" for the machine's name
	Version      string // "" for Version
	Log          zerolog.Logger
	// TLS, if set, is asked for certificates at each handshake, so that they can change.
	TLS func() (*tls.Config, error)
	// CertificateUser, if set, names the user for whom a client's certificate stands: USER with that name
	// asks for no password.
	CertificateUser func(*tls.ConnectionState) (user string, ok bool)
	// LookupHost finds the name of a client's address, and returns the address itself where it has no
	// name that leads back to it. nil asks the system's resolver.
	LookupHost func(ctx context.Context, addr string) string
	// NoPasswordDelay answers wrong passwords at once, for tests.
	NoPasswordDelay bool
	// DataTimeout is how long a client may take to make a data connection, in whole seconds; 0 for 30
	// seconds.
	DataTimeout time.Duration
	// Now is the clock; nil is time.Now.
	Now func() time.Time
}

// Server serves clients.
type Server struct {
	cfg      Config
	log      zerolog.Logger
	hostname string
	spool    *spool.Spool
	root     *os.Root
	engines  *engines
	jobCache *jobCache
	recvInfo *receiveCache
	hosts    *hostCache

	dirs       map[string]*spoolDir
	handlers   map[string]handler
	commands   []protocol.Command
	site       []protocol.Command
	parameters []protocol.Parameter

	conf    atomic.Pointer[Settings]
	closing chan struct{}
	once    sync.Once

	group         uint32 // of files that the server makes
	changesGroups bool   // files can be given to fax users by their group
	owners        ownerTable
	fifos         uint64     // counts the FIFOs of sessions
	accessMu      sync.Mutex // held while hosts.hfaxd is changed

	mu        sync.Mutex // guards what follows
	tempCount int
	places    places // connections that Serve accepted, sessions or not yet
	listeners map[net.Listener]struct{}
	sessions  map[*session]struct{}
	wait      sync.WaitGroup
}

// ErrClosed is what Serve returns after Close.
var ErrClosed = errors.New("server: closed")

// New makes a server. It serves nobody before Serve is called.
func New(cfg Config) (*Server, error) {
	if cfg.Spool == "" {
		return nil, errors.New("server: no spool directory")
	}
	if cfg.Version == "" {
		cfg.Version = Version
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Hostname == "" {
		cfg.Hostname = hostName()
	}
	sp, err := spool.Open(cfg.Spool)
	if err != nil {
		return nil, fmt.Errorf("server: %w", err)
	}
	if err := sp.Writable(); err != nil {
		return nil, err
	}
	cfg.Spool = sp.Dir()
	root, err := os.OpenRoot(cfg.Spool)
	if err != nil {
		return nil, fmt.Errorf("server: spool directory: %w", err)
	}
	srv := &Server{
		cfg: cfg, log: cfg.Log, hostname: cfg.Hostname, spool: sp, root: root,
		dirs: spoolDirs(), handlers: newHandlers(),
		commands: protocol.Commands(), site: protocol.SiteCommands(), parameters: protocol.Parameters(),
		closing: make(chan struct{}), listeners: map[net.Listener]struct{}{}, sessions: map[*session]struct{}{},
		places: places{of: map[string]int{}}, jobCache: newJobCache(), recvInfo: newReceiveCache(), hosts: newHostCache(cfg.LookupHost),
	}
	if cfg.Settings == nil {
		cfg.Settings = DefaultSettings()
	}
	srv.conf.Store(cfg.Settings)
	if err := srv.probeGroups(); err != nil {
		root.Close()
		return nil, fmt.Errorf("server: spool directory %s: %w", cfg.Spool, err)
	}
	if srv.engines, err = newEngines(cfg.TLS, cfg.DataTimeout); err != nil {
		root.Close()
		return nil, fmt.Errorf("server: %w", err)
	}
	return srv, nil
}

// hostName is the machine's name.
func hostName() string {
	name, err := os.Hostname()
	if err != nil || name == "" {
		return "localhost"
	}
	return name
}

func (srv *Server) settings() *Settings { return srv.conf.Load() }

func (srv *Server) now() time.Time { return srv.cfg.Now() }

// Serve accepts clients until Close. implicitTLS makes it a TLS port.
func (srv *Server) Serve(l net.Listener, implicitTLS bool) error {
	srv.mu.Lock()
	srv.listeners[l] = struct{}{}
	if srv.isClosing() { // Close has been here already
		l.Close()
	}
	srv.mu.Unlock()
	delay := time.Duration(0)
	for {
		conn, err := l.Accept()
		switch {
		case err == nil:
			delay = 0
			srv.admit(conn, implicitTLS)
			continue
		case srv.isClosing():
			return ErrClosed
		case errors.Is(err, net.ErrClosed):
			return err
		}
		// As when descriptors run out: wait for clients to leave.
		delay = min(max(2*delay, 5*time.Millisecond), time.Second)
		srv.log.Error().Err(err).Dur("retry", delay).Msg("accept")
		select {
		case <-time.After(delay):
		case <-srv.closing:
			return ErrClosed
		}
	}
}

func (srv *Server) isClosing() bool {
	select {
	case <-srv.closing:
		return true
	default:
		return false
	}
}

// readSettings reads the settings anew for a new client. Settings that cannot be read leave those
// of before.
func (srv *Server) readSettings() {
	if srv.cfg.ReadSettings == nil {
		return
	}
	conf, err := srv.cfg.ReadSettings()
	if err != nil {
		srv.log.Error().Err(err).Msg("configuration")
		return
	}
	srv.conf.Store(conf)
}

// ServeConn serves one client on a connection, and returns when it is gone.
func (srv *Server) ServeConn(conn net.Conn, implicitTLS bool) error {
	enableOOBInline(conn)
	if implicitTLS {
		var err error
		if conn, err = srv.handshake(conn); err != nil {
			conn.Close()
			return err
		}
	}
	s := newSession(srv, conn, implicitTLS)
	srv.mu.Lock()
	if srv.isClosing() {
		srv.mu.Unlock()
		s.close()
		return ErrClosed
	}
	srv.sessions[s] = struct{}{}
	srv.wait.Add(1)
	srv.mu.Unlock()
	srv.trace(TraceConnect).Str("client", s.peer.addr).Bool("tls", implicitTLS).Msg("connection")
	defer func() {
		srv.trace(TraceConnect).Str("client", s.peer.addr).Msg("connection ended")
		srv.mu.Lock()
		delete(srv.sessions, s)
		srv.mu.Unlock()
		srv.wait.Done()
	}()
	return s.guardedServe()
}

// guardedServe serves a client. A fault of this program ends the session, not the server.
func (s *session) guardedServe() (err error) {
	defer func() {
		if fault := recover(); fault != nil {
			s.log.Error().Interface("fault", fault).Bytes("stack", debug.Stack()).Msg("session ended by a fault of the program")
			err = fmt.Errorf("server: fault of the program: %v", fault)
		}
	}()
	s.serve()
	return nil
}

// Close stops the server: clients are told, and their sessions end.
func (srv *Server) Close() error {
	srv.once.Do(func() { close(srv.closing) })
	srv.mu.Lock()
	for l := range srv.listeners {
		l.Close()
	}
	for s := range srv.sessions { // wakes what waits for the network
		s.raw.SetReadDeadline(time.Now()) //nolint:errcheck // the connection ends in any case
	}
	srv.mu.Unlock()
	srv.wait.Wait()
	return errors.Join(srv.engines.Close(), srv.root.Close())
}
