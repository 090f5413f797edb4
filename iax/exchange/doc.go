// Package exchange is the embedded exchange: registrar, dial plan and bridge for
// IAX2 lines, for tests, demonstrations and small sites. It reads a subset of
// Asterisk's own iax.conf(5) and extensions.conf(5), so that what is printed
// for Asterisk runs here; what it does not know it names with file and line.
// docs/exchange.md lists the subset.
//
// It is not a PBX: there is no voice mail, no queue, no transcoding beyond
// G.711 and linear, and calls are IAX2 on both sides. Where more is wanted,
// the same files serve a real Asterisk.
package exchange
