package iax

import (
	"encoding/binary"

	"github.com/litoria-fax/litoria/modemdrv/g711"
)

// appendAudio encodes samples behind b.
func appendAudio(b []byte, c Codec, pcm []int16) []byte {
	for _, s := range pcm {
		switch c {
		case ULaw:
			b = append(b, g711.EncodeULaw(s))
		case ALaw:
			b = append(b, g711.EncodeALaw(s))
		case SLinear:
			b = binary.BigEndian.AppendUint16(b, uint16(s)) //nolint:gosec // the bits are meant
		}
	}
	return b
}

// appendSamples decodes a payload behind pcm.
func appendSamples(pcm []int16, c Codec, payload []byte) []int16 {
	switch c {
	case ULaw:
		for _, v := range payload {
			pcm = append(pcm, g711.DecodeULaw(v))
		}
	case ALaw:
		for _, v := range payload {
			pcm = append(pcm, g711.DecodeALaw(v))
		}
	case SLinear:
		for ; len(payload) >= 2; payload = payload[2:] {
			pcm = append(pcm, int16(binary.BigEndian.Uint16(payload))) //nolint:gosec // the bits are meant
		}
	}
	return pcm
}
