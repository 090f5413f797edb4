package server

import (
	"fmt"
	"io/fs"
	"path"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/protocol"
)

// modemInfo is what the listing of status says of a modem.
type modemInfo struct {
	name         string // with slashes, as a device is named
	number       string
	localID      string
	status       string
	maxPages     uint32
	tracing, log uint32
	volume       byte
	running      bool // a process reads the modem's FIFO
}

// listStatus lists the scheduler and the modems: those that have a status file, a configuration file
// and a FIFO.
func listStatus(s *session, d *spoolDir) ([]listing, error) {
	state := "Not running"
	if s.srv.fifoHasReader(spoolPath(s.srv.settings().FIFO)) {
		state = "Running"
	}
	lines := []listing{{line: fmt.Sprintf("HylaFAX scheduler on %s: %s", s.srv.hostname, state)}}
	l := s.newLister("MDMFMT")
	entries, err := s.srv.readDir(d.name)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if m := s.srv.modem(e.Name()); m != nil {
			lines = append(lines, l.entry(s.modemValue(m)))
		}
	}
	return lines, nil
}

// modem finds out about the modem of a status file; nil if it is none. A line that runs needs no file of
// its own: one of several channels has its account's, one of iaxmodem's files has none.
func (srv *Server) modem(id string) *modemInfo {
	for name, kind := range map[string]fs.FileMode{"status/" + id: 0, "FIFO." + id: fs.ModeNamedPipe} {
		info, err := srv.root.Stat(name)
		if err != nil || info.Mode().Type() != kind {
			return nil
		}
	}
	m := &modemInfo{
		name: strings.ReplaceAll(id, "_", "/"), maxPages: 1<<32 - 1, volume: 'Q',
		status: srv.modemStatus(id), running: srv.fifoHasReader("FIFO." + id),
	}
	account := srv.account(id)
	if account == "" && !m.running {
		return nil
	}
	srv.readModemConfig(m, account)
	return m
}

// account is the modem whose configuration a modem has: itself, or for a channel such as ttyIAX0-2 the line
// ttyIAX0. "" if there is none.
func (srv *Server) account(id string) string {
	has := func(id string) bool {
		info, err := srv.root.Stat("etc/config." + id)
		return err == nil && info.Mode().IsRegular()
	}
	if has(id) {
		return id
	}
	at := strings.LastIndexByte(id, '-')
	if at > 0 && strings.Trim(id[at+1:], "0123456789") == "" && has(id[:at]) {
		return id[:at]
	}
	return ""
}

// maxStatus is the most that is shown of a status file.
const maxStatus = 1024

func (srv *Server) modemStatus(id string) string {
	f, err := srv.root.Open(path.Join("status", id))
	if err != nil {
		return "No status (cannot open file)"
	}
	defer f.Close()
	buf := make([]byte, maxStatus)
	n, err := f.Read(buf)
	if err != nil && n == 0 && !isEOF(err) {
		return "No status (cannot open file)"
	}
	text := strings.TrimSuffix(string(buf[:n]), "\n")
	if text == "" {
		return "No status (empty file)"
	}
	return text
}

// volumeLetter shows a SpeakerVolume as the letter v of MDMFMT does.
func volumeLetter(value string) byte {
	switch strings.ToLower(value) {
	case "off":
		return ' '
	case "quiet":
		return 'Q'
	case "low":
		return 'L'
	case "medium":
		return 'M'
	}
	return 'H'
}

// modemValue gives the data of MDMFMT (faxstat(1)).
func (s *session) modemValue(m *modemInfo) func(byte) protocol.Value {
	return func(letter byte) protocol.Value {
		switch letter {
		case 'h':
			return protocol.String(s.srv.hostname)
		case 'l':
			return protocol.String(m.localID)
		case 'm':
			return protocol.String(m.name)
		case 'n':
			return protocol.String(m.number)
		case 'r':
			return protocol.Decimal(m.maxPages)
		case 's':
			return protocol.String(m.status)
		case 't':
			return protocol.String(fmt.Sprintf("%05x:%05x", m.tracing&0xfffff, m.log&0xfffff))
		case 'v':
			return protocol.Char(m.volume)
		case 'z':
			if m.running {
				return protocol.Char('*')
			}
			return protocol.Char(' ')
		}
		return noDatum(letter)
	}
}

// cmdSTAT tells about the server, or about a file.
func (s *session) cmdSTAT(a *args) error {
	if a.atEnd() {
		s.serverStatus()
		return nil
	}
	if !s.loggedIn {
		return errNotLoggedIn()
	}
	name := a.only("pathname")
	if a.err != nil {
		return a.err
	}
	t, err := s.existing(name, rightList)
	if err != nil {
		return err
	}
	base := path.Base(t.path)
	s.more(protocol.CodeStatus, "Status of %s:", name)
	line, ok := "", false
	if t.dir.stat != nil {
		line, ok = t.dir.stat(s, t.dir, base, t.info)
	}
	if !ok {
		line = s.newLister("FILEFMT").entry(s.fileValue(base, t.info)).line
	}
	s.line("%s", line)
	s.reply(protocol.CodeStatus, "End of Status")
	return nil
}

// serverStatus is the answer to STAT alone; people read it.
func (s *session) serverStatus() {
	s.more(protocol.CodeStatus, "%s HylaFAX server status:", s.srv.hostname)
	s.line("    %s", s.srv.cfg.Version)
	connected := s.host()
	if connected != s.peer.addr {
		connected += " (" + s.peer.addr + ")"
	}
	s.line("    Connected to %s", connected)
	switch {
	case s.loggedIn:
		privileges := ""
		if s.admin {
			privileges = " (with administrative privileges)"
		}
		s.line("    Logged in as user %s (uid %d)%s", s.user, s.uid(), privileges)
		s.line("    \"%s\" is the current directory", s.cwd)
		s.line("    Current job: %s", s.currentJobName())
	case s.waitPass:
		s.line("    Waiting for password")
	default:
		s.line("    Waiting for user name")
	}
	s.line("    Time values are handled in %s", s.zoneName())
	s.line("    Idle timeout set to %d seconds", int(s.idleTimeout/time.Second))
	using := "Using"
	if !s.longText {
		using = "Not using"
	}
	s.line("    %s long replies", using)
	s.shutdownStatus()
	s.line("    HylaFAX scheduler reached at %s (%s)", s.srv.settings().FIFO, s.queueStatus())
	s.transferStatus()
	s.reply(protocol.CodeStatus, "End of status")
}

func (s *session) currentJobName() string {
	if s.curJob == s.def {
		return "(default)"
	}
	return fmt.Sprintf("jobid %s groupid %s", s.curJob.id, s.curJob.group())
}

func (s *session) queueStatus() string {
	if s.queue == nil {
		return "not connected"
	}
	return "connected"
}

func (s *session) transferStatus() {
	if s.restart > 0 {
		s.line("    Data transfer restart pending at %d", s.restart)
	}
	kind := s.kind.String()
	if s.kind == typeLocal {
		kind += " 8"
	}
	s.line("    TYPE: %s; STRU: %s; MODE: %s; FORM: %s", kind, s.structure, s.mode, s.form.name)
	switch {
	case s.passive:
		s.line("    In passive mode")
	case s.port:
		s.line("    PORT")
	default:
		s.line("    No client data connection")
	}
	if s.secure {
		s.line("    Protected by TLS")
	}
}
