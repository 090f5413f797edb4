package qam

// Mode is what a receiver has to know about one rate of one modulation.
type Mode struct {
	Pulse Pulse
	// AltWindow is over how many half symbols alternations are looked for, a
	// multiple of 4; they last longer than that.
	AltWindow int
	// Alternation are the two points of the alternations, in their order.
	Alternation [2]complex64
	// Training holds the known points right after the alternations.
	Training []complex64
	// Match is how many of them tell where the alternations ended.
	Match int
	// LeastSquares is how many of them the equalizer is first computed from.
	LeastSquares int
	// ShortTraining is how many of Training the short sequence has; 0 where there
	// is none.
	ShortTraining int
	// Bridge is how many symbols of unknown points, each one of BridgePoints,
	// follow a long training.
	Bridge       int
	BridgePoints []complex64
	// MaxError is the mean squared error, relative to the mean power of data, with
	// which training still counts as successful.
	MaxError float64
}

// Decoder takes the equalized symbols of the data (and of the scrambled ones
// that end training) and delivers bits.
type Decoder interface {
	// Start tells that the next symbol is the first after training, or, where it is
	// not known how many symbols of training are still to come (hunt), one before
	// it: then bits count from where the ones that end training are found.
	Start(hunt bool)
	// Decide takes the next symbol, of mean square 1, and returns the point that
	// was most probably sent, as far as can be told at once.
	Decide(y complex64) complex64
	// Finish tells that the carrier ended, and that the latest drop symbols were
	// taken after that: the bits of all before are delivered, and none of theirs.
	Finish(drop int)
}
