package daemon

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"strconv"
	"syscall"

	"github.com/rs/zerolog"
	"golang.org/x/sys/unix"
)

// dropRoot becomes an ordinary user where the program was started as root. One right stays: to give
// files to other groups (CAP_CHOWN), since the group of a document tells which fax user owns it.
func dropRoot(name string, log zerolog.Logger) error {
	if os.Geteuid() != 0 {
		return nil
	}
	u, err := user.Lookup(name)
	if err != nil {
		return fmt.Errorf("cannot give up root's rights: %w (choose another user with --user)", err)
	}
	uid, err1 := strconv.Atoi(u.Uid)
	gid, err2 := strconv.Atoi(u.Gid)
	if err1 != nil || err2 != nil {
		return fmt.Errorf("user %s has no numeric identity", name)
	}
	if uid == 0 {
		return fmt.Errorf("user %s is root", name)
	}
	if err := become(uid, gid); errors.Is(err, syscall.ENOTSUP) {
		return fmt.Errorf("cannot become user %s: this hfaxd was built with cgo, whose threads would stay root; build it with CGO_ENABLED=0, as make does", name)
	} else if err != nil {
		return fmt.Errorf("cannot become user %s: %w", name, err)
	}
	log.Info().Str("user", name).Msg("gave up root's rights")
	return nil
}

// become changes the identity of all threads and keeps CAP_CHOWN.
func become(uid, gid int) error {
	if _, _, errno := syscall.AllThreadsSyscall(unix.SYS_PRCTL, unix.PR_SET_KEEPCAPS, 1, 0); errno != 0 {
		return errno
	}
	if err := syscall.Setgroups([]int{gid}); err != nil {
		return err
	}
	if err := syscall.Setgid(gid); err != nil {
		return err
	}
	if err := syscall.Setuid(uid); err != nil {
		return err
	}
	return keepChown()
}
