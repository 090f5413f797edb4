package daemon

import (
	"syscall"
	"unsafe"

	"golang.org/x/sys/unix"
)

// keepChown leaves the process the capability CAP_CHOWN and no other.
func keepChown() error {
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	data[0].Effective = 1 << unix.CAP_CHOWN
	data[0].Permitted = 1 << unix.CAP_CHOWN
	_, _, errno := syscall.AllThreadsSyscall(unix.SYS_CAPSET,
		uintptr(unsafe.Pointer(&header)), uintptr(unsafe.Pointer(&data[0])), 0) //nolint:gosec // capset(2) has no wrapper for all threads
	if errno != 0 {
		return errno
	}
	return nil
}
