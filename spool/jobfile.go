package spool

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"syscall"

	"github.com/google/renameio/v2"
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

// ReadJob reads a job under a shared lock. See ParseJob about errors.
func (s *Spool) ReadJob(name string) (*Job, error) {
	f, err := s.openJob(name, os.O_RDONLY, syscall.LOCK_SH)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return readJob(name, f)
}

// LockJob takes the lock of a job, waiting for it, and reads the job. When the
// file is damaged the job is returned locked together with the error.
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
	if err := s.finishSave(name, f); err != nil {
		f.Close()
		return nil, err
	}
	j, err := readJob(name, f)
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
		f, err := os.OpenFile(s.Path(name), flags|syscall.O_NOFOLLOW, 0)
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

func readJob(name string, f *os.File) (*Job, error) {
	b, err := io.ReadAll(io.LimitReader(io.NewSectionReader(f, 0, MaxJobFile+1), MaxJobFile+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return ParseJob(name, b)
}

// Save writes the job to its file and syncs it. When it fails the file holds
// the old or the new text after the next lock, never a mixture.
func (l *LockedJob) Save() error {
	text := l.Job.Format()
	saved := l.spool.savePath(l.Name)
	if err := renameio.WriteFile(saved, text, jobFileMode, renameio.WithTempDir(l.spool.Path(Tmp)), renameio.IgnoreUmask()); err != nil {
		return fmt.Errorf("%s: cannot be saved: %w", l.Name, err)
	}
	return l.spool.finishSave(l.Name, l.f)
}

// savePath is where the new text of a job is until it is in its file.
func (s *Spool) savePath(name string) string {
	return s.Path(Tmp, filepath.Base(name)+".new")
}

// finishSave puts a text that is complete in tmp into the job file, the lock of
// which we hold. It is there when we save, or when one who saved was killed.
func (s *Spool) finishSave(name string, f *os.File) error {
	saved := s.savePath(name)
	text, err := os.ReadFile(saved)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err == nil {
		err = replaceText(f, text)
	}
	if err == nil {
		err = f.Sync()
	}
	if err == nil {
		err = os.Remove(saved)
	}
	if err != nil {
		return fmt.Errorf("%s: cannot be saved: %w", name, err)
	}
	return nil
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
// job's id is taken from j.JobID.
func (s *Spool) CreateJob(queue string, j *Job) (*LockedJob, error) {
	id, err := strconv.Atoi(j.JobID)
	if err != nil || id < 1 {
		return nil, fmt.Errorf("job id %q is not a number", j.JobID)
	}
	name := JobName(queue, id)
	f, err := os.OpenFile(s.Path(name), os.O_RDWR|os.O_CREATE|os.O_EXCL, jobFileMode)
	if err != nil {
		return nil, err
	}
	l := &LockedJob{j, name, s, f}
	if err := flock(f, syscall.LOCK_EX); err != nil {
		l.Unlock()
		return nil, err
	}
	if err := l.Save(); err != nil {
		_ = l.Remove()
		return nil, err
	}
	return l, syncDir(s.Path(queue))
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	defer d.Close()
	return d.Sync()
}
