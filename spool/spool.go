// Package spool is the contract on disk: a spool directory as HylaFAX 6.0.7
// has it (hylafax-server(5)), shared by all programs of a fax server, ours and
// HylaFAX's, at the same time. Nothing else writes into the spool.
//
// # Who may write when
//
// A job is one file, sendq/qN, and later doneq/qN (sendq(5)). Whoever reads or
// writes it holds a flock(2) on it, but for readers of a job that a call has
// locked for minutes (ReadJob). HylaFAX rewrites the file in place under that
// lock; this package does the same, because a rename would leave a HylaFAX
// program that waits for the lock with a file nobody sees any more. A note in
// tmp makes it safe against a power cut; see Save. Lines that this package does
// not know stay where they were. docs/spool.md is the contract in full;
// testdata has spools that HylaFAX wrote.
//
// Numbers come from the seqf files under their lock. Records of xferfaxlog are
// appended under its lock. Status files are rewritten in place, as HylaFAX's
// readers take a lock on them too.
//
// Everything that tells another program to act is a message through a FIFO
// (see Message); a message is only a hint to look at the spool again.
package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/litoria-fax/litoria/etc"
)

// The directories of a spool (hylafax-server(5)).
const (
	SendQ   = "sendq"   // jobs that wait or are being sent
	DoneQ   = "doneq"   // jobs that are over
	DocQ    = "docq"    // documents of jobs
	RecvQ   = "recvq"   // received faxes
	PollQ   = "pollq"   // documents that others may poll
	Archive = "archive" // jobs kept after they were done
	Log     = "log"     // session logs
	Info    = "info"    // what is known of destinations
	Status  = "status"  // what the lines are doing
	Client  = "client"  // FIFOs of clients, sockets of lines
	Tmp     = "tmp"     // temporary files
	Etc     = "etc"     // configuration
	Bin     = "bin"     // scripts
	Config  = "config"  // configurations of modem types
	Dev     = "dev"     // devices, for a server in a chroot
)

// directories with the modes that a fresh spool gives them.
var directories = []struct {
	name string
	mode fs.FileMode
}{
	{Archive, 0o700}, {Bin, 0o755}, {Client, 0o755}, {Config, 0o755}, {Dev, 0o755}, {DocQ, 0o700}, {DoneQ, 0o700},
	{Etc, 0o755}, {Info, 0o755}, {Log, 0o755}, {PollQ, 0o700}, {RecvQ, 0o755}, {SendQ, 0o700}, {Status, 0o755}, {Tmp, 0o700},
}

// Spool is a spool directory. Its methods may be called from any goroutine and
// any process.
type Spool struct{ dir string }

// Open takes an existing spool directory. What is missing below it is named in
// the error.
func Open(dir string) (*Spool, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	var missing []string
	for _, d := range []string{SendQ, DoneQ, DocQ, RecvQ, Log, Status, Client, Etc} {
		if info, err := os.Stat(filepath.Join(abs, d)); err != nil || !info.IsDir() {
			missing = append(missing, d)
		}
	}
	if len(missing) > 0 {
		return nil, fmt.Errorf("%s is not a spool directory: no %s in it (faxsetup -q %s -create makes one)", dir, strings.Join(missing, ", "), dir)
	}
	return &Spool{abs}, nil
}

// Create makes a spool directory with the default files of package etc, or
// completes one: what is there stays as it is. It needs no special rights.
func Create(dir string) (*Spool, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(abs, 0o755); err != nil {
		return nil, err
	}
	for _, d := range directories {
		if err := os.Mkdir(filepath.Join(abs, d.name), d.mode); err != nil && !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
	}
	for _, d := range []string{SendQ, DocQ, RecvQ, Log} {
		if err := putNew(filepath.Join(abs, d, seqFile), []byte("1"), seqMode); err != nil {
			return nil, err
		}
	}
	for _, d := range etc.Defaults() {
		text, err := etc.Read(d.Source)
		if err != nil {
			return nil, err
		}
		if err := putNew(filepath.Join(abs, d.Path), text, d.Mode); err != nil {
			return nil, err
		}
	}
	return Open(abs)
}

// putNew writes a file that is not there yet.
func putNew(path string, text []byte, mode fs.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Chmod(mode), f.Close()) // the mode whatever the umask is
}

// Dir is the absolute path of the spool.
func (s *Spool) Dir() string { return s.dir }

// Path is the path of a file below the spool. name is relative to the spool, as
// in job files.
func (s *Spool) Path(name ...string) string {
	return filepath.Join(append([]string{s.dir}, name...)...)
}

// CheckName refuses names that are not below the spool: absolute ones and
// those with "..".
func CheckName(name string) error {
	if !filepath.IsLocal(name) {
		return fmt.Errorf("%q is not a file below the spool directory", name)
	}
	return nil
}
