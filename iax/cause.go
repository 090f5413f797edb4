package iax

import "fmt"

// Cause is a Q.931 cause code, as carried in the CAUSECODE information element
// (RFC 5456 8.6.33).
type Cause uint8

// Causes that occur on fax lines.
const (
	CauseNone                 Cause = 0 // not given
	CauseUnallocated          Cause = 1
	CauseNoRoute              Cause = 3
	CauseNormalClearing       Cause = 16
	CauseBusy                 Cause = 17
	CauseNoUserResponse       Cause = 18
	CauseNoAnswer             Cause = 19
	CauseSubscriberAbsent     Cause = 20
	CauseRejected             Cause = 21
	CauseNumberChanged        Cause = 22
	CauseDestinationOutOfOrd  Cause = 27
	CauseInvalidNumber        Cause = 28
	CauseFacilityRejected     Cause = 29
	CauseNormalUnspecified    Cause = 31
	CauseCongestion           Cause = 34
	CauseNetworkOutOfOrder    Cause = 38
	CauseTemporaryFailure     Cause = 41
	CauseSwitchCongestion     Cause = 42
	CauseChannelNotAvailable  Cause = 44
	CauseFacilityNotSubscr    Cause = 50 // Asterisk: no authority found
	CauseBearerNotAuthorized  Cause = 57
	CauseBearerNotAvailable   Cause = 58
	CauseFacilityNotImplement Cause = 69
	CauseIncompatible         Cause = 88
	CauseTimerExpiry          Cause = 102
	CauseProtocolError        Cause = 111
	CauseInterworking         Cause = 127
)

// DialResult is how HylaFAX names the outcome of a dial.
type DialResult uint8

// The outcomes of a dial.
const (
	DialOK         DialResult = iota // answered
	DialBusy                         // BUSY: the far end is engaged
	DialNoAnswer                     // NO ANSWER: it rang, nobody answered
	DialNoCarrier                    // NO CARRIER: answered, but no fax signal; or the call was cut
	DialNoDialtone                   // NO DIALTONE: the exchange did not take the call
	DialCongestion                   // no circuit; HylaFAX has no own word and says busy
	DialRejected                     // the exchange or the far end refuses this call for good
	DialError                        // anything else
)

// String gives HylaFAX's words for a result (as in job files and xferfaxlog).
func (r DialResult) String() string {
	switch r {
	case DialOK:
		return "Call successful"
	case DialBusy:
		return "Busy signal detected"
	case DialNoAnswer:
		return "No answer from remote"
	case DialNoCarrier:
		return "No carrier detected"
	case DialNoDialtone:
		return "No local dialtone"
	case DialCongestion:
		return "Circuits are congested"
	case DialRejected:
		return "Call rejected"
	case DialError:
		return "Unknown problem"
	}
	return "dial result " + fmt.Sprint(uint8(r))
}

// CallError is why a call ended or never came about.
type CallError struct {
	Cause  Cause      // code given by the far end or chosen by us
	Result DialResult // the same in HylaFAX's terms
	Remote bool       // the far end ended the call
	Local  bool       // our side (Hangup, Reject, Media.Done) ended the call
	Text   string     // cause text as received, or what happened here
	// Transferred: the call goes on without us; see Transfer.
	Transferred bool
}

// Error is one sentence for the person who reads the log.
func (e *CallError) Error() string {
	s := "iax: " + e.Cause.Sentence()
	if e.Text != "" && e.Text != e.Cause.Sentence() {
		s += " (" + e.Text + ")"
	}
	return s
}
