package v21_test

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/hdlc"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/v21"
)

// line is what a receiver hears: frames, and the carrier's end.
type line struct{ decoder *hdlc.Decoder }

func (l *line) WriteBits(bits uint32, n int) { l.decoder.WriteBits(bits, n) }
func (l *line) Status(s modem.Status) {
	l.decoder.Reset()
	if s == modem.CarrierDown {
		fmt.Println("carrier down")
	}
}
func (l *line) Flags() {}
func (l *line) Abort() {}
func (l *line) Frame(payload []byte, ok bool) {
	fmt.Printf("% X %v\n", payload, ok)
}

// A frame goes from one end of a line to the other.
func Example() {
	frame := []byte{0xFF, 0x13, 0x8C} // MCF
	sender := v21.NewTransmitter(hdlc.NewEncoder(hdlc.Spacing{Preamble: 38, Closing: 2}, hdlc.Frames(frame)))

	l := &line{}
	l.decoder = hdlc.NewDecoder(l, 3)
	receiver := v21.NewReceiver(l)
	for buf, n := make([]int16, 160), 160; n == 160; {
		n = sender.Read(buf)
		receiver.Write(buf[:n])
	}
	receiver.Write(make([]int16, 1600))
	// Output:
	// FF 13 8C true
	// carrier down
}
