package wire

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"time"
)

// A capture holds the frames of a call as a pcap file, which Wireshark reads:
// raw IP packets with UDP headers made up around the frames. Frames stand in it
// in the clear, passwords blanked.

const (
	captureMagic   = 0xa1b2c3d4 // microseconds, octets of the writer's order
	captureRaw     = 101        // LINKTYPE_RAW: packets begin with the IP header
	captureHead    = 24
	capturePacket  = 16
	ip4Head        = 20
	ip6Head        = 40
	udpHead        = 8
	protocolUDP    = 17
	captureTTL     = 64
	captureLongest = MaxDatagram + ip6Head + udpHead
)

// ErrNotCapture says that a file is none that this package writes.
var ErrNotCapture = errors.New("iax: this is no capture of frames")

// AppendCaptureHeader writes what a capture begins with.
func AppendCaptureHeader(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, captureMagic)
	b = binary.LittleEndian.AppendUint16(b, 2) // version 2.4
	b = binary.LittleEndian.AppendUint16(b, 4)
	b = append(b, make([]byte, 8)...) // time zone, accuracy
	b = binary.LittleEndian.AppendUint32(b, captureLongest)
	return binary.LittleEndian.AppendUint32(b, captureRaw)
}

// AppendCaptured writes one frame of a capture.
func AppendCaptured(b []byte, at time.Time, from, to netip.AddrPort, frame []byte) []byte {
	head := ip4Head
	src, dst := from.Addr().Unmap(), to.Addr().Unmap()
	if !src.Is4() && dst.Is4() { // a socket that is bound to no address
		src = netip.IPv4Unspecified()
	}
	if src.Is4() && !dst.Is4() {
		dst = netip.IPv4Unspecified()
	}
	if !src.Is4() {
		head = ip6Head
	}
	n := udpHead + len(frame)
	b = binary.LittleEndian.AppendUint32(b, uint32(at.Unix()))            //nolint:gosec // until 2106
	b = binary.LittleEndian.AppendUint32(b, uint32(at.Nanosecond()/1000)) //nolint:gosec // below a million
	b = binary.LittleEndian.AppendUint32(b, uint32(head+n))               //nolint:gosec // a datagram
	b = binary.LittleEndian.AppendUint32(b, uint32(head+n))               //nolint:gosec // a datagram
	if head == ip4Head {
		b = append(b, 0x45, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(head+n)) //nolint:gosec // a datagram
		b = append(b, 0, 0, 0, 0, captureTTL, protocolUDP, 0, 0)
	} else {
		b = append(b, 0x60, 0, 0, 0)
		b = binary.BigEndian.AppendUint16(b, uint16(n)) //nolint:gosec // a datagram
		b = append(b, protocolUDP, captureTTL)
	}
	b = append(append(b, src.AsSlice()...), dst.AsSlice()...)
	b = binary.BigEndian.AppendUint16(b, from.Port())
	b = binary.BigEndian.AppendUint16(b, to.Port())
	b = binary.BigEndian.AppendUint16(b, uint16(n)) //nolint:gosec // a datagram
	b = append(b, 0, 0)                             // no checksum
	start := len(b)
	b = append(b, frame...)
	blankPassword(b[start:])
	return b
}

// blankPassword overwrites the password in a frame.
func blankPassword(frame []byte) {
	var f Full
	if kind, _ := Peek(frame); kind != KindFull || ParseFull(frame, &f) != nil || f.Type != TypeIAX {
		return
	}
	ies, _ := ParseIEs(f.Data)
	if secret, ok := ies.Get(IEPassword); ok { // it aliases frame
		for i := range secret {
			secret[i] = '*'
		}
	}
}

// Captured is a frame of a capture.
type Captured struct {
	At       time.Time
	From, To netip.AddrPort
	Frame    []byte // valid until the next one is read
}

// ReadCapture gives the frames of a capture in order to f.
func ReadCapture(r io.Reader, f func(Captured)) error {
	in := bufio.NewReader(r)
	var head [captureHead]byte
	if _, err := io.ReadFull(in, head[:]); err != nil || binary.LittleEndian.Uint32(head[:]) != captureMagic ||
		binary.LittleEndian.Uint32(head[20:]) != captureRaw {
		return ErrNotCapture
	}
	var packet [captureLongest]byte
	for n := 1; ; n++ {
		var p [capturePacket]byte
		if _, err := io.ReadFull(in, p[:]); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return fmt.Errorf("iax: packet %d of the capture: %w", n, err)
		}
		size := binary.LittleEndian.Uint32(p[8:])
		if size > captureLongest {
			return fmt.Errorf("iax: packet %d of the capture: %w", n, ErrTooLong)
		}
		b := packet[:size]
		if _, err := io.ReadFull(in, b); err != nil {
			return fmt.Errorf("iax: packet %d of the capture: %w", n, err)
		}
		c, err := parseCaptured(b)
		if err != nil {
			return fmt.Errorf("iax: packet %d of the capture: %w", n, err)
		}
		c.At = time.Unix(int64(binary.LittleEndian.Uint32(p[:])), 1000*int64(binary.LittleEndian.Uint32(p[4:])))
		f(c)
	}
}

// parseCaptured reads the headers of a packet.
func parseCaptured(b []byte) (c Captured, err error) {
	var src, dst netip.Addr
	switch {
	case len(b) >= ip4Head+udpHead && b[0] == 0x45:
		src, dst = netip.AddrFrom4([4]byte(b[12:])), netip.AddrFrom4([4]byte(b[16:]))
		b = b[ip4Head:]
	case len(b) >= ip6Head+udpHead && b[0] == 0x60:
		src, dst = netip.AddrFrom16([16]byte(b[8:])), netip.AddrFrom16([16]byte(b[24:]))
		b = b[ip6Head:]
	default:
		return c, ErrNotCapture
	}
	c.From = netip.AddrPortFrom(src, binary.BigEndian.Uint16(b))
	c.To = netip.AddrPortFrom(dst, binary.BigEndian.Uint16(b[2:]))
	c.Frame = b[udpHead:]
	return c, nil
}
