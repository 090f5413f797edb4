//go:build interop

// Command linetable measures our modems and spandsp's on the same simulated
// line and writes the tables of docs/line-table.md.
//
//	go run -tags interop ./interop/spandsp/linetable -o docs/line-table.md
//
// With the same arguments it gives the same tables.
package main

import (
	"flag"
	"fmt"
	"os"
	"os/exec"
	"strings"

	"github.com/litoria-fax/litoria/interop/spandsp"
	"github.com/litoria-fax/litoria/modemdrv/study"
)

func main() {
	var (
		out    = flag.String("o", "", "file to write (default: standard output)")
		bursts = flag.Int("bursts", 60, "bursts for each point; V.21 and the tables of single impairments take a share of it (60: about ten minutes)")
		only   = flag.String("mode", "", "only this mode, such as v17-14400")
		part   = flag.String("part", "", "only this part: noise, impairments, skew, impulses or loss")
		jobs   = flag.Int("jobs", 2, "modes measured at the same time")
	)
	flag.Parse()
	if err := run(*out, *only, &table{bursts: max(4, *bursts), part: *part}, max(1, *jobs)); err != nil {
		fmt.Fprintln(os.Stderr, "linetable:", err)
		os.Exit(1)
	}
}

func run(out, only string, t *table, jobs int) error {
	for range jobs {
		peer, err := spandsp.Start()
		if err != nil {
			return err
		}
		defer peer.Close()
		t.workers = append(t.workers, &worker{columns: []column{
			{"spandsp", peer, peer},
			{"ours, same samples", peer, study.Ours{}},
			{"ours, our transmitter", study.Ours{}, study.Ours{}},
		}})
	}
	for _, m := range study.Modes {
		if only == "" || only == m.Name {
			t.modes = append(t.modes, kind{m, false})
		}
	}
	for _, k := range t.modes {
		if k.Short() {
			t.modes = append(t.modes, kind{k.Mode, true})
		}
	}
	if len(t.modes) == 0 {
		return fmt.Errorf("no mode %q", only)
	}
	if err := t.write(); err != nil {
		return err
	}
	if out == "" {
		_, err := os.Stdout.WriteString(t.text.String())
		return err
	}
	return os.WriteFile(out, []byte(t.text.String()), 0o644)
}

// version of the library that is measured against.
func version() string {
	v, err := exec.Command("dpkg-query", "-W", "-f", "${Version}", "libspandsp2").Output()
	if err != nil {
		return "of unknown version"
	}
	return strings.TrimSpace(string(v))
}
