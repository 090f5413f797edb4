package t30

import (
	"errors"
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// Parameters are what a sender chose for the pages to come: the contents of DCS.
type Parameters struct {
	Rate       modem.Rate
	Coding     t4.Coding
	Resolution Resolution
	Inch       bool // the resolution is of the inch (only a label: the pels are the same)
	Width      Width
	Length     Length
	MinScan    int // milliseconds that a row takes at least: 0, 5, 10, 20 or 40; 0 with ECM
	FrameSize  int // octets of an ECM frame, 256 or 64; 0: no ECM
}

// ECM tells whether errors are corrected.
func (p Parameters) ECM() bool { return p.FrameSize > 0 }

// Dots is how many pels a row has.
func (p Parameters) Dots() int { return p.Width.Dots(p.Resolution) }

// String gives the parameters in the order of HylaFAX's logs.
func (p Parameters) String() string {
	ecm := "no ECM"
	if p.ECM() {
		ecm = "ECM " + itoa(p.FrameSize)
	}
	return fmt.Sprintf("%v, %v, %v, %v, %v, %d ms, %s", p.Rate, p.Width, p.Length, p.Resolution, p.Coding, p.MinScan, ecm)
}

// rateCodes are bits 11 to 14 of DCS (T.30 Table 2).
var rateCodes = []struct {
	code int
	rate modem.Rate
}{
	{0b0001, modem.Rate{Modulation: modem.V17, BitRate: 14400}},
	{0b0101, modem.Rate{Modulation: modem.V17, BitRate: 12000}},
	{0b1001, modem.Rate{Modulation: modem.V17, BitRate: 9600}},
	{0b1101, modem.Rate{Modulation: modem.V17, BitRate: 7200}},
	{0b1000, modem.Rate{Modulation: modem.V29, BitRate: 9600}},
	{0b1100, modem.Rate{Modulation: modem.V29, BitRate: 7200}},
	{0b0100, modem.Rate{Modulation: modem.V27ter, BitRate: 4800}},
	{0b0000, modem.Rate{Modulation: modem.V27ter, BitRate: 2400}},
}

func rateCode(r modem.Rate) int {
	for _, c := range rateCodes {
		if c.rate == r {
			return c.code
		}
	}
	return 0
}

func codeRate(code int) (modem.Rate, bool) {
	for _, c := range rateCodes {
		if c.code == code {
			return c.rate, true
		}
	}
	return modem.Rate{}, false // V.33, or reserved
}

// scanTimes are bits 21 to 23 of DIS: milliseconds of a row at 3.85 and 7.7
// lines a mm. In DCS only those with equal times are used.
var scanTimes = [8]struct{ standard, fine int }{
	0b000: {20, 20}, 0b001: {40, 40}, 0b010: {10, 10}, 0b100: {5, 5},
	0b011: {10, 5}, 0b110: {20, 10}, 0b101: {40, 20}, 0b111: {0, 0},
}

func scanCode(standard, fine int) int {
	for code, t := range scanTimes {
		if t.standard == standard && t.fine == fine {
			return code
		}
	}
	return 0
}

// Codes of widths and lengths in DCS, bits 17-18 and 19-20.
var (
	widthCodes  = [...]int{Width215: 0b00, Width255: 0b10, Width303: 0b01}
	lengthCodes = [...]int{LengthA4: 0b00, LengthB4: 0b10, Unlimited: 0b01}
)

// dcs makes the information field of a DCS.
func (p Parameters) dcs() []byte {
	var b bits
	b.set(bitReceiver, true)
	b.setValue(bitRate, bitRate+3, rateCode(p.Rate))
	b.set(bitFine, p.Resolution == Fine)
	b.set(bitTwoDimensional, p.Coding == t4.MR)
	b.setValue(bitWidth, bitWidth+1, widthCodes[min(p.Width, Width303)])
	b.setValue(bitLength, bitLength+1, lengthCodes[min(p.Length, Unlimited)])
	b.setValue(bitMinScan, bitMinScan+2, scanCode(p.MinScan, p.MinScan))
	b.set(bitECM, p.ECM())
	b.set(bitFrameSize, p.FrameSize == 64)
	b.set(bitT6, p.Coding == t4.MMR)
	b.set(bitSuperfine, p.Resolution == Superfine)
	b.set(bit300, p.Resolution == R300)
	b.set(bit400, p.Resolution == R400)
	b.set(bitInch, p.Inch && p.Resolution != Standard && p.Resolution != Superfine)
	return b.finish()
}

// Errors of a DCS.
var (
	ErrShort       = errors.New("t30: DCS is shorter than 3 octets")
	ErrUnsupported = errors.New("t30: DCS asks for what this receiver does not know")
)

// ParseParameters reads the information field of a DCS.
func ParseParameters(fif []byte) (Parameters, error) {
	if len(fif) < minOctets {
		return Parameters{}, ErrShort
	}
	b := bits(fif).extent()
	var p Parameters
	rate, ok := codeRate(b.value(bitRate, bitRate+3))
	if !ok {
		return p, fmt.Errorf("%w: rate code %04b", ErrUnsupported, b.value(bitRate, bitRate+3))
	}
	p.Rate = rate
	p.Coding = t4.MH
	switch {
	case b.get(bitT6):
		p.Coding = t4.MMR
	case b.get(bitTwoDimensional):
		p.Coding = t4.MR
	}
	switch {
	case b.get(bit400):
		p.Resolution = R400
	case b.get(bit300):
		p.Resolution = R300
	case b.get(bitSuperfine):
		p.Resolution = Superfine
	case b.get(bitFine):
		p.Resolution = Fine
	}
	p.Inch = b.get(bitInch) || p.Resolution == R300
	switch b.value(bitWidth, bitWidth+1) {
	case 0b10:
		p.Width = Width255
	case 0b01, 0b11: // the latter is invalid, and to be read as the former
		p.Width = Width303
	}
	switch b.value(bitLength, bitLength+1) {
	case 0b10:
		p.Length = LengthB4
	case 0b01, 0b11:
		p.Length = Unlimited
	}
	t := scanTimes[b.value(bitMinScan, bitMinScan+2)]
	p.MinScan = t.standard
	if p.Resolution != Standard {
		p.MinScan = t.fine
	}
	if b.get(bitECM) {
		p.FrameSize, p.MinScan = 256, 0
		if b.get(bitFrameSize) {
			p.FrameSize = 64
		}
	}
	return p, nil
}
