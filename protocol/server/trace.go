package server

import (
	"fmt"
	"os"
	"path"
	"strings"
	"time"

	"github.com/rs/zerolog"
)

// Trace is an area of tracing: a flag of ServerTracing (hfaxd(8)). Warnings and errors are logged
// whatever is traced.
type Trace int

// The areas of tracing.
const (
	TraceServer    Trace = 0x001 // general operation: jobs, files, timeouts, administrators
	TraceProtocol  Trace = 0x002 // each command and reply; passwords are left out
	TraceIncoming  Trace = 0x004 // files from clients, in XferLogFile
	TraceOutgoing  Trace = 0x008 // files to clients, in XferLogFile
	TraceLogin     Trace = 0x010 // logins
	TraceConnect   Trace = 0x020 // connections
	TraceFIFO      Trace = 0x040 // messages to and from faxq and faxgetty
	TraceTIFF      Trace = 0x080 // received files that are no good TIFF
	TraceConfig    Trace = 0x100 // reading of configuration files
	traceTransfers       = TraceIncoming | TraceOutgoing
)

// tracing reports whether an area is traced.
func (srv *Server) tracing(area Trace) bool { return srv.settings().tracing(area) }

func (c *Settings) tracing(area Trace) bool { return Trace(c.ServerTracing)&area != 0 }

// trace returns an event for the log where an area is traced; else nil, to which a message may be
// added without effect.
func (s *session) trace(area Trace) *zerolog.Event {
	if !s.srv.tracing(area) {
		return nil
	}
	return s.log.Info()
}

// trace is the same outside of sessions.
func (srv *Server) trace(area Trace) *zerolog.Event {
	if !srv.tracing(area) {
		return nil
	}
	return srv.log.Info()
}

// traceCommand logs a command. What is secret in it is not logged.
func (s *session) traceCommand(line controlLine) {
	if !s.srv.tracing(TraceProtocol) {
		return
	}
	text := line.text
	if line.err != nil {
		text += " (" + line.err.Error() + ")"
	}
	s.log.Info().Msg("command: " + hideSecrets(text))
}

// hideSecrets takes the passwords out of a command line.
func hideSecrets(line string) string {
	word, rest, more := strings.Cut(strings.TrimLeft(line, " "), " ")
	switch strings.ToUpper(word) {
	case "PASS", "ADMIN":
		if more {
			return word + " <hidden>"
		}
	case "SITE":
		name, value, hasValue := strings.Cut(strings.TrimLeft(rest, " "), " ")
		if hasValue && (strings.EqualFold(name, "ADDUSER") || strings.EqualFold(name, "ADDMODEM")) {
			user, _, _ := strings.Cut(strings.TrimLeft(value, " "), " ")
			return word + " " + name + " " + user + " <hidden>"
		}
	}
	return line
}

// traceReply logs a line of a reply. Syntax errors quote the command, in which may be a password.
func (s *session) traceReply(lead, text string) {
	if !s.srv.tracing(TraceProtocol) {
		return
	}
	if command, quoted := strings.CutPrefix(text, "'"); quoted {
		text = "'" + hideSecrets(command)
	}
	s.log.Info().Msg("<--- " + lead + text)
}

// clientLogMode is the mode of XferLogFile.
const clientLogMode = 0o600

// logTransfer writes a line on a file that was transferred whole into XferLogFile, as HylaFAX writes
// it: time, seconds, host, octets, file, direction ("i" from the client, "o" to it), user, with tabs
// between them.
func (s *session) logTransfer(t *transfer) {
	area, direction := TraceOutgoing, "o"
	if t.store {
		area, direction = TraceIncoming, "i"
	}
	if t.name == "" || !s.srv.tracing(area) {
		return
	}
	now := s.srv.now()
	seconds := max(int64(now.Sub(t.began)/time.Second), 1)
	field := strings.NewReplacer("\t", " ", "\n", " ", "\r", " ")
	line := fmt.Sprintf("%s\t%d\t%s\t%d\t%s\t%s\t%s\n", now.Local().Format(time.ANSIC), seconds, field.Replace(s.host()),
		t.file.state().count.Load(), field.Replace(path.Clean("/"+t.name)), direction, field.Replace(s.user))
	f, err := s.srv.root.OpenFile(spoolPath(s.srv.settings().XferLogFile), os.O_WRONLY|os.O_APPEND|os.O_CREATE, clientLogMode)
	if err != nil {
		s.log.Error().Err(err).Str("file", s.srv.settings().XferLogFile).Msg("XferLogFile")
		return
	}
	defer f.Close()
	if _, err := f.WriteString(line); err != nil {
		s.log.Error().Err(err).Str("file", s.srv.settings().XferLogFile).Msg("XferLogFile")
	}
}
