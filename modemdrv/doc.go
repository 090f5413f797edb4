// Package modemdrv is a fax session over sound: Session joins the T.30 machine
// (package t30) with the modems (v21, v27ter, v29, v17), HDLC and tones, and is
// driven by samples alone. It implements the Media of package iax, but does not
// import it: whatever brings 8000 samples a second in and takes as many out can
// be the line.
//
// There is no clock, goroutine or file here: the same samples in give the same
// samples out and the same pages, bit for bit, as fast as the processor allows.
// Real time, the network and the spool are joined in package line.
//
// Pages come from a Document and go to a PageStore; the adapters in this package
// code, decode and scale them with package t4, so that what is stored need not
// be what the far end can take.
package modemdrv
