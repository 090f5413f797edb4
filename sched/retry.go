package sched

import "time"

// Cause is why a call did not get to a fax session, in the words of the
// JobReq*/JobRetry* parameters.
type Cause uint8

// Causes.
const (
	CauseNoCarrier  Cause = iota // answered, but no fax machine was heard
	CauseBusy                    // busy tone
	CauseNoAnswer                // nobody answered in time
	CauseDataConn                // a data modem answered
	CauseError                   // the line could not place the call
	CauseNoFCon                  // carrier, but no fax handshake
	CauseNoDialtone              // line unplugged, not registered
	CauseOther                   // anything else before the session
	numCauses
)

var causeNames = [...]string{"no carrier", "busy", "no answer", "data connection", "error", "no fax handshake", "no dialtone", "other"}

// String names the cause.
func (c Cause) String() string {
	if c < numCauses {
		return causeNames[c]
	}
	return "unknown"
}

// Redial holds the JobReq* and JobRetry* parameters: how long to wait after
// each kind of failure, and how often to try a number that never answered as a
// fax machine. The process that made the call uses it, as faxsend(8) does.
type Redial struct {
	Wait  [numCauses]time.Duration // JobReqBusy, ...
	Retry [numCauses]int           // JobRetryBusy, ...; -1: no limit
	Proto time.Duration            // JobReqProto: after a broken session
}

// DefaultRedial gives hylafax-config(5)'s defaults.
func DefaultRedial() Redial {
	r := Redial{Proto: 60 * time.Second}
	for c := range numCauses {
		r.Wait[c], r.Retry[c] = 300*time.Second, -1
	}
	r.Wait[CauseBusy] = 180 * time.Second
	r.Retry[CauseNoCarrier] = 1
	return r
}

// Dialed decides after a call that reached no fax session. failures is the
// number of consecutive ones, this one included (ndials); calledBefore tells
// that the number once answered as a fax machine, which lifts the JobRetry*
// limits; retryTime is the job's own wish (retrytime), which goes before
// JobReq* for what the far end did. The time for the next attempt is zero with
// Fail, and zero with Retry when the scheduler shall choose it.
func (r *Redial) Dialed(c Cause, failures int, calledBefore bool, retryTime time.Duration, now time.Time) (Result, time.Time) {
	if c >= numCauses {
		c = CauseOther
	}
	if limit := r.Retry[c]; !calledBefore && limit >= 0 && failures > limit {
		return Fail, time.Time{}
	}
	wait := r.Wait[c]
	if retryTime > 0 && c <= CauseNoFCon && c != CauseError {
		wait = retryTime
	}
	return Retry, now.Add(wait)
}

// Session gives the time for the next attempt after a session that broke.
func (r *Redial) Session(now time.Time) time.Time { return now.Add(r.Proto) }

// bump changes a job's priority after a failed attempt: ordinary jobs move a
// step forward so that new ones do not bury them, but stay in the bucket of 16
// they began in; bulk jobs (above 190) step back, so that all of them get a
// first attempt before any gets a second.
func bump(schedPri, userPri int) int {
	switch {
	case schedPri > bulkPriority && schedPri < maxPriority:
		return schedPri + 1
	case (schedPri-1)>>4 == userPri>>4:
		return schedPri - 1
	}
	return schedPri
}

const (
	bulkPriority = 190 // above it, a job is bulk
	maxPriority  = 255
)
