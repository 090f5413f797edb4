package wire

import "encoding/binary"

const metaTrunk = 1 // meta command (RFC 5456 8.1.3)

// TrunkEntry is the audio of one call in a trunk frame.
type TrunkEntry struct {
	Source    CallNumber
	Timestamp uint16 // only where the trunk frame carries time stamps
	Data      []byte
}

// Trunk is a meta trunk frame (RFC 5456 8.1.3.2): audio of several calls
// between two ends in one datagram. With Timestamps each entry has its own time
// stamp as in a mini frame, otherwise the frame's holds for all.
type Trunk struct {
	Timestamps bool
	Timestamp  uint32 // ms since the first trunk frame between the two ends
	Entries    []TrunkEntry
}

// ParseTrunk reads a meta trunk frame. A last entry that is cut off ends the
// frame with ErrShort; the entries before it are there. Data aliases b.
func ParseTrunk(b []byte, t *Trunk) error {
	t.Entries = t.Entries[:0]
	if len(b) < MetaHeaderLen {
		return ErrShort
	}
	if b[0] != 0 || b[1] != 0 || b[2] != metaTrunk {
		return ErrNotMeta
	}
	if len(b) < TrunkHeaderLen {
		return ErrShort
	}
	if b[3] > 1 {
		return ErrMalformed
	}
	t.Timestamps = b[3] == 1
	t.Timestamp = binary.BigEndian.Uint32(b[4:])
	for b = b[TrunkHeaderLen:]; len(b) > 0; {
		e, n := parseTrunkEntry(b, t.Timestamps)
		if n < 0 {
			return ErrShort
		}
		t.Entries = append(t.Entries, e)
		b = b[n:]
	}
	return nil
}

// parseTrunkEntry reads one entry and tells its length; n < 0 if it is cut off.
func parseTrunkEntry(b []byte, timestamps bool) (e TrunkEntry, n int) {
	head := 4
	if timestamps {
		head = 6
	}
	if len(b) < head {
		return e, -1
	}
	var size int
	if timestamps { // length, call number, time stamp
		size = int(binary.BigEndian.Uint16(b))
		e.Source = CallNumber(binary.BigEndian.Uint16(b[2:])) & MaxCallNumber
		e.Timestamp = binary.BigEndian.Uint16(b[4:])
	} else { // call number, length
		e.Source = CallNumber(binary.BigEndian.Uint16(b)) & MaxCallNumber
		size = int(binary.BigEndian.Uint16(b[2:]))
	}
	if len(b)-head < size {
		return e, -1
	}
	e.Data = b[head : head+size]
	return e, head + size
}

// Append writes the frame behind b.
func (t *Trunk) Append(b []byte) ([]byte, error) {
	start := len(b)
	kind := byte(0)
	if t.Timestamps {
		kind = 1
	}
	b = append(b, 0, 0, metaTrunk, kind)
	b = binary.BigEndian.AppendUint32(b, t.Timestamp)
	for _, e := range t.Entries {
		if t.Timestamps {
			b = binary.BigEndian.AppendUint16(b, uint16(len(e.Data)))
			b = binary.BigEndian.AppendUint16(b, uint16(e.Source))
			b = binary.BigEndian.AppendUint16(b, e.Timestamp)
		} else {
			b = binary.BigEndian.AppendUint16(b, uint16(e.Source))
			b = binary.BigEndian.AppendUint16(b, uint16(len(e.Data)))
		}
		b = append(b, e.Data...)
	}
	if len(b)-start > MaxDatagram {
		return b[:start], ErrTooLong
	}
	return b, nil
}

// Video is a meta video frame (RFC 5456 8.1.3.1). Fax has no use for it; it is
// read so that it can be named and dropped.
type Video struct {
	Source    CallNumber
	Mark      bool   // last packet of a picture
	Timestamp uint16 // 15 bits
	Data      []byte
}

// ParseVideo reads a meta video frame. Data aliases b.
func ParseVideo(b []byte, v *Video) error {
	if len(b) < VideoHeaderLen {
		return ErrShort
	}
	if b[0] != 0 || b[1] != 0 || b[2]&0x80 == 0 {
		return ErrNotMeta
	}
	ts := binary.BigEndian.Uint16(b[4:])
	*v = Video{
		Source:    CallNumber(binary.BigEndian.Uint16(b[2:]) &^ flagBit),
		Mark:      ts&flagBit != 0,
		Timestamp: ts &^ flagBit,
		Data:      b[VideoHeaderLen:],
	}
	return nil
}
