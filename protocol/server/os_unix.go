//go:build unix

package server

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"github.com/litoria-fax/litoria/spool"
)

// inode is what FILEFMT shows of a file beyond its mode, size and time.
type inode struct {
	accessed, changed         time.Time
	device, rootDevice, inode uint64
	links, user               uint64
	group                     uint32
}

// inodeOf returns what the system knows of a file.
func inodeOf(info fs.FileInfo) inode {
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return inode{accessed: info.ModTime(), changed: info.ModTime(), links: 1}
	}
	accessed, changed := statTimes(st)
	return inode{
		accessed: accessed, changed: changed,
		device: uint64(st.Dev), rootDevice: uint64(st.Rdev), inode: st.Ino, //nolint:unconvert // differs by system
		links: uint64(st.Nlink), user: uint64(st.Uid), group: st.Gid, //nolint:unconvert // differs by system
	}
}

// isLocked reports whether another process has a lock on a file.
func isLocked(f *os.File) bool {
	err := unix.Flock(int(f.Fd()), unix.LOCK_SH|unix.LOCK_NB)
	if err == nil {
		unix.Flock(int(f.Fd()), unix.LOCK_UN) //nolint:errcheck // closing unlocks too
	}
	return errors.Is(err, unix.EWOULDBLOCK)
}

// enableOOBInline leaves Telnet's urgent data, the Data Mark of ABOR, at its place in the stream.
func enableOOBInline(conn net.Conn) {
	tcp, ok := conn.(*net.TCPConn)
	if !ok {
		return
	}
	raw, err := tcp.SyscallConn()
	if err != nil {
		return
	}
	raw.Control(func(fd uintptr) { //nolint:errcheck // without it only ABOR with urgent data suffers
		unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_OOBINLINE, 1) //nolint:errcheck // as above
	})
}

// fifoHasReader reports whether a process reads a FIFO of the spool.
func (srv *Server) fifoHasReader(rel string) bool {
	f, err := srv.root.OpenFile(rel, os.O_WRONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return false
	}
	f.Close()
	return true
}

// lockPoll is how often to try for a lock that is held.
const lockPoll = 20 * time.Millisecond

// lockFile locks a file as HylaFAX's programs do (flock(2)), and waits for the lock no longer than
// patience.
func lockFile(f *os.File, exclusive bool, patience time.Duration) error {
	how := unix.LOCK_SH | unix.LOCK_NB
	if exclusive {
		how = unix.LOCK_EX | unix.LOCK_NB
	}
	deadline := time.Now().Add(patience)
	for {
		err := unix.Flock(int(f.Fd()), how)
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			return err
		}
		if time.Now().After(deadline) {
			return err
		}
		time.Sleep(lockPoll)
	}
}

// setOwner makes a fax user the owner of a file: the file's group is the fax user id. A server that
// may not change groups, as an ordinary user, remembers the owners of documents as long as it runs;
// the group of the process stands for the anonymous user there.
func (srv *Server) setOwner(rel string, uid FaxUID) error {
	if srv.changesGroups {
		return srv.root.Lchown(rel, -1, int(uid))
	}
	info, err := srv.root.Lstat(rel)
	if err != nil {
		return err
	}
	srv.owners.set(inodeOf(info).inode, uid)
	return nil
}

// ownerOf returns the owner of a file.
func (srv *Server) ownerOf(info fs.FileInfo) FaxUID {
	st := inodeOf(info)
	if srv.changesGroups || st.group != srv.group {
		return FaxUID(st.group)
	}
	if !strings.HasPrefix(info.Name(), "doc") {
		return AnonymousUID
	}
	if uid, ok := srv.owners.get(st.inode); ok {
		return uid
	}
	if uid, ok := srv.ownerOfSource(info.Name()); ok {
		return uid
	}
	return unknownUID // of an earlier run: better nobody's than everybody's
}

// ownerOfSource is the owner of the document that pages were prepared from: of the document itself
// or of a job's link to it.
func (srv *Server) ownerOfSource(prepared string) (FaxUID, bool) {
	source, ok := spool.SourceOf(prepared)
	if !ok {
		return 0, false
	}
	if info, err := srv.root.Lstat("docq/" + source); err == nil {
		return srv.owners.get(inodeOf(info).inode)
	}
	entries, err := srv.readDir("/docq")
	if err != nil {
		return 0, false
	}
	for _, e := range entries {
		if spool.BaseDocument(e.Name()) != source {
			continue
		}
		if info, err := e.Info(); err == nil {
			return srv.owners.get(inodeOf(info).inode)
		}
	}
	return 0, false
}

// copyOwner gives a file the group of another one.
func (srv *Server) copyOwner(rel string, from fs.FileInfo) error {
	group := inodeOf(from).group
	info, err := srv.root.Lstat(rel)
	if err != nil || inodeOf(info).group == group {
		return err
	}
	return srv.root.Lchown(rel, -1, int(group))
}

// probeGroups finds out whether the server may change the group of its files, and which group they
// have at first.
func (srv *Server) probeGroups() error {
	const probe = "tmp/.hfaxd-probe"
	name := fmt.Sprintf("%s%d", probe, os.Getpid())
	if err := srv.writeNew(name, nil, 0o600); err != nil {
		return err
	}
	defer srv.root.Remove(name)
	info, err := srv.root.Lstat(name)
	if err != nil {
		return err
	}
	srv.group = inodeOf(info).group
	srv.changesGroups = srv.root.Lchown(name, -1, int(AnonymousUID)) == nil
	return nil
}

// peekEnd reports whether a socket's other end has closed it and nothing is left to read.
func peekEnd(c syscall.Conn) bool {
	raw, err := c.SyscallConn()
	if err != nil {
		return false
	}
	ended := false
	err = raw.Control(func(fd uintptr) {
		var b [1]byte
		n, _, err := unix.Recvfrom(int(fd), b[:], unix.MSG_PEEK|unix.MSG_DONTWAIT)
		ended = err == nil && n == 0 || errors.Is(err, unix.ECONNRESET)
	})
	return err == nil && ended
}
