package document

import (
	"encoding/binary"
	"hash/crc32"
)

// crc is the check sequence of a PNG chunk.
func crc(b []byte) []byte { return binary.BigEndian.AppendUint32(nil, crc32.ChecksumIEEE(b)) }
