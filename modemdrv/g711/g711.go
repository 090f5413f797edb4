// Package g711 is the companding of ITU-T Recommendation G.711 (1988), u-law
// and A-law, between octets and 16 bit samples (the Recommendation's 14 and 13
// bit values, moved up). It is exact: every sample goes to the octet whose
// interval holds its magnitude, and a sample just on a decision value belongs
// to the larger interval, whatever its sign.
//
// Appendix I (packet loss concealment) and Appendix II are not here.
package g711

import "math/bits"

const (
	ulawShift = 2    // a u-law value of the Recommendation has 14 bits
	ulawBias  = 33   // moves the ends of Table 2a's segments to powers of two
	ulawMax   = 8158 // the last value before the virtual decision value 8159
	alawShift = 3    // an A-law value has 13 bits
	alawMax   = 4095
	alawFlip  = 0x55 // A-law sends every even bit inverted (Table 1a, note 2)
	signBit   = 0x80 // set for positive samples
)

var (
	ulawEncode = makeEncode(ulawOctet)
	alawEncode = makeEncode(alawOctet)
	ulawDecode = makeDecode(ulawValue)
	alawDecode = makeDecode(alawValue)
)

// EncodeULaw gives a sample's u-law octet.
func EncodeULaw(sample int16) byte { return ulawEncode[uint16(sample)] }

// DecodeULaw gives a u-law octet's sample.
func DecodeULaw(octet byte) int16 { return ulawDecode[octet] }

// EncodeALaw gives a sample's A-law octet.
func EncodeALaw(sample int16) byte { return alawEncode[uint16(sample)] }

// DecodeALaw gives an A-law octet's sample.
func DecodeALaw(octet byte) int16 { return alawDecode[octet] }

func makeEncode(octet func(magnitude int, positive byte) byte) *[1 << 16]byte {
	t := new([1 << 16]byte)
	for i := range t {
		if x := int(int16(i)); x < 0 {
			t[i] = octet(-x, 0)
		} else {
			t[i] = octet(x, signBit)
		}
	}
	return t
}

func makeDecode(value func(octet byte) int) (t [256]int16) {
	for i := range t {
		v := value(byte(i) &^ signBit)
		if i&signBit == 0 {
			v = -v
		}
		t[i] = int16(v)
	}
	return t
}

// ulawOctet places a magnitude in one of 8 segments of 16 intervals (Table 2a).
// The octet's seven low bits are sent inverted, the smallest value being 1111111.
func ulawOctet(magnitude int, positive byte) byte {
	v := min(magnitude>>ulawShift, ulawMax) + ulawBias
	segment := bits.Len(uint(v)) - 6
	interval := v >> (segment + 1) & 15
	return positive | ^byte(segment<<4|interval)&^signBit
}

func ulawValue(octet byte) int {
	octet = ^octet &^ signBit
	segment, interval := int(octet>>4), int(octet&15)
	return ((interval*2+ulawBias)<<segment - ulawBias) << ulawShift
}

// alawOctet places a magnitude in one of 8 segments of 16 intervals, the first
// two of which have the same step (Table 1a).
func alawOctet(magnitude int, positive byte) byte {
	v := min(magnitude>>alawShift, alawMax)
	segment := max(bits.Len(uint(v))-5, 1)
	interval := v >> segment & 15
	if v < 32 {
		segment = 0
	}
	return (positive | byte(segment<<4|interval)) ^ alawFlip
}

func alawValue(octet byte) int {
	octet ^= alawFlip
	segment, interval := int(octet>>4&7), int(octet&15)
	if segment == 0 {
		return (2*interval + 1) << alawShift
	}
	return (2*interval + 33) << (segment - 1) << alawShift
}
