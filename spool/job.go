package spool

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Limits of a job file.
const (
	MaxJobFile   = 1 << 20 // octets
	MaxDocuments = 4096    // documents of a job
	// MaxParseErrors is how many lines of a job file ParseJob names that are wrong.
	MaxParseErrors = 10
)

// JobState is the scheduling state of a job (sendq(5): state).
type JobState int

// States of a job.
const (
	StateUndefined JobState = iota
	StateSuspended          // not being scheduled
	StatePending            // waiting for its time to send
	StateSleeping           // waiting for a timeout
	StateBlocked            // waiting for another job to the same destination
	StateReady              // ready but for a line
	StateActive             // being processed
	StateDone               // completed with success
	StateFailed             // completed without
)

var stateNames = [...]string{"undefined", "suspended", "pending", "sleeping", "blocked", "ready", "active", "done", "failed"}

// String gives sendq(5)'s word.
func (s JobState) String() string {
	if s >= 0 && int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "state " + strconv.Itoa(int(s))
}

// Over tells that nothing more will happen to the job.
func (s JobState) Over() bool { return s == StateDone || s == StateFailed }

// Notify says when the sender wants mail; values may be joined.
type Notify int

// When to notify.
const (
	NotifyNone     Notify = 0
	NotifyDone     Notify = 1
	NotifyRequeued Notify = 2
)

var notifyNames = [4]string{"none", "when done", "when requeued", "when done+requeued"}

// String gives sendq(5)'s words.
func (n Notify) String() string { return notifyNames[n&3] }

// PageChop says which pages lose trailing white space.
type PageChop int

// Pages to chop.
const (
	ChopDefault PageChop = iota // as the configuration has it
	ChopNone
	ChopAll
	ChopLast
)

var chopNames = [4]string{"default", "none", "all", "last"}

// String gives sendq(5)'s word.
func (c PageChop) String() string { return chopNames[c&3] }

// DocumentOp is what a document of a job is (sendq(5)).
type DocumentOp string

// Kinds of documents. The form with an exclamation mark was prepared already: a
// Fax made from it follows.
const (
	OpFax             DocumentOp = "fax" // TIFF/F, ready to be sent
	OpTIFF            DocumentOp = "tiff"
	OpTIFFSaved       DocumentOp = "!tiff"
	OpPDF             DocumentOp = "pdf"
	OpPDFSaved        DocumentOp = "!pdf"
	OpPostScript      DocumentOp = "postscript"
	OpPostScriptSaved DocumentOp = "!postscript"
	OpPCL             DocumentOp = "pcl"
	OpPCLSaved        DocumentOp = "!pcl"
	OpData            DocumentOp = "data"
	OpDataSaved       DocumentOp = "!data"
	OpPoll            DocumentOp = "poll"
	OpPage            DocumentOp = "page"
	OpPageSaved       DocumentOp = "!page"
	OpUUCP            DocumentOp = "uucp"
)

var documentOps = map[DocumentOp]bool{
	OpFax: true, OpTIFF: true, OpTIFFSaved: true, OpPDF: true, OpPDFSaved: true, OpPostScript: true, OpPostScriptSaved: true,
	OpPCL: true, OpPCLSaved: true, OpData: true, OpDataSaved: true, OpPoll: true, OpPage: true, OpPageSaved: true, OpUUCP: true,
}

// Saved tells whether the document was prepared and stays only as the source.
func (o DocumentOp) Saved() bool { return strings.HasPrefix(string(o), "!") }

// AsSaved is the form of a document after its preparation.
func (o DocumentOp) AsSaved() DocumentOp {
	if o.Saved() || o == OpFax || o == OpPoll {
		return o
	}
	return "!" + o
}

// AsUnsaved is the form of a document that is to be prepared again.
func (o DocumentOp) AsUnsaved() DocumentOp { return DocumentOp(strings.TrimPrefix(string(o), "!")) }

// Document is a document or poll request of a job: "op:dirnum:addr:item".
type Document struct {
	Op     DocumentOp
	DirNum int    // first TIFF directory to send, from 0
	Addr   string // page address; poll: the selective polling address
	File   string // relative to the spool; poll: CIG
}

// Job is a job file (sendq(5)): a fax on its way. Field names are HylaFAX's.
// Times are seconds since 1970; counts are plain numbers.
type Job struct {
	TTS       int64 // time to send; 0: as soon as possible
	KillTime  int64 // time to give up
	RetryTime int64 // seconds between retries; 0: as the configuration has it
	State     JobState
	NPages    int // pages sent and confirmed
	TotPages  int // pages to send in all
	NSkip     int // pages skipped at the start
	SkipPages int // pages to skip at the start of the next call
	NCover    int // continuation cover pages sent
	CoverPages,
	NTries, // attempts to send the current page
	NDials, // consecutive calls that were not answered by a fax
	TotDials, MaxDials, // calls
	TotTries, MaxTries int // calls that were answered
	PageWidth  int // millimetres
	Resolution int // lines per inch, vertical: 98 or 196
	PageLength int // millimetres
	Priority   int // the user's, 0 (urgent) to 255
	SchedPri   int // the scheduler's
	MinBR, DesiredBR, DesiredST, DesiredEC, DesiredDF,
	DesiredTL, UseCCover, UseXVRes int // as coded in sendq(5)

	External, Number, MailAddr, Sender, JobID, JobTag, PageHandling, Modem, FaxNumber, TSI, Receiver, Company, Location,
	Voice, FromCompany, FromLocation, FromVoice, Regarding, Comments, Cover, Client, Owner, GroupID, SignalRate, DataFormat,
	JobType, TagLine, SubAddr, Passwd, DoneOp, CommID, CSI, NSF, PageRange string

	Status        string // may have several lines
	StatusCode    int    // E-code of HylaFAX 6
	Returned      int    // linectl.Result of the last call
	Notify        Notify
	PageChop      PageChop
	ChopThreshold float64 // inches; negative: as the configuration has it
	Documents     []Document

	// lines is the file as it was read: fields in their order, unknown lines
	// verbatim.
	lines []line
}

// line is a line of a job file: a known field (index into fields), a document
// (known < 0 and doc >= 0), or text to keep.
type line struct {
	known int
	raw   string // verbatim, without the newline
}

// Kinds of lines besides fields.
const (
	lineUnknown  = -1
	lineDocument = -2
)

// NewJob is a job with HylaFAX's defaults.
func NewJob() *Job {
	return &Job{Priority: 127, SchedPri: 127, MaxDials: 12, MaxTries: 3, DesiredBR: 13, DesiredEC: 2, DesiredDF: 4, UseCCover: 1,
		ChopThreshold: -1, JobType: "facsimile", State: StateSuspended, Resolution: 98, PageWidth: 209, PageLength: 296}
}

// ParseError is what is wrong with lines of a job file. The job was read as far
// as it goes.
type ParseError struct {
	File string
	Line int
	Text string
}

// Error gives place and text.
func (e *ParseError) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Text) }

// ErrDamaged is wrapped by the error of a job file that cannot be read as one.
var ErrDamaged = errors.New("job file is damaged")

// ParseJob reads a job file. The error, if any, joins a *ParseError for each
// bad line; the job holds what could be read. name is for the messages. In a job that has all it needs,
// lines without a tag are no fault (looseEnd); they are kept.
func ParseJob(name string, b []byte) (*Job, error) {
	j := NewJob()
	if len(b) < 2 {
		return j, fmt.Errorf("%s: %w: it is empty or half-written", name, ErrDamaged)
	}
	if len(b) > MaxJobFile {
		j.salvage(b)
		return j, fmt.Errorf("%s: %w: it is over %d octets long", name, ErrDamaged, MaxJobFile)
	}
	if bytes.IndexByte(b, 0) >= 0 {
		j.salvage(b)
		return j, fmt.Errorf("%s: %w: it has binary data in it", name, ErrDamaged)
	}
	var errs []error
	faults, loose := 0, 0
	all := strings.Split(strings.TrimSuffix(string(b), "\n"), "\n")
	for i := 0; i < len(all); i++ {
		at, raw := i, all[i]
		// The manual page lets every line go on after a backslash; HylaFAX reads
		// and writes it with this one alone.
		if strings.HasPrefix(raw, "status:") {
			for strings.HasSuffix(all[i], `\`) && i+1 < len(all) {
				i++
			}
			raw = strings.Join(all[at:i+1], "\n")
		}
		err := j.parseLine(raw)
		if err == nil {
			continue
		}
		if faults++; faults <= MaxParseErrors {
			errs = append(errs, &ParseError{name, at + 1, err.Error()})
		}
		if looseEnd(raw) && (i+1 < len(all) || b[len(b)-1] == '\n') { // not the cut end of a half-written file
			loose++
		}
	}
	if faults == loose && j.Validate() == nil {
		return j, nil
	}
	if faults > MaxParseErrors {
		errs = append(errs, fmt.Errorf("%s: %d more lines are wrong", name, faults-MaxParseErrors))
	}
	return j, errors.Join(errs...)
}

// looseEnd tells of a line without a tag whether it can be the second line of a value: HylaFAX's hfaxd
// writes a newline in a client's value (JPARM COMMENTS "one\012two") as it is, and its faxq goes over what
// follows.
func looseEnd(raw string) bool {
	return !strings.Contains(raw, ":") && !strings.ContainsFunc(strings.TrimRight(raw, "\r"), isControl)
}

func (j *Job) parseLine(raw string) error {
	tag, value, ok := strings.Cut(raw, ":")
	if !ok {
		j.lines = append(j.lines, line{lineUnknown, raw})
		if strings.TrimSpace(raw) == "" {
			return nil
		}
		return fmt.Errorf("no ':' in %q", clip(raw))
	}
	value = strings.TrimLeft(value, " ")
	if documentOps[DocumentOp(tag)] {
		d, err := parseDocument(DocumentOp(tag), value)
		if err == nil && len(j.Documents) >= MaxDocuments {
			err = fmt.Errorf("%s: over %d documents", tag, MaxDocuments)
		}
		if err != nil { // refused, and gone when the job is written, as with HylaFAX
			return err
		}
		j.lines = append(j.lines, line{lineDocument, raw})
		j.Documents = append(j.Documents, d)
		return nil
	}
	i, known := fieldIndex[tag]
	if !known { // from a newer generation: kept
		j.lines = append(j.lines, line{lineUnknown, raw})
		return nil
	}
	j.lines = append(j.lines, line{i, raw})
	if err := fields[i].parse(j, value); err != nil {
		return fmt.Errorf("%s: %w", tag, err)
	}
	return nil
}

// parseDocument reads "dirnum:addr:item"; HylaFAX also takes a bare item.
func parseDocument(op DocumentOp, value string) (Document, error) {
	d := Document{Op: op, File: value}
	if dir, rest, ok := strings.Cut(value, ":"); ok {
		n, err := strconv.ParseInt(dir, 10, 32)
		if err != nil || n < 0 {
			return d, fmt.Errorf("%s: %q is not a page number", op, clip(dir))
		}
		d.DirNum, d.File = int(n), rest
		if addr, item, ok := strings.Cut(rest, ":"); ok {
			d.Addr, d.File = addr, item
		}
	}
	if op != OpPoll && op != OpPage && op != OpPageSaved {
		if err := CheckName(d.File); err != nil {
			return d, fmt.Errorf("%s: %w", op, err)
		}
	}
	return d, nil
}

// Format writes the job as a job file: fields in the order in which they were
// read, or HylaFAX's for a new job; unknown lines where they were. A field whose
// value is as it was read keeps its line to the letter.
func (j *Job) Format() []byte {
	var b bytes.Buffer
	scratch := &Job{}
	seen := make([]bool, len(fields))
	documents := j.Documents
	begun := false
	for _, l := range j.lines {
		switch {
		case l.known >= 0:
			if !seen[l.known] {
				j.formatField(&b, l, scratch)
			}
			seen[l.known] = true
		case l.known == lineDocument:
			if !begun {
				j.missing(&b, seen)
				begun = true
			}
			documents = formatDocuments(&b, documents, l.raw)
		default:
			b.WriteString(l.raw)
			b.WriteByte('\n')
		}
	}
	if !begun {
		j.missing(&b, seen)
	}
	formatDocuments(&b, documents, "")
	return b.Bytes()
}

// formatField writes a field that had a line: the same line when that says the
// same still.
func (j *Job) formatField(b *bytes.Buffer, l line, scratch *Job) {
	f := fields[l.known]
	_, value, _ := strings.Cut(l.raw, ":")
	if f.parse(scratch, strings.TrimLeft(value, " ")) == nil && f.format(scratch) == f.format(j) {
		b.WriteString(l.raw)
	} else {
		b.WriteString(f.tag)
		b.WriteByte(':')
		b.WriteString(f.format(j))
	}
	b.WriteByte('\n')
}

// missing writes the fields that had no line: all of a new job's; of one that
// was read those that have another value than its absence says.
func (j *Job) missing(b *bytes.Buffer, seen []bool) {
	absent := NewJob()
	for i, f := range fields {
		if !seen[i] && (j.lines == nil || f.format(j) != f.format(absent)) {
			fmt.Fprintf(b, "%s:%s\n", f.tag, f.format(j))
		}
		seen[i] = true
	}
}

// formatDocuments writes documents where the line raw of the old file stood: up
// to the one that it is, as it was; or none, if that one is gone. Without raw it
// writes all. It returns those that are left.
func formatDocuments(b *bytes.Buffer, documents []Document, raw string) []Document {
	upTo := len(documents)
	if raw != "" {
		op, value, _ := strings.Cut(raw, ":")
		was, _ := parseDocument(DocumentOp(op), strings.TrimLeft(value, " ")) // it was read before
		if upTo = slices.Index(documents, was); upTo < 0 {
			return documents
		}
	}
	clean := strings.NewReplacer("\n", " ", "\r", " ")
	for _, d := range documents[:upTo] {
		fmt.Fprintf(b, "%s:%d:%s:%s\n", d.Op, d.DirNum, clean.Replace(d.Addr), clean.Replace(d.File))
	}
	if raw == "" {
		return nil
	}
	b.WriteString(raw)
	b.WriteByte('\n')
	return documents[upTo+1:]
}

// Validate tells what a scheduler cannot do without (HylaFAX rejects such a
// job).
func (j *Job) Validate() error {
	if j.State < StateSuspended || j.State > StateFailed {
		return fmt.Errorf("invalid scheduler state %d in job request", int(j.State))
	}
	if math.IsNaN(j.ChopThreshold) || math.IsInf(j.ChopThreshold, 0) {
		return errors.New("invalid chopthreshold in job request")
	}
	for _, f := range []struct{ tag, value string }{{"number", j.Number}, {"mailaddr", j.MailAddr}, {"sender", j.Sender},
		{"jobid", j.JobID}, {"modem", j.Modem}, {"client", j.Client}, {"owner", j.Owner}} {
		if f.value == "" {
			return fmt.Errorf("null or missing %s in job request", f.tag)
		}
	}
	return nil
}

// Find gives the index of the first document of a kind, or -1.
func (j *Job) Find(op DocumentOp) int {
	for i, d := range j.Documents {
		if d.Op == op {
			return i
		}
	}
	return -1
}

// clip shortens what is shown of a bad line.
func clip(s string) string {
	const most = 60
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
