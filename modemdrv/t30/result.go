package t30

import "fmt"

// Remote is what the far end told about itself.
type Remote struct {
	ID            string        // CSI, TSI or CIG
	NSF           []byte        // its non-standard facilities, without FCF
	StationID     string        // a name found in them
	Subaddress    string        // SUB
	Password      string        // PWD, or SID as HylaFAX uses it
	PolledAddress string        // SEP
	Capabilities  *Capabilities // of its DIS or DTC; nil: none seen
	DIS           []byte        // their octets, as they came
}

// Outcome is how a session ended, for the decision what to do next.
type Outcome uint8

// The outcomes.
const (
	Done        Outcome = iota // all pages sent and confirmed, or received
	Failed                     // not all
	Unconfirmed                // all pages were sent, and the confirmation of the last is missing
	Aborted                    // by AbortEvent
	Rejected                   // by Accept or AcceptPoll, or by what the far end cannot do: no use to try again
	NoFax                      // nothing that speaks T.30 was heard
)

// String names an outcome.
func (o Outcome) String() string {
	return [...]string{"done", "failed", "unconfirmed", "aborted", "rejected", "no fax"}[min(o, NoFax)]
}

// Status says in HylaFAX's words and numbers why a session ended; the text is
// what faxstat shows.
type Status struct {
	Code int // HylaFAX's, 0 where there is none
	Text string
}

// String gives the text with its code as HylaFAX writes both: "{E001} text".
func (s Status) String() string {
	if s.Code == 0 {
		return s.Text
	}
	return fmt.Sprintf("%s {E%03d}", s.Text, s.Code)
}

// Result is what became of a session.
type Result struct {
	Outcome    Outcome
	Status     Status // zero for Done
	Reason     string // for people: what happened, and when
	Sent       int    // pages confirmed by the far end
	Received   int    // pages stored
	Bad        int    // of those received: not good, or cut off
	Doubled    int    // of those sent: pages that the far end may have twice
	Polled     bool   // the pages received were asked for by us, or those sent by the far end
	Remote     Remote
	Parameters Parameters // the last ones used
	Length     Samples    // of the session
}

// String gives the result in one line.
func (r Result) String() string {
	s := fmt.Sprintf("%v, sent %d, received %d", r.Outcome, r.Sent, r.Received)
	if r.Doubled > 0 {
		s += fmt.Sprintf(", %d of them perhaps twice", r.Doubled)
	}
	if r.Status.Text != "" {
		s += ": " + r.Status.String()
	}
	return s
}
