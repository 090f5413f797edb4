package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"
)

// Received is a file of recvq that is being received. As long as it is locked
// clients see that it is not complete (faxstat -r shows a star).
type Received struct {
	Name string   // relative to the spool: recvq/fax000000012.tif
	File *os.File // open for reading and writing
}

// maxReceiveTries is how many numbers are tried where files are in the way, as
// after a lost sequence file.
const maxReceiveTries = 1000

// NewReceived makes the next file of recvq, empty and locked.
func (s *Spool) NewReceived(mode fs.FileMode) (*Received, error) {
	for range maxReceiveTries {
		n, err := s.next(RecvQ)
		if err != nil {
			return nil, err
		}
		name := ReceivedName(n)
		f, err := os.OpenFile(s.Path(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, mode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return nil, err
		}
		if err := flock(f, lockExclusive); err != nil {
			f.Close()
			return nil, err
		}
		return &Received{name, f}, nil
	}
	return nil, fmt.Errorf("%s: found no unused file name after %d tries", RecvQ, maxReceiveTries)
}

// ReceivedName is the name of a received fax, relative to the spool.
func ReceivedName(n int) string { return fmt.Sprintf("%s/fax%09d.tif", RecvQ, n) }

// Finish makes the file what others may read: synced, with its mode, unlocked.
func (r *Received) Finish(mode fs.FileMode) error {
	err := errors.Join(r.File.Sync(), r.File.Chmod(mode))
	return errors.Join(err, r.File.Close())
}

// Remove deletes a file in which nothing was received.
func (r *Received) Remove(s *Spool) error {
	return errors.Join(os.Remove(s.Path(r.Name)), r.File.Close())
}

// BeingReceived tells whether a file of recvq is still being written.
func (s *Spool) BeingReceived(name string) bool {
	if CheckName(name) != nil {
		return false
	}
	f, err := os.Open(s.Path(name))
	if err != nil {
		return false
	}
	defer f.Close()
	return errors.Is(flock(f, lockShared|lockNoWait), syscall.EWOULDBLOCK)
}
