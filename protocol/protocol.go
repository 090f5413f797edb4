// Package protocol is the vocabulary of the HylaFAX client-server protocol that both sides share.
// It follows hfaxd(8), whose protocol is the File Transfer Protocol (RFC 959, with RFC 2428 for
// IPv6) plus commands for jobs, and the manual pages faxstat(1) for the format strings and sendq(5)
// for what a job consists of.
//
// The package holds the names of commands and job parameters, reply codes, the grammar of a command
// line, the printf-like format strings of the listings, and the notations of time. It does no input
// or output: package client speaks the protocol, package server answers it.
package protocol

// DefaultPort is the TCP port of the service "hylafax" (hfaxd(8), option -i).
const DefaultPort = 4559

// DefaultJob is the name of the job that every session starts with: JNEW copies the parameters of
// the current job, which is this one after login.
const DefaultJob = "default"

// MaxLine is the longest command line a server accepts, without the line end. HylaFAX's buffer has
// 512 octets and cuts what is longer into several commands; a longer line is refused here.
const MaxLine = 510

// Dir is the name of a directory of the spool as clients see it.
type Dir string

// The directories of the spool that have a listing format of their own.
const (
	DirStatus  Dir = "status"
	DirSend    Dir = "sendq"
	DirDone    Dir = "doneq"
	DirDoc     Dir = "docq"
	DirReceive Dir = "recvq"
	DirPoll    Dir = "pollq"
	DirArchive Dir = "archive"
	DirLog     Dir = "log"
	DirTmp     Dir = "tmp"
	DirInfo    Dir = "info"
	DirEtc     Dir = "etc"
)
