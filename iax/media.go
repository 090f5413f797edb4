package iax

// FrameSamples is the length of the frames that a call sends: 20 ms.
const FrameSamples = 160

// Media is what the audio of a call is connected to. The call's own goroutine
// calls it, one method at a time; it must not block. Samples are 16 bit linear,
// 8000 a second, at every codec.
type Media interface {
	// Receive takes the next samples from the far end, in order and without
	// gap. The slice is only valid during the call.
	Receive(pcm []int16)
	// Conceal tells that the next n samples given to Receive are made up in
	// place of samples that were lost on the way.
	Conceal(n int)
	// Transmit fills out with the next samples to send. It is called every
	// 20 ms with FrameSamples places.
	Transmit(out []int16)
	// Done tells that the media is through with the call: the call is hung
	// up with normal clearing after what Transmit gave so far was sent.
	Done() bool
}
