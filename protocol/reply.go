package protocol

import (
	"errors"
	"fmt"
)

// Code is the three-digit code of a reply (RFC 959, 4.2). The first digit tells the client what to
// do next: 1 wait for more, 2 done, 3 send the rest, 4 try again later, 5 do not repeat.
type Code int

// The reply codes of hfaxd. Clients decide by them; texts are for people, except where a comment
// says that clients read them.
const (
	CodeWarning            Code = 130 // about the client's host name; comes before the greeting
	CodeDataOpen           Code = 150 // data connection about to open; STOT and STOU name the file in it
	CodeOK                 Code = 200 // also JNEW, whose text holds "jobid: N groupid: N"
	CodeStatus             Code = 211 // STAT
	CodeParameter          Code = 213 // JPARM, IDLE, SIZE, MDTM
	CodeNoCover            Code = 214 // JPARM COVER without a cover page
	CodeHelp               Code = 214
	CodeSystem             Code = 215
	CodeWaitDone           Code = 216 // JWAIT
	CodeJobState           Code = 217 // JPARM without arguments
	CodeReady              Code = 220
	CodeGoodbye            Code = 221
	CodeAborted            Code = 225 // ABOR with nothing to abort
	CodeTransferDone       Code = 226
	CodePassive            Code = 227
	CodeExtendedPassive    Code = 229
	CodeLoggedIn           Code = 230
	CodeSecurityOK         Code = 234 // AUTH accepted (RFC 4217)
	CodeFileOK             Code = 250
	CodePath               Code = 257
	CodeNeedPassword       Code = 331
	CodeRestart            Code = 350
	CodeNotInitialised     Code = 420
	CodeTimeout            Code = 421 // the connection closes; clients act on it
	CodeNoDataConnection   Code = 425
	CodeTransferAborted    Code = 426
	CodeBusy               Code = 450
	CodeServerError        Code = 451
	CodeWriteFailed        Code = 452
	CodeSchedulerFailed    Code = 460 // faxq did not do what was asked
	CodeSyntax             Code = 500
	CodeParameterSyntax    Code = 501
	CodeNotImplemented     Code = 502
	CodeBadValue           Code = 503 // value, order or permission of a parameter
	CodeBadJob             Code = 504 // not possible for this job; faxrm tries JDELE after it
	CodeNotLoggedIn        Code = 530
	CodePolicy             Code = 533 // protection level refused by policy (RFC 2228)
	CodeNeedsProtection    Code = 534
	CodeFileUnavailable    Code = 550
	CodeReadFailed         Code = 551
	CodeFileNameNotAllowed Code = 553
	CodeDuplicate          Code = 556 // JSUBM of a job whose DUPKEY was used; the text holds "jobid: N" of that one; ours
)

// Class is the first digit of a reply code.
func (c Code) Class() int { return int(c) / 100 }

// Preliminary reports whether another reply follows.
func (c Code) Preliminary() bool { return c.Class() == 1 }

// Complete reports whether the command succeeded.
func (c Code) Complete() bool { return c.Class() == 2 }

// Intermediate reports whether the server waits for the rest of a sequence of commands.
func (c Code) Intermediate() bool { return c.Class() == 3 }

// Error is a negative reply: on the client side what the server said, on the server side what is to
// be said.
type Error struct {
	Code Code
	Text string // without code and line end
}

// Error returns code and text as the wire shows them, which is what HylaFAX's clients print.
func (e *Error) Error() string { return fmt.Sprintf("%03d %s", int(e.Code), e.Text) }

// Errorf makes an Error.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Text: fmt.Sprintf(format, args...)}
}

// CodeOf returns the reply code that an error carries, or 0.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return 0
}
