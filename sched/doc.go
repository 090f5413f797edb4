// Package sched decides which fax job goes on which line, when, and what
// follows from the result. It is the mind of faxq(8) and nothing else: no file,
// no process, no clock. It is told what happened and when, and answers with a
// list of actions for its driver (package sched/faxq) to carry out in order.
//
// The vocabulary is HylaFAX's: job states and fields of sendq(5), parameters of
// hylafax-config(5), events of faxwatch(8). docs/sched.md has the diagram of a
// job's life.
//
// A driver's loop:
//
//	for {
//		for _, a := range q.Run(now) {
//			carry out a   // Save before everything that follows it
//		}
//		wait for q.NextDeadline() or for news
//		tell q the news: Submit, Prepared, JobEnded, LineReady, ...
//	}
//
// Every method that takes news appends to the queue's actions; Run returns
// them. A Queue belongs to one goroutine.
package sched
