package sched

import "time"

// Action is something that the driver must do. Actions are carried out in the
// order given; a Save that fails stops what follows for that job (see
// Queue.Fault).
type Action interface{ action() }

// Save writes a job's scheduling state into its job file.
type Save struct {
	Job      ID
	State    State
	SchedPri int
	TTS      time.Time // zero: leave as it is
	KillTime time.Time // zero: leave as it is
	Note     *Note     // nil: leave status as it is
	// Begin: the job is about to be handed to a line. The file must show that
	// nothing has come of this attempt yet (returned = NoBatch, no commid), so
	// that whoever finds it later knows what the line has written since.
	Begin bool
}

// RunControl runs JobControlCmd for a job; the answer is Queue.Controlled.
type RunControl struct{ Job ID }

// Prepare makes the documents of a job ready for transmission by a line like
// Line; the answer is Queue.Prepared.
type Prepare struct {
	Job  ID
	Line string // "" when no line is known
}

// StopPrepare asks to give a preparation up; Queue.Prepared still answers.
type StopPrepare struct{ Job ID }

// Start hands jobs to a line for one call. The answers are Queue.JobEnded for
// each job that was tried and then Queue.CallEnded, or Queue.Refused.
type Start struct {
	Line string
	Jobs []ID
	Args []string // JobControl's parameters for the sender
}

// Abort asks a line to give up a job of its call; JobEnded and CallEnded still
// answer.
type Abort struct {
	Line string
	Job  ID
}

// Unprepare throws the prepared documents of a job away, so that they are made
// anew for what has been learned of the far end (send_reformat).
type Unprepare struct{ Job ID }

// Finish ends a job: its file goes to doneq with the state and the note, its
// documents are released, its sender is told. The queue knows it no more.
type Finish struct {
	Job      ID
	State    State // Done or Failed
	Why      Why
	Note     *Note // nil: the status that the line wrote stays
	SchedPri int
	Duration time.Duration
	// Unsent: the job ended without a call of its own telling about it, so
	// the log of transfers gets an UNSENT record.
	Unsent bool
}

// Notify tells the sender something about a job that goes on.
type Notify struct {
	Job      ID
	Why      Why
	Next     time.Time // time of the next attempt (WhyRequeued)
	Duration time.Duration
}

// Answer replies to a client's request that was given with Token.
type Answer struct {
	Token any
	OK    bool
}

// Post tells interested clients of an event of a job or a line.
type Post struct {
	Event Event
	Job   ID     // job and send events
	Line  string // line events
}

func (Save) action()        {}
func (RunControl) action()  {}
func (Prepare) action()     {}
func (StopPrepare) action() {}
func (Start) action()       {}
func (Abort) action()       {}
func (Unprepare) action()   {}
func (Finish) action()      {}
func (Notify) action()      {}
func (Answer) action()      {}
func (Post) action()        {}

// Event is an event that clients may wait for (faxwatch(8), SITE TRIGGER of
// hfaxd(8)). The upper bits are the class, the lower four the bit in the
// class's mask.
type Event uint16

// Events that the scheduler itself notices. Those of calls (page sent, call
// connected, receptions) come from the lines and pass the driver only.
const (
	JobCreate    Event = iota // created
	JobSuspend                // suspended
	JobReady                  // ready to send
	JobSleep                  // waits for its time
	JobDead                   // over
	JobProcess                // looked at by the scheduler
	JobReap                   // forgotten
	JobActive                 // active
	JobReject                 // rejected
	JobKill                   // killed
	JobBlocked                // blocked by other calls
	JobDelayed                // delayed by the time of day or similar
	JobAltered                // parameters altered
	JobTimedOut               // kill time expired
	JobPrepBegin              // preparation began
	JobPrepEnd                // preparation ended

	SendBegin     Event = 16 // attempt began
	SendCall      Event = 17 // call placed
	SendConnected Event = 18 // answered by a fax machine
	SendPage      Event = 19
	SendDoc       Event = 20
	SendPollRcvd  Event = 21
	SendPollDone  Event = 22
	SendEnd       Event = 23 // attempt ended
	SendReformat  Event = 24 // documents are made anew
	SendRequeue   Event = 25
	SendDone      Event = 26

	LineAssign  Event = 48 // given to a job
	LineRelease Event = 49
)
