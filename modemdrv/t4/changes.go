package t4

import (
	"encoding/binary"
	"math/bits"
)

// A row's changing elements (T.4 4.2.1.2) are the columns where its colour
// changes, beginning with the first black pel: those with an even index turn
// black, those with an odd index turn white. After the last follow sentinels
// of the row's width, so that the search for b1 and b2 needs no bounds.
const sentinels = 4

// findChanges lists the changing elements of a packed row in dst, which has
// room for width+sentinels of them. Pels beyond width are ignored.
func findChanges(dst []int32, row []byte, width int) int {
	n := 0
	var last uint64 // the pel before this word
	for base := 0; base < width; base += 64 {
		var w uint64
		if i := base >> 3; len(row)-i >= 8 {
			w = binary.BigEndian.Uint64(row[i:])
		} else {
			for k, b := range row[min(i, len(row)):] {
				w |= uint64(b) << (56 - 8*k)
			}
		}
		change := w ^ (w>>1 | last<<63)
		last = w & 1
		for change != 0 {
			lead := bits.LeadingZeros64(change)
			change &^= 1 << (63 - lead)
			if x := base + lead; x < width {
				dst[n] = int32(x)
				n++
			}
		}
	}
	for i := range sentinels {
		dst[n+i] = int32(width)
	}
	return n
}

// paint draws a row from its changing elements.
func paint(row []byte, changes []int32) {
	clear(row)
	for i := 0; i+1 < len(changes); i += 2 {
		blacken(row, int(changes[i]), int(changes[i+1]))
	}
}

// blacken draws the pels from x0 up to, but not including, x1.
func blacken(row []byte, x0, x1 int) {
	if x0 >= x1 {
		return
	}
	first, last := x0>>3, (x1-1)>>3
	left := byte(0xff) >> (x0 & 7)
	right := byte(0xff) << (7 - (x1-1)&7)
	if first == last {
		row[first] |= left & right
		return
	}
	row[first] |= left
	for i := first + 1; i < last; i++ {
		row[i] = 0xff
	}
	row[last] |= right
}
