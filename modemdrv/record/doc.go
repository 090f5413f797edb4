// Package record writes down everything that a fax session is given and what it
// makes of it, and runs such a recording again, bit for bit: the same samples
// through the same demodulators and T.30, off line.
//
// A recording has three parts: what the far end sent and what we sent, each as
// WAV (linear, 16 bits, 8000 Hz, one channel), and a log of lines:
//
//	litoria-recording {JSON: what the session was to do}
//	r 160            samples received
//	t 160            samples sent
//	c 160            the next samples received are made up
//	down, abort, busy B, interrupt
//	news AT "TEXT"   what the session reported, at which sample
//	page N {JSON}    the document's page N was asked for; "page N" alone: there is none
//	code N BASE64    the code of page N; or: error "TEXT"
//	take, accept, quality, keep, write: what those said who take pages and judge callers
//
// It is no format for anything but finding faults; it opens no files (tapes are
// the caller's) and knows no IAX2: lost frames stand in it as they reached the
// session.
package record
