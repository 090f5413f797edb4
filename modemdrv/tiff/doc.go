// Package tiff reads and writes the files in which fax pages are kept: TIFF
// class F (TIFF 6.0 sections 10 and 11, RFC 2306, RFC 3949), as HylaFAX's docq
// and recvq hold them.
//
// The Reader takes what fax programs and scanners write for black and white
// pages: any number of pages, Group 3 one- and two-dimensional, Group 4, rows
// without EOL (compression 2), PackBits and uncompressed, both byte orders,
// both fill orders, both photometric interpretations, one or many strips, and
// the tags that faxes often lack. Grey and colour pages are listed, but their
// pels are left to others (Reader.PageReader). It tells files that are no TIFF,
// cut off, damaged, or of a kind not supported from each other, never panics,
// and bounds its memory by the named limits.
//
// The Writer adds one page after the other. The data and the directory of a
// page are on disk before the one pointer is set that makes it part of the
// file, so that at every instant the file holds exactly the pages that were
// finished, whatever happens to the program.
package tiff

import "errors"

// The ways in which a file can be unfit; every error of this package wraps one
// of them or an error of the file itself.
var (
	ErrNotTIFF     = errors.New("not a TIFF file")
	ErrTruncated   = errors.New("TIFF file is cut off")
	ErrDamaged     = errors.New("TIFF file is damaged")
	ErrUnsupported = errors.New("TIFF file is of an unsupported kind")
)

// Limits of what is read, far above what faxes have.
const (
	MaxPages   = 10000   // pages of a file
	MaxEntries = 1000    // tags of a page
	MaxStrips  = 1 << 17 // strips of a page
	MaxRows    = 1 << 17 // rows of a page
	MaxText    = 1 << 12 // octets of a text tag that are kept
	MaxStrip   = 1 << 27 // octets of a strip
	MaxPels    = 1 << 30 // pels of a page (128 MB)
)
