package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Default ages of faxqclean(8).
const (
	CleanJobAge = 15 * time.Minute // of a job in doneq
	CleanDocAge = time.Hour        // of a document that no job needs
)

// Cleaning is what Clean is to do.
type Cleaning struct {
	JobAge, DocAge time.Duration
	// Archive keeps a job (by its number) that is to be archived, moving its
	// file out of doneq; nil: such jobs are removed like all others.
	Archive func(id string) error
	// ArchiveAll: not only jobs whose doneop says so.
	ArchiveAll bool
	DryRun     bool // say what would be done
	// Say hears what is done, and with detail what is looked at and kept.
	Say func(detail bool, format string, args ...any)
}

// Clean removes jobs that are over and documents that nobody needs, by the
// rules of faxqclean(8):
//
//   - a job file in doneq that is older than JobAge is archived or removed, one
//     that cannot be read as a job is removed; one that is in use is left alone;
//   - a file docq/doc* or docq/cover* goes when it has one link, is older than
//     DocAge, no job that stays in doneq names it, and no job in sendq seems to
//     need it: it is not the link of such a job (doc1.ps.12), not its cover page
//     (cover12.ps), not made from a document that has such a link (doc1.ps;e1).
//
// Files in tmp that a killed program of ours left go after CleanTempAge, the originals of damaged job
// files after CleanDamagedAge. Submission keys (LockKey) are forgotten after CleanKeyAge, if their job is gone.
//
// Beyond these rules nothing is removed that a job in sendq names, nor what a
// job names whose file is in use; and no document, if there is a job in doneq
// that cannot be read.
func (s *Spool) Clean(c Cleaning, now time.Time) error {
	if c.Say == nil {
		c.Say = func(bool, string, ...any) {}
	}
	r := &cleaner{Cleaning: c, s: s, now: now, needed: map[string]bool{}}
	err := r.jobs()
	if r.blind {
		return errors.Join(fmt.Errorf("no document is removed, since not all jobs can be read: %w", err), r.temporary())
	}
	return errors.Join(err, r.documents(), r.keys(), r.temporary())
}

type cleaner struct {
	Cleaning
	s        *Spool
	now      time.Time
	needed   map[string]bool // documents of jobs that stay
	sendRead bool            // those of sendq are among them
	blind    bool            // there are jobs whose documents are not known
}

// jobs goes through doneq.
func (c *cleaner) jobs() error {
	entries, err := os.ReadDir(c.s.Path(DoneQ))
	if err != nil {
		c.blind = true
		return fmt.Errorf("jobs that are over: %w", err)
	}
	var bad []error
	for _, e := range entries {
		if !strings.HasPrefix(e.Name(), "q") {
			continue
		}
		name := DoneQ + "/" + e.Name()
		info, err := os.Stat(c.s.Path(name))
		if err != nil || !info.Mode().IsRegular() {
			c.Say(true, "%s: ignored (it is no file)", name)
			continue
		}
		if err := c.job(name, info); err != nil && !errors.Is(err, fs.ErrNotExist) {
			bad = append(bad, fmt.Errorf("%s: %w", name, err))
		}
	}
	return errors.Join(bad...)
}

// job deals with one job file.
func (c *cleaner) job(name string, info fs.FileInfo) error {
	l, err := c.s.lockJob(name, syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, ErrLocked) {
		c.Say(false, "%s: in use, left alone", name)
		if j, err := c.s.ReadJob(name); err == nil {
			c.need(j)
		}
		return nil
	}
	if l == nil {
		c.blind = c.blind || !errors.Is(err, fs.ErrNotExist)
		return err
	}
	defer l.Unlock()
	id := l.JobID
	switch {
	case errors.Is(err, ErrDamaged) || l.Validate() != nil:
		c.Say(false, "%s: not a whole job file: remove%s", name, c.not())
		return c.remove(name)
	case c.now.Sub(info.ModTime()) < c.JobAge:
		c.Say(true, "JOB %s: too new", id)
		c.need(l.Job)
		return nil
	case c.Archive != nil && (c.ArchiveAll || strings.HasPrefix(l.DoneOp, "archive")):
		c.Say(false, "JOB %s: archive (%s)%s", id, l.DoneOp, c.not())
		if c.DryRun {
			return nil
		}
		if err := c.Archive(id); err != nil {
			c.need(l.Job)
			return fmt.Errorf("cannot be archived: %w", err)
		}
		return nil
	}
	c.Say(false, "JOB %s: remove (%s)%s", id, l.DoneOp, c.not())
	return c.remove(name)
}

func (c *cleaner) not() string {
	if c.DryRun {
		return " (not done)"
	}
	return ""
}

func (c *cleaner) remove(name string) error {
	if c.DryRun {
		return nil
	}
	return os.Remove(c.s.Path(name))
}

// need notes the documents of a job that stays.
func (c *cleaner) need(j *Job) {
	for _, d := range j.Documents {
		if d.File != "" {
			c.needed[filepath.Clean(d.File)] = true
		}
	}
	if j.Cover != "" {
		c.needed[filepath.Clean(j.Cover)] = true
	}
}

// documents goes through docq.
func (c *cleaner) documents() error {
	entries, err := os.ReadDir(c.s.Path(DocQ))
	if err != nil {
		return fmt.Errorf("documents: %w", err)
	}
	names := make([]string, len(entries)) // in order
	for i, e := range entries {
		names[i] = e.Name()
	}
	var bad []error
	for _, n := range names {
		why := c.keep(n, names)
		if why != "" {
			c.Say(true, "%s/%s: ignored, %s", DocQ, n, why)
			continue
		}
		if err := c.remove(DocQ + "/" + n); err != nil && !errors.Is(err, fs.ErrNotExist) {
			bad = append(bad, err)
			continue
		}
		c.Say(false, "DOC %s/%s: unreferenced document removed%s", DocQ, n, c.not())
	}
	return errors.Join(bad...)
}

// keep tells why a document must stay; "" if nothing speaks for it.
func (c *cleaner) keep(n string, names []string) string {
	if !strings.HasPrefix(n, "doc") && !strings.HasPrefix(n, "cover") {
		return "its name begins neither with doc nor with cover"
	}
	name := DocQ + "/" + n
	info, err := os.Lstat(c.s.Path(name))
	if err != nil || !info.Mode().IsRegular() {
		return "it is no file"
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok && st.Nlink > 1 {
		return fmt.Sprintf("it has %d links", st.Nlink)
	}
	if c.needed[name] {
		return "a job names it"
	}
	if c.now.Sub(info.ModTime()) < c.DocAge {
		return "it is too new"
	}
	if why := c.linked(n, names); why != "" {
		return why
	}
	if c.readSendQ(); c.needed[name] {
		return "a job in the send queue names it"
	}
	return ""
}

// linked judges a document by its name.
func (c *cleaner) linked(n string, names []string) string {
	base, suffix, _ := cutLast(n, ".")
	if suffix != "" && suffix[0] >= '0' && suffix[0] <= '9' {
		return c.waits(suffix)
	}
	made, _, isMade := cutLast(n, ";")
	if suffix == "cover" || strings.HasPrefix(n, "cover") && !isMade {
		if suffix == "" {
			base = n
		}
		return c.waits(strings.TrimPrefix(strings.TrimPrefix(base, "cover"), "doc"))
	}
	if isMade && slices.ContainsFunc(names, func(o string) bool { return strings.HasPrefix(o, made+".") }) {
		return "the document from which it was made has a link of a job"
	}
	return ""
}

// cutLast cuts around the last sep.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

// waits tells that a job is in sendq.
func (c *cleaner) waits(id string) string {
	if _, err := os.Lstat(c.s.Path(SendQ, "q"+filepath.Base(id))); err == nil {
		return "job " + id + " is in the send queue"
	}
	return ""
}

// readSendQ notes what the jobs in sendq need, once. Where a job cannot be read
// its number still tells its links.
func (c *cleaner) readSendQ() {
	if c.sendRead {
		return
	}
	c.sendRead = true
	ids, err := c.s.Jobs(SendQ)
	if err != nil {
		c.Say(false, "%s: %v", SendQ, err)
		return
	}
	for _, id := range ids {
		if j, err := c.s.ReadJob(JobName(SendQ, id)); j != nil {
			c.need(j)
		} else if !errors.Is(err, fs.ErrNotExist) {
			c.Say(false, "%s: %v", JobName(SendQ, id), err)
		}
	}
}
