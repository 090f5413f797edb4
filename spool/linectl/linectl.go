// Package linectl is how a scheduler (faxq, or the faxsend command run by one)
// hands fax jobs to the process that owns a line, and hears what became of them.
//
// It is not a queue and not a store: the job file stays the only truth about a
// job (package spool). What passes here are orders and news; whoever missed
// the news reads the job file and knows the same.
//
// The process that owns the line DEVID listens on the Unix stream socket
// client/DEVID.line below the spool. One connection carries one request, one
// JSON object on one line, and the answers to it, one JSON object a line:
//
//	{"op":"send","jobs":["sendq/q12","sendq/q13"],"config":["DesiredBR: 3"]}
//	{"op":"attach"}
//	{"op":"abort","job":"12"}
//	{"op":"status"}
//
// A batch of several jobs goes to one number in one call, in the given order.
// A connection that breaks does not end a call: only abort does. A scheduler
// that was killed comes back with status and attach; attach repeats the events
// of the call from its start. Requests are taken strictly in the order in
// which the connections were made, so a status asked after the death of a
// scheduler cannot overtake that scheduler's last send.
//
// Who writes which field of the job file, and when, follows the division
// between HylaFAX's faxq(8) and faxsend(8); docs/linectl.md has the table. In
// short: the scheduler writes everything before the call (state 6, documents,
// pagehandling) and everything that follows from the result (state, schedpri,
// tts if it is to be later than the line asked, the move to doneq); the line
// writes everything that the call itself teaches (commid, npages, the documents
// that remain, counters, rates, status, returned) and writes it, under the
// job's lock, before it reports it.
package linectl

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Limits of this implementation.
const (
	// MaxMessage is the longest request or event in octets, newline included.
	MaxMessage = 64 << 10
	// MaxBatch is the largest number of jobs in one request. HylaFAX's
	// MaxBatchJobs is 64 unless configured (hylafax-config(5)).
	MaxBatch = 512
	// maxSunPath is what fits into a Unix socket address everywhere.
	maxSunPath = 100
)

// suffix of the socket's name below the spool's client directory.
const suffix = ".line"

// Errors that a scheduler acts on.
var (
	// ErrNoLine says that no process serves the line: nothing was handed over.
	ErrNoLine = errors.New("linectl: no process serves this line")
	// ErrLost says that the connection broke before the call's last event. The
	// call may go on or be over: ask Status, and read the job file.
	ErrLost = errors.New("linectl: connection to the line lost before the end of the call")
	// ErrInUse says that another process already serves the line.
	ErrInUse = errors.New("linectl: line is already served by another process")
	// ErrIdle answers attach and abort when the line has no such call.
	ErrIdle = errors.New("linectl: no such call on this line")
)

// Refusal says that a line did not take a batch: no job file was touched, no
// call was made. The scheduler may try another line or the same one later.
type Refusal struct {
	Reason string // for people, for example "line is receiving a fax"
	Busy   bool   // the line is in use now and will be free later
}

// Error gives the reason with the package's prefix.
func (r *Refusal) Error() string { return "linectl: line refused the jobs: " + r.Reason }

// Result is what became of a job in a call. The values are HylaFAX's
// FaxSendStatus: the exit status of faxsend(8) and the value of "returned" in
// the job file (sendq(5)).
type Result uint8

// Results of a job.
const (
	Retry     Result = iota // not done; try again at tts
	Failed                  // finished without success
	Done                    // every page was sent and confirmed
	Reformat                // prepare the documents anew, then try again
	V34Fail                 // HylaFAX: trouble with V.34; as Retry
	V17Fail                 // HylaFAX: trouble with V.17; as Retry
	BatchFail               // the call failed between two jobs of a batch; as Retry
	NoBatch                 // the job was not begun in this call; nothing counts
)

var resultNames = [...]string{"retry", "failed", "done", "reformat", "v34fail", "v17fail", "batchfail", "nobatch"}

// String gives the name used in events.
func (r Result) String() string {
	if int(r) < len(resultNames) {
		return resultNames[r]
	}
	return fmt.Sprintf("result(%d)", uint8(r))
}

// MarshalText writes the name.
func (r Result) MarshalText() ([]byte, error) {
	if int(r) >= len(resultNames) {
		return nil, fmt.Errorf("linectl: unknown result %d", uint8(r))
	}
	return []byte(resultNames[r]), nil
}

// UnmarshalText reads a name.
func (r *Result) UnmarshalText(text []byte) error {
	for i, n := range resultNames {
		if n == string(text) {
			*r = Result(i)
			return nil
		}
	}
	return fmt.Errorf("linectl: unknown result %q", text)
}

// EventKind names what an event tells.
type EventKind string

// Events of a call. Every job event is sent after the job file holds the same.
const (
	// Accepted is the first event of every call: the line has the jobs.
	Accepted EventKind = "accepted"
	// Refused ends the connection: see Refusal.
	Refused EventKind = "refused"
	// Dialing: the call for Job is placed (faxsend's "c" message).
	Dialing EventKind = "dialing"
	// Connected: the far end answered as a fax machine (faxsend's "C").
	Connected EventKind = "connected"
	// Page: one more page of Job is confirmed (faxsend's "d").
	Page EventKind = "page"
	// Document: the last page of File is confirmed and File is off the job's
	// list of documents (faxsend's "D").
	Document EventKind = "document"
	// PollReceived: a polled document of so many Pages from CSI arrived in File;
	// Reason tells what went wrong, if anything did (faxsend's "p").
	PollReceived EventKind = "pollreceived"
	// PollDone: the poll request of Job is answered (faxsend's "P").
	PollDone EventKind = "polldone"
	// JobEnd: Job is over in this call; Result, Status and Code tell how.
	JobEnd EventKind = "job"
	// CallEnd is the last event of a call; jobs without a JobEnd were NoBatch.
	CallEnd EventKind = "done"
	// StatusNow answers a status request in Line.
	StatusNow EventKind = "status"
	// Aborting answers an abort request: the call is being ended.
	Aborting EventKind = "aborting"
	// Error answers a request that could not be understood or followed.
	Error EventKind = "error"
)

// Event is one line of an answer. Fields that do not belong to the kind are
// empty.
type Event struct {
	Event  EventKind `json:"event"`
	Job    string    `json:"job,omitempty"`    // job id, as in the field jobid
	CommID string    `json:"commid,omitempty"` // session number, as in log/cCOMMID
	File   string    `json:"file,omitempty"`   // document, relative to the spool
	Pages  int       `json:"pages,omitempty"`  // npages of the job so far
	// Seconds is the time the page or document took on the line.
	Seconds int `json:"seconds,omitempty"`
	// Params are the session parameters as HylaFAX packs them (xferfaxlog(5)).
	Params uint32 `json:"params,omitempty"`
	// CSI is the far end's identity as far as known.
	CSI string `json:"csi,omitempty"`

	Result Result `json:"result,omitempty"` // JobEnd (retry when absent)
	Status string `json:"status,omitempty"` // JobEnd: text for people, job file's status
	Code   int    `json:"code,omitempty"`   // JobEnd: job file's statuscode
	// Unconfirmed (JobEnd): the last page went out and the call ended before
	// its confirmation came. Result is then Failed.
	Unconfirmed bool `json:"unconfirmed,omitempty"`

	Reason string `json:"reason,omitempty"` // Refused, Error, PollReceived
	Busy   bool   `json:"busy,omitempty"`   // Refused
	Line   *Line  `json:"line,omitempty"`   // StatusNow
}

// State is what a line is doing.
type State string

// States of a line.
const (
	Idle      State = "idle"      // takes a batch
	Sending   State = "sending"   // busy with the batch in Line.Jobs
	Receiving State = "receiving" // an incoming call
	Down      State = "down"      // cannot call (not registered, wedged, stopped)
)

// Line is the answer to a status request.
type Line struct {
	DevID   string   `json:"devid"`
	PID     int      `json:"pid"`
	State   State    `json:"state"`
	Jobs    []string `json:"jobs,omitempty"`    // job files of the call, in order
	Current string   `json:"current,omitempty"` // job id being sent
	CommID  string   `json:"commid,omitempty"`
	Text    string   `json:"text,omitempty"` // as in status/DEVID
}

// Batch is what a send request hands over.
type Batch struct {
	// Jobs are job files relative to the spool ("sendq/q12"), all to the same
	// destination, in sending order.
	Jobs []string `json:"jobs"`
	// Config are parameters for this call only, "Tag: value", stronger than
	// the line's configuration and the job (faxsend -c).
	Config []string `json:"config,omitempty"`
}

// request is what a client may say.
type request struct {
	Op string `json:"op"`
	Batch
	Job string `json:"job,omitempty"`
}

// Names of the operations.
const (
	opSend   = "send"
	opAttach = "attach"
	opAbort  = "abort"
	opStatus = "status"
)

// check tells what is wrong with a request.
func (r *request) check() error {
	switch r.Op {
	case opStatus, opAttach:
		return nil
	case opAbort:
		if r.Job == "" {
			return errors.New("abort without job")
		}
		return nil
	case opSend:
		return r.Batch.check()
	case "":
		return errors.New("no op")
	}
	return fmt.Errorf("unknown op %q", r.Op)
}

// check refuses batches that no line can carry out, and paths that lead out of
// the send queue.
func (b *Batch) check() error {
	if len(b.Jobs) == 0 || len(b.Jobs) > MaxBatch {
		return fmt.Errorf("%d jobs in a batch; 1 to %d are possible", len(b.Jobs), MaxBatch)
	}
	seen := make(map[string]bool, len(b.Jobs))
	for _, j := range b.Jobs {
		id, ok := strings.CutPrefix(j, "sendq/q")
		if !ok || id == "" || strings.Trim(id, "0123456789") != "" {
			return fmt.Errorf("%q is not a job file of the send queue", j)
		}
		if seen[j] {
			return fmt.Errorf("job file %s twice in a batch", j)
		}
		seen[j] = true
	}
	for _, c := range b.Config {
		if tag, _, ok := strings.Cut(c, ":"); !ok || strings.TrimSpace(tag) == "" || strings.ContainsAny(c, "\r\n") {
			return fmt.Errorf("%q is not a configuration parameter (Tag: value)", c)
		}
	}
	return nil
}

// SocketName gives the name of a line's socket relative to the spool.
func SocketName(devid string) string { return filepath.Join("client", devid+suffix) }

// checkDevID refuses identifiers that cannot be file names. HylaFAX makes them
// from a device path by turning "/" into "_" (faxgetty(8)).
func checkDevID(devid string) error {
	if devid == "" || devid[0] == '.' || strings.ContainsAny(devid, "/\x00\r\n") {
		return fmt.Errorf("linectl: %q is not a device identifier", devid)
	}
	return nil
}

// Lines lists the devices that have a line socket below the spool, alive or
// not, in the order of their names.
func Lines(spool string) ([]string, error) {
	entries, err := os.ReadDir(filepath.Join(spool, "client"))
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("linectl: list lines: %w", err)
	}
	var ids []string
	for _, e := range entries {
		id, ok := strings.CutSuffix(e.Name(), suffix)
		if ok && e.Type()&os.ModeSocket != 0 && checkDevID(id) == nil {
			ids = append(ids, id)
		}
	}
	return ids, nil
}
