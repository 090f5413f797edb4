package t30

import (
	"fmt"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// Modems is which fast modulations a station has.
type Modems struct {
	V27ter4800 bool // V.27ter at 2400 bit/s is there always
	V29        bool
	V17        bool // with V.27ter and V.29: DIS has no code for it alone
}

// AllModems are all modulations of this package.
var AllModems = Modems{V27ter4800: true, V29: true, V17: true}

// Capabilities are what a receiver can do: the contents of DIS and DTC.
type Capabilities struct {
	Receive     bool // it can receive
	Transmit    bool // it has a document to be polled
	Modems      Modems
	Codings     Set // of t4.Coding; MH always
	Resolutions Set // of Resolution; Standard always
	Inch        bool
	Metric      bool
	MaxWidth    Width
	MaxLength   Length
	// Milliseconds that a row takes at least.
	MinScan                                int  // at 3.85 lines/mm: 0, 5, 10, 20 or 40
	MinScanFine                            int  // at 7.7 lines/mm: the same or half
	HalfAt154                              bool // at 15.4 lines/mm half of that at 7.7
	ECM                                    bool
	Octets64                               bool // frames of 64 octets are preferred
	SelectivePolling, Subaddress, Password bool // SEP, SUB, PWD are understood
}

// modemCodes are bits 11 to 14 of DIS.
func (m Modems) code() int {
	switch {
	case m.V17:
		return 0b1101
	case m.V29 && m.V27ter4800:
		return 0b1100
	case m.V29:
		return 0b1000
	case m.V27ter4800:
		return 0b0100
	}
	return 0b0000
}

func codeModems(code int) Modems {
	switch code {
	case 0b1101:
		return AllModems
	case 0b1100, 0b1110: // the latter with V.33, which nobody needs
		return Modems{V27ter4800: true, V29: true}
	case 0b1000:
		return Modems{V29: true}
	case 0b0100:
		return Modems{V27ter4800: true}
	}
	return Modems{}
}

// Has tells whether a rate can be used.
func (m Modems) Has(r modem.Rate) bool {
	switch r.Modulation {
	case modem.V17:
		return m.V17
	case modem.V29:
		return m.V29 || m.V17
	case modem.V27ter:
		return m.V27ter4800 || m.V17 || r.BitRate == 2400 && !m.V29
	case modem.V21:
	}
	return false
}

// dis makes the information field of a DIS or DTC.
func (c Capabilities) dis() []byte {
	var b bits
	b.set(bitOctets64, c.ECM && c.Octets64)
	b.set(bitReadyToTransmit, c.Transmit)
	b.set(bitReceiver, c.Receive)
	b.setValue(bitRate, bitRate+3, c.Modems.code())
	b.set(bitFine, Has(c.Resolutions, Fine))
	b.set(bitTwoDimensional, Has(c.Codings, t4.MR))
	b.setValue(bitWidth, bitWidth+1, widthCodes[min(c.MaxWidth, Width303)])
	b.setValue(bitLength, bitLength+1, lengthCodes[min(c.MaxLength, Unlimited)])
	b.setValue(bitMinScan, bitMinScan+2, scanCode(c.MinScan, c.MinScanFine))
	b.set(bitECM, c.ECM)
	b.set(bitT6, c.ECM && Has(c.Codings, t4.MMR)) // T.6 needs error correction
	b.set(bitSuperfine, Has(c.Resolutions, Superfine))
	b.set(bit300, Has(c.Resolutions, R300))
	b.set(bit400, Has(c.Resolutions, R400))
	b.set(bitInch, c.Inch)
	b.set(bitMetric, c.Metric)
	b.set(bitMinScanSuperfine, c.HalfAt154)
	b.set(bitSelectivePolling, c.SelectivePolling)
	b.set(bitSubaddress, c.Subaddress)
	b.set(bitPassword, c.Password)
	return b.finish()
}

// ParseCapabilities reads the information field of a DIS or DTC; what is missing
// is taken for zeros.
func ParseCapabilities(fif []byte) Capabilities {
	b := bits(fif).extent()
	t := scanTimes[b.value(bitMinScan, bitMinScan+2)]
	c := Capabilities{
		Receive:          b.get(bitReceiver),
		Transmit:         b.get(bitReadyToTransmit),
		Modems:           codeModems(b.value(bitRate, bitRate+3)),
		Codings:          SetOf(t4.MH),
		Resolutions:      SetOf(Standard),
		Inch:             b.get(bitInch),
		Metric:           b.get(bitMetric),
		MinScan:          t.standard,
		MinScanFine:      t.fine,
		HalfAt154:        b.get(bitMinScanSuperfine),
		ECM:              b.get(bitECM),
		Octets64:         b.get(bitECM) && b.get(bitOctets64),
		SelectivePolling: b.get(bitSelectivePolling),
		Subaddress:       b.get(bitSubaddress),
		Password:         b.get(bitPassword),
	}
	for _, r := range []struct {
		bit int
		r   Resolution
	}{{bitFine, Fine}, {bitSuperfine, Superfine}, {bit300, R300}, {bit400, R400}} {
		if b.get(r.bit) {
			c.Resolutions |= SetOf(r.r)
		}
	}
	if b.get(bitTwoDimensional) {
		c.Codings |= SetOf(t4.MR)
	}
	if b.get(bitT6) && c.ECM {
		c.Codings |= SetOf(t4.MMR)
	}
	switch b.value(bitWidth, bitWidth+1) {
	case 0b10:
		c.MaxWidth = Width255
	case 0b01, 0b11: // T.30 Table 2 note: 11 is invalid, to be read as 01
		c.MaxWidth = Width303
	}
	switch b.value(bitLength, bitLength+1) {
	case 0b10:
		c.MaxLength = LengthB4
	case 0b01, 0b11:
		c.MaxLength = Unlimited
	}
	return c
}

// scanTime is the shortest row, in milliseconds, at a resolution (T.30 Table 2,
// bits 21 to 23 and 46).
func (c Capabilities) scanTime(r Resolution) int {
	switch {
	case r == Standard:
		return c.MinScan
	case (r == Superfine || r == R400) && c.HalfAt154:
		return roundScan(c.MinScanFine / 2)
	}
	return c.MinScanFine
}

// roundScan gives the next longer time that DCS has a code for.
func roundScan(ms int) int {
	for _, t := range []int{0, 5, 10, 20} {
		if ms <= t {
			return t
		}
	}
	return 40
}

// String names what is there.
func (c Capabilities) String() string {
	var s []string
	add := func(on bool, text string) {
		if on {
			s = append(s, text)
		}
	}
	add(!c.Receive, "no receiver")
	add(c.Transmit, "document to poll")
	add(true, "V.27ter")
	add(c.Modems.V29, "V.29")
	add(c.Modems.V17, "V.17")
	for r := Fine; r < resolutions; r++ {
		add(Has(c.Resolutions, r), r.String())
	}
	add(Has(c.Codings, t4.MR), "MR")
	add(Has(c.Codings, t4.MMR), "MMR")
	s = append(s, c.MaxWidth.String(), c.MaxLength.String(), fmt.Sprintf("%d/%d ms", c.MinScan, c.MinScanFine))
	add(c.ECM, "ECM")
	add(c.ECM && c.Octets64, "64 octets")
	add(c.SelectivePolling, "SEP")
	add(c.Subaddress, "SUB")
	add(c.Password, "PWD")
	return strings.Join(s, ", ")
}
