//go:build interop

package main

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// faxDocument is a document as a file and as pels. It is a modemdrv.PageSource of
// pages of 204 x 196 per inch.
type faxDocument struct {
	file  string
	pages []*t4.Bitmap
}

// Page implements modemdrv.PageSource.
func (d *faxDocument) Page(n int) (t30.PageInfo, bool) {
	return t30.PageInfo{Resolution: t30.Fine, Width: t30.Width215, Length: t30.Unlimited}, n < len(d.pages)
}

// Bitmap implements modemdrv.PageSource.
func (d *faxDocument) Bitmap(n int) (*t4.Bitmap, error) { return d.pages[n], nil }

// size is how many octets all pages have as code.
func (d *faxDocument) size(p t30.Parameters) (octets int64, err error) {
	for _, page := range d.pages {
		code, err := modemdrv.NewCode(page, p)
		if err != nil {
			return 0, err
		}
		n, err := io.Copy(io.Discard, code)
		if err != nil {
			return 0, err
		}
		octets += n
	}
	return octets, nil
}

const postscript = `%!PS-Adobe-3.0
/F {/Courier findfont exch scalefont setfont} def
/H {/Helvetica-Bold findfont exch scalefont setfont} def
/line {gsave 60 y moveto show grestore /y y step sub def} def
`

// textPage is one page of dense text.
func textPage() string {
	return postscript + `/step 11 def /y 780 def 14 H (A page of text) line 10 F /y y 8 sub def
60 {(The quick brown fox jumps over the lazy dog; 0123456789 lines of a fax page.) line} repeat showpage
`
}

const (
	services     = "/etc/services"
	serviceLines = 364
	linesPerPage = 52
)

// servicesPages are seven pages of a table in plain text.
func servicesPages() string {
	text, err := exec.Command("expand", services).Output()
	if err != nil {
		fmt.Fprintln(os.Stderr, "times:", services, err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	var ps strings.Builder
	ps.WriteString(postscript)
	escape := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`, "\n", "")
	for i, l := range lines[:min(len(lines)-1, serviceLines)] {
		if i%linesPerPage == 0 {
			if i > 0 {
				ps.WriteString("showpage ")
			}
			ps.WriteString("/y 780 def /step 14 def 10 F\n")
		}
		fmt.Fprintf(&ps, "(%s) line\n", escape.Replace(l))
	}
	ps.WriteString("showpage\n")
	return ps.String()
}

// draw makes a fax document of PostScript.
func draw(file, ps string) (*faxDocument, error) {
	gs := exec.Command("gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-sPAPERSIZE=a4", "-dFIXEDMEDIA",
		"-dUseCropBox=false", "-r204x196", "-g1728x2292", "-sOutputFile="+file, "-")
	gs.Stdin = strings.NewReader(ps)
	if out, err := gs.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("drawing %s with Ghostscript: %w\n%s", file, err, out)
	}
	pages, err := read(file)
	return &faxDocument{file, pages}, err
}

func read(file string) (pages []*t4.Bitmap, err error) {
	r, err := tiff.Open(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for i := range r.Pages() {
		b, _, err := r.Decode(i)
		if err != nil {
			return nil, err
		}
		pages = append(pages, b)
	}
	return pages, nil
}

// tray is a modemdrv.PageStore.
type tray struct{ pages []*t4.Bitmap }

// Store implements modemdrv.PageStore.
func (s *tray) Store(p modemdrv.ReceivedPage) error {
	s.pages = append(s.pages, p.Bitmap)
	return nil
}

// same tells whether pages came as they were sent.
func same(sent, received []*t4.Bitmap) error {
	if len(sent) != len(received) {
		return fmt.Errorf("%d pages of %d came", len(received), len(sent))
	}
	for i := range sent {
		if !bytes.Equal(sent[i].Pix, received[i].Pix) {
			return fmt.Errorf("page %d came otherwise than it was sent", i+1)
		}
	}
	return nil
}
