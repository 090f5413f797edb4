package t30

// bits is the information field of DIS, DTC or DCS. Bit 1 is the first on the
// line (T.30 Table 2): the least significant one of the first octet.
type bits []byte

// maxBits is how far the field is read; the Recommendation uses 128.
const maxBits = 128

func (b bits) get(n int) bool {
	i := (n - 1) / 8
	return i < len(b) && b[i]>>((n-1)%8)&1 != 0
}

// value gives bits first to last as the Recommendation prints them: the first
// as the most significant.
func (b bits) value(first, last int) int {
	v := 0
	for n := first; n <= last; n++ {
		v <<= 1
		if b.get(n) {
			v |= 1
		}
	}
	return v
}

// set sets a bit, and makes the field as long as needed.
func (b *bits) set(n int, on bool) {
	if !on {
		return
	}
	for len(*b) <= (n-1)/8 {
		*b = append(*b, 0)
	}
	(*b)[(n-1)/8] |= 1 << ((n - 1) % 8)
}

func (b *bits) setValue(first, last, v int) {
	for n := last; n >= first; n-- {
		b.set(n, v&1 != 0)
		v >>= 1
	}
}

// minOctets is how long every DIS and DCS is at least (T.30 5.3.6.2.1).
const minOctets = 3

// finish makes the field at least minOctets long and sets the extend bits: 24,
// 32, 40, ..., each telling that another octet follows.
func (b *bits) finish() []byte {
	for len(*b) < minOctets {
		*b = append(*b, 0)
	}
	for i := minOctets - 1; i < len(*b)-1; i++ {
		(*b)[i] |= 0x80
	}
	return *b
}

// extent cuts off what no extend bit leads to: some machines send more.
func (b bits) extent() bits {
	n := min(len(b), minOctets)
	for n >= minOctets && n < len(b) && n < maxBits/8 && b[n-1]&0x80 != 0 {
		n++
	}
	return b[:n]
}

// Numbers of the bits of DIS, DTC and DCS that are used here (T.30 Table 2). Of a
// pair or triple, the first.
const (
	bitOctets64         = 7 // DIS: 64 octets are preferred
	bitReadyToTransmit  = 9 // DIS: there is a document to poll
	bitReceiver         = 10
	bitRate             = 11 // to 14
	bitFine             = 15
	bitTwoDimensional   = 16
	bitWidth            = 17 // to 18
	bitLength           = 19 // to 20
	bitMinScan          = 21 // to 23
	bitECM              = 27
	bitFrameSize        = 28 // DCS: 64 octets
	bitT6               = 31
	bitSuperfine        = 41
	bit300              = 42
	bit400              = 43
	bitInch             = 44 // DIS: inch preferred; DCS: inch based
	bitMetric           = 45 // DIS: metric preferred
	bitMinScanSuperfine = 46
	bitSelectivePolling = 47
	bitSubaddress       = 49
	bitPassword         = 50
)
