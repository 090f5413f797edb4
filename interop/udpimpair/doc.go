// Package udpimpair is a UDP proxy that spoils what passes through it, for tests
// on loopback: random and burst (Gilbert) loss, delay, jitter, reordering and
// duplication, for each direction.
//
// It listens on one address and forwards every client (a distinct source
// address) to the target from a socket of its own, so that the target sees one
// stable address per client. The fate of packet k of a direction depends only on
// the seed, the client's port (or its place among the clients), the direction and k: every packet draws the same
// number of random values, whatever happens to it.
//
// It is a tool of tests and refuses addresses that are not loopback.
package udpimpair
