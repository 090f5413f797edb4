package config

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "rewrite the table of parameters in docs/config.md")

const (
	docFile   = "../../docs/config.md"
	docBegin  = "<!-- table of parameters, made by go test ./spool/config -update -->\n"
	docEnd    = "<!-- end of the table -->\n"
	pagersTag = "pager"
)

// readers are our programs and where their code is.
var readers = []struct{ name, dir string }{{"faxq", "../../sched/faxq"}, {"faxgetty, faxsend", "../../modemdrv/line"}}

// TestDocumented: docs/config.md lists every parameter that there is, and no
// other.
func TestDocumented(t *testing.T) {
	doc, err := os.ReadFile(docFile)
	if err != nil {
		t.Fatal(err)
	}
	head, rest, ok1 := bytes.Cut(doc, []byte(docBegin))
	table, tail, ok2 := bytes.Cut(rest, []byte(docEnd))
	if !ok1 || !ok2 {
		t.Fatalf("%s has no place for the table", docFile)
	}
	if *update {
		table = docTable(t)
		all := bytes.Join([][]byte{head, []byte(docBegin), table, []byte(docEnd), tail}, nil)
		if err := os.WriteFile(docFile, all, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	var got []string
	for _, m := range regexp.MustCompile("(?m)^\\| `(\\w+)` ").FindAllSubmatch(table, -1) {
		got = append(got, string(m[1]))
	}
	var want []string
	for _, tag := range tags {
		want = append(want, tag.Name)
	}
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the table in %s is not up to date: run go test ./spool/config -update", docFile)
	}
}

// docTable makes the table from tags.txt and from what our programs read.
func docTable(t *testing.T) []byte {
	t.Helper()
	used := make([]string, len(readers))
	for i, r := range readers {
		files, err := filepath.Glob(filepath.Join(r.dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			if strings.HasSuffix(f, "_test.go") {
				continue
			}
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			used[i] += string(text)
		}
	}
	list := make([]Tag, 0, len(tags))
	for _, tag := range tags {
		list = append(list, tag)
	}
	slices.SortFunc(list, func(a, b Tag) int { return strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)) })
	var b bytes.Buffer
	b.WriteString("| parameter | type | default | read by |\n|---|---|---|---|\n")
	for _, tag := range list {
		var by []string
		for i, r := range readers {
			if strings.Contains(used[i], `"`+tag.Name+`"`) || families(used[i], tag.Name) {
				by = append(by, r.name)
			}
		}
		who := strings.Join(by, "; ")
		switch {
		case older[strings.ToLower(tag.Name)] != "":
			who = "older name of " + tags[older[strings.ToLower(tag.Name)]].Name
		case who != "":
		case tag.Name == "Include":
			who = "all"
		case tag.Reader == pagersTag:
			who = "- (pagers)"
		case tag.Serial:
			who = "- (serial modems)"
		default:
			who = "-"
		}
		def := tag.Default
		if def != "" {
			def = "`" + def + "`"
		}
		fmt.Fprintf(&b, "| `%s` | %s | %s | %s |\n", tag.Name, kindName(tag.Kind), def, who)
	}
	return b.Bytes()
}

// families: JobReqBusy and the like are read by names put together.
func families(code, name string) bool {
	for _, f := range []string{"JobReq", "JobRetry"} {
		if rest, ok := strings.CutPrefix(name, f); ok && strings.Contains(code, `"`+f+`"`) && strings.Contains(code, `"`+rest+`"`) {
			return true
		}
	}
	return false
}

func kindName(k Kind) string {
	for name, kind := range kinds {
		if kind == k {
			return name
		}
	}
	return ""
}
