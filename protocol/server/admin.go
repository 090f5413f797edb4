package server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/spool"
)

// localIP is the address of the server that the client uses.
func localIP(conn net.Conn) string {
	host, _, err := net.SplitHostPort(conn.LocalAddr().String())
	if err != nil {
		return conn.LocalAddr().String()
	}
	return host
}

// cmdANSWER tells a modem to answer a call.
func (s *session) cmdANSWER(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	a.space()
	modem, how := a.word("modem"), "any"
	if !a.atEnd() {
		how = a.only("answer-how")
	}
	if a.err != nil {
		return a.err
	}
	if err := s.srv.tellModem(modem, modemAnswer+strings.ToLower(how)); err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "Answer request failed: %s.", reason(err))
	}
	s.reply(protocol.CodeOK, "Modem %s told to answer call as %s.", modem, how)
	return nil
}

// cmdDISABLE takes a modem out of use for sending. The process of the modem is told or, where there
// is none, the scheduler.
func (s *session) cmdDISABLE(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	a.space()
	modem, why := a.word("modem"), "<unspecified reason>"
	if !a.atEnd() {
		why = a.text()
	}
	if a.err != nil {
		return a.err
	}
	s.log.Warn().Str("user", s.user).Str("modem", modem).Str("reason", why).Msg("modem disabled")
	return s.switchModem(modem, "disable", modemDisable, "D")
}

// cmdENABLE puts a modem into use for sending.
func (s *session) cmdENABLE(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	modem := a.only("modem")
	if a.err != nil {
		return a.err
	}
	return s.switchModem(modem, "enable", modemEnable, "R")
}

func (s *session) switchModem(modem, verb, message, state string) error {
	if s.srv.tellModem(modem, message) == nil {
		s.reply(protocol.CodeOK, "Modem %s told to %s outbound use.", modem, verb)
		return nil
	}
	if err := s.tellQueue(opModem, modemID(modem)+":"+state); err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "Unable to %s use of %s: %s.", verb, modem, err)
	}
	s.reply(protocol.CodeOK, "Scheduler told to %s use of modem %s.", verb, modem)
	return nil
}

// siteADDUSER adds a line to hosts.hfaxd.
func (s *session) siteADDUSER(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	a.space()
	user := a.word("user-spec")
	var passwords [2]string
	for i, what := range []string{"password", "admin-password"} {
		if a.atEnd() {
			break
		}
		a.space()
		passwords[i] = a.word(what)
	}
	a.end()
	if a.err != nil {
		return a.err
	}
	var hashes [2]string
	for i, kind := range []string{"User", "Admin"} {
		hash, err := hashPassword(passwords[i])
		if err != nil {
			return protocol.Errorf(protocol.CodeSyntax, "%s %s.", kind, err)
		}
		hashes[i] = hash
	}
	uid, err := s.srv.addUser(user, hashes[0], hashes[1])
	if err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "%s.", reason(err))
	}
	s.log.Warn().Str("user", s.user).Str("added", user).Msg("hosts.hfaxd")
	s.reply(protocol.CodeOK, "User %s added with uid %d.", user, uid)
	return nil
}

// siteDELUSER removes a line from hosts.hfaxd.
func (s *session) siteDELUSER(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	user := a.only("user-spec")
	if a.err != nil {
		return a.err
	}
	if err := s.srv.deleteUser(user); err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "%s.", reason(err))
	}
	s.log.Warn().Str("user", s.user).Str("removed", user).Msg("hosts.hfaxd")
	s.reply(protocol.CodeOK, "User %s deleted.", user)
	return nil
}

// maxAccessFile is the most that is read of hosts.hfaxd to change it.
const maxAccessFile = 16 << 20

// editAccess changes hosts.hfaxd.
func (srv *Server) editAccess(change func(content []byte, list *accessList) ([]byte, error)) error {
	srv.accessMu.Lock()
	defer srv.accessMu.Unlock()
	rel := spoolPath(srv.settings().UserAccessFile)
	f, err := srv.root.Open(rel)
	if err != nil {
		return fmt.Errorf("Cannot open user access file /%s: %w", rel, err) //nolint:staticcheck // HylaFAX's words
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return err
	}
	content, err := io.ReadAll(io.LimitReader(f, maxAccessFile))
	if err != nil {
		return err
	}
	list, err := parseAccess(bytes.NewReader(content))
	if err != nil {
		return err
	}
	if content, err = change(content, list); err != nil {
		return err
	}
	return srv.writeReplacing(rel, content, 0o600, func(tmp string) error { return srv.copyOwner(tmp, info) })
}

// addUser adds a user with the smallest fax user id that is free.
func (srv *Server) addUser(user, passwd, adminwd string) (FaxUID, error) {
	uid := FaxUID(0)
	if strings.ContainsAny(user, ":\r\n#\x00") || user == "" || user[0] == '!' {
		return 0, errors.New("user-spec must not be empty, begin with ! or hold :, # or line ends")
	}
	err := srv.editAccess(func(content []byte, list *accessList) ([]byte, error) {
		used := map[FaxUID]bool{0: true, AnonymousUID: true, FaxUID(srv.group): true}
		for _, e := range list.entries {
			if !e.deny && (e.pattern == user || e.pattern == "^"+user+"@") {
				return nil, fmt.Errorf("User %s is already present", user) //nolint:staticcheck // HylaFAX's words
			}
			used[e.uid] = true
		}
		for uid = 1; used[uid]; uid++ {
		}
		if uid > maxUID {
			return nil, fmt.Errorf("Unable to add user %s; out of user IDs", user) //nolint:staticcheck // HylaFAX's words
		}
		line := fmt.Sprintf("^%s@:%d:%s:%s", user, uid, passwd, adminwd)
		if len(content) > 0 && content[len(content)-1] != '\n' {
			content = append(content, '\n')
		}
		return append(content, strings.TrimRight(line, ":")+"\n"...), nil
	})
	return uid, err
}

// deleteUser removes the first line of a user.
func (srv *Server) deleteUser(user string) error {
	return srv.editAccess(func(content []byte, list *accessList) ([]byte, error) {
		for _, e := range list.entries {
			if e.deny || e.pattern != user && e.pattern != "^"+user+"@" {
				continue
			}
			lines := strings.SplitAfter(string(content), "\n")
			return []byte(strings.Join(append(lines[:e.line-1], lines[e.line:]...), "")), nil
		}
		return nil, fmt.Errorf("User %s not found in access file", user) //nolint:staticcheck // HylaFAX's words
	})
}

// siteCONFIG sets a parameter of a line or, by the name faxq, of the scheduler, until the configuration is
// read again; without a parameter it shows the configuration file. HylaFAX says that it sends the
// parameter, and does not.
func (s *session) siteCONFIG(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	a.space()
	where := a.word("modem")
	if a.err != nil {
		return a.err
	}
	if a.atEnd() {
		return s.showConfig(where)
	}
	info := a.text()
	if a.err != nil {
		return a.err
	}
	item := info
	if tag, value, found := strings.Cut(info, " "); found && !strings.HasSuffix(tag, ":") {
		item = tag + ": " + value
	}
	if _, ok, err := protocol.ParseConfigLine(item); err != nil || !ok || strings.ContainsAny(item, "\x00\r\n") {
		return protocol.Errorf(protocol.CodeBadValue, "SITE CONFIG: %q is not a parameter and its value.", info)
	}
	var err error
	if where == schedulerName {
		err = s.askQueue(opConfig, item)
	} else {
		err = s.srv.tellModem(where, string(spool.LineConfig)+item)
	}
	if err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "Config request failed: %s.", reason(err))
	}
	s.log.Warn().Str("user", s.user).Str("where", where).Str("parameter", item).Msg("configuration changed")
	s.reply(protocol.CodeOK, "Config info %s sent to %s.", info, where)
	return nil
}

// schedulerName is the scheduler's name for SITE CONFIG.
const schedulerName = "faxq"

// showConfig shows the configuration file of a line or of the scheduler, to an administrator.
func (s *session) showConfig(where string) error {
	name := "etc/config"
	if where != schedulerName {
		name += "." + modemID(where)
	}
	f, err := s.srv.root.Open(name)
	if err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "Config request failed: %s.", reason(err))
	}
	defer f.Close()
	s.more(protocol.CodeOK, "Configuration info for %s.", where)
	err = protocol.ReadConfig(io.LimitReader(f, maxModemConfig), func(item protocol.ConfigItem) error {
		s.line("    %s: %s", item.Tag, item.Value)
		return nil
	})
	if err != nil {
		s.line("    (%v)", err)
	}
	s.reply(protocol.CodeOK, "End of configuration info.")
	return nil
}
