package spool

import (
	"fmt"
	"strconv"
	"strings"
)

// Codes of session parameters, those of Class 2 (EIA PN-2388): the numbers in
// job files (desiredbr...), pagehandling, xferfaxlog and messages.
const (
	BR2400  = 0 // bit/s
	BR4800  = 1
	BR7200  = 2
	BR9600  = 3
	BR12000 = 4
	BR14400 = 5
	BR33600 = 13

	VRNormal  = 0x00 // 3.85 lines a millimetre
	VRFine    = 0x01 // 7.7
	VRR8      = 0x02 // 15.4
	VRR16     = 0x04 // 400 by 400 dots an inch, near enough
	VR200x100 = 0x08 // dots an inch
	VR200x200 = 0x10
	VR200x400 = 0x20
	VR300x300 = 0x40
	vrAll     = 0x7f

	WDA4 = 0 // 1728 pixels
	WDB4 = 1 // 2048
	WDA3 = 2 // 2432

	LNA4       = 0 // 297 mm
	LNB4       = 1 // 364 mm
	LNInfinite = 2

	DFMH     = 0 // T.4 one-dimensional
	DFMR     = 1 // T.4 two-dimensional
	DFMRUnc  = 2 // with uncompressed mode
	DFMMR    = 3 // T.6
	DFJBIG   = 4 // T.85
	dfAll    = 0x1b
	ECNone   = 0
	EC64     = 1 // T.30 Annex A, frames of 64 octets
	EC256    = 2
	ST0ms    = 0 // minimum scan line time
	ST5ms    = 1
	ST10x5ms = 2 // normal and fine resolution
	ST10ms   = 3
	ST20x10  = 4
	ST20ms   = 5
	ST40x20  = 6
	ST40ms   = 7
)

// Params are the parameters of a session, or of a page.
type Params struct {
	VR int // vertical resolution; a set of bits where it says what a machine can do
	BR int // bit rate
	WD int // page width
	LN int // page length
	DF int // data format
	EC int // error correction
	BF int // binary file transfer
	ST int // minimum scan line time
}

// paramsVersion marks the layout of Encode since HylaFAX 4.2.
const paramsVersion = 1 << 21

// Encode packs the parameters of a session into the number of xferfaxlog(5)
// and of messages.
func (p Params) Encode() uint32 {
	vr := p.VR & 7
	if p.VR > VRR16 { // resolutions in inches are moved down
		vr = p.VR >> 4 & 7
	}
	ec := 0
	if p.EC != ECNone {
		ec = 1
	}
	return uint32(vr | p.BR&15<<3 | p.WD&7<<9 | p.LN&3<<12 | p.DF&3<<14 | ec<<16 | p.BF&1<<17 | p.ST&7<<18 | paramsVersion)
}

// DecodeParams unpacks what Encode packed, in the present and the older layout.
// The kind of error correction is lost: EC64 stands for any.
func DecodeParams(v uint32) Params {
	n := int(v)
	var p Params
	if n>>21 == 1 {
		p = Params{VR: n & 7, BR: n >> 3 & 15, WD: n >> 9 & 7, LN: n >> 12 & 3, DF: n >> 14 & 3, EC: n >> 16 & 1, BF: n >> 17 & 1, ST: n >> 18 & 7}
	} else {
		p = Params{VR: n & 1, BR: n >> 1 & 7, WD: n >> 4 & 7, LN: n >> 7 & 3, DF: n >> 9 & 3, EC: n >> 11 & 1, BF: n >> 12 & 1, ST: n >> 13 & 7}
	}
	if p.LN == 3 { // letter: for inside HylaFAX only
		p.LN = LNA4
	}
	return p
}

// EncodePage packs what a page needs into the two hexadecimal digits of
// pagehandling and of the names of prepared documents.
func (p Params) EncodePage() string {
	return fmt.Sprintf("%02x", p.VR&3|p.WD&7<<1|p.LN&3<<4|p.DF&3<<6)
}

// DecodePage unpacks two hexadecimal digits of pagehandling. HylaFAX reads a
// single bit of resolution back.
func DecodePage(s string) (Params, error) {
	n, err := strconv.ParseUint(s, 16, 8)
	if err != nil || len(s) != 2 {
		return Params{}, fmt.Errorf("pagehandling: %q is not two hexadecimal digits", clip(s))
	}
	v := int(n)
	p := Params{VR: v & 1, WD: v >> 1 & 7, LN: v >> 4 & 3, DF: v >> 6 & 3}
	if p.LN == 3 {
		p.LN = LNA4
	}
	return p, nil
}

// Capabilities is what a line can do, as it tells faxq when it is ready. All
// fields of Params are sets of bits (1<<DFMMR), but VR, which is one anyway.
type Capabilities struct {
	Params
	Poll     bool
	Priority int // the line's ModemPriority, 0 (first) to 255
}

// Encode packs capabilities into the message behind ModemReady. HylaFAX keeps
// the rates' three lower bits only; whoever reads it does not depend on them.
func (c Capabilities) Encode() string {
	v := uint32(c.VR&vrAll) | uint32(c.BR&7)<<8 | uint32(c.WD&7)<<14 | uint32(c.LN&7)<<19 | uint32(c.DF&dfAll)<<22 | uint32(c.EC&1)<<27 |
		uint32(c.BF&3)<<28 | uint32(c.ST&3)<<30
	letter := 'p'
	if c.Poll {
		letter = 'P'
	}
	return fmt.Sprintf("%c%08x:%02x", letter, v, c.Priority)
}

// ParseCapabilities reads what Encode wrote, or HylaFAX. found tells whether
// there was a priority.
func ParseCapabilities(s string) (c Capabilities, hasPriority bool, err error) {
	if s == "" || s[0] != 'P' && s[0] != 'p' {
		return c, false, fmt.Errorf("capabilities %q begin with neither P nor p", clip(s))
	}
	c.Poll = s[0] == 'P'
	bits, priority, hasPriority := strings.Cut(s[1:], ":")
	n, err := strconv.ParseUint(bits, 16, 32)
	if err != nil {
		return c, false, fmt.Errorf("capabilities %q are not hexadecimal", clip(bits))
	}
	v := int(n)
	c.Params = Params{VR: v & vrAll, BR: v >> 8 & 7, WD: v >> 14 & 7, LN: v >> 19 & 7, DF: v >> 22 & dfAll, EC: v >> 27 & 1, BF: v >> 28 & 3, ST: v >> 30 & 3}
	if hasPriority {
		p, err := strconv.ParseUint(priority, 16, 16)
		if err != nil {
			return c, false, fmt.Errorf("priority %q is not hexadecimal", clip(priority))
		}
		c.Priority = int(p)
	}
	return c, hasPriority, nil
}
