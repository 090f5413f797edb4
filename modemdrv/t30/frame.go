package t30

import (
	"encoding/hex"
	"strings"
)

// Octets of every frame (T.30 5.3.3 and 5.3.5), the bit sent first in the lowest
// place.
const (
	address      = 0xFF
	controlMore  = 0x03 // 1100 0000: another frame follows
	controlFinal = 0x13 // 1100 1000: the last of this transmission
	finalBit     = 0x10
)

// headLength is address, control and FCF.
const headLength = 3

// identityLength is how many characters an identity has (T.30 5.3.6.2.4).
const identityLength = 20

// maxNonStandard bounds what is kept of an NSF; a limit of ours.
const maxNonStandard = 256

// Frame is a frame without its check sequence, from the address on.
type Frame []byte

// Valid tells whether the frame has an FCF and the address of T.30.
func (f Frame) Valid() bool {
	return len(f) >= headLength && f[0] == address && f[1]&^finalBit == controlMore
}

// Final tells whether no frame follows in this transmission.
func (f Frame) Final() bool { return len(f) > 1 && f[1]&finalBit != 0 }

// FCF is the frame's name, without its X bit; 0xFF for what is no frame.
func (f Frame) FCF() FCF {
	if !f.Valid() {
		return 0xFF
	}
	c := FCF(f[2])
	if !keepsX(c) {
		c &^= xBit
	}
	return c
}

// FIF is the information that follows the FCF.
func (f Frame) FIF() []byte {
	if len(f) < headLength {
		return nil
	}
	return f[headLength:]
}

// PostMessage is the second FCF of a PPS or EOR.
func (f Frame) PostMessage() FCF {
	if fif := f.FIF(); len(fif) > 0 {
		if c := FCF(fif[0]) &^ xBit; c != NULL {
			return c
		}
	}
	return NULL
}

// String gives a frame as logs and dialogues have it: its names, and what it
// carries in a form that people read.
func (f Frame) String() string {
	c := f.FCF()
	switch c {
	case DIS, DTC:
		return c.String() + " " + ParseCapabilities(f.FIF()).String()
	case DCS:
		if p, err := ParseParameters(f.FIF()); err == nil {
			return c.String() + " " + p.String()
		}
		return c.String() + " " + hex.EncodeToString(f.FIF())
	case CSI, CIG, TSI, PWD, SEP, SUB, SID:
		return c.String() + ` "` + ParseIdentity(f.FIF()) + `"`
	case PPS, EOR:
		s := c.String() + "-" + f.PostMessage().String()
		if pps, ok := parsePPS(f); ok && c == PPS {
			s += " " + pps.String()
		}
		return s
	case FCF(0xFF):
		return "damaged " + hex.EncodeToString(f[:min(len(f), 8)])
	}
	if len(f.FIF()) > 0 {
		return c.String() + " " + hex.EncodeToString(f.FIF()[:min(len(f.FIF()), 32)])
	}
	return c.String()
}

// frame makes a frame that is not the last of its transmission.
func frame(c FCF, fif ...byte) Frame {
	return append(Frame{address, controlMore, byte(c)}, fif...)
}

// identity makes an identity's field: the last character first, spaces after
// the first one (T.30 5.3.6.2.4).
func identity(s string) []byte {
	var b []byte
	for i := len(s) - 1; i >= 0; i-- {
		if s[i] >= ' ' && s[i] < 0x7F {
			b = append(b, s[i])
		}
	}
	if len(b) > identityLength {
		b = b[len(b)-identityLength:] // the begin of the text matters most
	}
	for len(b) < identityLength {
		b = append(b, ' ')
	}
	return b
}

// ParseIdentity reads an identity's field. Some machines fill with zeros or send
// other than 20 characters; what cannot be printed is left out.
func ParseIdentity(fif []byte) string {
	var s strings.Builder
	for i := min(len(fif), 2*identityLength) - 1; i >= 0; i-- {
		if c := fif[i]; c >= ' ' && c < 0x7F {
			s.WriteByte(c)
		}
	}
	return strings.TrimSpace(s.String())
}

// pps is what a partial page signal says of its block (T.30 A.4.3).
type pps struct {
	next   FCF // NULL, MPS, EOM, EOP or a PRI one
	page   uint8
	block  uint8
	frames int // 1 to 256
}

func (p pps) String() string {
	return "page " + itoa(int(p.page)) + " block " + itoa(int(p.block)) + " frames " + itoa(p.frames)
}

func (p pps) frame() Frame {
	next := byte(p.next)
	return frame(PPS, next, p.page, p.block, byte(p.frames-1))
}

func parsePPS(f Frame) (pps, bool) {
	fif := f.FIF()
	if len(fif) < 4 {
		return pps{}, false
	}
	return pps{f.PostMessage(), fif[1], fif[2], int(fif[3]) + 1}, true
}
