package level

import (
	"math"
	"testing"
)

func TestLevels(t *testing.T) {
	if got := Amplitude(3.14); math.Abs(got-32768) > 1e-6 {
		t.Errorf("Amplitude(3.14) = %v, want full scale", got)
	}
	for _, dB := range []float64{-70, -13, 0, 3.14} {
		if got := DBm0(RMS(dB) * RMS(dB)); math.Abs(got-dB) > 1e-9 {
			t.Errorf("DBm0(RMS(%v)^2) = %v", dB, got)
		}
	}
	if DBm0(0) != -99 {
		t.Error("silence is not -99 dBm0")
	}
}
