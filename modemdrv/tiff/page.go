package tiff

import (
	"fmt"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// Compression is the value of tag 259.
type Compression uint16

// The compressions of black and white pages.
const (
	Uncompressed Compression = 1
	MHNoEOL      Compression = 2 // Modified Huffman rows at octet boundaries, no EOLs
	Group3       Compression = 3 // T.4: MH, or MR with bit 0 of Page.Options
	Group4       Compression = 4 // T.6: MMR
	PackBits     Compression = 32773
)

// Bits of Page.Options (T4Options, tag 292).
const (
	Options2D       = 1 << iota // rows coded in two dimensions (MR)
	OptionsUncomp               // uncompressed mode may occur
	OptionsAlignEOL             // EOLs end at octet boundaries
)

// String names the compression.
func (c Compression) String() string {
	switch c {
	case Uncompressed:
		return "uncompressed"
	case MHNoEOL:
		return "MH without EOL"
	case Group3:
		return "Group 3"
	case Group4:
		return "Group 4"
	case PackBits:
		return "PackBits"
	}
	return fmt.Sprintf("compression %d", uint16(c))
}

// FillOrder tells which bit of an octet is first (tag 266).
type FillOrder uint16

// The fill orders.
const (
	MSBFirst FillOrder = 1
	LSBFirst FillOrder = 2
)

// CleanFaxData tells what is known of damaged rows (tag 327).
type CleanFaxData uint16

// The values of CleanFaxData, RFC 2306 section 4.4.
const (
	Clean       CleanFaxData = iota // no damaged rows
	Regenerated                     // damaged rows were replaced
	Unclean                         // damaged rows are still there
)

// Page describes a page: the tags of its directory.
type Page struct {
	Width, Height   int     // pels; a height of 0 read from a file means unknown
	XRes, YRes      float64 // pels per inch; 204 x 98 where a file does not tell
	NoResolution    bool    // the file did not tell XRes and YRes
	Compression     Compression
	Options         uint32 // T4Options
	FillOrder       FillOrder
	BlackIsZero     bool // photometric interpretation 1: bits of 1 are white
	BitsPerSample   int
	SamplesPerPixel int
	Orientation     int // 1: first row at the top, first column left

	Number, Total int // PageNumber, from 0; Total 0: unknown

	Description  string // HylaFAX: the sender's identity (TSI)
	Make, Model  string // the modem
	Software     string
	DateTime     time.Time // local time; zero: unknown
	Artist       string
	HostComputer string

	// What became of the rows in reception (tags 326 to 328).
	QualityKnown        bool
	BadRows             int
	MaxConsecutiveBad   int
	Clean               CleanFaxData
	FaxRecvParams       uint32 // tag 34908: session parameters, see RecvParams; 0: none
	FaxSubAddress       string // tag 34909: SUB
	FaxRecvTime         int    // tag 34910: seconds that the page took
	FaxDCS              string // tag 34911: DCS as hexadecimal octets
	photometric         uint16
	rowsPerStrip        int
	offsets, byteCounts []int64
	tiled               bool
	at                  int64 // where the directory is
}

// Bilevel tells whether the page is black and white and of a compression that
// the Reader decodes.
func (p *Page) Bilevel() bool { return p.unsupported() == "" }

// Coding gives the T.4 or T.6 coding of the stored data; ok is false when it
// is stored otherwise.
func (p *Page) Coding() (c t4.Coding, ok bool) {
	switch {
	case p.Compression == Group4:
		return t4.MMR, true
	case p.Compression == Group3 && p.Options&Options2D != 0:
		return t4.MR, true
	case p.Compression == Group3 || p.Compression == MHNoEOL:
		return t4.MH, true
	}
	return 0, false
}

// SetCoding sets Compression and Options for a coding.
func (p *Page) SetCoding(c t4.Coding) {
	switch c {
	case t4.MMR:
		p.Compression, p.Options = Group4, 0
	case t4.MR:
		p.Compression, p.Options = Group3, p.Options&^OptionsUncomp|Options2D
	case t4.MH:
		p.Compression, p.Options = Group3, p.Options&^(OptionsUncomp|Options2D)
	}
}

// unsupported names what keeps the Reader from decoding the page.
func (p *Page) unsupported() string {
	switch {
	case p.tiled:
		return "tiles instead of strips"
	case p.SamplesPerPixel != 1 || p.BitsPerSample != 1:
		return fmt.Sprintf("%d samples of %d bits for a pel, not black and white", p.SamplesPerPixel, p.BitsPerSample)
	case p.photometric > 1:
		return fmt.Sprintf("photometric interpretation %d", p.photometric)
	}
	switch p.Compression {
	case Uncompressed, MHNoEOL, Group3, Group4, PackBits:
		return ""
	}
	return p.Compression.String()
}

// RecvParams are the session parameters that HylaFAX packs into FaxRecvParams,
// each coded as in the DCS of EIA/TIA-592 (Class 2).
type RecvParams struct {
	VRes     int  // 0 standard, 1 fine, 2 R8 x 15.4, 4 R16 x 15.4
	BitRate  int  // bit/s/2400 - 1
	Width    int  // 0 is 1728, 1 is 2048, 2 is 2432
	Length   int  // 0 A4, 1 B4, 2 unlimited
	Format   int  // 0 MH, 1 MR, 3 MMR
	ECM      bool // error correction
	BFT      bool // binary file transfer
	ScanTime int  // minimum scan line time, 0 is 0 ms to 7 is 40 ms
}

// recvParamsVersion marks the layout that Encode writes.
const recvParamsVersion = 1 << 21

// Encode packs the parameters as HylaFAX and libtiff's tiffinfo expect them.
func (r RecvParams) Encode() uint32 {
	v := uint32(r.VRes&7) | uint32(r.BitRate&15)<<3 | uint32(r.Width&7)<<9 | uint32(r.Length&3)<<12 |
		uint32(r.Format&3)<<14 | uint32(r.ScanTime&7)<<18 | recvParamsVersion
	if r.ECM {
		v |= 1 << 16
	}
	if r.BFT {
		v |= 1 << 17
	}
	return v
}
