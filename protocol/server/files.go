package server

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"

	"github.com/litoria-fax/litoria/protocol"
)

func isNotExist(err error) bool { return errors.Is(err, fs.ErrNotExist) }

// cmdCWD changes the working directory, to the top without an argument.
func (s *session) cmdCWD(a *args) error {
	name := "/"
	if !a.atEnd() {
		name = a.only("pathname")
	}
	if a.err != nil {
		return a.err
	}
	return s.changeDir(name)
}

func (s *session) cmdCDUP(*args) error { return s.changeDir("..") }

func (s *session) changeDir(name string) error {
	d, err := s.directory(name)
	if err != nil {
		return err
	}
	s.cwd = d.name
	s.ack(protocol.CodeFileOK, "CWD")
	return nil
}

func (s *session) cmdPWD(a *args) error {
	if !a.end() {
		return a.err
	}
	s.reply(protocol.CodePath, "\"%s\" is the current directory.", s.cwd)
	return nil
}

// cmdDELE removes a file.
func (s *session) cmdDELE(a *args) error {
	name := a.only("pathname")
	if a.err != nil {
		return a.err
	}
	t, err := s.file(name, rightWrite)
	if err != nil {
		return err
	}
	switch {
	case t.info == nil:
		return fileFault(name, fs.ErrNotExist)
	case s.admin:
	case !t.info.Mode().IsRegular():
		return notPlain(name)
	case !t.dir.remove:
		return fileFault(name, fs.ErrPermission)
	}
	if err := s.srv.root.Remove(t.rel()); err != nil {
		return fileFault(name, err)
	}
	s.trace(TraceServer).Str("user", s.user).Str("file", t.path).Msg("deleted")
	s.ack(protocol.CodeFileOK, "DELE")
	return nil
}

// cmdCHMOD changes the rights of owner (group bits) and others.
func (s *session) cmdCHMOD(a *args) error {
	a.space()
	name := a.word("filename")
	a.space()
	mode := a.number()
	if a.err != nil {
		return a.err
	}
	t, err := s.existing(name, rightWrite)
	if err != nil {
		return err
	}
	if err := s.srv.root.Chmod(t.rel(), 0o600|fs.FileMode(mode)&0o066); err != nil {
		return fileFault(name, err)
	}
	s.ack(protocol.CodeFileOK, "CHMOD")
	return nil
}

// existing is file for a file that must exist.
func (s *session) existing(name string, want right) (*target, error) {
	t, err := s.file(name, want)
	if err == nil && t.info == nil {
		return nil, fileFault(name, fs.ErrNotExist)
	}
	return t, err
}

// cmdCHOWN gives a file to another fax user.
func (s *session) cmdCHOWN(a *args) error {
	if err := s.needAdmin(); err != nil {
		return err
	}
	a.space()
	name := a.word("filename")
	who := a.only("user")
	if a.err != nil {
		return a.err
	}
	t, err := s.existing(name, rightWrite)
	if err != nil {
		return err
	}
	uid, err := s.userID(who)
	if err != nil {
		return err
	}
	if err := s.srv.setOwner(t.rel(), uid); err != nil {
		return fileFault(name, err)
	}
	s.ack(protocol.CodeFileOK, "CHOWN")
	return nil
}

// userID finds the fax uid of a user who is named or numbered.
func (s *session) userID(who string) (FaxUID, error) {
	if n, err := strconv.ParseUint(who, 10, 32); err == nil && FaxUID(n) <= maxUID {
		return FaxUID(n), nil
	}
	if who == s.user {
		return s.uid(), nil
	}
	if list, err := s.srv.accessList(); err == nil {
		if uid, ok := list.userID(who); ok {
			return uid, nil
		}
	}
	return 0, protocol.Errorf(protocol.CodeFileUnavailable, "%s: unknown user.", who)
}

// cmdSIZE tells the size of a file.
func (s *session) cmdSIZE(a *args) error {
	name := a.only("pathname")
	if a.err != nil {
		return a.err
	}
	t, err := s.file(name, rightList)
	if err != nil {
		if _, statErr := s.stat(s.absolute(name)); name == "" || isNotExist(statErr) {
			return notPlain(name)
		}
		return err
	}
	if !t.info.Mode().IsRegular() {
		return notPlain(name)
	}
	s.reply(protocol.CodeParameter, "%d", t.info.Size())
	return nil
}

// cmdMDTM tells when a file was written.
func (s *session) cmdMDTM(a *args) error {
	name := a.only("pathname")
	if a.err != nil {
		return a.err
	}
	t, err := s.existing(name, rightList)
	if err != nil {
		return err
	}
	s.reply(protocol.CodeParameter, "%s", protocol.FormatSendTime(s.zone(t.info.ModTime())))
	return nil
}

// documentForm is a type of document: an argument of FORM.
type documentForm struct {
	name   string
	suffix string
	field  string // tag in the job file (sendq(5))
}

func documentForms() []documentForm {
	return []documentForm{
		{"TIFF", "tif", "tiff"},
		{"PS", "ps", "postscript"},
		{"PCL", "pcl", "pcl"},
		{"PDF", "pdf", "pdf"},
	}
}

func formByName(name string) *documentForm {
	for _, f := range documentForms() {
		if f.name == strings.ToUpper(name) {
			return &f
		}
	}
	return nil
}

// sniffLength is how much of a document tells its type.
const sniffLength = 512

// documentField finds the type of a document, as the tag of the job file. The suffix decides, except
// that of PostScript, which old clients give to everything.
func documentField(name string, head []byte) (string, bool) {
	suffix := strings.TrimPrefix(path.Ext(name), ".")
	for _, f := range documentForms() {
		if f.suffix == suffix && f.name != "PS" {
			return f.field, true
		}
	}
	has := func(prefix string) bool { return len(head) > 2 && strings.HasPrefix(string(head), prefix) }
	switch {
	case has("%!"):
		return "postscript", true
	case has("%P"):
		return "pdf", true
	case has("\x1bE"), has("\x1b%"), has("\x1b&"), has("\x1b*"):
		return "pcl", true
	case has("II*\x00"), has("MM\x00*"):
		return "tiff", true
	case has("@PJL"):
		return "", false
	}
	return "data", true
}

// readHead reads the beginning of a file of the spool.
func (srv *Server) readHead(rel string) ([]byte, error) {
	f, err := srv.root.Open(rel)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	buf := make([]byte, sniffLength)
	n, err := f.ReadAt(buf, 0)
	if n == 0 && err != nil && !errors.Is(err, os.ErrClosed) && !isEOF(err) {
		return nil, err
	}
	return buf[:n], nil
}
