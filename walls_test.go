// Package litoria_test holds the walls of the house: which room may import
// which. See docs/architecture.md; .golangci.yml says the same to the linter
// (go test -run TestLinterWalls -update .).
package litoria_test

import (
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/litoria-fax/litoria/"

// wall: packages below room may import none of forbidden (prefixes; those of
// this module without the module's name).
type wall struct {
	room      string
	except    []string // packages below room that stand outside the wall
	forbidden []string
	why       string
}

var walls = []wall{
	{"modemdrv", []string{"modemdrv/line"}, []string{"net", "os/exec", "iax", "spool", "sched", "protocol"},
		"the modem family knows samples and pages, no network, no spool"},
	{"modemdrv", []string{"modemdrv/line", "modemdrv/tiff", "modemdrv/qam/qamtest"}, []string{"os"}, // the last helps tests only
		"line time: no files below the session"},
	{"modemdrv/t30", nil, []string{"modemdrv/v21", "modemdrv/v27ter", "modemdrv/v29", "modemdrv/v17", "modemdrv/qam", "modemdrv/tones", "modemdrv/hdlc"},
		"T.30 does not know what carries it"},
	{"modemdrv/t4", nil, []string{"modemdrv/t30", "modemdrv/modem"}, "codecs import no machines"},
	{"modemdrv/tiff", nil, []string{"modemdrv/t30", "modemdrv/modem"}, "codecs import no machines"},
	{"iax", nil, []string{"modemdrv/t30", "modemdrv/line", "spool", "sched", "protocol", "document"}, "IAX2 carries sound, whatever it is"},
	{"spool", nil, []string{"modemdrv", "iax", "sched", "protocol", "document"}, "the spool is the ground floor"},
	{"document", nil, []string{"spool", "iax", "sched", "protocol", "modemdrv/t30"}, "documents know no queue"},
	{"protocol", nil, []string{"sched", "iax", "modemdrv/t30", "modemdrv/line"}, "the protocol does not know the scheduler"},
	{"protocol/client", nil, []string{"spool", "protocol/server"}, "clients run on other machines"},
	{"sched", nil, []string{"protocol", "iax", "modemdrv/t30", "modemdrv/line"}, "the scheduler hands jobs over by linectl"},
	{"sched$", nil, []string{"os", "net", "spool"}, "decisions are pure"},
}

type listed struct {
	ImportPath string
	Imports    []string
}

func TestWalls(t *testing.T) {
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", "./...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	for dec := json.NewDecoder(strings.NewReader(string(out))); ; {
		var p listed
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		for _, w := range walls {
			w.check(t, p)
		}
	}
}

func (w wall) check(t *testing.T, p listed) {
	name := strings.TrimPrefix(p.ImportPath, module)
	room, only := strings.CutSuffix(w.room, "$")
	if !within(name, room) || only && name != room || slices.ContainsFunc(w.except, func(e string) bool { return within(name, e) }) {
		return
	}
	for _, i := range p.Imports {
		imported := strings.TrimPrefix(i, module)
		if imported == i && strings.Contains(i, ".") {
			continue // a library: not what the walls are about
		}
		if slices.ContainsFunc(w.forbidden, func(f string) bool { return within(imported, f) && !(within(f, name) && within(imported, name)) }) {
			t.Errorf("%s imports %s: %s", name, imported, w.why)
		}
	}
}

var update = flag.Bool("update", false, "write the walls into .golangci.yml")

// Where the walls stand in .golangci.yml.
const (
	linterBegin = "    # The walls, from walls_test.go.\n"
	linterEnd   = "    # The end of the walls.\n"
)

// TestLinterWalls: the linter has the same walls.
func TestLinterWalls(t *testing.T) {
	const file = ".golangci.yml"
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok := strings.Cut(string(b), linterBegin)
	has, after, ok2 := strings.Cut(rest, linterEnd)
	if !ok || !ok2 {
		t.Fatalf("%s has no walls between its marks", file)
	}
	want := linterWalls()
	if has == want {
		return
	}
	if !*update {
		t.Fatalf("%s has other walls than walls_test.go: go test -run TestLinterWalls -update .", file)
	}
	if err := os.WriteFile(file, []byte(before+linterBegin+want+linterEnd+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// linterWalls are the walls as rules of depguard. Tests, and what is in interop
// for them, stand outside.
func linterWalls() string {
	var b strings.Builder
	b.WriteString("    depguard:\n      rules:\n")
	for i, w := range walls {
		room, only := strings.CutSuffix(w.room, "$")
		fmt.Fprintf(&b, "        wall%d-%s:\n", i+1, strings.ReplaceAll(room, "/", "-"))
		files := []string{"**/" + room + "/**"}
		if only {
			files[0] = "**/" + room + "/*.go"
		}
		for _, e := range w.except {
			files = append(files, "!**/"+e+"/**")
		}
		fmt.Fprintf(&b, "          files: [%q]\n          deny:\n", strings.Join(append(files, "!**/interop/**", "!$test"), `", "`))
		for _, f := range w.forbidden {
			if _, err := os.Stat(f); err == nil {
				f = module + f
			}
			fmt.Fprintf(&b, "            - {pkg: %s, desc: %q}\n", f, w.why)
		}
	}
	return strings.ReplaceAll(b.String(), `\"`, `"`)
}

func within(name, room string) bool { return name == room || strings.HasPrefix(name, room+"/") }
