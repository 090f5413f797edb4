// Package crash holds the crash test (make crash): faxq, hfaxd and the processes
// of the lines are killed at random moments, hundreds of times, while clients
// submit and the lines send to a far end that keeps a ledger. Afterwards every
// job must be where its record says: delivered exactly once, or reported as
// failed or unconfirmed with truth.
//
// It needs Go and nothing else. What it kills are processes that it started.
// The far end is in the test's own process, so its memory outlives them all.
package crash
