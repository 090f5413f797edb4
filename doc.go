// Package litoria is the root of Litoria, a HylaFAX-compatible fax server with
// soft modems of its own. It has no code; what another program can use is in
// the packages below:
//
//   - modemdrv is a fax session over samples: modems, T.30, T.4, TIFF. It knows
//     no network and no clock.
//   - iax is IAX2 (RFC 5456): calls, registrations, many on one socket.
//   - protocol/client speaks to HylaFAX's hfaxd and to ours.
//   - spool is a HylaFAX spool directory: job files, FIFO messages, logs, locks.
//   - document makes fax pages of documents.
//
// The programs are in cmd. docs/README.md is the index of the manual, and
// docs/architecture.md the plan of the house.
package litoria
