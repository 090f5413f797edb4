package record

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// WAVHeaderLength is how many octets Header gives.
const WAVHeaderLength = 44

const (
	wavRate   = 8000
	octetsPer = 2 // octets of a sample
)

// Header is that of a WAV file with n samples; n below 0 where the number is not
// known yet.
func Header(n int64) []byte {
	data := uint32(0xFFFFFFFF - WAVHeaderLength)
	if n >= 0 && n*octetsPer < int64(data) {
		data = uint32(n * octetsPer) //nolint:gosec // bounded
	}
	b := append(make([]byte, 0, WAVHeaderLength), "RIFF"...)
	b = binary.LittleEndian.AppendUint32(b, data+WAVHeaderLength-8)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	b = binary.LittleEndian.AppendUint16(b, 1) // linear
	b = binary.LittleEndian.AppendUint16(b, 1) // channel
	b = binary.LittleEndian.AppendUint32(b, wavRate)
	b = binary.LittleEndian.AppendUint32(b, wavRate*octetsPer)
	b = binary.LittleEndian.AppendUint16(b, octetsPer)
	b = binary.LittleEndian.AppendUint16(b, 8*octetsPer)
	b = append(b, "data"...)
	return binary.LittleEndian.AppendUint32(b, data)
}

var errWAV = errors.New("this is no WAV file of a recording (linear, 16 bits, 8000 Hz, one channel)")

// wavReader reads samples of a WAV file.
type wavReader struct {
	r   io.Reader
	buf []byte
}

func openWAV(r io.Reader) (*wavReader, error) {
	var head [WAVHeaderLength]byte
	if _, err := io.ReadFull(r, head[:]); err != nil {
		return nil, errWAV
	}
	want := Header(0)
	if string(head[:4]) != "RIFF" || string(head[8:40]) != string(want[8:40]) {
		return nil, errWAV
	}
	return &wavReader{r: r}, nil
}

// next reads n samples; the slice is good until the next call.
func (w *wavReader) next(pcm []int16) error {
	n := len(pcm) * octetsPer
	if cap(w.buf) < n {
		w.buf = make([]byte, n)
	}
	b := w.buf[:n]
	if _, err := io.ReadFull(w.r, b); err != nil {
		return fmt.Errorf("the WAV file ends too early: %w", err)
	}
	for i := range pcm {
		pcm[i] = int16(binary.LittleEndian.Uint16(b[octetsPer*i:])) //nolint:gosec // the bits are meant
	}
	return nil
}

func appendPCM(b []byte, pcm []int16) []byte {
	for _, s := range pcm {
		b = binary.LittleEndian.AppendUint16(b, uint16(s)) //nolint:gosec // the bits are meant
	}
	return b
}
