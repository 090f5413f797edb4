//go:build interop

package spandsp

import (
	"fmt"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/linesim"
	"github.com/litoria-fax/litoria/modemdrv/modem"
	"github.com/litoria-fax/litoria/modemdrv/study"
)

// document makes a TIFF of some pages of text and drawings, for either maker.
func document(t *testing.T, pages int) string {
	t.Helper()
	var ps strings.Builder
	for n := range pages {
		fmt.Fprintf(&ps, "/Courier findfont %d scalefont setfont\n", 9+n)
		for line := range 60 {
			fmt.Fprintf(&ps, "40 %d moveto (Page %d, line %d: the quick brown frog jumps over the lazy modem %d) show\n",
				740-12*line, n+1, line+1, line*line*7919)
		}
		fmt.Fprintf(&ps, "0.5 setgray 300 100 80 0 360 arc fill 0 setgray showpage\n")
	}
	file := filepath.Join(t.TempDir(), "document.tif")
	gs := exec.Command("gs", "-q", "-dNOPAUSE", "-dBATCH", "-dSAFER", "-sDEVICE=tiffg4", "-r204x196", "-g1728x2292", "-sOutputFile="+file, "-")
	gs.Stdin = strings.NewReader(ps.String())
	if out, err := gs.CombinedOutput(); err != nil {
		t.Fatalf("gs: %v\n%s", err, out)
	}
	return file
}

// mayDiffer are tags that say nothing of the image.
var mayDiffer = []string{"SubFileType", "Compression", "FillOrder", "RowsPerStrip", "PageNumber", "ImageDescription", "Software", "DateTime",
	"HostComputer", "Directory", "Group3Options", "Group4Options", "Make", "Model", "XResolution", "YResolution", "ResolutionUnit",
	"BadFaxLines", "CleanFaxData", "ConsecutiveBadFaxLines", "FaxRecvParams", "FaxRecvTime", "FaxSubAddress", "FaxDcs", "Artist", "Orientation"}

// same compares all pages bit by bit, after decoding by libtiff.
func same(t *testing.T, sent, received string) {
	t.Helper()
	if err := differences(sent, received); err != nil {
		t.Error(err)
	}
}

// differences tells what same finds.
func differences(sent, received string) error {
	out, err := exec.Command("tiffcmp", "-t", sent, received).CombinedOutput()
	if err != nil {
		return fmt.Errorf("tiffcmp: %w\n%s", err, out)
	}
	for line := range strings.Lines(string(out)) {
		if !slices.ContainsFunc(mayDiffer, func(tag string) bool { return strings.HasPrefix(line, tag) }) {
			return fmt.Errorf("pages differ: %s", line)
		}
	}
	return nil
}

const callLimit = 20 * 60 * modem.SampleRate

// line is a good line in both directions.
func line(seed uint64) linesim.Parameters {
	p := linesim.Defaults()
	p.SNR, p.ULaw, p.Seed = 40, true, seed
	return p
}

// TestPeerCallsItself shows that the set-up is right: spandsp at both ends.
func TestPeerCallsItself(t *testing.T) {
	sent, received := document(t, 2), filepath.Join(t.TempDir(), "received.tif")
	a, err := StartFax("caller", "send="+sent, "ident=1000")
	if err != nil {
		t.Fatal(err)
	}
	b, err := StartFax("answer", "receive="+received, "ident=1001")
	if err != nil {
		t.Fatal(err)
	}
	n, err := study.Call(a, b, line(1), line(2), callLimit)
	if err != nil {
		t.Error(err)
	}
	for _, f := range []*Fax{a, b} {
		r, err := f.Hangup()
		if err != nil || !r.OK() {
			t.Errorf("%+v, %v", r, err)
		}
		t.Logf("%.1f s of line: %d bit/s, ECM %d, sent %d, received %d", float64(n)/modem.SampleRate, r.Rate, r.ECM, r.Sent, r.Received)
	}
	same(t, sent, received)
}
