package iax

import (
	"crypto/rsa"
	"net/netip"
	"time"
)

// AuthMethods is a set of ways to authenticate (RFC 5456 8.6.13).
type AuthMethods uint16

// Authentication methods.
const (
	AuthPlaintext AuthMethods = 1 << 0
	AuthMD5       AuthMethods = 1 << 1
	AuthRSA       AuthMethods = 1 << 2
)

// Encryption says whether a call is to be encrypted (AES-128, RFC 5456 8.6.34).
type Encryption uint8

// Encryption policies.
const (
	EncryptNever  Encryption = iota // not offered
	EncryptAllow                    // offered, used if the other side wants it too
	EncryptDemand                   // a call without it is refused
)

// Account is how this side identifies itself to another one.
type Account struct {
	Username string // peer name there
	Secret   string
	Key      *rsa.PrivateKey // for RSA; Asterisk's outkey
	// Allow is the set of methods this side is ready to use; the strongest
	// that both allow is taken (RSA, MD5, plain text). Zero means RSA and MD5.
	Allow AuthMethods
}

// Registration is a peer name to keep registered at a server (RFC 5456 6.1).
type Registration struct {
	Account
	Server  string        // host or host:port (4569)
	Backups []string      // tried in turn when Server does not answer
	Refresh time.Duration // asked for; the server decides. Zero: 60 s
	// OnStatus is told each change of the state; it must not block.
	OnStatus func(RegStatus)
}

// RegState is what a registration is doing.
type RegState uint8

// States of a registration as users see them.
const (
	RegTrying     RegState = iota + 1 // asking the server
	Registered                        // the server knows where we are
	RegRejected                       // the server refuses; tried again later
	RegNoAnswer                       // the server does not answer; tried again
	RegReleased                       // ended on our wish
	RegBadAddress                     // the server's name does not resolve; tried again
)

// RegStatus reports on a registration.
type RegStatus struct {
	State    RegState
	Server   string         // the server in use
	Addr     netip.AddrPort // its address
	Apparent netip.AddrPort // our address as the server sees it
	Refresh  time.Duration  // granted by the server
	Next     time.Time      // when we register again
	RTT      time.Duration
	Text     string // sentence for people: cause of a rejection, what is wrong
}

// PresentationRestricted asks that a caller is not shown (Q.931 4.5.10).
const PresentationRestricted uint8 = 0x20

// CallerID is the identity of a caller.
type CallerID struct {
	Number string
	Name   string
	// Presentation is the Q.931 octet of presentation and screening: zero
	// allowed, 0x20 restricted, 0x43 not available.
	Presentation uint8
}

// Withheld tells that the caller does not want to be shown.
func (c CallerID) Withheld() bool { return c.Presentation&0x60 == PresentationRestricted }

// CallInfo is what is known about a call from its set-up.
type CallInfo struct {
	Incoming bool
	Remote   netip.AddrPort
	Username string // peer name given by the caller, authenticated if Auth is not zero
	Auth     AuthMethods
	Called   string // called number: the DID of an incoming call
	Context  string
	DNID     string // number as dialled originally
	Caller   CallerID
	ANI      string
	RDNIS    string // number that redirected the call here
	Language string
	Codec    Codec
	Encrypt  bool
}

// DialParams describes a call to place.
type DialParams struct {
	Account           // name and secret at the exchange; may be empty where none are asked
	Server     string // host or host:port of the exchange
	Number     string // number to call
	Context    string
	Caller     CallerID
	ANI        string
	RDNIS      string
	Codecs     []Codec // in order of preference; nil: AllCodecs
	Encryption Encryption
	// Timeout ends the call with CauseNoAnswer if it is not answered by then.
	// Zero: no limit of its own.
	Timeout time.Duration
	// NoTransfer refuses transfers (RFC 5456 6.5): the exchange stays in the
	// path of the call.
	NoTransfer bool
	Trunk      TrunkMode // how audio is sent
}
