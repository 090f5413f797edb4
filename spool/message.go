package spool

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// Letters of the messages to faxq's FIFO (hylafax-server(5), faxq(8)). Those
// that come from a client carry the name of the client's FIFO between the
// letter and a colon and are answered there: the letter and * (done) or !
// (refused).
const (
	CmdSubmit        = 'S' // job: submitted, resumed or altered
	CmdSuspend       = 'X' // job: suspend; a call that is on is finished first
	CmdInterrupt     = 'Y' // job: suspend, ending a call
	CmdKill          = 'K' // job: end it
	CmdRemove        = 'R' // job: end it and remove it
	CmdUnreference   = 'U' // prepared document that a job needs no longer
	CmdTrigger       = 'T' // interests (ParseInterests): answered with T* and the trigger's number
	CmdDeleteTrigger = 'D' // number of a trigger
	CmdConfig        = 'C' // configuration parameter
	CmdNothing       = 'N' // is anybody there?
	CmdDebug         = 'Z' // write the state to the log
	CmdQuit          = 'Q' // end; not answered
	CmdModem         = fromModem
	CmdJob           = fromJob
	CmdReceive       = fromReceive
)

// Letters of a job's messages to faxq (JobStatus), from the process that makes
// the call.
const (
	JobCalled     = "c" // the number was dialled
	JobConnected  = "C" // a fax answered
	JobPage       = "d" // a page was sent: SendInfo
	JobDocument   = "D" // a document was sent: SendInfo
	JobPolled     = "p" // a document was polled: RecvInfo
	JobPollsEnded = "P" // the poll is over: SendInfo
)

// Letters of a reception's messages to faxq (RecvStatus).
const (
	RecvBegin    = "B" // a call was answered
	RecvEnd      = "E" // it is over
	RecvStart    = "S" // parameters are agreed on: RecvInfo
	RecvPage     = "P" // a page was received: RecvInfo
	RecvDocument = "D" // a document was received: RecvInfo
)

// Letters of a line's messages besides those of faxes (ModemStatus).
const (
	ModemDataBegin  = "d" // a data call
	ModemDataEnd    = "e"
	ModemVoiceBegin = "v" // a voice call
	ModemVoiceEnd   = "w"
)

// Hello is what faxq sends to every line's and client's FIFO when it begins.
const Hello = "HELLO"

// Message is a message to faxq.
type Message struct {
	Cmd  byte
	From string // FIFO of a client (client/123), line or job; may be empty
	Args string
}

// ErrMessage is wrapped by the errors of messages that cannot be understood.
var ErrMessage = errors.New("not a message")

// ParseMessage takes a message to faxq apart.
func ParseMessage(s string) (Message, error) {
	if s == "" {
		return Message{}, fmt.Errorf("%w: it is empty", ErrMessage)
	}
	m := Message{Cmd: s[0], Args: s[1:]}
	if from, args, ok := strings.Cut(s[1:], ":"); ok {
		m.From, m.Args = from, args
	}
	switch m.Cmd {
	case CmdModem, CmdReceive:
		if err := CheckDevID(m.From); err != nil {
			return m, fmt.Errorf("%w: %q: %w", ErrMessage, clip(s), err)
		}
	case CmdJob:
		if m.From == "" {
			return m, fmt.Errorf("%w: %q names no job", ErrMessage, clip(s))
		}
	case CmdSubmit, CmdSuspend, CmdInterrupt, CmdKill, CmdRemove, CmdUnreference, CmdTrigger, CmdDeleteTrigger, CmdConfig, CmdNothing, CmdDebug, CmdQuit:
		// A parameter of CmdConfig has a colon of its own, and no FIFO when it was
		// typed by hand.
		if m.Cmd == CmdConfig && !strings.HasPrefix(m.From, Client+"/") {
			m.From, m.Args = "", s[1:]
		}
		if m.From != "" {
			if err := CheckName(m.From); err != nil {
				return m, fmt.Errorf("%w: %q: %w", ErrMessage, clip(s), err)
			}
		}
	default:
		return m, fmt.Errorf("%w: %q begins with no known letter", ErrMessage, clip(s))
	}
	return m, nil
}

// String is the message as it goes through the FIFO.
func (m Message) String() string {
	if m.From == "" {
		return string(m.Cmd) + m.Args
	}
	return string(m.Cmd) + m.From + ":" + m.Args
}

// Answer is what faxq answers to the message of a client.
func (m Message) Answer(done bool) string {
	if done {
		return string(m.Cmd) + "*"
	}
	return string(m.Cmd) + "!"
}

// SendInfo goes with JobPage and JobDocument.
type SendInfo struct {
	Seconds uint32 // time on the line for this page or document
	NPages  int    // number of the page; pages of the document
	Params  uint32 // Params.Encode
	CommID  string
	File    string // relative to the spool
}

// String is the text behind the letter, as HylaFAX writes it.
func (i SendInfo) String() string {
	return fmt.Sprintf("%x,%x,%x,%s,\"%s\"", i.Seconds, i.NPages, i.Params, i.CommID, oneLine(i.File))
}

// ParseSendInfo reads the text behind the letter.
func ParseSendInfo(s string) (SendInfo, error) {
	f := splitInfo(s)
	if len(f) < 5 {
		return SendInfo{}, fmt.Errorf("%w: %q has not five fields", ErrMessage, clip(s))
	}
	n, err := hexFields(f[:3])
	return SendInfo{n[0], int(n[1] & 0xffff), n[2], f[3], f[4]}, err
}

// RecvInfo goes with RecvStart, RecvPage, RecvDocument and JobPolled.
type RecvInfo struct {
	Seconds uint32
	NPages  int
	Params  uint32
	File    string // recvq/faxNNNNNNNNN.tif
	CommID  string
	Sender  string // TSI
	Passwd  string
	SubAddr string
	Reason  string // what went wrong; empty: nothing
	CallIDs []string
}

// String is the text behind the letter, as HylaFAX writes it.
func (i RecvInfo) String() string {
	ids := make([]string, len(i.CallIDs))
	for n, id := range i.CallIDs {
		ids[n] = oneLine(id)
	}
	return fmt.Sprintf("%x,%x,%x,%s,%s,\"%s\",\"%s\",\"%s\",\"%s\",\"%s\"", i.Seconds, i.NPages, i.Params, i.File, i.CommID,
		oneLine(i.Sender), oneLine(i.Passwd), oneLine(i.SubAddr), oneLine(i.Reason), strings.Join(ids, `","`))
}

// ParseRecvInfo reads the text behind the letter.
func ParseRecvInfo(s string) (RecvInfo, error) {
	f := splitInfo(s)
	if len(f) < 9 {
		return RecvInfo{}, fmt.Errorf("%w: %q has not nine fields", ErrMessage, clip(s))
	}
	n, err := hexFields(f[:3])
	i := RecvInfo{n[0], int(n[1] & 0xffff), n[2], f[3], f[4], f[5], f[6], f[7], f[8], nil}
	if len(f) > 9 && (len(f) > 10 || f[9] != "") { // one empty identity is none
		i.CallIDs = f[9:]
	}
	return i, err
}

// splitInfo splits at commas outside quote marks, which are taken off.
func splitInfo(s string) []string {
	var fields []string
	for {
		var f string
		if strings.HasPrefix(s, `"`) {
			end := strings.Index(s[1:], `"`)
			if end < 0 {
				return fields
			}
			f, s = s[1:1+end], s[2+end:]
		} else {
			end := strings.IndexByte(s, ',')
			if end < 0 {
				end = len(s)
			}
			f, s = s[:end], s[end:]
		}
		fields = append(fields, f)
		if !strings.HasPrefix(s, ",") {
			return fields
		}
		s = s[1:]
	}
}

func hexFields(f []string) (n [3]uint32, err error) {
	for i, s := range f {
		v, err := strconv.ParseUint(s, 16, 32)
		if err != nil {
			return n, fmt.Errorf("%w: %q is not a hexadecimal number", ErrMessage, clip(s))
		}
		n[i] = uint32(v)
	}
	return n, nil
}

// oneLine makes a text safe between quote marks of a message.
func oneLine(s string) string {
	return strings.NewReplacer(`"`, "'", "\n", " ", "\r", " ", "\x00", " ").Replace(s)
}
