// Package line is the driver of fax lines: it joins IAX2 calls (package iax),
// fax sessions (package modemdrv) and the spool (package spool), and is what
// faxgetty(8) and faxsend(8) are in HylaFAX, for any number of lines in one
// process.
//
// A [Process] owns the sockets and the lines. A line registers at its exchange,
// takes calls and receives into recvq, and sends the jobs that a scheduler
// hands over by package linectl. What a call teaches is written into the job
// file before it is reported.
//
// Each call has one goroutine of package iax that drives its session; disk
// writes that must come before a confirmation happen there, in the silence
// between two transmissions. Everything else of a line runs under its mutex.
//
// This is the only package of the modem family that knows real time, files and
// the network. The states of a line are in docs/line.md.
package line
