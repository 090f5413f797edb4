package spool

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"syscall"
	"time"
)

// A client that lost its connection while it submitted a job does not know
// whether the server has the job. It may submit the job again with the same
// key, and the server finds the first one: sendq/key.HASH holds the number of
// the job that was submitted with a key. HylaFAX's programs do not look at such
// files.
const (
	keyPrefix = "key."
	// CleanKeyAge is how long a key is remembered at least; longer while its job
	// is in sendq or doneq.
	CleanKeyAge = 24 * time.Hour
	// keySubmitted follows the number of a job that the scheduler has taken.
	keySubmitted = "submitted"
	maxKeyFile   = 1 << 10
)

// Key is a submission key whose lock is held: nobody else submits with it.
type Key struct {
	f     *os.File
	spool *Spool
	job   string
	taken bool
}

// LockKey takes the lock of an owner's key, waiting for it. Close ends it.
func (s *Spool) LockKey(owner, key string) (*Key, error) {
	sum := sha256.Sum256([]byte(owner + "\x00" + key))
	name := s.Path(SendQ, keyPrefix+hex.EncodeToString(sum[:16]))
	for {
		f, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|syscall.O_NOFOLLOW, jobFileMode)
		if err != nil {
			return nil, fmt.Errorf("submission key: %w", err)
		}
		k := &Key{f: f, spool: s}
		if err := k.read(); err != nil {
			f.Close()
			return nil, fmt.Errorf("submission key: %w", err)
		}
		if same(f, name) {
			return k, nil
		}
		f.Close() // it was cleaned away while we waited
	}
}

// same tells whether a path still leads to an open file.
func same(f *os.File, name string) bool {
	a, err1 := f.Stat()
	b, err2 := os.Lstat(name)
	return err1 == nil && err2 == nil && os.SameFile(a, b)
}

func (k *Key) read() error {
	if err := flock(k.f, syscall.LOCK_EX); err != nil {
		return err
	}
	b, err := io.ReadAll(io.LimitReader(k.f, maxKeyFile))
	if err != nil {
		return err
	}
	words := strings.Fields(string(b))
	if len(words) != 2 { // new, or cut off while it was written
		return nil
	}
	if _, ok := JobNumber("q" + words[0]); ok {
		k.job, k.taken = words[0], words[1] == keySubmitted
	}
	return nil
}

// Submitted gives the job that was submitted with the key: "" if there is none.
// A job whose client or server broke off before the scheduler took it does not
// count, and is removed: the scheduler may have the message that names it still
// before it, and would take it beside the one that is submitted now.
func (k *Key) Submitted() string {
	if k.job == "" || k.taken {
		return k.job
	}
	name := SendQ + "/q" + k.job
	if j, err := k.spool.ReadJob(name); err == nil && j.State != StateSuspended {
		return k.job // locked perhaps, for a whole call
	}
	l, err := k.spool.LockJob(name)
	if l == nil {
		if _, err := os.Lstat(k.spool.Path(DoneQ, "q"+k.job)); err == nil {
			return k.job
		}
		return ""
	}
	defer l.Unlock()
	switch {
	case err != nil:
		return "" // the scheduler cannot send it either
	case l.State != StateSuspended:
		return k.job
	}
	if l.Remove() == nil {
		for _, d := range l.Documents {
			if strings.HasSuffix(d.File, "."+k.job) && CheckName(d.File) == nil {
				_ = os.Remove(k.spool.Path(d.File)) // its link; faxqclean finds what stays
			}
		}
	}
	return ""
}

// Claim notes that a job is about to be submitted with the key, Take that the
// scheduler has it.
func (k *Key) Claim(id string) error { return k.write(id, "claimed") }

// Take is the end of what Claim began.
func (k *Key) Take(id string) error { return k.write(id, keySubmitted) }

// write replaces the record, which has always the same length, in one write.
func (k *Key) write(id, state string) error {
	_, err := k.f.WriteAt(fmt.Appendf(nil, "%-10s %-9s\n", id, state), 0)
	if err = errors.Join(err, k.f.Sync()); err != nil {
		return fmt.Errorf("submission key: %w", err)
	}
	return nil
}

// Close gives the lock up.
func (k *Key) Close() error { return k.f.Close() }

// keys forgets the keys that are old and whose jobs are gone.
func (c *cleaner) keys() error {
	names, err := os.ReadDir(c.s.Path(SendQ))
	if err != nil {
		return fmt.Errorf("submission keys: %w", err)
	}
	var bad []error
	for _, e := range names {
		if strings.HasPrefix(e.Name(), keyPrefix) {
			bad = append(bad, c.key(SendQ+"/"+e.Name()))
		}
	}
	return errors.Join(bad...)
}

// key forgets one key, under its lock.
func (c *cleaner) key(name string) error {
	f, err := os.OpenFile(c.s.Path(name), os.O_RDWR|syscall.O_NOFOLLOW, 0)
	if err != nil {
		return err
	}
	k := &Key{f: f, spool: c.s}
	defer k.Close()
	info, err := f.Stat()
	if err != nil || c.now.Sub(info.ModTime()) < CleanKeyAge {
		return err
	}
	if err := k.read(); err != nil {
		return err
	}
	for _, queue := range []string{SendQ, DoneQ} {
		if _, err := os.Lstat(c.s.Path(queue, "q"+k.job)); err == nil {
			return nil
		}
	}
	c.Say(true, "%s: forgotten%s", name, c.not())
	return c.remove(name)
}
