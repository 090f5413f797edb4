package server

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
	"github.com/litoria-fax/litoria/spool"
	"github.com/litoria-fax/litoria/spool/config"
)

// How long SITE ADDMODEM and DELMODEM wait for the process of the lines, and how often they look.
const (
	addLimit    = 5 * time.Second
	removeLimit = 2 * time.Second // a line in a call goes later
	lookEach    = 50 * time.Millisecond
)

// modemMode is the mode of etc/config.DEVID, which may hold a secret.
const modemMode = 0o600

// siteADDMODEM makes a line over IAX2: it writes etc/config.DEVID and tells the processes of lines.
func (s *session) siteADDMODEM(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	a.space()
	id := modemID(a.word("modem"))
	var parameters []string
	for !a.atEnd() && a.err == nil {
		a.space()
		parameters = append(parameters, a.word("parameter"))
	}
	if a.err != nil {
		return a.err
	}
	text, err := config.NewLine(id, parameters)
	if err != nil {
		return protocol.Errorf(protocol.CodeBadValue, "Modem not added: %s.", err)
	}
	if err := s.srv.writeModem(id, text); err != nil {
		return protocol.Errorf(protocol.CodeFileUnavailable, "Modem not added: %s.", reason(err))
	}
	s.log.Warn().Str("user", s.user).Str("modem", id).Msg("modem added")
	refused := ""
	running := s.srv.spool.RescanLines() > 0 && s.srv.await(addLimit, func() bool {
		refused = s.srv.refusal(id)
		return refused != "" || s.srv.spool.Send(fifoOf(id), string(spool.LineHello)) == nil
	})
	switch {
	case refused != "":
		s.srv.takeBack(id)
		return protocol.Errorf(protocol.CodeBadValue, "Modem not added: %s.", refused)
	case !running:
		s.reply(protocol.CodeOK, "Modem %s added; no faxgetty took it up, start one for it.", id)
	default:
		s.reply(protocol.CodeOK, "Modem %s added.", id)
	}
	return nil
}

// siteDELMODEM removes a line over IAX2: its file is kept as etc/config.DEVID~, and a call that it is in
// comes to its end.
func (s *session) siteDELMODEM(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	id := modemID(a.only("modem"))
	if a.err != nil {
		return a.err
	}
	if err := s.srv.dropModem(id); err != nil {
		return protocol.Errorf(protocol.CodeFileUnavailable, "Modem not removed: %s.", reason(err))
	}
	s.log.Warn().Str("user", s.user).Str("modem", id).Msg("modem removed")
	s.srv.spool.RescanLines()
	if !s.srv.await(removeLimit, func() bool { return s.srv.spool.Send(fifoOf(id), string(spool.LineHello)) != nil }) {
		s.reply(protocol.CodeOK, "Modem %s ends when its call is over.", id)
		return nil
	}
	s.srv.root.Remove("status/" + id) //nolint:errcheck // there may be none
	s.reply(protocol.CodeOK, "Modem %s removed.", id)
	return nil
}

func fifoOf(id string) string { return spool.QueuerFIFO + "." + id }

func configOf(id string) string { return spool.Etc + "/config." + id }

// writeModem makes etc/config.DEVID at once and whole, unless it is there.
func (srv *Server) writeModem(id string, text []byte) error {
	srv.accessMu.Lock()
	defer srv.accessMu.Unlock()
	if srv.refusal(id) != "" { // of an attempt before
		if err := srv.root.Remove("status/" + id); err != nil {
			return err
		}
	}
	tmp := fmt.Sprintf("tmp/.hfaxd%d.%s", os.Getpid(), id)
	err := srv.writeNew(tmp, text, modemMode)
	if err == nil {
		err = srv.root.Link(tmp, configOf(id))
	}
	srv.root.Remove(tmp) //nolint:errcheck // the fault before counts
	if errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("Modem %s is there already", id) //nolint:staticcheck // a sentence to the client
	}
	return err
}

// dropModem takes the file of a line over IAX2 out of use.
func (srv *Server) dropModem(id string) error {
	if id == "" || strings.ContainsAny(id, "/\x00") {
		return os.ErrNotExist
	}
	srv.accessMu.Lock()
	defer srv.accessMu.Unlock()
	c, err := config.Read(srv.spool.Dir(), configOf(id))
	if errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("there is no /%s", configOf(id))
	}
	if err != nil {
		return err
	}
	if !c.Has("IAXServer") && !c.Has("IAXPeer") {
		return fmt.Errorf("/%s is not of a line over IAX2", configOf(id))
	}
	return srv.root.Rename(configOf(id), configOf(id)+"~")
}

// takeBack removes a line that nobody could serve.
func (srv *Server) takeBack(id string) {
	for _, name := range []string{configOf(id), "status/" + id} {
		if err := srv.root.Remove(name); err != nil {
			srv.log.Error().Err(err).Str("file", name).Msg("line that cannot be served")
		}
	}
}

// refusal is why a process of lines does not serve one; "" if it does not say so.
func (srv *Server) refusal(id string) string {
	b, err := srv.root.ReadFile("status/" + id)
	if err != nil {
		return ""
	}
	why, _ := strings.CutPrefix(strings.TrimSpace(string(b)), spool.StatusRefused)
	if why == strings.TrimSpace(string(b)) {
		return ""
	}
	return why
}

// await looks again and again until something is so. It tells whether it came to be in time.
func (srv *Server) await(limit time.Duration, so func() bool) bool {
	tick := time.NewTicker(lookEach)
	defer tick.Stop()
	late := time.After(limit)
	for !so() {
		select {
		case <-tick.C:
		case <-late:
			return false
		case <-srv.closing:
			return false
		}
	}
	return true
}
