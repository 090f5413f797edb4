package v29_test

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/v29"
)

// letter is a modem.BitSource of a short text.
type letter struct{ bits []uint32 }

func (l *letter) ReadBits(n int) (bits uint32, got int) {
	for got < n && len(l.bits) > 0 {
		bits |= l.bits[0] << got
		l.bits = l.bits[1:]
		got++
	}
	return bits, got
}

// reader is a modem.Sink that puts bits together to octets.
type reader struct {
	text []byte
	n    int
}

func (r *reader) Status(s modem.Status) {
	if s == modem.Trained {
		fmt.Println("trained")
	}
}

func (r *reader) WriteBits(bits uint32, n int) {
	for i := range n {
		if r.n%8 == 0 {
			r.text = append(r.text, 0)
		}
		r.text[r.n/8] |= byte(bits>>i&1) << (r.n % 8)
		r.n++
	}
}

// A transmitter's samples go to a receiver, 20 ms at a time.
func Example() {
	rate := modem.Rate{Modulation: modem.V29, BitRate: 9600}
	src := &letter{}
	for _, c := range []byte("Litoria") {
		for i := range 8 {
			src.bits = append(src.bits, uint32(c>>i&1))
		}
	}
	tx, err := v29.NewTransmitter(rate, false, src)
	if err != nil {
		fmt.Println(err)
		return
	}
	sink := &reader{}
	rx, err := v29.NewReceiver(rate, sink)
	if err != nil {
		fmt.Println(err)
		return
	}
	frame := make([]int16, 160)
	for n := len(frame); n == len(frame); {
		n = tx.Read(frame)
		rx.Write(frame[:n])
	}
	rx.Write(make([]int16, 800)) // silence: the carrier has ended
	fmt.Println(string(sink.text[:7]))
	// Output:
	// trained
	// Litoria
}
