package study

import (
	"math"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

const (
	spectrumSize = 512 // samples of one piece: lines 15.6 Hz apart
	mostPieces   = 200 // of a line that is longer, as many over all of it
)

// Density gives the power density of samples in dBm0 per line of 8000/512 Hz, from 0
// to 4000 Hz: the mean of windowed pieces that overlap by half (Welch).
func Density(samples []int16) []float64 {
	power := make([]float64, spectrumSize/2+1)
	last := max(0, len(samples)-spectrumSize)
	step := max(spectrumSize/2, last/mostPieces)
	pieces := 0
	for at := 0; at <= last; at += step {
		addPiece(power, samples[at:min(at+spectrumSize, len(samples))])
		pieces++
	}
	for i, p := range power {
		power[i] = linesim.DBm0(p / float64(pieces))
	}
	return power
}

// addPiece adds the power of one piece, under Hann's window.
func addPiece(power []float64, piece []int16) {
	const windowPower = 3.0 / 8
	var x [spectrumSize]float64
	for i, v := range piece {
		x[i] = float64(v) * 0.5 * (1 - math.Cos(2*math.Pi*float64(i)/spectrumSize))
	}
	for k := range power {
		turn := 2 * math.Cos(2*math.Pi*float64(k)/spectrumSize) // Goertzel's recursion
		a, b := 0.0, 0.0
		for _, v := range x {
			a, b = v+turn*a-b, a
		}
		p := (a*a + b*b - turn*a*b) * 2 / (spectrumSize * spectrumSize * windowPower)
		if k == 0 || k == spectrumSize/2 {
			p /= 2
		}
		power[k] += p
	}
}

// Spectrum draws the spectra of signals over each other: of what arrived, or of both
// directions of a call.
func Spectrum(title string, signals ...[]int16) []byte {
	var d drawing
	p := d.panel(title+": spectrum", axis{"Hz", 0, modem.SampleRate / 2}, axis{"dBm0", -90, -10}, panelWidth, panelHeight)
	for n, s := range signals {
		density := Density(s)
		class := []string{"main", "other"}[n%2]
		p.curve(class, len(density), func(i int) (x, y float64) {
			return float64(i) * modem.SampleRate / spectrumSize, density[i]
		})
	}
	return d.svg()
}
