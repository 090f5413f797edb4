package server

import (
	"io/fs"
	"path"
	"strings"
	"syscall"

	"github.com/litoria-fax/litoria/protocol"
)

// spoolDir is a directory of the spool as clients see it. Directories that are not listed do not
// exist for clients, and none has directories below it.
type spoolDir struct {
	name      string // "/" or "/sendq"
	adminOnly bool   // for administrators alone
	store     bool   // others may make files
	remove    bool   // others may remove files
	// visible tells whether a client that is no administrator sees a file; info is nil for a file that
	// it wants to make.
	visible func(s *session, name string, info fs.FileInfo) bool
	list    func(s *session, d *spoolDir) ([]listing, error)
	// stat returns the line for one file, or false to show it as a plain file.
	stat func(s *session, d *spoolDir, name string, info fs.FileInfo) (string, bool)
}

// spoolDirs returns the directories (hfaxd(8)).
func spoolDirs() map[string]*spoolDir {
	all := func(*session, string, fs.FileInfo) bool { return true }
	dirs := []*spoolDir{
		{name: "/status", visible: all, list: listStatus},
		{name: "/sendq", visible: visibleJob, list: listJobs, stat: statJob},
		{name: "/doneq", visible: visibleJob, list: listJobs, stat: statJob},
		{name: "/docq", store: true, remove: true, visible: visibleDocument, list: listFiles},
		{name: "/tmp", store: true, remove: true, visible: all, list: listFiles},
		{name: "/log", visible: all, list: listFiles},
		{name: "/recvq", remove: true, visible: visibleReceived, list: listReceived, stat: statReceived},
		{name: "/archive", visible: all, list: listFiles},
		{name: "/pollq", store: true, remove: true, visible: visibleReceived, list: listReceived, stat: statReceived},
		{name: "/", visible: visibleInRoot, list: listFiles},
		{name: "/etc", adminOnly: true, visible: all, list: listFiles},
		{name: "/info", visible: all, list: listFiles},
		{name: "/bin", adminOnly: true, visible: all, list: listFiles},
		{name: "/config", visible: all, list: listFiles},
		{name: "/client", adminOnly: true, visible: all, list: listFiles},
	}
	m := make(map[string]*spoolDir, len(dirs))
	for _, d := range dirs {
		m[d.name] = d
	}
	return m
}

func visibleInRoot(_ *session, _ string, info fs.FileInfo) bool {
	return info.Mode().IsRegular() || info.IsDir()
}

func visibleDocument(_ *session, name string, _ fs.FileInfo) bool {
	return strings.HasPrefix(name, "doc") || strings.HasPrefix(name, "cover")
}

func visibleReceived(s *session, name string, info fs.FileInfo) bool {
	return strings.HasPrefix(name, "fax") && (info == nil || s.srv.settings().PublicReceive || s.fileRight(info, rightRead))
}

func visibleJob(s *session, name string, info fs.FileInfo) bool {
	return strings.HasPrefix(name, "q") && s.fileRight(info, rightRead)
}

// right is what a client wants to do with a file, as a bit of the mode of others.
type right fs.FileMode

const (
	rightList  right = 1 // see that it exists
	rightWrite right = 2
	rightRead  right = 4
)

// fileRight reports whether the mode of a file gives the client a right: the bits of others are for
// everybody, those of the group are for the owner, whose fax uid is the file's group.
func (s *session) fileRight(info fs.FileInfo, r right) bool {
	mode := info.Mode().Perm()
	return s.admin || mode&fs.FileMode(r) != 0 ||
		s.srv.ownerOf(info) == s.uid() && mode>>3&fs.FileMode(r) != 0
}

// absolute makes a path of the client absolute and free of dots.
func (s *session) absolute(name string) string {
	if !strings.HasPrefix(name, "/") {
		name = s.cwd + "/" + name
	}
	return path.Clean(name)
}

// target is a file that a client may use.
type target struct {
	dir  *spoolDir
	path string      // absolute for the client
	info fs.FileInfo // nil for a file that is to be made
}

// rel is the path below the spool directory.
func (t *target) rel() string { return relative(t.path) }

func relative(abs string) string {
	if abs == "/" {
		return "."
	}
	return abs[1:]
}

func fileFault(name string, err error) error {
	return protocol.Errorf(protocol.CodeFileUnavailable, "%s: %s.", name, reason(err))
}

// file finds a file and checks that the client may use it so. A file that is to be written need not
// exist. Symbolic links are followed for administrators only, and never out of the spool.
func (s *session) file(name string, want right) (*target, error) {
	switch {
	case name == "" && want == rightWrite:
		return nil, fileFault(name, syscall.EPERM)
	case name == "" || strings.ContainsRune(name, 0):
		return nil, fileFault(name, syscall.ENOENT)
	}
	t := &target{path: s.absolute(name)}
	t.dir = s.srv.dirs[path.Dir(t.path)]
	info, err := s.stat(t.path)
	switch {
	case err == nil:
		t.info = info
	case t.dir == nil || want != rightWrite || !isNotExist(err):
		return nil, fileFault(name, err)
	}
	switch {
	case t.dir == nil:
		return nil, fileFault(name, syscall.ENOENT)
	case s.admin && (want == rightList || t.info == nil || !t.info.IsDir()):
		return t, nil
	case s.admin:
		return nil, notPlain(name)
	}
	return t, s.ordinaryAccess(name, t, want)
}

func notPlain(name string) error {
	return protocol.Errorf(protocol.CodeFileUnavailable, "%s: not a plain file.", name)
}

// ordinaryAccess checks the rights of a client that is no administrator.
func (s *session) ordinaryAccess(name string, t *target, want right) error {
	denied := fileFault(name, syscall.EPERM)
	switch {
	case t.dir.adminOnly:
		return denied
	case t.info == nil:
		if !t.dir.store || !t.dir.visible(s, path.Base(t.path), nil) {
			return denied
		}
		return nil
	case !t.dir.visible(s, path.Base(t.path), t.info):
		return denied
	case want == rightList:
		return nil
	case t.info.IsDir():
		return notPlain(name)
	case !t.info.Mode().IsRegular(), !s.fileRight(t.info, want):
		return denied
	}
	return nil
}

// stat returns what is known of a file. Only administrators see through symbolic links.
func (s *session) stat(abs string) (fs.FileInfo, error) {
	if s.admin {
		return s.srv.root.Stat(relative(abs))
	}
	return s.srv.root.Lstat(relative(abs))
}

// directory finds a directory that the client may enter.
func (s *session) directory(name string) (*spoolDir, error) {
	if name == "" {
		return nil, fileFault(name, syscall.ENOENT)
	}
	abs := s.absolute(name)
	info, err := s.srv.root.Stat(relative(abs))
	d := s.srv.dirs[abs]
	switch {
	case err != nil:
		return nil, fileFault(name, err)
	case !info.IsDir():
		return nil, fileFault(name, syscall.ENOTDIR)
	case d == nil:
		return nil, fileFault(name, syscall.ENOENT)
	case d.adminOnly && !s.admin:
		return nil, fileFault(name, syscall.EPERM)
	}
	return d, nil
}
