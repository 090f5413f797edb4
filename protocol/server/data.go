package server

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"path"
	"strconv"
	"strings"
	"syscall"

	"github.com/litoria-fax/litoria/protocol"
)

func isEOF(err error) bool { return errors.Is(err, io.EOF) }

// dataEngine returns the session's FTP engine and starts it at first.
func (s *session) dataEngine() (*engine, error) {
	if s.engine != nil {
		return s.engine, nil
	}
	g, err := s.srv.engines.start(s.conn)
	if err != nil {
		return nil, err
	}
	if s.private {
		if r, err := g.call("PROT P"); err != nil || r.code >= 400 {
			g.close()
			return nil, errors.New("the FTP engine does not protect data connections")
		}
	}
	s.engine = g
	return g, nil
}

// connect orders a command that prepares the data connection.
func (s *session) connect(line string) (engineReply, error) {
	g, err := s.dataEngine()
	if err != nil {
		return engineReply{}, protocol.Errorf(protocol.CodeNoDataConnection, "Cannot open data connection.")
	}
	r, err := g.call(line)
	if err != nil {
		return engineReply{}, protocol.Errorf(protocol.CodeNoDataConnection, "Cannot open data connection.")
	}
	return r, nil
}

// cmdPORT takes the address to which the server shall connect: a0,a1,a2,a3,p0,p1.
func (s *session) cmdPORT(a *args) error {
	a.space()
	var n [6]int64
	for i := range n {
		if i > 0 {
			a.comma()
		}
		n[i] = a.number()
	}
	a.end()
	if a.err != nil {
		return a.err
	}
	for _, v := range n {
		if v < 0 || v > 255 {
			return &syntaxError{"invalid number"}
		}
	}
	addr := netip.AddrFrom4([4]byte{byte(n[0]), byte(n[1]), byte(n[2]), byte(n[3])})
	return s.active("PORT", addr, int(n[4]<<8|n[5]))
}

// cmdEPRT takes the address to which the server shall connect: |family|address|port| (RFC 2428).
func (s *session) cmdEPRT(a *args) error {
	a.space()
	spec := a.word("<STRING>")
	if a.err != nil {
		return a.err
	}
	fields := []string{}
	if spec != "" {
		fields = strings.Split(spec, spec[:1])
	}
	if len(fields) != 5 || fields[0] != "" || fields[4] != "" || fields[1] != "1" && fields[1] != "2" {
		return &syntaxError{"Couldn't parse extended port"}
	}
	addr, err := netip.ParseAddr(fields[2])
	port, portErr := strconv.ParseUint(fields[3], 10, 16)
	if !a.end() {
		return a.err
	}
	if err != nil || portErr != nil || port == 0 || addr.Is4() != (fields[1] == "1") {
		return bad(protocol.CodeSyntax, "EPRT couldn't parse family \"%s\" address \"%s\" port \"%s\"", fields[1], fields[2], fields[3])
	}
	return s.active("EPRT", addr, int(port))
}

// active makes the next transfer connect to the client. Only the client's own address will do: a
// server that connects anywhere would be a tool for attackers.
func (s *session) active(command string, addr netip.Addr, port int) error {
	if client, err := netip.ParseAddr(s.peer.addr); err != nil || client.Unmap() != addr.Unmap() {
		return protocol.Errorf(protocol.CodeSyntax, "%s: %s is not your address.", command, addr)
	}
	family := 1
	if addr.Is6() {
		family = 2
	}
	r, err := s.connect(fmt.Sprintf("EPRT |%d|%s|%d|", family, addr, port))
	if err != nil {
		return err
	}
	if r.code >= 400 {
		return protocol.Errorf(protocol.CodeNoDataConnection, "Cannot build data connection: %s", r.text)
	}
	s.passive, s.port = false, true
	s.ack(protocol.CodeOK, command)
	return nil
}

// cmdPASV makes the server wait for the data connection.
func (s *session) cmdPASV(a *args) error {
	if !a.end() {
		return a.err
	}
	if addr, err := netip.ParseAddr(localIP(s.conn)); err == nil && addr.Unmap().Is6() {
		return protocol.Errorf(protocol.CodeSyntax, "Cannot use PASV with IPv6 connections")
	}
	r, err := s.connect("PASV")
	if err != nil {
		return err
	}
	if r.code != int(protocol.CodePassive) {
		return protocol.Errorf(protocol.CodeNoDataConnection, "Cannot setup passive connection: %s", r.text)
	}
	s.waitOn(passivePort(r.text))
	s.reply(protocol.CodePassive, "Entering passive mode %s", r.text[max(strings.IndexByte(r.text, '('), 0):])
	return nil
}

// cmdEPSV makes the server wait for the data connection (RFC 2428). The number of a family, or ALL,
// may follow.
func (s *session) cmdEPSV(a *args) error {
	if !a.atEnd() {
		a.space()
		switch family := strings.ToUpper(a.word("<CRLF>")); {
		case a.err != nil:
			return &syntaxError{"expecting <CRLF>"}
		case family == "ALL" && a.end():
			s.ack(protocol.CodeOK, "EPSV ALL")
			return nil
		case (family == "1" || family == "2") && a.end():
			if own := s.family(); family != own {
				return protocol.Errorf(codeNoFamily, "Network protocol not supported, use (%s).", own)
			}
		default:
			return &syntaxError{"expecting <CRLF>"}
		}
	}
	r, err := s.connect("EPSV")
	if err != nil {
		return err
	}
	if r.code != int(protocol.CodeExtendedPassive) {
		return protocol.Errorf(protocol.CodeNoDataConnection, "Cannot setup extended passive connection: %s", r.text)
	}
	s.waitOn(strings.Trim(r.text[strings.IndexByte(r.text, '(')+1:], "|)"))
	s.reply(protocol.CodeExtendedPassive, "%s", r.text)
	return nil
}

// codeNoFamily is the code for families of addresses that do not fit (RFC 2428, 2).
const codeNoFamily protocol.Code = 522

// family is the number of the client's family of addresses (RFC 2428, 2).
func (s *session) family() string {
	if addr, err := netip.ParseAddr(localIP(s.conn)); err == nil && addr.Unmap().Is6() {
		return "2"
	}
	return "1"
}

// waitOn notes the port on which the next data connection is to come.
func (s *session) waitOn(port string) {
	s.passive, s.port, s.passivePort = true, false, port
	if client, err := netip.ParseAddr(s.peer.addr); err == nil {
		s.srv.engines.expect(port, client)
	}
}

// passivePort takes the port out of the engine's reply to PASV: its last two numbers.
func passivePort(text string) string {
	fields := strings.Split(strings.TrimRight(text, ")"), ",")
	if len(fields) < 2 {
		return ""
	}
	high, err1 := strconv.Atoi(fields[len(fields)-2])
	low, err2 := strconv.Atoi(fields[len(fields)-1])
	if err1 != nil || err2 != nil {
		return ""
	}
	return strconv.Itoa(high<<8 | low)
}

// checkTransferType refuses combinations of TYPE and MODE that do not exist.
func (s *session) checkTransferType() error {
	if s.kind == typeASCII && s.mode == modeZip {
		return protocol.Errorf(protocol.CodeFileUnavailable, "TYPE %s, MODE %s not implemented.", s.kind, s.mode)
	}
	return nil
}

const openingData = "Opening new data connection"

// cmdRETR sends a file to the client.
func (s *session) cmdRETR(a *args) error {
	name := a.only("pathname")
	if a.err != nil {
		return a.err
	}
	t, err := s.existing(name, rightRead)
	if err != nil {
		return err
	}
	if !t.info.Mode().IsRegular() {
		return notPlain(name)
	}
	if err := s.checkTransferType(); err != nil {
		return err
	}
	f, err := s.srv.root.Open(t.rel())
	if err != nil {
		return fileFault(name, err)
	}
	src, err := s.restartAt(f, name)
	if err != nil {
		f.Close()
		return err
	}
	return s.run(&transfer{
		name:    t.path,
		opening: fmt.Sprintf("%s for %s (%d bytes).", openingData, name, t.info.Size()),
		file:    newOutgoing(src, s.kind, s.mode), size: t.info.Size(),
	})
}

// restartAt moves to where REST said: octets, or lines in TYPE A.
func (s *session) restartAt(f *os.File, name string) (io.Reader, error) {
	if s.restart == 0 {
		return f, nil
	}
	if s.kind != typeASCII {
		if _, err := f.Seek(s.restart, io.SeekStart); err != nil {
			return nil, fileFault(name, err)
		}
		return f, nil
	}
	r := bufio.NewReader(f)
	for range s.restart {
		if _, err := r.ReadSlice('\n'); err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			return nil, fileFault(name, syscall.EINVAL)
		}
	}
	return struct {
		io.Reader
		io.Closer
	}{r, f}, nil
}

func (s *session) cmdSTOR(a *args) error { return s.storeFile(a, os.O_TRUNC) }
func (s *session) cmdAPPE(a *args) error { return s.storeFile(a, os.O_APPEND) }

// storeFile writes a file that the client names.
func (s *session) storeFile(a *args, how int) error {
	name := a.only("pathname")
	if a.err != nil {
		return a.err
	}
	t, err := s.file(name, rightWrite)
	if err != nil {
		return err
	}
	for i := range len(name) {
		if name[i] <= ' ' || name[i] >= 0x7f {
			return protocol.Errorf(protocol.CodeFileNameNotAllowed, "Bad filename; includes invalid character.")
		}
	}
	if err := s.checkTransferType(); err != nil {
		return err
	}
	if s.restart > 0 {
		how = 0
	}
	f, err := s.srv.root.OpenFile(t.rel(), os.O_WRONLY|os.O_CREATE|how, 0o640)
	if err != nil {
		return protocol.Errorf(protocol.CodeFileNameNotAllowed, "%s: %s.", name, reason(err))
	}
	if t.info == nil {
		s.own(t.rel())
	}
	if s.restart > 0 {
		if _, err := f.Seek(s.restart, io.SeekStart); err != nil {
			f.Close()
			return fileFault(name, err)
		}
	}
	in := newIncoming(f, s.kind, s.mode)
	whole := &transfer{
		name:    t.path,
		opening: fmt.Sprintf("%s for %s.", openingData, name),
		file:    in, store: true, size: -1,
	}
	if t.info == nil { // a part of a new document is of no use
		whole.discard = func() { s.discard(t.rel()) }
	}
	return s.receive(whole, in)
}

// receive stores what the client sends. What does not arrive whole is discarded.
func (s *session) receive(t *transfer, in *incoming) error {
	err := s.run(t)
	if local, remote := in.faults(); t.discard != nil && (err != nil || local != nil || remote != nil || s.gone) {
		t.discard()
	}
	return err
}

// discard removes a part of a document.
func (s *session) discard(rel string) {
	if err := s.srv.root.Remove(rel); err != nil && !isNotExist(err) {
		s.log.Error().Err(err).Str("file", rel).Msg("part of a document")
	}
}

func (s *session) cmdSTOT(a *args) error { return s.storeDocument(a, true) }
func (s *session) cmdSTOU(a *args) error { return s.storeDocument(a, false) }

// storeDocument stores a document under a new name, which the reply tells. A document of STOT lasts
// as long as the session, or as the jobs that hold it. What does not arrive whole is removed.
func (s *session) storeDocument(a *args, temporary bool) error {
	if !a.end() {
		return a.err
	}
	if err := s.checkTransferType(); err != nil {
		return err
	}
	rel, f, err := s.srv.newDocument(temporary, s.form.suffix, s.uid())
	if err != nil {
		return s.diskFault(protocol.CodeFileNameNotAllowed, err, "Cannot store the document: %s.", reason(err))
	}
	name := path.Join("/", rel)
	if temporary {
		s.temps = append(s.temps, rel)
	}
	in := newIncoming(f, s.kind, s.mode)
	return s.receive(&transfer{
		name:    name,
		opening: fmt.Sprintf("FILE: %s (%s).", name, openingData),
		done:    fmt.Sprintf("Transfer complete (FILE: %s).", name),
		file:    in, store: true, size: -1, discard: func() { s.discard(rel) },
	}, in)
}

// removeTemps removes the documents of STOT at the end of the session.
func (s *session) removeTemps() {
	for _, rel := range s.temps {
		if err := s.srv.root.Remove(rel); err != nil && !isNotExist(err) {
			s.log.Error().Err(err).Msg("temporary document")
		}
	}
	s.temps = nil
}

// cmdABOR ends what goes on: nothing, if it comes as a command of its own. With a modem it ends the
// modem's call.
func (s *session) cmdABOR(a *args) error {
	if a.atEnd() {
		s.ack(protocol.CodeAborted, "ABOR")
		return nil
	}
	if err := s.needAdmin(); err != nil {
		return err
	}
	modem := a.only("modem")
	if a.err != nil {
		return a.err
	}
	if err := s.srv.tellModem(modem, modemAbort); err != nil {
		return protocol.Errorf(protocol.CodeSyntax, "Abort request failed: %s.", reason(err))
	}
	s.reply(protocol.CodeOK, "Modem %s told to abort current call.", modem)
	return nil
}
