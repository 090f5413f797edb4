package spool

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
)

// seqFile is the name of the file that counts, in each directory that numbers
// its files (hylafax-server(5)).
const seqFile = "seqf"

// seqMode is the mode that HylaFAX gives such a file.
const seqMode = 0o600

// maxNumber is the last number of every sequence; then it begins again at 1.
// The manual pages speak of 32000, but HylaFAX 6.0.7 counts on.
const maxNumber = 999999998

// NextJob takes the next job number.
func (s *Spool) NextJob() (int, error) { return s.next(SendQ) }

// NextDocument takes the next number of a document in docq.
func (s *Spool) NextDocument() (int, error) { return s.next(DocQ) }

// NextCommID takes the next communication identifier: nine digits, the name of
// the session's log.
func (s *Spool) NextCommID() (string, error) {
	n, err := s.next(Log)
	return fmt.Sprintf("%09d", n), err
}

// next takes a number, under the lock of the sequence file. A file that holds
// no number begins at 1 again, as in HylaFAX.
func (s *Spool) next(dir string) (int, error) {
	path := filepath.Join(s.dir, dir, seqFile)
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, seqMode)
	if err != nil {
		return 0, fmt.Errorf("unable to open sequence number file: %w", err)
	}
	defer f.Close() // ends the lock
	if err := flock(f, syscall.LOCK_EX); err != nil {
		return 0, fmt.Errorf("unable to lock sequence number file %s: %w", path, err)
	}
	buf := make([]byte, 32)
	n, err := f.ReadAt(buf, 0)
	if err != nil && err != io.EOF {
		return 0, fmt.Errorf("unable to read sequence number file: %w", err)
	}
	number, err := strconv.Atoi(strings.TrimSpace(string(buf[:n])))
	if err != nil || number < 1 || number > maxNumber {
		number = 1
	}
	if err := replaceText(f, []byte(strconv.Itoa(number%maxNumber+1))); err != nil {
		return 0, fmt.Errorf("unable to update sequence number file %s: %w", path, err)
	}
	return number, nil
}

// replaceText puts a new text into an open file, in place.
func replaceText(f *os.File, text []byte) error {
	if _, err := f.WriteAt(text, 0); err != nil {
		return err
	}
	return f.Truncate(int64(len(text)))
}

// How flock locks.
const (
	lockShared    = syscall.LOCK_SH
	lockExclusive = syscall.LOCK_EX
	lockNoWait    = syscall.LOCK_NB
)

// flock is flock(2), again when a signal interrupts it.
func flock(f *os.File, how int) error {
	for {
		err := syscall.Flock(int(f.Fd()), how)
		if err != syscall.EINTR {
			return err
		}
	}
}
