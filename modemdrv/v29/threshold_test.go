package v29

import (
	"flag"
	"testing"
)

var bursts = flag.Int("bursts", 0, "measure thresholds with so many bursts a point (200 give a good figure)")

func TestThreshold(t *testing.T) {
	if *bursts == 0 {
		t.Skip("a measurement of minutes: -args -bursts 200")
	}
	for bps, ideal := range limits {
		under.CheckThreshold(t, rate(bps), false, ideal, *bursts)
	}
}
