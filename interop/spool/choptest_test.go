//go:build interop

package spool_test

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"testing"

	"github.com/litoria-fax/litoria/document"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

const (
	// lookAhead is how many octets a decoder may have read when it tells of a row.
	lookAhead = 4
	// endEOLs: HylaFAX takes the EOLs at the end of a page for white rows.
	endEOLs = 5
)

// TestChoptest: HylaFAX's choptest finds as many white rows at the end of a
// page as we do, and would cut its code at the same place.
func TestChoptest(t *testing.T) {
	choptest, err := exec.LookPath("/usr/lib/hylafax/bin/choptest")
	if err != nil {
		t.Fatalf("%v: run interop/setup first", err)
	}
	result := regexp.MustCompile(`Chop (\d+) rows, strip was (\d+) bytes, need only (\d+)`)
	for _, page := range []struct{ width, height, black int }{
		{1728, 1143, 150}, {1728, 1143, 500}, {1728, 1143, 840}, {1728, 2286, 400}, {1728, 2286, 1600},
	} {
		for _, coding := range []t4.Coding{t4.MH, t4.MR} { // choptest knows no MMR
			b := t4.NewBitmap(page.width, page.height)
			for y := 20; y <= page.black; y += 3 {
				for x := 40; x < 1600; x += 3 + (x*y)%31 {
					b.SetBlack(x, y)
				}
			}
			b.SetBlack(800, page.black)
			lpi := 98
			if page.height > 1500 {
				lpi = 196
			}
			name := filepath.Join(t.TempDir(), "page.tif")
			w, err := tiff.Create(name, 0o600)
			if err != nil {
				t.Fatal(err)
			}
			p := tiff.Page{XRes: 204, YRes: float64(lpi)}
			p.SetCoding(coding)
			if err := w.WriteBitmap(p, b); err != nil {
				t.Fatal(err)
			}
			w.Close()
			r, err := tiff.Open(name)
			if err != nil {
				t.Fatal(err)
			}
			rows, octets := document.WhiteEnd(r, 0, lpi)
			r.Close()
			cmd := exec.Command(choptest, "-t", "1", name)
			cmd.Env = append(os.Environ(), "LC_ALL=C")
			out, err := cmd.CombinedOutput()
			m := result.FindSubmatch(out)
			if err != nil || m == nil {
				t.Fatalf("choptest: %v\n%s", err, out)
			}
			var theirRows, strip, need int
			fmt.Sscan(string(m[1]), &theirRows)
			fmt.Sscan(string(m[2]), &strip)
			fmt.Sscan(string(m[3]), &need)
			what := fmt.Sprintf("%v, %d rows, black to %d", coding, page.height, page.black)
			if rows > theirRows || rows < theirRows-endEOLs {
				t.Errorf("%s: %d white rows, HylaFAX finds %d", what, rows, theirRows)
			}
			if ours := strip - octets; ours > need+lookAhead || ours < need-lookAhead {
				t.Errorf("%s: we keep %d octets of %d, HylaFAX %d", what, ours, strip, need)
			}
		}
	}
}
