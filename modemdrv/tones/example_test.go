package tones_test

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/tones"
)

// A calling tone is told while it sounds.
func ExampleDetector() {
	detector := tones.NewDetector(func(e tones.Event) { fmt.Println(e.Tone, e.On) }, tones.CNG, tones.CED)
	cng := tones.NewCNG()
	frame := make([]int16, 160)
	for range 50 { // one second
		cng.Read(frame)
		detector.Write(frame)
	}
	// Output:
	// CNG true
	// CNG false
}
