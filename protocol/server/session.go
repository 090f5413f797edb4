package server

import (
	"bufio"
	"errors"
	"fmt"
	"net"
	"os"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/litoria-fax/litoria/protocol"
)

// transferType is the argument of TYPE.
type transferType uint8

// The types of transfers (RFC 959, 3.1.1).
const (
	typeASCII transferType = iota
	typeImage
	typeLocal
)

func (t transferType) String() string { return [...]string{"ASCII", "Image", "Local"}[t] }

// transferMode is the argument of MODE.
type transferMode uint8

// The modes of transfers (RFC 959, 3.4); MODE Z is a zlib stream (RFC 1950).
const (
	modeStream transferMode = iota
	modeZip
)

func (m transferMode) String() string { return [...]string{"Stream", "ZIP"}[m] }

// session is the service of one client. One goroutine, serve, owns it; the control reader and the
// engine talk to it over channels.
type session struct {
	srv  *Server
	log  zerolog.Logger
	conn net.Conn
	raw  net.Conn // below TLS; never changes
	in   *bufio.Reader
	out  *bufio.Writer

	control   *control     // nil until it is needed
	listening bool         // a line was requested from control
	held      *controlLine // came during a transfer, to be executed after it
	engine    *engine
	queue     *queuer // FIFO to and from faxq; nil until needed
	gone      bool    // the connection ended
	quit      bool    // end after the present command

	trigger                bool // a trigger is registered with faxq
	triggerID, triggerSpec string

	// Who the client is.
	peer     peer
	user     string
	entry    *accessEntry // what hosts.hfaxd says of the user, nil if it does not admit him
	loggedIn bool
	admin    bool
	began    time.Time   // of the connection
	known    atomic.Bool // loggedIn once, for those who ask from outside
	waitPass bool
	longText bool // replies of several lines; a password that begins with "-" turns them off
	secure   bool // TLS on the control connection
	private  bool // PROT P: TLS on data connections

	logins, admins, bads int // failed attempts, consecutive bad commands

	// What commands set.
	cwd         string
	kind        transferType
	mode        transferMode
	structure   string
	form        *documentForm
	restart     int64
	passive     bool
	port        bool
	passivePort string
	gmt         bool
	idleTimeout time.Duration
	lockTimeout time.Duration
	formats     map[string]string // JOBFMT and the like
	temps       []string          // documents of STOT
	retp        pageCursor

	jobs   map[string]*job // that this session has looked at
	blank  map[string]*job // made here and not submitted
	def    *job            // the default job
	curJob *job

	notice     string // text of a shutdown to show with the next reply
	noticeTime time.Time
}

// newSession makes the session of a connection.
func newSession(srv *Server, conn net.Conn, secure bool) *session {
	s := &session{
		srv: srv, conn: conn, raw: conn, secure: secure,
		in: bufio.NewReaderSize(conn, controlBuffer), out: bufio.NewWriterSize(conn, controlBuffer),
		log: srv.log.With().Str("client", remoteIP(conn)).Logger(), began: time.Now(),
	}
	s.peer.addr = remoteIP(conn)
	s.reset()
	return s
}

const controlBuffer = 1024

// reset puts the session into its initial state (REIN).
func (s *session) reset() {
	s.endLogin()
	cfg := s.srv.settings()
	s.cwd, s.kind, s.mode, s.structure, s.form = "/", typeASCII, modeStream, "File", formByName("PS")
	s.restart, s.passive, s.port, s.gmt, s.longText = 0, false, false, true, true
	s.idleTimeout, s.lockTimeout = cfg.IdleTimeout, cfg.LockTimeout
	s.formats = map[string]string{
		"JOBFMT": cfg.JobFormat, "RCVFMT": cfg.ReceiveFormat, "MDMFMT": cfg.ModemFormat, "FILEFMT": cfg.FileFormat,
		"JOBSORTFMT": cfg.JobSortFormat, "RCVSORTFMT": cfg.ReceiveSortFormat,
		"MDMSORTFMT": cfg.ModemSortFormat, "FILESORTFMT": cfg.FileSortFormat,
	}
	s.jobs = map[string]*job{}
	if s.blank == nil {
		s.blank = map[string]*job{}
	}
	s.resetDefaultJob()
	s.curJob = s.def
	s.retp = pageCursor{}
	s.bads = 0
}

// serve answers the client until it leaves.
func (s *session) serve() {
	defer s.close()
	s.greet()
	for !s.gone && !s.quit {
		line, ok := s.nextLine()
		if !ok {
			return
		}
		s.execute(line)
	}
}

func (s *session) greet() {
	if s.isShutdown(true) {
		s.reply(protocol.CodeReady, "%s HylaFAX server shut down; available only for admin use.", s.srv.hostname)
		return
	}
	s.reply(protocol.CodeReady, "%s server (%s) ready.", s.srv.hostname, s.srv.cfg.Version)
}

// close ends the session: what it leaves behind is removed.
func (s *session) close() {
	s.endTrigger()
	if s.engine != nil {
		s.engine.close()
	}
	if s.control != nil {
		close(s.control.requests)
	}
	s.conn.Close()
	s.removeTemps()
	s.removeBlankJobs()
	if s.queue != nil {
		s.queue.Close()
	}
	s.endLogin()
}

// listen asks for the next line, so that lines delivers it.
func (s *session) listen() {
	if !s.listening && s.held == nil && !s.gone {
		if s.control == nil {
			s.control = newControl()
		}
		s.setReadDeadline(time.Time{})
		s.listening = true
		s.control.requests <- controlRequest{s.in, s.conn}
	}
}

// lines delivers the line that was asked for.
func (s *session) lines() <-chan controlLine {
	if !s.listening {
		return nil
	}
	return s.control.lines
}

// heard notes that a line was received.
func (s *session) heard(line controlLine) {
	s.listening = false
	if line.gone {
		s.gone = true
	}
}

// setReadDeadline bounds the wait for the client; the zero time is no bound. Where the server is being
// stopped, there is no wait: Close has set such a bound, which must not be lost.
func (s *session) setReadDeadline(t time.Time) {
	err := s.conn.SetReadDeadline(t)
	if err == nil && s.srv.isClosing() {
		err = s.conn.SetReadDeadline(time.Now())
	}
	if err != nil { // shows in the next read
		s.log.Debug().Err(err).Msg("deadline")
	}
}

// nextLine waits for a command. It returns false when there will be none.
func (s *session) nextLine() (controlLine, bool) {
	if s.held != nil {
		line := *s.held
		s.held = nil
		return line, !line.gone
	}
	timeout := s.idleTimeout
	if !s.loggedIn {
		timeout = min(timeout, s.srv.settings().LoginTimeout)
	}
	if s.listening { // since the transfer that was before
		return s.awaitLine(timeout)
	}
	s.setReadDeadline(time.Now().Add(timeout))
	line := readControlLine(s.in, s.conn)
	switch {
	case !line.gone:
		return line, true
	case s.srv.isClosing():
		s.tellClosing()
	case errors.Is(line.err, os.ErrDeadlineExceeded):
		s.tellTimeout(timeout)
	}
	s.gone = true
	return line, false
}

// awaitLine waits for the line that was asked for before.
func (s *session) awaitLine(timeout time.Duration) (controlLine, bool) {
	idle := time.NewTimer(timeout)
	defer idle.Stop()
	select {
	case line := <-s.lines():
		s.heard(line)
		if line.gone && s.srv.isClosing() {
			s.tellClosing()
		}
		return line, !line.gone
	case <-idle.C:
		s.tellTimeout(timeout)
	case <-s.srv.closing:
		s.tellClosing()
	}
	return controlLine{}, false
}

func (s *session) tellClosing() {
	s.reply(protocol.CodeTimeout, "Service not available, server is being stopped.")
}

func (s *session) tellTimeout(after time.Duration) {
	s.reply(protocol.CodeTimeout, "Timeout (%d seconds): closing control connection.", int(after/time.Second))
	s.trace(TraceServer).Str("user", s.user).Dur("after", after).Msg("client timed out")
}

// execute runs one command line.
func (s *session) execute(line controlLine) {
	s.traceCommand(line)
	if err := s.dispatch(line); err != nil {
		s.fault(line, err)
		return
	}
	s.bads = 0
}

// dispatch finds the command and what it needs, and runs it.
func (s *session) dispatch(line controlLine) error {
	if line.err != nil {
		return &syntaxError{line.err.Error()}
	}
	a := newArgs(line.text)
	name := strings.ToUpper(a.word("command token"))
	if a.err != nil {
		return a.err
	}
	c, known := protocol.Lookup(s.srv.commands, name)
	switch {
	case !known:
		return bad(protocol.CodeSyntax, "%s: Command not recognized.", name)
	case !c.Implemented:
		return bad(protocol.CodeNotImplemented, "%s: Command not implemented.", c.Name)
	case !s.admin && !isLoginCommand(c.Name) && s.isShutdown(!s.loggedIn):
		s.reply(protocol.CodeGoodbye, "Server shutting down.  Goodbye.")
		s.quit = true
		return nil
	case c.Login && !s.loggedIn:
		return errNotLoggedIn()
	}
	err := s.srv.handlers[c.Name](s, a)
	if c.Name != "REST" {
		s.restart = 0
	}
	return err
}

func isLoginCommand(name string) bool {
	switch name {
	case "USER", "PASS", "ADMIN", "AUTH", "PBSZ", "PROT":
		return true
	}
	return false
}

func errNotLoggedIn() error {
	return bad(protocol.CodeNotLoggedIn, "Please login with USER and PASS.")
}

// needAdmin refuses what only administrators may do.
func (s *session) needAdmin() error {
	switch {
	case !s.loggedIn:
		return errNotLoggedIn()
	case !s.admin:
		return bad(protocol.CodeNotLoggedIn, "Please use ADMIN to establish administrative privileges.")
	}
	return nil
}

// fault replies to a command that failed, at this one place: an error that carries a reply is told as
// it is, bad syntax is told what is wrong, and anything else is logged.
func (s *session) fault(line controlLine, err error) {
	var syntax *syntaxError
	var reply *protocol.Error
	switch {
	case errors.As(err, &syntax):
		s.reply(protocol.CodeSyntax, "'%s': Syntax error, %s.", line.text, syntax.what)
		s.countBad()
	case errors.As(err, &reply):
		s.reply(reply.Code, "%s", reply.Text)
		var counted badCommand
		if errors.As(err, &counted) {
			s.countBad()
		} else {
			s.bads = 0
		}
	default:
		s.log.Error().Err(err).Str("command", firstWord(line.text)).Msg("command failed")
		s.reply(protocol.CodeServerError, "Error in server: %s.", reason(err))
	}
}

func firstWord(line string) string {
	word, _, _ := strings.Cut(line, " ")
	return word
}

// countBad ends the service of a client that sends nonsense.
func (s *session) countBad() {
	if s.bads++; s.bads < s.srv.settings().MaxConsecutiveBadCommands || s.quit {
		return
	}
	s.isShutdown(!s.loggedIn) // so that its message comes with the reply
	s.reply(protocol.CodeGoodbye, "Server shutting down.  Goodbye.")
	s.quit = true
}

// reply sends the last line of a reply, and all that was written before it.
func (s *session) reply(code protocol.Code, format string, a ...any) {
	if s.notice != "" {
		for _, l := range strings.Split(strings.TrimSuffix(s.notice, "\n"), "\n") {
			fmt.Fprintf(s.out, "%03d-%s\r\n", code, l)
		}
		s.notice = ""
	}
	s.writeLine(fmt.Sprintf("%03d ", code), format, a...)
	s.flush()
}

// more sends a line of a reply that is not the last.
func (s *session) more(code protocol.Code, format string, a ...any) {
	if s.longText {
		s.writeLine(fmt.Sprintf("%03d-", code), format, a...)
	}
}

// line sends a line inside of a reply, without a code.
func (s *session) line(format string, a ...any) { s.writeLine("", format, a...) }

// writeLine writes one line: what a value brings along cannot begin another.
func (s *session) writeLine(lead, format string, a ...any) {
	text := fmt.Sprintf(format, a...)
	if strings.ContainsAny(text, "\r\n\x00") {
		text = strings.NewReplacer("\r", " ", "\n", " ", "\x00", "").Replace(text)
	}
	text = strings.ReplaceAll(text, "\xff", "\xff\xff") // Telnet's IAC
	s.out.WriteString(lead)
	s.out.WriteString(text)
	s.out.WriteString("\r\n")
	s.traceReply(lead, text)
}

// ack tells that a command succeeded, in the usual words.
func (s *session) ack(code protocol.Code, command string) {
	s.reply(code, "%s command successful.", command)
}

func (s *session) flush() {
	if err := s.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		s.gone = true
		return
	}
	if err := s.out.Flush(); err != nil {
		s.gone = true
	}
}

// writeTimeout is how long a client may leave a reply unread.
const writeTimeout = 2 * time.Minute

// zone returns a time in the zone that TZONE chose.
func (s *session) zone(t time.Time) time.Time {
	if s.gmt {
		return t.UTC()
	}
	return t.Local()
}

func (s *session) zoneName() string {
	if s.gmt {
		return "GMT"
	}
	name, _ := time.Now().Zone()
	return name
}

func (s *session) clearRestart() { s.restart = 0 }
