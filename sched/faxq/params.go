package faxq

import (
	"fmt"
	"strconv"
	"strings"

	"github.com/litoria-fax/litoria/sched"
	"github.com/litoria-fax/litoria/spool"
)

// Page parameters in HylaFAX's Class 2 coding: the numbers in the names of
// prepared documents and in pagehandling.
const (
	widthA4, widthB4, widthA3              = 0, 1, 2
	lengthA4, lengthB4, lengthUnlimited    = 0, 1, 2
	formatMH, formatMR, formatMMR          = 0, 1, 3
	normalLPI, fineLPI, resolutionBorder   = 98, 196, 150
	pixelsA4, pixelsB4, pixelsA3           = 1728, 2048, 2432
	millimetresA4Width, millimetresB4Width = 218, 258 // with some slack
	millimetresA4, millimetresB4           = 330, 390
)

// Params are what documents are prepared for.
type Params struct {
	VRes   int // lines per inch: 98 or 196 and, with extended resolutions, more
	VRCode int // HylaFAX's VR_*
	Width  int // widthA4, ...
	Length int // lengthA4, ...
	Format int // formatMH, formatMR, formatMMR
}

// Pixels is the width in pixels.
func (p Params) Pixels() int {
	w := [...]int{pixelsA4, pixelsB4, pixelsA3}[p.Width%3]
	switch p.VRCode {
	case sched.VResR16:
		return 2 * w
	case sched.VRes300x300:
		return w * 3 / 2
	}
	return w
}

// Millimetres is the length in millimetres as converters are told it: -1
// unlimited.
func (p Params) Millimetres() int { return [...]int{297, 364, -1, 297}[p.Length&3] }

// encode is the form in the names of prepared documents and in pagehandling.
func (p Params) encode() string {
	return fmt.Sprintf("%02x", p.VRCode&3|p.Width&7<<1|p.Length&3<<4|p.Format&3<<6)
}

// chooseParams decides for what a job is prepared: what its sender wants, as
// far as the line and the destination can do it.
func (s *Server) chooseParams(f *spool.Job, jc *jobControl, line *sched.Capability, dest destination) Params {
	if jc == nil {
		jc = &jobControl{usexvres: -1, desiredDF: -1}
	}
	p := Params{VRes: normalLPI}
	vres, extended := f.Resolution, f.UseXVRes != 0
	if jc.vres != 0 {
		vres = jc.vres
	}
	if jc.usexvres >= 0 {
		extended = jc.usexvres != 0
	}
	can := func(code uint) bool { return dest.vres&code != 0 && (line == nil || line.VRes&code != 0) }
	steps := []struct {
		code uint
		lpi  int
	}{{sched.VResFine, fineLPI}}
	if extended {
		steps = append(steps, []struct {
			code uint
			lpi  int
		}{{sched.VRes200x200, 200}, {sched.VResR8, 391}, {sched.VRes200x400, 400}, {sched.VRes300x300, 300}, {sched.VResR16, 391}}...)
	}
	if extended || vres > resolutionBorder {
		for _, st := range steps {
			if can(st.code) {
				p.VRCode, p.VRes = int(st.code), st.lpi
			}
		}
	}
	p.Width = widthCode(min(orElse(f.PageWidth, millimetresA4Width), dest.width))
	p.Length = lengthCode(min(orElse(f.PageLength, 297), dest.length))
	p.Format = s.chooseFormat(f, jc, line, dest)
	return p
}

// chooseFormat picks the coding: MMR, MR or MH.
func (s *Server) chooseFormat(f *spool.Job, jc *jobControl, line *sched.Capability, dest destination) int {
	df := f.DesiredDF
	if jc.desiredDF >= 0 {
		df = jc.desiredDF
	}
	can := func(format uint) bool { return line == nil || line.Formats&(1<<format) != 0 }
	switch {
	case !s.live.Load().Use2D || df <= formatMH:
		return formatMH
	case df >= formatMMR && f.DesiredEC != 0 && can(formatMMR) && (!dest.known || dest.mmr):
		return formatMMR
	case can(formatMR) && (!dest.known || dest.mr):
		return formatMR
	}
	return formatMH
}

func orElse(v, otherwise int) int {
	if v <= 0 {
		return otherwise
	}
	return v
}

func widthCode(mm int) int {
	switch {
	case mm <= millimetresA4Width:
		return widthA4
	case mm <= millimetresB4Width:
		return widthB4
	}
	return widthA3
}

func lengthCode(mm int) int {
	switch {
	case mm <= millimetresA4:
		return lengthA4
	case mm <= millimetresB4:
		return lengthB4
	}
	return lengthUnlimited
}

// destination is what is known of the machine at a number (info/NUMBER,
// hylafax-info(5)).
type destination struct {
	known   bool // called before
	vres    uint
	mr, mmr bool
	width   int // mm
	length  int // mm; unlimitedLength
}

const (
	unlimitedLength = 1 << 20
	unlimitedMark   = 65535 // as HylaFAX writes it
)

// unknownDestination is what is believed of a machine that was never called.
func unknownDestination() destination { return destinationFrom(spool.NewDestinationInfo()) }

// number reads a number.
func number(value string, otherwise int) int {
	n, err := strconv.ParseInt(strings.Trim(value, `"`), 0, 32)
	if err != nil {
		return otherwise
	}
	return int(n)
}

// destinationOf reads what is known of the machine at a canonical number. What
// is wrong in its file is told; the rest of it counts.
func (s *Server) destinationOf(dest string) destination {
	d, err := s.spool.ReadInfo(dest)
	if err != nil {
		s.warn(err)
	}
	if d == nil {
		return unknownDestination()
	}
	return destinationFrom(d)
}

// destinationFrom takes from an info file what preparation needs.
func destinationFrom(d *spool.DestinationInfo) destination {
	to := destination{
		known: d.CalledBefore, vres: uint(d.SupportsVRes), mr: d.Supports2DEncoding, mmr: d.SupportsMMR,
		width: int(float64(d.MaxPageWidth) * 25.4 / 204), length: d.MaxPageLength,
	}
	if to.length < 0 || to.length >= unlimitedMark {
		to.length = unlimitedLength
	}
	return to
}
