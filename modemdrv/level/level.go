// Package level converts between dBm0 and samples. Full scale follows ITU-T
// Recommendation G.711: a sine that just reaches it has 3.14 dBm0 (the
// theoretical load capacity is 3.17 for u-law and 3.14 for A-law).
//
// It measures nothing; it is arithmetic that transmitters, detectors and tests share.
package level

import "math"

const (
	fullScaleSine = 3.14    // dBm0
	fullScale     = 1 << 15 // samples
	silent        = -99     // dBm0 that DBm0 gives for no power at all
)

// RMS gives the root mean square, in sample units, of a signal of dBm0.
func RMS(dBm0 float64) float64 {
	return fullScale / math.Sqrt2 * math.Pow(10, (dBm0-fullScaleSine)/20)
}

// Amplitude gives the peak, in sample units, of a sine of dBm0.
func Amplitude(dBm0 float64) float64 { return math.Sqrt2 * RMS(dBm0) }

// DBm0 gives the level of a mean square, -99 for none.
func DBm0(meanSquare float64) float64 {
	if meanSquare <= 0 {
		return silent
	}
	return 10*math.Log10(meanSquare/(fullScale*fullScale/2)) + fullScaleSine
}
