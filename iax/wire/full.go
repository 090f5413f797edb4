package wire

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// CallNumber identifies a call at one end; 15 bits (RFC 5456 5.2). Zero means
// none yet.
type CallNumber uint16

// MaxCallNumber is the largest call number.
const MaxCallNumber CallNumber = 0x7fff

// Sizes of headers in octets (RFC 5456 8.1).
const (
	FullHeaderLen  = 12
	MiniHeaderLen  = 4
	MetaHeaderLen  = 4
	TrunkHeaderLen = 8
	VideoHeaderLen = 6
)

// MaxDatagram is the longest datagram this package writes or reads: what fits
// an Ethernet frame with room for tunnels. Limit of this implementation.
const MaxDatagram = 4096

const flagBit = 0x8000 // F bit of the source, R bit of the destination

// Errors of the parsers.
var (
	ErrShort     = errors.New("iax: frame cut off")
	ErrNotFull   = errors.New("iax: not a full frame")
	ErrNotMini   = errors.New("iax: not a mini frame")
	ErrNotMeta   = errors.New("iax: not a meta frame")
	ErrMalformed = errors.New("iax: malformed frame")
	ErrTooLong   = errors.New("iax: frame too long")
)

// Full is a full frame (RFC 5456 8.1.1): delivered reliably, numbered, and the
// only kind that carries signalling.
type Full struct {
	Source     CallNumber
	Dest       CallNumber
	Retransmit bool   // R bit: sent before
	Timestamp  uint32 // ms since the sender's start of the call
	OSeq       uint8  // number of this frame
	ISeq       uint8  // next frame expected from the other side
	Type       FrameType
	Subclass   uint64 // decompressed: a value, or a single bit of a format
	Data       []byte // information elements, audio, text
}

// Kind of a datagram, told from its first octets.
type Kind uint8

// Kinds of datagrams (RFC 5456 8.1).
const (
	KindInvalid Kind = iota
	KindFull
	KindMini
	KindTrunk // meta trunk frame
	KindVideo // meta video frame
	KindMeta  // a meta command that this package does not know
)

// Peek tells the kind of a datagram and, for full, mini and video frames, the
// call number of the sender, without parsing the rest.
func Peek(b []byte) (k Kind, source CallNumber) {
	if len(b) < MiniHeaderLen {
		return KindInvalid, 0
	}
	first := binary.BigEndian.Uint16(b)
	switch {
	case first&flagBit != 0:
		if len(b) < FullHeaderLen {
			return KindInvalid, 0
		}
		return KindFull, CallNumber(first &^ flagBit)
	case first != 0:
		return KindMini, CallNumber(first)
	case b[2]&0x80 != 0: // V bit: a video frame, 8.1.3.1
		if len(b) < VideoHeaderLen {
			return KindInvalid, 0
		}
		return KindVideo, CallNumber(binary.BigEndian.Uint16(b[2:]) &^ flagBit)
	case b[2] == metaTrunk:
		if len(b) < TrunkHeaderLen {
			return KindInvalid, 0
		}
		return KindTrunk, 0
	}
	return KindMeta, 0
}

// PeekDest gives the destination call number of a datagram that Peek called
// KindFull.
func PeekDest(b []byte) CallNumber {
	return CallNumber(binary.BigEndian.Uint16(b[2:]) &^ flagBit)
}

// ParseFull reads a full frame. Data aliases b.
func ParseFull(b []byte, f *Full) error {
	if len(b) < 2 {
		return ErrShort
	}
	source := binary.BigEndian.Uint16(b)
	if source&flagBit == 0 {
		return ErrNotFull
	}
	if len(b) < FullHeaderLen {
		return ErrShort
	}
	dest := binary.BigEndian.Uint16(b[2:])
	sub, err := expandSubclass(b[11])
	if err != nil {
		return err
	}
	*f = Full{
		Source:     CallNumber(source &^ flagBit),
		Dest:       CallNumber(dest &^ flagBit),
		Retransmit: dest&flagBit != 0,
		Timestamp:  binary.BigEndian.Uint32(b[4:]),
		OSeq:       b[8],
		ISeq:       b[9],
		Type:       FrameType(b[10]),
		Subclass:   sub,
		Data:       b[FullHeaderLen:],
	}
	return nil
}

// Append writes the frame behind b.
func (f *Full) Append(b []byte) ([]byte, error) {
	sub, err := compressSubclass(f.Subclass)
	if err != nil {
		return b, err
	}
	if FullHeaderLen+len(f.Data) > MaxDatagram {
		return b, ErrTooLong
	}
	dest := uint16(f.Dest & MaxCallNumber)
	if f.Retransmit {
		dest |= flagBit
	}
	b = binary.BigEndian.AppendUint16(b, uint16(f.Source)|flagBit)
	b = binary.BigEndian.AppendUint16(b, dest)
	b = binary.BigEndian.AppendUint32(b, f.Timestamp)
	b = append(b, f.OSeq, f.ISeq, byte(f.Type), sub)
	return append(b, f.Data...), nil
}

// MarkRetransmitted sets the R bit of an encoded full frame and puts in the
// receive sequence number of now (RFC 5456 8.1.1).
func MarkRetransmitted(frame []byte, iseq uint8) {
	frame[2] |= flagBit >> 8
	frame[9] = iseq
}

// subclassPower is the C bit: the other bits are a power of two (8.1.1).
const subclassPower = 0x80

// maxSubclassShift keeps the power in 64 bits.
const maxSubclassShift = 63

func expandSubclass(c byte) (uint64, error) {
	if c&subclassPower == 0 {
		return uint64(c), nil
	}
	if c == 0xff {
		return SubclassStopSounds, nil // Asterisk: -1
	}
	shift := c &^ subclassPower
	if shift > maxSubclassShift {
		return 0, fmt.Errorf("%w: subclass 2^%d", ErrMalformed, shift)
	}
	return 1 << shift, nil
}

func compressSubclass(v uint64) (byte, error) {
	if v < subclassPower {
		return byte(v), nil
	}
	if v == SubclassStopSounds {
		return 0xff, nil
	}
	for shift := byte(0); shift <= maxSubclassShift; shift++ {
		if v == 1<<shift {
			return subclassPower | shift, nil
		}
	}
	return 0, fmt.Errorf("%w: subclass %d is neither below 128 nor a power of two", ErrMalformed, v)
}
