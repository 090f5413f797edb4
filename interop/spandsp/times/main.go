//go:build interop

// Command times makes whole calls over a line on paper, between two of our sessions
// and between one of ours and spandsp, and writes how long they are on the line into
// docs/times.md, beside what HylaFAX with iaxmodem needs for the same documents.
//
//	go run -tags interop ./interop/spandsp/times -o docs/times.md
//
// With the same Ghostscript and the same /etc/services it gives the same table.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/litoria-fax/litoria/interop/papers"
	"github.com/litoria-fax/litoria/modemdrv/modem"
)

// row is a kind of call. The reference's figures are of HylaFAX 6.0.7 with iaxmodem
// 1.2.0 over Asterisk 22 on one machine, ECM with MMR, without ECM MR, from the
// dialing to the end of the session; 0: not measured.
type row struct {
	document string
	rate     modem.Rate
	ecm      bool
	bytes    int     // sent by the reference
	call     float64 // seconds
	carrier  float64 // all its image carriers; 0: frames were asked for again
}

var (
	v17    = modem.Rate{Modulation: modem.V17, BitRate: 14400}
	v29    = modem.Rate{Modulation: modem.V29, BitRate: 9600}
	v27ter = modem.Rate{Modulation: modem.V27ter, BitRate: 4800}
)

var rows = []row{
	{"text", v17, true, 60786, 53.8, 36.6},
	{"text", v17, false, 71666, 57.5, 40.3},
	{"text", v29, true, 60786, 70.8, 54.6},
	{"text", v29, false, 71665, 76.4, 60.2},
	{"text", v27ter, true, 60786, 125.3, 108.7},
	{"text", v27ter, false, 71665, 136.7, 120.2},
	{"services", v17, true, 168919, 139.2, 0},
	{"services", v17, false, 225849, 162.2, 129.1},
	{"services", v29, true, 168919, 191.6, 157.4},
	{"services", v27ter, true, 168919, 355.8, 0},
}

func main() {
	out := flag.String("o", "", "file to write (default: standard output)")
	flag.Parse()
	if err := run(*out); err != nil {
		fmt.Fprintln(os.Stderr, "times:", err)
		os.Exit(1)
	}
}

func run(out string) error {
	dir, err := os.MkdirTemp("", "times")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	services, err := papers.Services()
	if err != nil {
		return err
	}
	documents := map[string]*faxDocument{}
	for name, ps := range map[string]string{"text": papers.Text(), "services": services} {
		d, err := draw(filepath.Join(dir, name+".tif"), ps)
		if err != nil {
			return err
		}
		documents[name] = d
	}
	var results []result
	for _, r := range rows {
		res, err := r.measure(documents[r.document], dir)
		if err != nil {
			return fmt.Errorf("%s at %v: %w", r.document, r.rate, err)
		}
		results = append(results, res)
	}
	text := report(results, documents)
	if out == "" {
		_, err = os.Stdout.WriteString(text)
		return err
	}
	old, err := os.ReadFile(out)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if i := strings.Index(string(old), papers.OverAsterisk); i >= 0 {
		text += "\n" + string(old[i:]) // another program's chapter
	}
	return os.WriteFile(out, []byte(text), 0o644)
}
