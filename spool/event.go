package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Event is what happened to a job or line, as faxq tells those who set a
// trigger (CmdTrigger): its class in the upper four bits.
type Event uint16

// Events of jobs.
const (
	EventJobCreate Event = iota
	EventJobSuspend
	EventJobReady
	EventJobSleep
	EventJobDead
	EventJobProcess
	EventJobReap
	EventJobActive
	EventJobReject
	EventJobKill
	EventJobBlocked
	EventJobDelayed
	EventJobAltered
	EventJobTimedOut
	EventJobPrepBegin
	EventJobPrepEnd
)

// Events of sending.
const (
	EventSendBegin Event = 16 + iota
	EventSendCall
	EventSendConnected
	EventSendPage
	EventSendDoc
	EventSendPollRcvd
	EventSendPollDone
	EventSendEnd
	EventSendReformat
	EventSendRequeue
	EventSendDone
)

// Events of receiving.
const (
	EventRecvBegin Event = 32 + iota
	EventRecvStart
	EventRecvPage
	EventRecvDoc
	EventRecvEnd
)

// Events of lines.
const (
	EventModemAssign Event = 48 + iota
	EventModemRelease
	EventModemDown
	EventModemReady
	EventModemBusy
	EventModemWedged
	EventModemInUse
	EventModemDataBegin
	EventModemDataEnd
	EventModemVoiceBegin
	EventModemVoiceEnd
	EventModemCID
)

// EventClass is a class of events.
type EventClass uint8

// Classes of events.
const (
	ClassJob EventClass = iota
	ClassSend
	ClassRecv
	ClassModem
	eventClasses = 4
)

// String gives the word that AuditHook commands get (hylafax-config(5)).
func (c EventClass) String() string {
	if c < eventClasses {
		return [...]string{"JOB", "SEND", "RECV", "MODEM"}[c]
	}
	return "CLASS" + strconv.Itoa(int(c))
}

// Class is the class of an event.
func (e Event) Class() EventClass { return EventClass(e >> 4) }

// Bit is the event's bit in the mask of its class.
func (e Event) Bit() uint16 { return 1 << (e & 15) }

// Interests says which events somebody wants to hear of.
type Interests [eventClasses]struct {
	Mask uint16
	ID   string // only of this job or line; empty: of any
}

// Wants tells whether an event of the job or line id is among the interests.
func (i *Interests) Wants(e Event, id string) bool {
	c := e.Class()
	return c < eventClasses && i[c].Mask&e.Bit() != 0 && (i[c].ID == "" || i[c].ID == id)
}

// ErrInterests is wrapped by the errors of ParseInterests.
var ErrInterests = errors.New("trigger specification")

// ParseInterests reads a trigger specification: any number of a class letter
// (J, S, R or M), an optional <job or line>, and a mask of four hexadecimal
// digits or *. What is no class letter is read over, as in HylaFAX.
func ParseInterests(spec string) (Interests, error) {
	var all Interests
	for s := spec; s != ""; {
		c := strings.IndexByte("JSRM", s[0])
		s = s[1:]
		if c < 0 {
			continue
		}
		if all[c].Mask != 0 {
			return all, fmt.Errorf("%w %q: interests conflict", ErrInterests, clip(spec))
		}
		if strings.HasPrefix(s, "<") {
			id, rest, ok := strings.Cut(s[1:], ">")
			if !ok {
				return all, fmt.Errorf("%w %q: missing '>'", ErrInterests, clip(spec))
			}
			all[c].ID, s = id, rest
		}
		if strings.HasPrefix(s, "*") {
			all[c].Mask, s = 0xffff, s[1:]
			continue
		}
		if len(s) < 4 {
			return all, fmt.Errorf("%w %q: non-hex event mask", ErrInterests, clip(spec))
		}
		mask, err := strconv.ParseUint(s[:4], 16, 16)
		if err != nil {
			return all, fmt.Errorf("%w %q: non-hex event mask", ErrInterests, clip(spec))
		}
		all[c].Mask, s = uint16(mask), s[4:]
	}
	return all, nil
}

// EventJob is what an event says of its job.
type EventJob struct {
	TTS, KillTime, Start    int64 // seconds since 1970
	Pri, PID                int32
	State                   uint16
	PageWidth, PageLength   uint16
	Resolution              uint16
	JobID, Dest, Device, ID string // ID: communication identifier
}

// EventModem is what an event says of its line.
type EventModem struct {
	DevID, Number, CommID string
	State                 byte // 'D', 'B' or 'R'
	Poll                  bool
	Capabilities          uint32
	Priority              uint16
}

// eventMagic is the first octet of an event message.
const eventMagic = '!'

// The messages of events are C structures of the machine that both processes
// run on: here as on 64-bit machines.
const (
	eventHeader  = 16 // '!', ' ', sequence number, length, event (2 octets each), time (8)
	eventJobSize = 40
)

// AppendJobEvent appends the message of an event of a job. seq counts the
// messages to one client; info is SendInfo or RecvInfo, or empty.
func AppendJobEvent(dst []byte, e Event, seq uint16, now time.Time, j *EventJob, info string) []byte {
	start := len(dst)
	b := appendEventHeader(dst, e, seq, now)
	ne := binary.NativeEndian
	b = ne.AppendUint64(b, uint64(j.TTS))
	b = ne.AppendUint64(b, uint64(j.KillTime))
	b = ne.AppendUint64(b, uint64(j.Start))
	b = ne.AppendUint32(b, uint32(j.Pri))
	b = ne.AppendUint32(b, uint32(j.PID))
	for _, v := range []uint16{j.State, j.PageWidth, j.PageLength, j.Resolution} {
		b = ne.AppendUint16(b, v)
	}
	b = appendStrings(b, j.JobID, j.Dest, j.Device, j.ID)
	return finishEvent(append(b, info...), start)
}

// AppendModemEvent appends the message of an event of a line.
func AppendModemEvent(dst []byte, e Event, seq uint16, now time.Time, m *EventModem, info string) []byte {
	start := len(dst)
	b := appendStrings(appendEventHeader(dst, e, seq, now), m.DevID, m.Number, m.CommID)
	poll := byte('p')
	if m.Poll {
		poll = 'P'
	}
	b = append(b, m.State, poll)
	b = binary.NativeEndian.AppendUint32(b, m.Capabilities)
	b = binary.NativeEndian.AppendUint16(b, m.Priority)
	return finishEvent(append(b, info...), start)
}

func appendEventHeader(b []byte, e Event, seq uint16, now time.Time) []byte {
	ne := binary.NativeEndian
	b = append(b, eventMagic, ' ')
	b = ne.AppendUint16(b, seq)
	b = ne.AppendUint16(b, 0) // the length, later
	b = ne.AppendUint16(b, uint16(e))
	return ne.AppendUint64(b, uint64(now.Unix()))
}

func appendStrings(b []byte, all ...string) []byte {
	for _, s := range all {
		b = append(append(b, s...), 0)
	}
	return b
}

func finishEvent(b []byte, start int) []byte {
	if len(b)-start > MaxMessage {
		b = b[:start+MaxMessage]
	}
	binary.NativeEndian.PutUint16(b[start+4:], uint16(len(b)-start))
	return b
}

// EventMessage is a decoded event message.
type EventMessage struct {
	Event Event
	Seq   uint16
	At    time.Time
	Job   *EventJob   // of job and send events
	Modem *EventModem // of receive and modem events
	Info  string
}

// ParseEvent reads an event message, whole.
func ParseEvent(b []byte) (EventMessage, error) {
	ne := binary.NativeEndian
	if len(b) < eventHeader || b[0] != eventMagic || int(ne.Uint16(b[4:])) != len(b) {
		return EventMessage{}, fmt.Errorf("%w: event of %d octets", ErrMessage, len(b))
	}
	m := EventMessage{Event: Event(ne.Uint16(b[6:])), Seq: ne.Uint16(b[2:]), At: time.Unix(int64(ne.Uint64(b[8:])), 0)}
	r := eventReader{b: b[eventHeader:]}
	switch m.Event.Class() {
	case ClassJob, ClassSend:
		m.Job = r.job()
	case ClassRecv, ClassModem:
		m.Modem = r.modem()
	default:
		return m, fmt.Errorf("%w: event %d is unknown", ErrMessage, m.Event)
	}
	if r.short {
		return m, fmt.Errorf("%w: event %d is cut off", ErrMessage, m.Event)
	}
	m.Info = string(r.b)
	return m, nil
}

// eventReader takes an event message apart; short is set when it ends early.
type eventReader struct {
	b     []byte
	short bool
}

func (r *eventReader) take(n int) []byte {
	if len(r.b) < n {
		r.short = true
		return make([]byte, n)
	}
	b := r.b[:n]
	r.b = r.b[n:]
	return b
}

func (r *eventReader) string() string {
	s, rest, ok := strings.Cut(string(r.b), "\x00")
	if !ok {
		r.short = true
	}
	r.b = []byte(rest)
	return s
}

func (r *eventReader) job() *EventJob {
	b := r.take(eventJobSize)
	ne := binary.NativeEndian
	return &EventJob{
		int64(ne.Uint64(b)), int64(ne.Uint64(b[8:])), int64(ne.Uint64(b[16:])), int32(ne.Uint32(b[24:])), int32(ne.Uint32(b[28:])),
		ne.Uint16(b[32:]), ne.Uint16(b[34:]), ne.Uint16(b[36:]), ne.Uint16(b[38:]), r.string(), r.string(), r.string(), r.string(),
	}
}

func (r *eventReader) modem() *EventModem {
	m := &EventModem{DevID: r.string(), Number: r.string(), CommID: r.string()}
	b := r.take(8)
	m.State, m.Poll = b[0], b[1] == 'P'
	m.Capabilities, m.Priority = binary.NativeEndian.Uint32(b[2:]), binary.NativeEndian.Uint16(b[6:])
	return m
}
