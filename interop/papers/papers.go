//go:build interop

// Package papers makes the documents that times are measured with, by
// Ghostscript: the same for every fax server, and the same each time where
// Ghostscript and /etc/services are.
package papers

import (
	"errors"
	"fmt"
	"os/exec"
	"strings"
)

const postscript = `%!PS-Adobe-3.0
/F {/Courier findfont exch scalefont setfont} def
/H {/Helvetica-Bold findfont exch scalefont setfont} def
/line {gsave 60 y moveto show grestore /y y step sub def} def
`

// OverAsterisk is the headline of the chapter of docs/times.md that is measured by
// the tests with Asterisk and HylaFAX, BetweenCalls of the one after it, which is
// about our own exchange and the last one.
const (
	OverAsterisk = "## Over Asterisk\n"
	BetweenCalls = "## Between calls\n"
)

// Text is one page of dense text, as PostScript.
func Text() string {
	return postscript + `/step 11 def /y 780 def 14 H (A page of text) line 10 F /y y 8 sub def
60 {(The quick brown fox jumps over the lazy dog; 0123456789 lines of a fax page.) line} repeat showpage
`
}

const (
	services     = "/etc/services"
	serviceLines = 364
	linesPerPage = 52
)

// Services are seven pages of a table, as PostScript.
func Services() (string, error) {
	text, err := exec.Command("expand", services).Output()
	if err != nil {
		return "", fmt.Errorf("reading %s: %w", services, err)
	}
	lines := strings.SplitAfter(string(text), "\n")
	lines = lines[:len(lines)-1] // what is behind the last line's end
	if len(lines) <= 6*linesPerPage {
		return "", errors.New(services + " is too short for seven pages")
	}
	var ps strings.Builder
	ps.WriteString(postscript)
	escape := strings.NewReplacer(`\`, `\\`, "(", `\(`, ")", `\)`, "\n", "")
	for i, l := range lines[:min(len(lines), serviceLines)] {
		if i%linesPerPage == 0 {
			if i > 0 {
				ps.WriteString("showpage ")
			}
			ps.WriteString("/y 780 def /step 14 def 10 F\n")
		}
		fmt.Fprintf(&ps, "(%s) line\n", escape.Replace(l))
	}
	ps.WriteString("showpage\n")
	return ps.String(), nil
}

// Draw makes a fax document of PostScript: A4, fine, MMR.
func Draw(file, ps string) error {
	gs := exec.Command("gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-sPAPERSIZE=a4", "-dFIXEDMEDIA",
		"-dUseCropBox=false", "-r204x196", "-g1728x2292", "-sOutputFile="+file, "-")
	gs.Stdin = strings.NewReader(ps)
	if out, err := gs.CombinedOutput(); err != nil {
		return fmt.Errorf("drawing %s with Ghostscript: %w\n%s", file, err, out)
	}
	return nil
}
