// Package faxq drives the scheduler (package sched) over a spool directory: it
// is faxq(8) but for its command line. It reads the send queue, hears the FIFO,
// prepares documents, hands jobs to lines (package linectl) or send commands,
// and files them in doneq.
//
// It decides nothing about jobs itself. What it adds is order: every change of
// a job's state is in the job file before anything is done because of it, and
// whatever a killed faxq left behind, in the middle of whatever, is understood
// at the next start from the job files and from what the lines say.
// docs/faxq.md tells how.
//
// One goroutine, Run, owns the queue and does all writing of job files; workers
// (calls, preparations, scripts) report to it.
package faxq
