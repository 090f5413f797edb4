package server

import (
	"net"
	"net/netip"
	"path"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// admittance looks the user up in hosts.hfaxd.
func (s *session) admittance(user string) *accessEntry {
	list, err := s.srv.accessList()
	if err != nil {
		s.log.Error().Err(err).Msg("hosts.hfaxd")
		return nil
	}
	for _, problem := range list.problems {
		s.log.Warn().Err(problem).Msg("hosts.hfaxd")
	}
	return list.match(user, s.host(), s.peer.addr)
}

// accessList reads hosts.hfaxd.
func (srv *Server) accessList() (*accessList, error) {
	f, err := srv.root.Open(spoolPath(srv.settings().UserAccessFile))
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readAccess(f)
}

// spoolPath makes a file name of the configuration relative to the spool.
func spoolPath(name string) string {
	return path.Clean("/" + name)[1:]
}

// cmdUSER begins a login. Users whom hosts.hfaxd does not admit are asked for a password all the
// same, so that nobody learns who is admitted.
func (s *session) cmdUSER(a *args) error {
	name := a.only("user name")
	if a.err != nil {
		return a.err
	}
	if s.loggedIn && s.admin && s.user == name { // back to an ordinary user
		s.admin = false
		s.forgetJobs()
		s.reply(protocol.CodeLoggedIn, "User %s logged in.", name)
		return nil
	}
	s.endLogin()
	if !s.mayLogIn() {
		return protocol.Errorf(protocol.CodeNeedsProtection, "Please use TLS: AUTH TLS before USER.")
	}
	s.user = name
	s.entry = s.admittance(name)
	if s.entry != nil && (s.entry.passwd == "" || s.certified(name)) {
		return s.login()
	}
	s.waitPass = true
	s.reply(protocol.CodeNeedPassword, "Password required for %s.", name)
	return nil
}

// certified reports whether the client's certificate stands for a user.
func (s *session) certified(user string) bool {
	who, ok := s.certificateUser()
	return ok && who == user
}

// mayLogIn reports whether this connection is safe enough for a login.
func (s *session) mayLogIn() bool {
	cfg := s.srv.settings()
	if s.secure || !cfg.RequireTLS {
		return true
	}
	addr, err := netip.ParseAddr(s.peer.addr)
	if err != nil {
		return false
	}
	for _, from := range cfg.ClearTextFrom {
		if prefix, err := netip.ParsePrefix(from); err == nil && prefix.Contains(addr.Unmap()) {
			return true
		}
		if ip := net.ParseIP(from); ip != nil && ip.Equal(net.ParseIP(s.peer.addr)) {
			return true
		}
	}
	return false
}

// cmdPASS ends a login.
func (s *session) cmdPASS(a *args) error {
	password := a.only("password")
	switch {
	case a.err != nil:
		return a.err
	case s.loggedIn:
		return protocol.Errorf(protocol.CodeBadValue, "Already logged in as USER %s.", s.user)
	case !s.waitPass:
		return protocol.Errorf(protocol.CodeBadValue, "Login with USER first.")
	}
	s.waitPass = false
	s.longText = true
	if password != "" && password[0] == '-' { // old FTP clients that cannot read long replies
		s.longText, password = false, password[1:]
	}
	if s.entry != nil && password != "" && checkPassword(s.entry.passwd, password) {
		return s.login()
	}
	s.logins++
	s.log.Warn().Str("user", s.user).Int("attempt", s.logins).Msg("login failed")
	s.delay(s.logins)
	if s.logins >= s.srv.settings().MaxLoginAttempts {
		s.quit = true
		return protocol.Errorf(protocol.CodeNotLoggedIn, "Login incorrect (closing connection).")
	}
	return protocol.Errorf(protocol.CodeNotLoggedIn, "Login incorrect.")
}

// passwordDelay is how much longer the answer to each failed attempt takes.
const passwordDelay = time.Second

// delay slows down who guesses passwords.
func (s *session) delay(attempt int) {
	if s.srv.cfg.NoPasswordDelay {
		return
	}
	select {
	case <-time.After(time.Duration(attempt) * passwordDelay):
	case <-s.srv.closing:
	}
}

// login lets the user in.
func (s *session) login() error {
	s.logins = 0
	s.loggedIn = true
	s.known.Store(true)
	s.isShutdown(false) // to show its message
	s.resetDefaultJob()
	s.curJob = s.def
	s.reply(protocol.CodeLoggedIn, "User %s logged in.", s.user)
	s.trace(TraceLogin).Str("user", s.user).Str("host", s.host()).Uint32("uid", uint32(s.uid())).Bool("tls", s.secure).Msg("login")
	return nil
}

// uid is the fax user id of the client.
func (s *session) uid() FaxUID {
	if s.entry == nil {
		return AnonymousUID
	}
	return s.entry.uid
}

// cmdADMIN gives administrative privileges.
func (s *session) cmdADMIN(a *args) error {
	password := ""
	if !a.atEnd() {
		password = a.only("password")
	}
	if a.err != nil {
		return a.err
	}
	if s.entry != nil && checkPassword(s.entry.adminwd, password) {
		s.admins = 0
		s.admin = true
		s.trace(TraceServer).Str("user", s.user).Msg("administrative privileges")
		s.reply(protocol.CodeLoggedIn, "Administrative privileges established.")
		return nil
	}
	s.admins++
	s.log.Warn().Str("user", s.user).Int("attempt", s.admins).Msg("administrator password incorrect")
	s.delay(s.admins)
	if s.admins >= s.srv.settings().MaxAdminAttempts {
		s.quit = true
		return protocol.Errorf(protocol.CodeNotLoggedIn, "Password incorrect (closing connection).")
	}
	return protocol.Errorf(protocol.CodeNotLoggedIn, "Password incorrect.")
}

// endLogin makes the client nobody.
func (s *session) endLogin() {
	s.loggedIn, s.admin, s.waitPass = false, false, false
	s.entry = nil
	s.forgetJobs()
}

// forgetJobs drops the jobs that were looked at with rights that have ended. Those that are being made
// in this session stay.
func (s *session) forgetJobs() {
	for id := range s.jobs {
		if s.blank[id] == nil {
			delete(s.jobs, id)
		}
	}
	if s.curJob != nil && s.jobs[s.curJob.id] != s.curJob {
		s.curJob = s.def
	}
}

// cmdREIN starts the session over, as after the greeting.
func (s *session) cmdREIN(*args) error {
	if s.engine != nil {
		s.engine.close()
		s.engine = nil
	}
	s.endTrigger()
	s.reset()
	s.reply(protocol.CodeReady, "%s server (%s) ready.", s.srv.hostname, s.srv.cfg.Version)
	return nil
}

// cmdQUIT ends the session.
func (s *session) cmdQUIT(a *args) error {
	if !a.end() {
		return a.err
	}
	s.reply(protocol.CodeGoodbye, "Goodbye.")
	s.quit = true
	return nil
}
