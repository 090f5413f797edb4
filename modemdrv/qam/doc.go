// Package qam is what the fast modems of Group 3 facsimile share: pulse shaping
// and modulation for the transmitters, and for the receivers the whole path
// from samples to equalized symbols: front end and resampler, detection of
// training, equalizer, carrier and timing loops, and the end of the carrier.
//
// The packages v27ter, v29 and v17 add what their Recommendations say:
// training sequences, constellations, coding, scramblers. Nothing here knows
// bits; everything here is symbols (complex points) and samples (8000 a second).
//
// It is not a general modem library: one carrier, one symbol rate at a time,
// half duplex, training sequences that are known to the last symbol.
package qam
