package spool

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// salvage takes from a file that is no job file the lines that are as a job file's; what is between them
// is not kept.
func (j *Job) salvage(b []byte) {
	for raw := range bytes.SplitSeq(b[:min(len(b), MaxJobFile)], []byte("\n")) {
		tag, _, ok := strings.Cut(string(raw), ":")
		_, known := fieldIndex[tag]
		if !ok || !known && !documentOps[DocumentOp(tag)] || bytes.ContainsFunc(raw, isControl) {
			continue
		}
		kept := len(j.lines)
		if j.parseLine(string(raw)) != nil {
			j.lines = j.lines[:kept]
		}
	}
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || r == 0x7f }

// damagedSuffix ends the name in tmp under which a damaged job file is kept.
const damagedSuffix = ".damaged"

// KeepOriginal copies the job's file as it is, which is no job file, to tmp, as Save writes only what
// could be read of it. It returns the copy's name, relative to the spool. What is there under that name, by
// an earlier job or by one who was killed before Save, is replaced: the job's file is the original still.
func (l *LockedJob) KeepOriginal() (string, error) {
	name := Tmp + "/" + filepath.Base(l.Name) + damagedSuffix
	to, err := newJobFile(l.spool, l.Name)
	if err != nil {
		return "", err
	}
	info, err := l.f.Stat()
	if err == nil {
		_, err = io.Copy(to, io.NewSectionReader(l.f, 0, info.Size()))
	}
	if err = errors.Join(err, to.Sync(), to.Close()); err == nil {
		err = os.Rename(to.Name(), l.spool.Path(name))
	}
	if err != nil {
		os.Remove(to.Name()) //nolint:errcheck // the fault before counts
		return "", fmt.Errorf("%s: %w", name, err)
	}
	return name, syncDir(l.spool.Path(Tmp))
}

// What Mend puts where nothing is known. Mail to FaxMaster reaches the administrator.
const (
	unknownText = "unknown"
	faxMaster   = "FaxMaster"
)

// Mend makes of what could be read of a damaged file a job that everybody takes for one, HylaFAX's
// programs included (Validate), so that its end can be seen and somebody is told: lines that are none
// go, and fields that nobody can do without get a value.
func (j *Job) Mend(id string) {
	j.lines = slices.DeleteFunc(j.lines, func(l line) bool { return l.known == lineUnknown && !strings.Contains(l.raw, ":") })
	for _, f := range []struct {
		field   *string
		without string
	}{
		{&j.JobID, id},
		{&j.MailAddr, j.Owner},
		{&j.MailAddr, faxMaster},
		{&j.Sender, j.Owner},
		{&j.Sender, unknownText},
		{&j.Owner, unknownText},
		{&j.Number, unknownText},
		{&j.Client, unknownText},
		{&j.Modem, "any"},
	} {
		if *f.field == "" {
			*f.field = f.without
		}
	}
}

// HasState tells whether the job's file says in which state it is; where it does not, or not so that it can
// be read, State is that of a new job.
func (j *Job) HasState() bool {
	state := fieldIndex["state"]
	return slices.ContainsFunc(j.lines, func(l line) bool {
		_, value, _ := strings.Cut(l.raw, ":")
		return l.known == state && fields[state].parse(&Job{}, strings.TrimLeft(value, " ")) == nil
	})
}
