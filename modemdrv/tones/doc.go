// Package tones makes and finds the tones around a fax call: the calling tone
// CNG and the answering tones CED and ANSam (T.30 4.3.3.3 and 4.3.3.4, V.25,
// V.8), silence, the call progress tones dial, busy, congestion and ringback
// (E.180), and the digits of push button telephones (Q.23, Q.24).
//
// A tone is found by its spectrum and its cadence, so that speech, modem
// signals and noise are not taken for one. Nothing here is an echo canceller,
// and no country's tone plan is built in: the call progress tones are told
// apart by their cadence.
package tones
