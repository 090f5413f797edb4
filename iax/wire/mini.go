package wire

import "encoding/binary"

// Mini is a mini frame (RFC 5456 8.1.2): 20 ms of audio, not acknowledged, with
// the low half of the time stamp.
type Mini struct {
	Source    CallNumber
	Timestamp uint16 // low 16 bits, ms
	Data      []byte
}

// ParseMini reads a mini frame. Data aliases b.
func ParseMini(b []byte, m *Mini) error {
	if len(b) < MiniHeaderLen {
		return ErrShort
	}
	source := binary.BigEndian.Uint16(b)
	if source&flagBit != 0 || source == 0 {
		return ErrNotMini
	}
	*m = Mini{Source: CallNumber(source), Timestamp: binary.BigEndian.Uint16(b[2:]), Data: b[MiniHeaderLen:]}
	return nil
}

// Append writes the frame behind b.
func (m *Mini) Append(b []byte) []byte {
	b = binary.BigEndian.AppendUint16(b, uint16(m.Source&MaxCallNumber))
	b = binary.BigEndian.AppendUint16(b, m.Timestamp)
	return append(b, m.Data...)
}
