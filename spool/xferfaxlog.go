package spool

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strconv"
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

// recordTime is the form of a record's date and time.
const recordTime = "01/02/06 15:04"

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
		r.Start.Format(recordTime), r.Kind, r.CommID, r.Device, plain(r.JobID), quoted(tag), plain(r.User), quoted(r.Dest), quoted(r.CSI),
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

// Limits of a record.
const (
	maxRecord    = 64 << 10 // octets
	recordFields = 19
)

// ParseRecord reads a line of xferfaxlog, without its newline. Its times are
// those of a place. Lines of older HylaFAX have fewer fields.
func ParseRecord(line string, place *time.Location) (*Record, error) {
	if len(line) > maxRecord {
		return nil, fmt.Errorf("record is over %d octets long", maxRecord)
	}
	f := strings.Split(line, "\t")
	if len(f) < 14 {
		return nil, fmt.Errorf("record has %d fields, not %d", len(f), recordFields)
	}
	for len(f) < recordFields {
		f = append(f, "")
	}
	start, err := time.ParseInLocation(recordTime, f[0], place)
	if err != nil {
		return nil, fmt.Errorf("record begins with %q, not with a date and time", clip(f[0]))
	}
	params, err1 := strconv.ParseUint(f[9], 10, 32)
	pages, err2 := strconv.ParseInt(f[10], 10, 32)
	duration, err3 := parseDuration(f[11])
	conn, err4 := parseDuration(f[12])
	r := &Record{Kind: f[1], Start: start, CommID: f[2], Device: f[3], JobID: f[4], JobTag: unquote(f[5]), User: f[6], Dest: unquote(f[7]), CSI: unquote(f[8]),
		Params: uint32(params), NPages: int(pages), Duration: duration, ConnTime: conn, Status: unquote(f[13]), Owner: unquote(f[17]), DCS: unquote(f[18])}
	name, number, more := unquote(f[14]), unquote(f[15]), unquote(f[16])
	if name != "" || number != "" || more != "" {
		r.CallIDs = []string{number, name}
	}
	if more != "" {
		r.CallIDs = append(r.CallIDs, strings.Split(more, "::")...)
	}
	return r, errors.Join(err1, err2, err3, err4)
}

// unquote takes the quote marks of a field off.
func unquote(s string) string {
	if len(s) >= 2 && s[0] == '"' && s[len(s)-1] == '"' {
		s = s[1 : len(s)-1]
	}
	return strings.ReplaceAll(s, `\"`, `"`)
}

// parseDuration reads h:mm:ss, and what we make of "??:??:??" is no time.
func parseDuration(s string) (time.Duration, error) {
	var total time.Duration
	if s == "" || s[0] == '?' {
		return 0, nil
	}
	for _, part := range strings.Split(s, ":") {
		n, err := strconv.ParseUint(part, 10, 16)
		if err != nil {
			return 0, fmt.Errorf("%q is not a duration", clip(s))
		}
		total = total*60 + time.Duration(n)
	}
	if total > time.Duration(longestDuration/time.Second) {
		return 0, nil
	}
	return total * time.Second, nil
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
