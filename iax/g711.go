package iax

import "math/bits"

// G.711 in its arithmetic form.

const (
	ulawBias = 0x84
	ulawClip = 32635
)

func encodeULaw(s int16) byte {
	v, sign := int(s), byte(0x00)
	if v < 0 {
		v, sign = -v, 0x80
	}
	v = min(v, ulawClip) + ulawBias
	exp := bits.Len(uint(v)) - 8 //nolint:gosec // not negative
	return ^(sign | byte(exp<<4) | byte(v>>(exp+3)&0x0f))
}

func decodeULaw(b byte) int16 {
	b = ^b
	v := ((int(b&0x0f)<<3 + ulawBias) << (b >> 4 & 7)) - ulawBias
	if b&0x80 != 0 {
		v = -v
	}
	return int16(v) //nolint:gosec // below 2^15
}

const alawInvert = 0x55

func encodeALaw(s int16) byte {
	v, sign := int(s), byte(0x80)
	if v < 0 {
		v, sign = -v-1, 0x00
	}
	exp := max(0, bits.Len(uint(v))-8) //nolint:gosec // not negative
	mant := v >> max(4, exp+3) & 0x0f
	return (sign | byte(exp<<4) | byte(mant)) ^ alawInvert
}

func decodeALaw(b byte) int16 {
	b ^= alawInvert
	v := int(b&0x0f)<<4 + 8
	if exp := b >> 4 & 7; exp > 0 {
		v = (v + 0x100) << (exp - 1)
	}
	if b&0x80 == 0 {
		v = -v
	}
	return int16(v) //nolint:gosec // below 2^15
}
