package server

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// handshakeTimeout is how long a client may take for the TLS handshake.
const handshakeTimeout = 30 * time.Second

// handshake makes a connection a TLS connection.
func (srv *Server) handshake(conn net.Conn) (net.Conn, error) {
	if srv.cfg.TLS == nil {
		return conn, fmt.Errorf("TLS from %s: no certificate is configured", remoteIP(conn))
	}
	cfg, err := srv.cfg.TLS()
	if err != nil {
		return conn, fmt.Errorf("TLS: %w", err)
	}
	secured := tls.Server(conn, cfg)
	ctx, cancel := context.WithTimeout(context.Background(), handshakeTimeout)
	defer cancel()
	go func() {
		select {
		case <-srv.closing:
			cancel()
		case <-ctx.Done():
		}
	}()
	if err := secured.HandshakeContext(ctx); err != nil {
		return conn, fmt.Errorf("TLS with %s: %w", remoteIP(conn), err)
	}
	return secured, nil
}

// certificateUser is the user for whom the client's certificate stands.
func (s *session) certificateUser() (string, bool) {
	conn, ok := s.conn.(*tls.Conn)
	if !ok || s.srv.cfg.CertificateUser == nil {
		return "", false
	}
	state := conn.ConnectionState()
	return s.srv.cfg.CertificateUser(&state)
}

// cmdAUTH protects the control connection from here on (RFC 4217, 4).
func (s *session) cmdAUTH(a *args) error {
	mechanism := strings.ToUpper(a.only("mechanism"))
	switch {
	case a.err != nil:
		return a.err
	case s.secure:
		return protocol.Errorf(protocol.CodeBadValue, "The connection is protected already.")
	case s.srv.cfg.TLS == nil:
		return protocol.Errorf(protocol.CodeNotImplemented, "AUTH: no certificate is configured for TLS.")
	case mechanism != "TLS" && mechanism != "TLS-C" && mechanism != "SSL":
		return protocol.Errorf(protocol.CodeBadJob, "AUTH %s not supported, use TLS.", mechanism)
	case s.in.Buffered() > 0: // what came in clear must not be taken for protected
		s.quit = true
		return protocol.Errorf(protocol.CodeBadValue, "AUTH must be the last command before the handshake.")
	}
	s.reply(protocol.CodeSecurityOK, "AUTH TLS successful.")
	conn, err := s.srv.handshake(s.conn)
	if err != nil {
		s.log.Warn().Err(err).Msg("handshake")
		s.gone = true
		return nil
	}
	s.secure = true
	s.conn = conn
	s.in.Reset(conn)
	s.out.Reset(conn)
	s.endLogin() // what was said in clear is forgotten
	return nil
}

// cmdPBSZ must be said before PROT, and says nothing with TLS.
func (s *session) cmdPBSZ(a *args) error {
	a.onlyNumber()
	switch {
	case a.err != nil:
		return a.err
	case !s.secure:
		return protocol.Errorf(protocol.CodeBadValue, "PBSZ is for protected connections, use AUTH first.")
	}
	s.reply(protocol.CodeOK, "PBSZ=0")
	return nil
}

// cmdPROT chooses whether data connections are protected.
func (s *session) cmdPROT(a *args) error {
	level := strings.ToUpper(a.only("level"))
	switch {
	case a.err != nil:
		return a.err
	case !s.secure:
		return protocol.Errorf(protocol.CodeBadValue, "PROT is for protected connections, use AUTH first.")
	case level == "S" || level == "E":
		return protocol.Errorf(536, "PROT %s not supported, use P or C.", level)
	case level != "P" && level != "C":
		return protocol.Errorf(protocol.CodeBadJob, "PROT %s is unknown, use P or C.", level)
	case level == "C" && s.srv.settings().RequireTLS && !s.mayUseClear():
		return protocol.Errorf(protocol.CodeNeedsProtection, "Data connections must be protected, use PROT P.")
	}
	s.private = level == "P"
	if s.engine != nil {
		if r, err := s.engine.call("PROT " + level); err != nil || r.code >= 400 {
			return protocol.Errorf(protocol.CodePolicy, "PROT %s failed.", level)
		}
	}
	s.reply(protocol.CodeOK, "PROT %s successful.", level)
	return nil
}

// mayUseClear reports whether this client may do without TLS.
func (s *session) mayUseClear() bool {
	secure := s.secure
	s.secure = false
	defer func() { s.secure = secure }()
	return s.mayLogIn()
}

// cmdFEAT lists what FTP clients ask for (RFC 2389). MODE Z is not among it: FTP clients that know it, such as
// lftp, want listings compressed too, which HylaFAX's clients do not.
func (s *session) cmdFEAT(a *args) error {
	if !a.end() {
		return a.err
	}
	s.more(protocol.CodeStatus, "Features:")
	for _, f := range []string{"EPRT", "EPSV", "MDTM", "REST STREAM", "SIZE"} {
		s.line(" %s", f)
	}
	if s.srv.cfg.TLS != nil {
		s.line(" AUTH TLS")
		s.line(" PBSZ")
		s.line(" PROT")
	}
	s.reply(protocol.CodeStatus, "End")
	return nil
}
