package spool

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"syscall"
	"time"
)

// Record is a line of xferfaxlog (xferfaxlog(5)): what became of a call or
// a job.
type Record struct {
	Kind     string // SEND, RECV, CALL, POLL, PAGE, UNSENT, SUBMIT, PROXY
	Start    time.Time
	CommID   string
	Device   string
	JobID    string // RECV: the file in recvq
	JobTag   string
	User     string // mail address of the sender; "fax" for received ones
	Dest     string
	CSI      string // identity of the far end
	Params   uint32 // session parameters as HylaFAX packs them
	NPages   int
	Duration time.Duration
	ConnTime time.Duration
	Status   string // empty: success
	CallIDs  []string
	Owner    string
	DCS      string // octets in hexadecimal
}

// maxJobTag is where HylaFAX cuts a job tag in a record.
const maxJobTag = 78

// Format is the record as a line with newline: 19 fields between tabs.
func (r *Record) Format() []byte {
	plain := func(s string) string { return strings.NewReplacer("\t", " ", "\n", " ", "\r", " ").Replace(s) }
	quoted := func(s string) string { return `"` + plain(strings.ReplaceAll(s, `"`, `\"`)) + `"` }
	tag := r.JobTag
	if len(tag) > maxJobTag {
		tag = tag[:maxJobTag]
	}
	id := func(i int) string {
		if i < len(r.CallIDs) {
			return r.CallIDs[i]
		}
		return ""
	}
	more := ""
	if len(r.CallIDs) > 2 {
		more = strings.Join(r.CallIDs[2:], "::")
	}
	var b bytes.Buffer
	for i, f := range []string{
		r.Start.Format("01/02/06 15:04"), r.Kind, r.CommID, r.Device, plain(r.JobID), quoted(tag), plain(r.User), quoted(r.Dest), quoted(r.CSI),
		fmt.Sprint(r.Params), fmt.Sprint(r.NPages), FormatDuration(r.Duration), FormatDuration(r.ConnTime), quoted(r.Status),
		quoted(id(1)), quoted(id(0)), quoted(more), quoted(r.Owner), quoted(r.DCS),
	} {
		if i > 0 {
			b.WriteByte('\t')
		}
		b.WriteString(f)
	}
	b.WriteByte('\n')
	return b.Bytes()
}

// FormatDuration is HylaFAX's form of a duration: h:mm:ss.
func FormatDuration(d time.Duration) string {
	if d > longestDuration {
		return "??:??:??"
	}
	t := max(0, int(d/time.Second))
	return fmt.Sprintf("%d:%02d:%02d", t/3600, t/60%60, t%60)
}

// longestDuration is where HylaFAX gives up on a duration.
const longestDuration = 365 * 24 * time.Hour

// RecordFile is where records go, relative to the spool. HylaFAX has them in
// etc/xferfaxlog; Debian's HylaFAX moved them to log/xferfaxlog, and so do we
// unless only the former is there.
func (s *Spool) RecordFile() string {
	const name = "/xferfaxlog"
	if _, err := os.Stat(s.Path(Log + name)); err != nil {
		if _, err := os.Stat(s.Path(Etc + name)); err == nil {
			return Etc + name
		}
	}
	return Log + name
}

// AppendRecord adds a record to RecordFile under its lock.
func (s *Spool) AppendRecord(r *Record) error {
	f, err := os.OpenFile(s.Path(s.RecordFile()), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o644)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := flock(f, syscall.LOCK_EX); err != nil {
		return err
	}
	if _, err := f.Write(r.Format()); err != nil {
		return err
	}
	return f.Close()
}
