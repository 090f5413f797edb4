package tones

// Step is one piece of a Generator's cadence: one or two sines, or silence.
type Step struct {
	Hz      [2]float64 // 0: no sine
	Level   float64    // of each sine, dBm0
	Samples int
}

// Generator makes tones from steps. It implements modem.Transmitter.
type Generator struct{}

// NewGenerator makes a generator that runs through the steps, over and over if
// repeat is true.
func NewGenerator(repeat bool, steps ...Step) *Generator { return &Generator{} }

// NewCNG makes the calling tone: 1100 Hz, half a second in every three and a half, until
// it is no longer read (T.30 4.3.3.3).
func NewCNG() *Generator { return &Generator{} }

// NewCED makes the answering tone: 2100 Hz for the given number of samples,
// after T.30 4.3.3.4 between 2.6 and 4 s.
func NewCED(samples int) *Generator { return &Generator{} }

// NewDigits makes the tones of push button digits (0 to 9, A to D, * and #);
// what is not one makes a second of silence.
func NewDigits(digits string) *Generator { return &Generator{} }

// Read implements modem.Transmitter.
func (g *Generator) Read(out []int16) int { return len(out) }
