package spool

import (
	"fmt"
	"os"
	"syscall"
)

// BecomeOwner gives up root's rights where the program was started as root: it
// becomes the user and group that the spool directory belongs to, so that all
// programs of a server can use each other's files, as HylaFAX's do. It does
// nothing for an ordinary user, or where the spool is root's own. It is to be
// called before any file of the spool is made.
func (s *Spool) BecomeOwner() error {
	if os.Getuid() != 0 {
		return nil
	}
	uid, gid, err := s.Owner()
	if err != nil || uid == 0 {
		return err
	}
	for _, step := range []func() error{
		func() error { return syscall.Setgroups([]int{gid}) },
		func() error { return syscall.Setgid(gid) },
		func() error { return syscall.Setuid(uid) },
	} {
		if err := step(); err != nil {
			return fmt.Errorf("cannot become user %d, to whom %s belongs: %w", uid, s.dir, err)
		}
	}
	return nil
}

// Owner is the user and the group that the spool directory belongs to.
func (s *Spool) Owner() (uid, gid int, err error) {
	info, err := os.Stat(s.dir)
	if err != nil {
		return 0, 0, err
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, 0, fmt.Errorf("%s: its owner is not known", s.dir)
	}
	return int(st.Uid), int(st.Gid), nil
}
