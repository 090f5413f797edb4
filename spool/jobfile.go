package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// jobFileMode is what hfaxd gives job files.
const jobFileMode = 0o600

// LockedJob is a job whose file is locked. Unlock ends it.
type LockedJob struct {
	*Job
	Name  string // relative to the spool, such as sendq/q12
	spool *Spool
	f     *os.File
}

// ErrLocked says that somebody else holds the lock of a job.
var ErrLocked = errors.New("job is in use by another process")

// JobName is the name of a job's file in a queue, relative to the spool.
func JobName(queue string, id int) string { return queue + "/q" + strconv.Itoa(id) }

// JobNumber finds the id in the name of a job file (q12, sendq/q12).
func JobNumber(name string) (int, bool) {
	s, ok := strings.CutPrefix(filepath.Base(name), "q")
	n, err := strconv.Atoi(s)
	return n, ok && err == nil && n > 0 && strconv.Itoa(n) == s
}

// Jobs lists the ids of the jobs in a queue (SendQ, DoneQ, Archive), ascending.
func (s *Spool) Jobs(queue string) ([]int, error) {
	d, err := os.Open(s.Path(queue))
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	if err != nil {
		return nil, err
	}
	ids := make([]int, 0, len(names))
	for _, n := range names {
		if id, ok := JobNumber(n); ok {
			ids = append(ids, id)
		}
	}
	sort.Ints(ids)
	return ids, nil
}

// ReadJob reads a job, under a shared lock where nobody has the job for long:
// faxsend keeps the lock of a job as long as its call. See ParseJob about
// errors.
func (s *Spool) ReadJob(name string) (*Job, error) {
	f, err := s.openJob(name, os.O_RDONLY, syscall.LOCK_SH|syscall.LOCK_NB)
	if errors.Is(err, ErrLocked) {
		return s.readLockedJob(name)
	}
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return s.readJob(name, f)
}

// readTries is how often a job that somebody else has locked is read until two
// readings agree.
const readTries = 50

// readLockedJob reads a job that another process has locked. It may be writing
// just now, which takes no time: two readings that agree are not of that.
func (s *Spool) readLockedJob(name string) (*Job, error) {
	var last []byte
	for range readTries {
		f, err := openRegular(s.Path(name), os.O_RDONLY)
		if err != nil {
			return nil, err
		}
		text, err := readText(name, f)
		f.Close()
		if err != nil {
			return nil, err
		}
		text = s.saving(name, text)
		if last != nil && bytes.Equal(text, last) {
			if j, err := ParseJob(name, text); !errors.Is(err, ErrDamaged) {
				return j, err
			}
		}
		last = text
		time.Sleep(time.Millisecond)
	}
	return ParseJob(name, last)
}

// LockJob takes the lock of a job, waiting for it, and reads the job. When the
// file is damaged the job is returned locked together with the error; when it
// cannot be read at all, nil.
func (s *Spool) LockJob(name string) (*LockedJob, error) { return s.lockJob(name, syscall.LOCK_EX) }

// TryLockJob is LockJob that does not wait: ErrLocked.
func (s *Spool) TryLockJob(name string) (*LockedJob, error) {
	return s.lockJob(name, syscall.LOCK_EX|syscall.LOCK_NB)
}

func (s *Spool) lockJob(name string, how int) (*LockedJob, error) {
	f, err := s.openJob(name, os.O_RDWR, how)
	if err != nil {
		return nil, err
	}
	if err := s.recoverSave(name, f); err != nil {
		f.Close()
		return nil, err
	}
	j, err := s.readJob(name, f)
	if j == nil { // a disk that cannot be read
		f.Close()
		return nil, err
	}
	return &LockedJob{j, name, s, f}, err
}

// openJob opens and locks a job file. After the lock is taken the path must
// still lead to the same file: it may have been moved to another queue, or
// replaced, while we waited.
func (s *Spool) openJob(name string, flags, how int) (*os.File, error) {
	if err := CheckName(name); err != nil {
		return nil, err
	}
	for {
		f, err := openRegular(s.Path(name), flags)
		if err != nil {
			return nil, err
		}
		if err := flock(f, how); err != nil {
			f.Close()
			if errors.Is(err, syscall.EWOULDBLOCK) {
				return nil, fmt.Errorf("%s: %w", name, ErrLocked)
			}
			return nil, fmt.Errorf("%s: lock: %w", name, err)
		}
		now, err := os.Lstat(s.Path(name))
		mine, err2 := f.Stat()
		if err == nil && err2 == nil && os.SameFile(now, mine) {
			return f, nil
		}
		f.Close()
		if err != nil {
			return nil, err
		}
	}
}

// openRegular opens a file that must be one: no link, and no FIFO to wait at.
func openRegular(path string, flags int) (*os.File, error) {
	f, err := os.OpenFile(path, flags|syscall.O_NOFOLLOW|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", path)
	}
	if err != nil {
		f.Close()
		return nil, err
	}
	return f, nil
}

// Move puts the job into another queue; the lock stays. A job that is moved to
// doneq keeps its file, as HylaFAX does it.
func (l *LockedJob) Move(queue string) error {
	to := queue + "/" + filepath.Base(l.Name)
	if err := os.Rename(l.spool.Path(l.Name), l.spool.Path(to)); err != nil {
		return fmt.Errorf("%s: cannot be moved to %s: %w", l.Name, queue, err)
	}
	from := l.Name
	l.Name = to
	return errors.Join(syncDir(l.spool.Path(filepath.Dir(from))), syncDir(l.spool.Path(queue)))
}

// Remove deletes the job's file and unlocks it.
func (l *LockedJob) Remove() error {
	defer l.Unlock()
	return os.Remove(l.spool.Path(l.Name))
}

// Unlock lets the file go without saving. It may be called again.
func (l *LockedJob) Unlock() {
	if l.f != nil {
		l.f.Close()
		l.f = nil
	}
}

// CreateJob writes a new job file into a queue and returns it locked. The
// job's id is taken from j.JobID. The file is written in tmp, under its lock,
// and then linked into the queue: whoever finds it there finds it whole, and a
// killed writer leaves at most a file in tmp. A job that is there already is
// not touched: fs.ErrExist. Nothing is synced: a job that is being made is no
// promise yet. SaveNew makes it one.
func (s *Spool) CreateJob(queue string, j *Job) (*LockedJob, error) {
	id, err := strconv.Atoi(j.JobID)
	if err != nil || id < 1 {
		return nil, fmt.Errorf("job id %q is not a number", j.JobID)
	}
	name := JobName(queue, id)
	f, err := newJobFile(s, name)
	if err != nil {
		return nil, err
	}
	defer os.Remove(f.Name())
	l := &LockedJob{j, name, s, f}
	err = flock(f, syscall.LOCK_EX)
	if err == nil {
		_, err = f.Write(j.Format())
	}
	if err == nil {
		err = os.Link(f.Name(), s.Path(name))
	}
	if err != nil {
		l.Unlock()
		return nil, err
	}
	return l, nil
}

// newJobFile makes the file in tmp that becomes a job; its mode is jobFileMode. Clean removes what a killed
// writer left.
func newJobFile(s *Spool, name string) (*os.File, error) {
	return os.CreateTemp(s.Path(Tmp), filepath.Base(name)+".new*")
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
