package document

import (
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/litoria-fax/litoria/document/recognize"
	"github.com/litoria-fax/litoria/modemdrv/t4"
)

// Kind is a kind of document; see package recognize.
type Kind = recognize.Kind

// The kinds of documents.
const (
	Text       = recognize.Text
	PDF        = recognize.PDF
	PostScript = recognize.PostScript
	PCL        = recognize.PCL
	TIFF       = recognize.TIFF
	PNG        = recognize.PNG
	JPEG       = recognize.JPEG
	GIF        = recognize.GIF
	BMP        = recognize.BMP
	WebP       = recognize.WebP
)

// HeadSize is how much of a file Recognize wants to see.
const HeadSize = recognize.HeadSize

// Recognize tells the kind of a document from its beginning, never from its
// name, which is for the error only.
func Recognize(head []byte, name string) (Kind, error) { return recognize.Recognize(head, name) }

// Resolution is in pels per inch.
type Resolution struct{ X, Y float64 }

// The resolutions of fax, T.30 table 2 as TIFF files name them.
var (
	Standard  = Resolution{204, 98}
	Fine      = Resolution{204, 196}
	Superfine = Resolution{204, 391}
)

// ResolutionFor gives the resolution for vres lines per inch, as the -r option
// of HylaFAX's converters has it.
func ResolutionFor(vres float64) Resolution {
	switch {
	case vres > 300:
		return Superfine
	case vres > 150:
		return Fine
	}
	return Standard
}

// near tells whether two densities are the same for fax: metric and inch
// figures differ by up to 4 % (T.30 table 2, note on inch and metric based
// resolutions).
func near(a, b float64) bool { return math.Abs(a-b) <= 0.045*b }

// PageSize is a size of paper.
type PageSize struct {
	Name          string
	Width, Height float64 // mm
	Pels          int     // width of a row at 204 pels an inch
}

// The sizes that people fax.
var (
	A4     = PageSize{"A4", 210, 297, t4.WidthA4}
	Letter = PageSize{"Letter", 215.9, 279.4, t4.WidthA4}
	Legal  = PageSize{"Legal", 215.9, 355.6, t4.WidthA4}
	A3     = PageSize{"A3", 297, 420, t4.WidthA3}
	B4     = PageSize{"B4", 250, 353, t4.WidthB4}
)

// LookupPageSize finds a size by the names and abbreviations of HylaFAX's
// pagesizes(5).
func LookupPageSize(name string) (PageSize, error) {
	switch strings.ToLower(strings.TrimSpace(name)) {
	case "", "default", "a4", "iso a4", "iso-a4":
		return A4, nil
	case "letter", "na-let", "na-letter", "north american letter", "american letter", "us-let":
		return Letter, nil
	case "legal", "na-leg", "na-legal", "north american legal", "american legal", "us-leg":
		return Legal, nil
	case "a3", "iso a3", "iso-a3":
		return A3, nil
	case "b4", "iso b4", "iso-b4":
		return B4, nil
	}
	return PageSize{}, fmt.Errorf("page size %q is not known: use A4, letter, legal, A3 or B4", name)
}

// PageSizeFor gives the size for a width in pels and a length in mm, as the -w
// and -l options of HylaFAX's converters have them.
func PageSizeFor(pels int, length float64) PageSize {
	size := A4
	switch {
	case pels >= t4.WidthA3:
		size = A3
	case pels >= t4.WidthB4:
		size = B4
	case near(length, Letter.Height):
		size = Letter
	case near(length, Legal.Height):
		size = Legal
	}
	if length >= 20 && length <= 2000 {
		size.Height = length
	}
	return size
}

// Options tell how fax pages are made. The zero value makes standard A4.
type Options struct {
	Output string     // the file to write, a TIFF; it is replaced as a whole
	Size   PageSize   // the paper; zero: A4
	Res    Resolution // zero: Standard
	Coding t4.Coding  // zero: MMR
	// Exact asks for pages of exactly Res; otherwise fax pages (TIFF files) of
	// any fax resolution that fit the width are left as they are.
	Exact bool
	// Recode asks for pages of exactly Coding.
	Recode    bool
	MaxPages  int     // more pages are an error; zero: DefaultMaxPage
	Threshold bool    // turn grey into black or white instead of dithering
	FontSize  float64 // of text, in points; zero: 11
	// Ghostscript is the program for PostScript; empty: gs.
	Ghostscript string
	// GhostPCL is the program for PCL; empty: gpcl6.
	GhostPCL string
	Timeout  time.Duration // of the whole conversion; zero: 5 minutes (PostScriptTimeout)
	Software string        // for the TIFF's Software tag
}

// withDefaults fills in what is zero.
func (o Options) withDefaults() Options {
	if o.Size.Pels == 0 {
		o.Size = A4
	}
	if o.Res.X < 50 || o.Res.Y < 50 {
		o.Res = Standard
	}
	if o.Coding == 0 {
		o.Coding = t4.MMR
	}
	if o.MaxPages <= 0 {
		o.MaxPages = DefaultMaxPage
	}
	if o.FontSize < 4 || o.FontSize > 100 {
		o.FontSize = 11
	}
	if o.Ghostscript == "" {
		o.Ghostscript = "gs"
	}
	if o.GhostPCL == "" {
		o.GhostPCL = "gpcl6"
	}
	if o.Timeout <= 0 {
		o.Timeout = 5 * time.Minute
	}
	if o.Software == "" {
		o.Software = "Litoria"
	}
	return o
}

// raster is the page in pels.
type raster struct {
	width, height int
	res           Resolution
	size          PageSize
}

// raster computes the page in pels: the width is that of the fax row whatever
// the paper, the height that of the paper.
func (o Options) raster() raster {
	w := o.Size.Pels
	if !near(o.Res.X, 204) {
		w = int(math.Round(float64(w)*o.Res.X/204/8)) * 8
	}
	return raster{w, int(math.Round(o.Size.Height / 25.4 * o.Res.Y)), o.Res, o.Size}
}

// PageInfo describes a page made.
type PageInfo struct {
	Width, Height int // pels
	Res           Resolution
}

// Info tells what Prepare made.
type Info struct {
	Kind   Kind
	Pages  []PageInfo
	Copied bool // the document was fax pages already and was copied unchanged
}
