package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
	"testing"
)

func TestDiskTrouble(t *testing.T) {
	for _, row := range []struct {
		err  error
		want string
	}{
		{fmt.Errorf("job: %w", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}), "the disk of the fax server is full"},
		{syscall.EDQUOT, "the fax server's share of the disk is used up"},
		{syscall.EROFS, "the disk of the fax server is read-only"},
		{errors.Join(errors.New("close"), syscall.EIO), "the disk of the fax server has a fault"},
		{fs.ErrNotExist, ""},
		{nil, ""},
	} {
		if got := DiskTrouble(row.err); got != row.want {
			t.Errorf("DiskTrouble(%v) = %q, want %q", row.err, got, row.want)
		}
	}
}

// TestWritable: looking leaves nothing behind; what a read-only file system and
// another user's spool bring is in interop/fax.
func TestWritable(t *testing.T) {
	s := newSpool(t)
	if err := s.Writable(); err != nil {
		t.Error(err)
	}
	if left, err := os.ReadDir(s.Path(Tmp)); err != nil || len(left) != 0 {
		t.Errorf("left in tmp: %v, %v", left, err)
	}
	if err := os.Remove(s.Path(Tmp)); err != nil {
		t.Fatal(err)
	}
	if err := s.Writable(); err == nil || !strings.HasPrefix(err.Error(), "the spool "+s.Dir()+" cannot be written: ") {
		t.Errorf("without tmp: %v", err)
	}
}
