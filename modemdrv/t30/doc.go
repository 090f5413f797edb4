// Package t30 is the fax session of ITU-T Recommendation T.30 (2005) with its
// error correction (Annex A), as a machine that does no input or output: events
// of the line and the time go in, actions for the line come out.
//
// It speaks in the terms of fax: send these frames with V.21, send the training
// check at V.17 14400, receive an image or V.21, whichever comes. It knows no
// samples of sound (time alone is counted in them, 8000 a second), no modem
// and no files, so that what carries it may be the soft modems of package
// modemdrv, T.38, or a hardware modem. It neither codes nor decodes images: it
// asks a Document for the code of a page, and gives code to a Receiver.
//
// The machine has one named State at a time. Machine.Start, Machine.Handle and
// Machine.Advance return what is to be done now, in order; Machine.NextDeadline
// tells when Advance is due. See docs/t30.md for the diagrams.
//
// It is not V.34 fax (Annex F), nor colour, binary file transfer or Internet
// fax: those bits of DIS are read over, and never set.
package t30
