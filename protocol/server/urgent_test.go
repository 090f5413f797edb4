package server_test

import (
	"net"
	"syscall"
	"testing"
)

// sendUrgent sends octets of which the last is urgent (RFC 793).
func sendUrgent(t *testing.T, c net.Conn, b []byte) {
	t.Helper()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	raw.Write(func(fd uintptr) bool {
		err = syscall.Sendto(int(fd), b, syscall.MSG_OOB, nil)
		return true
	})
	if err != nil {
		t.Fatal(err)
	}
}
