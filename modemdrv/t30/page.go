package t30

import (
	"fmt"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// Resolution is how dense the pels of a page are. In most cases the metric
// one and the one of the inch differ so little that one is taken for the other
// (T.30 Table 2, notes on bits 44 and 45).
type Resolution uint8

// The resolutions of Group 3 black and white fax.
const (
	Standard  Resolution = iota // R8 x 3.85/mm; 200 x 100 per inch
	Fine                        // R8 x 7.7/mm; 200 x 200 per inch
	Superfine                   // R8 x 15.4/mm
	R300                        // 300 x 300 per inch
	R400                        // R16 x 15.4/mm; 400 x 400 per inch
	resolutions
)

// String names a resolution as session logs do.
func (r Resolution) String() string {
	switch r {
	case Standard:
		return "3.85 line/mm"
	case Fine:
		return "7.7 line/mm"
	case Superfine:
		return "15.4 line/mm"
	case R300:
		return "300x300 dpi"
	case R400:
		return "400x400 dpi"
	}
	return fmt.Sprintf("resolution %d", uint8(r))
}

// DPI gives pels per inch across and down; for metric resolutions the nearest
// customary figures (204 x 98, 196 or 391), as they stand in TIFF files.
func (r Resolution) DPI(inch bool) (x, y int) {
	switch {
	case r == R300:
		return 300, 300
	case r == R400 && inch:
		return 400, 400
	case r == R400:
		return 408, 391
	case r == Superfine:
		return 204, 391
	case r == Fine && inch:
		return 200, 200
	case r == Fine:
		return 204, 196
	case inch:
		return 200, 100
	}
	return 204, 98
}

// scale is how many pels stand in place of 8 of R8.
func (r Resolution) scale() int {
	switch r {
	case R300:
		return 12
	case R400:
		return 16
	}
	return 8
}

// Width is how wide a page is.
type Width uint8

// The widths of T.30, with their pels at R8 and 200 per inch.
const (
	Width215 Width = iota // 215 mm, ISO A4 and letter: 1728 pels
	Width255              // 255 mm, ISO B4: 2048
	Width303              // 303 mm, ISO A3: 2432
	widths
)

// Dots is how many pels a row has.
func (w Width) Dots(r Resolution) int {
	n := [...]int{t4.WidthA4, t4.WidthB4, t4.WidthA3}[min(w, Width303)]
	return n * r.scale() / 8
}

// String gives millimetres.
func (w Width) String() string {
	return [...]string{"215 mm", "255 mm", "303 mm"}[min(w, Width303)]
}

// Length is how long a page may be.
type Length uint8

// The lengths of T.30.
const (
	LengthA4 Length = iota // 297 mm
	LengthB4               // 364 mm
	Unlimited
	lengths
)

// String names the length.
func (l Length) String() string {
	return [...]string{"A4", "B4", "unlimited"}[min(l, Unlimited)]
}

// Set is a set of small numbers: of resolutions, of widths or of codings.
type Set uint16

// SetOf makes a set.
func SetOf[T ~uint8](members ...T) Set {
	var s Set
	for _, m := range members {
		s |= 1 << m
	}
	return s
}

// Has tells whether m is in s.
func Has[T ~uint8](s Set, m T) bool { return s>>m&1 != 0 }

// Common sets.
var (
	AllResolutions = SetOf(Standard, Fine, Superfine, R300, R400)
	AllWidths      = SetOf(Width215, Width255, Width303)
	AllCodings     = SetOf(t4.MH, t4.MR, t4.MMR)
)
