package sched

import (
	"strconv"
	"time"
)

// ID is a job identifier (jobid of sendq(5)).
type ID string

// State is a job's scheduling state as the job file shows it (state of
// sendq(5)).
type State uint8

// Job states.
const (
	// Suspended: not being scheduled until it is submitted again. Entered by
	// the client's suspend or interrupt; left by submit, kill or the kill time.
	Suspended State = 1
	// Pending: waits for its time to send (tts). Left by the clock.
	Pending State = 2
	// Sleeping: waits for the next attempt after one that did not succeed, or
	// for the time of day. Left by the clock.
	Sleeping State = 3
	// Blocked: ready, but as many calls to its destination as are allowed
	// (MaxConcurrentCalls) are going on or waiting to be repeated.
	Blocked State = 4
	// Ready: only a line (or a place for preparation) is missing.
	Ready State = 5
	// Active: its JobControlCmd runs, its documents are being prepared, or a
	// line has it.
	Active State = 6
	// Done: every page was sent and confirmed.
	Done State = 7
	// Failed: over without success.
	Failed State = 8
)

var stateNames = [...]string{"", "suspended", "pending", "sleeping", "blocked", "ready", "active", "done", "failed"}

// String gives the name used in HylaFAX's logs.
func (s State) String() string {
	if s >= Suspended && int(s) < len(stateNames) {
		return stateNames[s]
	}
	return "state#" + strconv.Itoa(int(s))
}

// Why is the reason for which a job ended or its sender is told something
// (notify(8)).
type Why string

// Reasons.
const (
	WhyDone         Why = "done"
	WhyFailed       Why = "failed"
	WhyRejected     Why = "rejected"
	WhyRequeued     Why = "requeued"
	WhyRemoved      Why = "removed"
	WhyKilled       Why = "killed"
	WhyTimedOut     Why = "timedout"
	WhyFormatFailed Why = "format_failed"
	WhyNoFormatter  Why = "no_formatter"
	WhyBlocked      Why = "blocked"

	WhyPollRejected   Why = "poll_rejected"
	WhyPollNoDocument Why = "poll_no_document"
)

// Note is a status text with its code: status and statuscode of the job file.
type Note struct {
	Code int
	Text string
}

// Job is what decisions need to know about a job. The driver makes it from the
// job file at submission.
type Job struct {
	ID    ID
	Dest  string // canonical number: jobs with the same Dest go to one machine
	Modem string // device, ModemGroup, or "any"
	Type  string // jobtype: "facsimile", "pager", ...

	Priority int // as the client asked: 0 (first) to 255
	SchedPri int // now; bumped by failed attempts

	TTS       time.Time     // not before
	KillTime  time.Time     // give up then
	RetryTime time.Duration // client's wish for the wait between attempts, or 0

	TotDials, MaxDials int
	TotTries, MaxTries int
	TotPages           int

	// What the line must be capable of; 0 asks nothing.
	PageWidth  int  // mm
	PageLength int  // mm
	Resolution int  // lines per inch
	Poll       bool // has a polling request

	// Prepared: the documents can be sent as they are.
	Prepared bool
	// Refuse, if not nil, says what the driver found wrong with the job file;
	// the job is rejected with it.
	Refuse *Note
	// State as found in the job file.
	State State
}

// Control is what JobControlCmd said about a job (JobControl of
// hylafax-config(5)). The zero value changes nothing; pointers tell "not said".
type Control struct {
	Reject             string // RejectNotice: refuse the job with this text
	Modem              string // lines to prefer: device or ModemGroup
	MaxConcurrentCalls *int
	MaxSendPages       *int
	MaxDials           *int
	MaxTries           *int
	TimeOfDay          *TimeOfDay
	// Args are the parameters for the sender ("Tag: value"), in the given
	// order. Only jobs with equal Args share a call.
	Args []string
}

// Outcome is what became of a job in a call, as the job file tells after it.
type Outcome struct {
	Result Result
	Note
	// TTS is the time for the next attempt if the line chose one.
	TTS time.Time
	// Unconfirmed: the last page went out but its confirmation never came.
	Unconfirmed bool
	// Reprepare: before the next attempt something must be prepared (a
	// continuation cover page).
	Reprepare bool
	// Counters after the call.
	TotDials, TotTries, TotPages int
	// Duration of the job's part of the call.
	Duration time.Duration
}

// Result is how a job left a call (FaxSendStatus: returned of sendq(5)).
type Result uint8

// Results; the numbers are HylaFAX's.
const (
	Retry     Result = 0
	Fail      Result = 1
	Success   Result = 2
	Reformat  Result = 3
	V34Fail   Result = 4
	V17Fail   Result = 5
	BatchFail Result = 6
	NoBatch   Result = 7
)
