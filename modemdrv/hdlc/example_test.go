package hdlc_test

import (
	"fmt"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/hdlc"
)

type printer struct{}

func (printer) Flags()                        { fmt.Println("preamble") }
func (printer) Frame(payload []byte, ok bool) { fmt.Printf("frame % X, FCS good: %v\n", payload, ok) }
func (printer) Abort()                        { fmt.Println("idle") }

// One second of flags and a DCN, as T.30 signals it at 300 bit/s.
func Example() {
	dcn := []byte{0xFF, 0x13, 0xFB}
	encoder := hdlc.NewEncoder(hdlc.Spacing{Preamble: hdlc.FlagsFor(time.Second, 300), Closing: 2}, hdlc.Frames(dcn))
	decoder := hdlc.NewDecoder(printer{}, 3)
	for {
		bits, n := encoder.ReadBits(8)
		decoder.WriteBits(bits, n)
		if n < 8 {
			break
		}
	}
	// Output:
	// preamble
	// frame FF 13 FB, FCS good: true
}
