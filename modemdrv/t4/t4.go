package t4

import (
	"errors"
	"fmt"
	"math/bits"
)

// Coding is one of the three ways to code a page.
type Coding uint8

// The codings.
const (
	MH  Coding = iota + 1 // Modified Huffman, one-dimensional, T.4 4.1
	MR                    // Modified READ, two-dimensional with one-dimensional rows between, T.4 4.2
	MMR                   // Modified Modified READ, two-dimensional throughout, T.6
)

// String gives the name that session logs use.
func (c Coding) String() string {
	switch c {
	case MH:
		return "MH"
	case MR:
		return "MR"
	case MMR:
		return "MMR"
	}
	return fmt.Sprintf("coding %d", uint8(c))
}

// Widths of a row in pels, T.4 table 1 and T.30 table 2.
const (
	WidthA4 = 1728 // ISO A4 and letter, 204 pels an inch (8 a mm)
	WidthB4 = 2048 // ISO B4
	WidthA3 = 2432 // ISO A3

	// MaxWidth is the widest row that encoder and decoder accept. T.30 knows
	// no wider one than 7296 (A3 at 600 pels an inch); documents that people
	// hand in may be wider.
	MaxWidth = 1 << 16

	// DefaultMaxRows bounds a decoded page: 2.5 m at 16 rows a mm. The
	// shortest MMR row is a single bit, so that the data alone bound little.
	DefaultMaxRows = 40000
)

// Values of K, the rows up to and including the next one-dimensional one in
// MR, T.4 4.2.1.1.
const (
	KStandard = 2 // up to 3.85 rows a mm
	KFine     = 4 // 7.7 rows a mm and more
)

// ErrWidth tells that a row width is outside 1 to MaxWidth.
var ErrWidth = errors.New("t4: row width out of range")

// MinRowBits is how many bits a row (data, fill and EOL) has at least when the
// receiver needs minScan milliseconds for each (T.4 4.1.3, T.30 DIS bits 21-23).
func MinRowBits(bitRate, minScan int) int { return (bitRate*minScan + 999) / 1000 }

// ReverseBits turns each octet of p round, in place: between the order of this
// package (first bit most significant) and that of modems and HDLC.
func ReverseBits(p []byte) {
	for i, b := range p {
		p[i] = bits.Reverse8(b)
	}
}

// Quality counts what a decoder saw.
type Quality struct {
	Rows              int // rows handed out, good and bad
	BadRows           int // of these, damaged ones
	MaxConsecutiveBad int // the longest run of damaged rows
}

// PercentGood is the share of undamaged rows in per cent, rounded down; 0 of a
// page without rows.
func (q Quality) PercentGood() int {
	if q.Rows == 0 {
		return 0
	}
	return 100 * (q.Rows - q.BadRows) / q.Rows
}

// Acceptable judges a page as PercentGoodLines and MaxConsecutiveBadLines of
// hylafax-config(5) do; a limit of 0 switches its check off. HylaFAX doubles
// maxConsecutiveBad at fine resolution; that is left to the caller.
func (q Quality) Acceptable(percentGood, maxConsecutiveBad int) bool {
	if percentGood != 0 && q.Rows != 0 && q.PercentGood() < percentGood {
		return false
	}
	return maxConsecutiveBad == 0 || q.MaxConsecutiveBad <= maxConsecutiveBad
}
