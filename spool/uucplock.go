package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// uucpDigits is the width of a process id in an ascii lock file.
const uucpDigits = 10

// UUCPLock is a lock file by which programs that use a serial device keep off
// each other's way (UUCPLockDir, UUCPLockType, UUCPLockMode, UUCPLockTimeout in
// hylafax-config(5)). A line of ours whose device is also a pty for other
// programs takes part in it.
type UUCPLock struct {
	Path    string
	Binary  bool          // process id in binary, not as ten digits and a newline
	Mode    fs.FileMode   // of the lock file
	Timeout time.Duration // age after which a lock without a living owner is removed; 0: never
}

// NewUUCPLock is the lock of a device. kind is UUCPLockType: ascii or binary,
// with - before it for names in lower case (SCO) and + for names made of device
// numbers (SVR4).
func NewUUCPLock(kind, dir, device string, mode fs.FileMode, timeout time.Duration) (*UUCPLock, error) {
	l := &UUCPLock{Mode: mode, Timeout: timeout}
	name := filepath.Base(device)
	switch {
	case strings.HasPrefix(kind, "-"):
		kind, name = kind[1:], strings.ToLower(name)
		l.Path = filepath.Join(dir, "LCK.."+name)
	case strings.HasPrefix(kind, "+"):
		kind = kind[1:]
		var st syscall.Stat_t
		if err := syscall.Stat(device, &st); err != nil {
			return nil, fmt.Errorf("%s: %w", device, err)
		}
		l.Path = filepath.Join(dir, fmt.Sprintf("LK.%03d.%03d.%03d", devMajor(uint64(st.Dev)), devMajor(uint64(st.Rdev)), devMinor(uint64(st.Rdev))))
	default:
		l.Path = filepath.Join(dir, "LCK.."+name)
	}
	switch kind {
	case "ascii":
	case "binary":
		l.Binary = true
	default:
		return nil, fmt.Errorf("unknown UUCP lock file type %q (ascii or binary, with + or - before it)", kind)
	}
	return l, nil
}

// Linux's division of device numbers.
func devMajor(d uint64) uint64 { return d>>8&0xfff | d>>32&^0xfff }
func devMinor(d uint64) uint64 { return d&0xff | d>>12&^0xff }

// Lock takes the lock for this process: false where another one has it.
func (l *UUCPLock) Lock(now time.Time) (bool, error) {
	ok, err := l.create()
	if ok || err != nil {
		return ok, err
	}
	held, err := l.Held(now)
	if held || err != nil {
		return false, err
	}
	return l.create()
}

// create makes the lock file: under another name first, so that it is complete
// when it appears.
func (l *UUCPLock) create() (bool, error) {
	f, err := os.CreateTemp(filepath.Dir(l.Path), "TM.fax*")
	if err != nil {
		return false, fmt.Errorf("UUCP lock: %w", err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(l.content(os.Getpid()))
	l.giveToUUCP(f)
	if err = errors.Join(err, f.Chmod(l.Mode), f.Close()); err != nil {
		return false, fmt.Errorf("UUCP lock: %w", err)
	}
	err = os.Link(f.Name(), l.Path)
	if errors.Is(err, fs.ErrExist) {
		return false, nil
	}
	return err == nil, err
}

// giveToUUCP makes the user uucp the owner, where there is one and we may.
func (l *UUCPLock) giveToUUCP(f *os.File) {
	u, err := user.Lookup("uucp")
	if err != nil || os.Geteuid() != 0 {
		return
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 == nil && err2 == nil {
		_ = f.Chown(uid, gid) // only for the looks: the lock is the file
	}
}

func (l *UUCPLock) content(pid int) []byte {
	if l.Binary {
		return binary.NativeEndian.AppendUint32(nil, uint32(pid))
	}
	return fmt.Appendf(nil, "%*d\n", uucpDigits, pid)
}

// Held tells whether a process has the lock. A lock that is older than Timeout
// and whose process is gone is removed.
func (l *UUCPLock) Held(now time.Time) (bool, error) {
	f, err := os.Open(l.Path)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return true, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return true, err
	}
	if l.Timeout <= 0 || now.Sub(info.ModTime()) < l.Timeout {
		return true, nil
	}
	if pid, ok := l.readPID(f); ok {
		if err := syscall.Kill(pid, 0); err == nil || !errors.Is(err, syscall.ESRCH) {
			return true, nil
		}
	}
	if err := os.Remove(l.Path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return true, err
	}
	return false, nil
}

func (l *UUCPLock) readPID(r io.Reader) (int, bool) {
	b := make([]byte, uucpDigits)
	if l.Binary {
		b = b[:4]
	}
	if _, err := io.ReadFull(r, b); err != nil {
		return 0, false
	}
	if l.Binary {
		return int(int32(binary.NativeEndian.Uint32(b))), true
	}
	pid, err := strconv.Atoi(strings.TrimSpace(string(b)))
	return pid, err == nil && pid > 0
}

// Unlock removes the lock file if it is this process's.
func (l *UUCPLock) Unlock() error { return l.Release(os.Getpid()) }

// Release removes the lock file if it is the process's.
func (l *UUCPLock) Release(pid int) error {
	if err := l.ownedBy(pid); err != nil {
		return err
	}
	return os.Remove(l.Path)
}

// Give hands the lock from one process to another, such as a child.
func (l *UUCPLock) Give(from, to int) error {
	if err := l.ownedBy(from); err != nil {
		return err
	}
	f, err := os.OpenFile(l.Path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = f.Write(l.content(to)) // as long as what was there
	return errors.Join(err, f.Close())
}

func (l *UUCPLock) ownedBy(pid int) error {
	f, err := os.Open(l.Path)
	if err != nil {
		return err
	}
	defer f.Close()
	if owner, ok := l.readPID(f); !ok || owner != pid {
		return fmt.Errorf("UUCP lock %s is not that of process %d", l.Path, pid)
	}
	return nil
}
