package server

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/litoria-fax/litoria/spool"
)

// fileStamp tells versions of a file apart.
type fileStamp struct {
	modified time.Time
	size     int64
	inode    uint64
}

func stampOf(info fs.FileInfo) fileStamp {
	return fileStamp{info.ModTime(), info.Size(), inodeOf(info).inode}
}

const (
	maxSequence  = 32000 // after which numbers begin again (hylafax-server(5))
	documentMode = 0o640
)

// lockPatience is how long to wait for locks that are held for moments.
const lockPatience = 10 * time.Second

// nextJobID takes a job number that is not in use.
func (srv *Server) nextJobID() (string, error) {
	for range maxSequence {
		n, err := srv.spool.NextJob()
		if err != nil {
			return "", err
		}
		id := strconv.Itoa(n)
		_, sendErr := srv.root.Lstat(path.Join(sendQueue, "q"+id))
		_, doneErr := srv.root.Lstat(path.Join(doneQueue, "q"+id))
		if isNotExist(sendErr) && isNotExist(doneErr) {
			return id, nil
		}
	}
	return "", errors.New("all job numbers are in use")
}

// newDocument makes a file for a document that is to be uploaded.
func (srv *Server) newDocument(temporary bool, suffix string, owner FaxUID) (string, *os.File, error) {
	dir := "docq"
	if temporary {
		dir = "tmp"
	}
	for range maxSequence {
		n, err := srv.spool.NextDocument()
		if err != nil {
			return "", nil, err
		}
		rel := fmt.Sprintf("%s/doc%d.%s", dir, n, suffix)
		f, err := srv.root.OpenFile(rel, os.O_WRONLY|os.O_CREATE|os.O_EXCL, documentMode)
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		if err != nil {
			return "", nil, err
		}
		return rel, f, srv.giveTo(rel, owner, documentMode)
	}
	return "", nil, errors.New("all document numbers are in use")
}

// giveTo sets owner and mode of a new file.
func (srv *Server) giveTo(rel string, owner FaxUID, mode fs.FileMode) error {
	return errors.Join(srv.root.Chmod(rel, mode), srv.setOwner(rel, owner)) // whatever the umask is
}

// own makes the client the owner of a file that it made.
func (s *session) own(rel string) {
	if err := s.srv.giveTo(rel, s.uid(), documentMode); err != nil {
		s.log.Error().Err(err).Str("file", rel).Msg("owner")
	}
}

// replaceFile writes a file of the spool so that it is there whole or not at all.
func (srv *Server) replaceFile(rel string, content []byte, mode fs.FileMode) error {
	return srv.writeReplacing(rel, content, mode, nil)
}

// writeReplacing writes a temporary file, lets prepare work on it, and renames it. All of the spool
// is one file system: documents are links.
func (srv *Server) writeReplacing(rel string, content []byte, mode fs.FileMode, prepare func(tmp string) error) error {
	srv.mu.Lock()
	srv.tempCount++
	tmp := fmt.Sprintf("tmp/.hfaxd%d.%d", os.Getpid(), srv.tempCount)
	srv.mu.Unlock()
	err := srv.writeNew(tmp, content, mode)
	if err == nil && prepare != nil {
		err = prepare(tmp)
	}
	if err == nil {
		err = srv.root.Rename(tmp, rel)
	}
	if err != nil {
		srv.root.Remove(tmp) //nolint:errcheck // the fault before counts
	}
	return err
}

func (srv *Server) writeNew(rel string, content []byte, mode fs.FileMode) error {
	f, err := srv.root.OpenFile(rel, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, mode)
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Chmod(mode), f.Sync(), f.Close())
}

// createJob writes the file of a new job.
func (srv *Server) createJob(j *job, owner FaxUID) error {
	parsed, err := spool.ParseJob(j.file, formatJob(j.data))
	if err != nil {
		return err
	}
	locked, err := srv.spool.CreateJob(spool.SendQ, parsed)
	if err != nil {
		return err
	}
	defer locked.Unlock()
	if err := srv.giveTo(j.file, owner, srv.settings().JobProtection); err != nil {
		return err
	}
	info, err := srv.root.Lstat(j.file)
	if err == nil {
		j.stamp = stampOf(info)
	}
	return err
}

// saveJob writes the file of a job anew, under its lock, so that it outlasts a loss of power.
func (srv *Server) saveJob(j *job, patience time.Duration) (fs.FileInfo, error) {
	parsed, err := spool.ParseJob(j.file, formatJob(j.data))
	if err != nil {
		return nil, err
	}
	locked, err := srv.lockJob(j.file, patience)
	if err != nil {
		return nil, err
	}
	defer locked.Unlock()
	locked.Job = parsed
	if err := locked.SaveNew(); err != nil {
		return nil, err
	}
	return srv.root.Lstat(j.file)
}

// syncDocuments makes sure that the documents of a job are on the disk. One that is missing is for faxq
// to complain about.
func (srv *Server) syncDocuments(j *job) error {
	for _, item := range j.data.items {
		if !item.isDocument() || item.processed() {
			continue
		}
		f, err := srv.root.Open(spoolPath(item.file))
		if isNotExist(err) {
			continue
		}
		if err != nil {
			return err
		}
		if err := errors.Join(f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// lockJob locks a job, and waits for the lock no longer than patience.
func (srv *Server) lockJob(rel string, patience time.Duration) (*spool.LockedJob, error) {
	deadline := time.Now().Add(patience)
	for {
		locked, err := srv.spool.TryLockJob(rel)
		switch {
		case err == nil:
			return locked, nil
		case !errors.Is(err, spool.ErrLocked):
			if locked != nil {
				locked.Unlock()
			}
			return nil, fmt.Errorf("Cannot open/create job description file /%s: %w", rel, err) //nolint:staticcheck // HylaFAX's words
		case time.Now().After(deadline):
			return nil, fmt.Errorf("Job file lock failed: %w", err) //nolint:staticcheck // HylaFAX's words
		}
		time.Sleep(lockPoll)
	}
}

// removeJob removes the file of a job under its lock, after what belongs to it.
func (srv *Server) removeJob(j *job, patience time.Duration, before func()) error {
	locked, err := srv.lockJob(j.file, patience)
	if err != nil {
		return err
	}
	defer locked.Unlock()
	before()
	return locked.Remove()
}

// Limits of job files; of this implementation.
const (
	maxJobFile   = 1 << 20
	maxJobFields = 500
	maxJobItems  = 10_000
)

// parseJob parses a job file (sendq(5)).
func parseJob(content []byte) (*jobData, error) {
	d := &jobData{}
	text := string(content)
	for text != "" {
		line, rest, _ := strings.Cut(text, "\n")
		for strings.HasSuffix(line, "\\") && rest != "" { // status texts go over several lines
			more, after, _ := strings.Cut(rest, "\n")
			line = strings.TrimSuffix(line, "\\") + "\n" + more
			rest = after
		}
		text = rest
		tag, value, found := strings.Cut(line, ":")
		if !found {
			continue
		}
		value = strings.TrimLeft(value, " ")
		if isItemTag(tag) {
			d.items = append(d.items, parseItem(tag, value))
		} else {
			d.fields = append(d.fields, jobField{tag, value})
		}
		if len(d.fields) > maxJobFields || len(d.items) > maxJobItems {
			return nil, errJobCorrupt
		}
	}
	state := jobState(d.number("state"))
	if state < stateSuspended || state > stateFailed {
		return nil, errJobCorrupt
	}
	return d, nil
}

func isItemTag(tag string) bool {
	switch strings.TrimPrefix(tag, "!") {
	case "fax", "tiff", "pdf", "postscript", "pcl", "data", "poll", "page", "uucp":
		return true
	}
	return false
}

// parseItem parses "page:address:file"; old files have the file alone, or page and file.
func parseItem(op, value string) jobItem {
	item := jobItem{op: op}
	if page, rest, found := strings.Cut(value, ":"); found {
		item.page, _ = strconv.Atoi(page)
		value = rest
	}
	if addr, file, found := strings.Cut(value, ":"); found {
		item.addr, value = addr, file
	}
	item.file = value
	return item
}

// formatJob writes a job file.
func formatJob(d *jobData) []byte {
	var b bytes.Buffer
	for _, f := range d.fields {
		fmt.Fprintf(&b, "%s:%s\n", f.tag, strings.ReplaceAll(f.value, "\n", "\\\n"))
	}
	for _, item := range d.items {
		b.WriteString(formatItem(item))
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// jobCache keeps parsed job files while they do not change, so that listing a long queue need not
// read it.
type jobCache struct {
	mu   sync.Mutex // guards jobs
	jobs map[string]cachedJob
}

type cachedJob struct {
	stamp fileStamp
	data  *jobData // shared: never changed
}

// maxJobCache bounds the memory of the cache.
const maxJobCache = 50_000

func newJobCache() *jobCache { return &jobCache{jobs: map[string]cachedJob{}} }

// load returns the data of a job file. The caller must not change them.
func (c *jobCache) load(srv *Server, rel string, info fs.FileInfo) (*jobData, error) {
	stamp := stampOf(info)
	c.mu.Lock()
	known, ok := c.jobs[rel]
	c.mu.Unlock()
	if ok && known.stamp == stamp {
		return known.data, nil
	}
	f, err := srv.root.Open(rel)
	if err != nil {
		return nil, fmt.Errorf("cannot open job description file %s (%s)", rel, reason(err))
	}
	defer f.Close()
	if err := lockFile(f, false, lockPatience); err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		return nil, err
	}
	if info.Size() > maxJobFile {
		return nil, errJobCorrupt
	}
	content := make([]byte, info.Size())
	if _, err := f.ReadAt(content, 0); err != nil && !isEOF(err) {
		return nil, err
	}
	if len(content) == 0 || content[len(content)-1] != '\n' { // torn: the spool knows where its copy is
		whole, err := srv.spool.ReadJob(rel)
		if err != nil {
			return nil, errJobCorrupt
		}
		content = whole.Format()
	}
	data, err := parseJob(content)
	if err != nil {
		return nil, err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.jobs) >= maxJobCache {
		clear(c.jobs)
	}
	c.jobs[rel] = cachedJob{stampOf(info), data}
	return data, nil
}
