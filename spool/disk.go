package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// DiskTrouble says in a few words that the disk, not the program or the file,
// is what an error is about; "" for other errors.
func DiskTrouble(err error) string {
	switch {
	case errors.Is(err, syscall.ENOSPC):
		return "the disk of the fax server is full"
	case errors.Is(err, syscall.EDQUOT):
		return "the fax server's share of the disk is used up"
	case errors.Is(err, syscall.EROFS):
		return "the disk of the fax server is read-only"
	case errors.Is(err, syscall.EIO):
		return "the disk of the fax server has a fault"
	}
	return ""
}

// Writable looks whether this process can make files in the spool, and says in
// one sentence why not. A full disk does not count: it may have room the next
// moment.
func (s *Spool) Writable() error {
	f, err := os.CreateTemp(s.Path(Tmp), ".writable")
	if err == nil {
		f.Close()
		err = os.Remove(f.Name())
	}
	switch {
	case err == nil, errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return nil
	case errors.Is(err, syscall.EROFS):
		return fmt.Errorf("the spool %s cannot be written: its file system is read-only", s.dir)
	case errors.Is(err, fs.ErrPermission):
		text := ""
		if uid, _, err := s.Owner(); err == nil {
			text = fmt.Sprintf("; it belongs to user %d", uid)
		}
		return fmt.Errorf("the spool %s cannot be written by user %d: no permission for %s%s", s.dir, os.Geteuid(), Tmp, text)
	}
	return fmt.Errorf("the spool %s cannot be written: %w", s.dir, err)
}
