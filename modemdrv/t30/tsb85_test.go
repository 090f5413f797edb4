package t30

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// casesOfTSB85 are all of them: the families, and how many cases each has.
func casesOfTSB85() (all []string) {
	for _, f := range []struct {
		name string
		n    int
	}{{"MRGN", 17}, {"ORGC", 3}, {"OREN", 10}, {"MRGX", 15}, {"MTGN", 28}, {"OTEN", 6}, {"MTGX", 23}, {"MRGP", 8}} {
		for i := range f.n {
			all = append(all, fmt.Sprintf("%s%02d", f.name, i+1))
		}
	}
	for i := range 8 {
		all = append(all, fmt.Sprintf("OTGC%02d", i+1))
	}
	for i := range 12 {
		all = append(all, fmt.Sprintf("OTGC09-%02d", i+1))
	}
	all = append(all, "OTGC10", "OTGC11", "MTGP01", "MTGP02", "OTGP03", "ORGP09", "ORGP10", "MRGN06a", "MRGN06b")
	return slices.DeleteFunc(all, func(s string) bool { return s == "MRGN06" })
}

// TestCasesOfTSB85: docs/tsb85.md has every case once, and the dialogues and tests
// that it names, and those that docs/t30.md names, exist.
func TestCasesOfTSB85(t *testing.T) {
	page, err := os.ReadFile("../../docs/tsb85.md")
	if err != nil {
		t.Fatal(err)
	}
	cases := map[string]int{}
	tests := testsOf(t, "../..")
	quoted := regexp.MustCompile("`([^`]+)`")
	for line := range strings.Lines(string(page)) {
		cells := strings.Split(line, "|")
		if len(cells) != 5 || strings.TrimSpace(cells[1]) == "case" || strings.HasPrefix(cells[1], "-") {
			continue
		}
		name := strings.TrimSpace(cells[1])
		cases[name]++
		shown := quoted.FindAllStringSubmatch(cells[3], -1)
		if len(shown) == 0 {
			t.Errorf("%s has neither dialogue nor test", name)
		}
		for _, s := range shown {
			if !exists(s[1], tests) {
				t.Errorf("%s: there is no %s", name, s[1])
			}
		}
	}
	for _, s := range quoted.FindAllStringSubmatch(string(page), -1) {
		if strings.HasPrefix(s[1], "Test") && !tests[s[1]] {
			t.Errorf("there is no %s", s[1])
		}
	}
	for _, c := range casesOfTSB85() {
		if cases[c] != 1 {
			t.Errorf("%s is there %d times", c, cases[c])
		}
		delete(cases, c)
	}
	for c := range cases {
		t.Errorf("%s is no case", c)
	}
}

// TestDialoguesOfThePage: docs/t30.md names every dialogue, or docs/tsb85.md does.
func TestDialoguesOfThePage(t *testing.T) {
	var pages []byte
	for _, name := range []string{"t30", "tsb85"} {
		page, err := os.ReadFile("../../docs/" + name + ".md")
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, page...)
	}
	named := regexp.MustCompile(`[a-z0-9]+(-[a-z0-9]+)*`).FindAllString(string(pages), -1)
	files, err := filepath.Glob("testdata/*.txt")
	if err != nil || len(files) == 0 {
		t.Fatalf("no dialogues: %v", err)
	}
	for _, f := range files {
		if name := strings.TrimSuffix(filepath.Base(f), ".txt"); !slices.Contains(named, name) {
			t.Errorf("neither docs/t30.md nor docs/tsb85.md tells of the dialogue %s", name)
		}
	}
	for _, name := range regexp.MustCompile(`\b(?:receive|send|polled|poll)-[a-z0-9-]+`).FindAllString(string(pages), -1) {
		if !exists(name, nil) {
			t.Errorf("the pages name the dialogue %s, which is not there", name)
		}
	}
}

func exists(name string, tests map[string]bool) bool {
	if strings.HasPrefix(name, "Test") {
		return tests[name]
	}
	_, err := os.Stat(filepath.Join("testdata", name+".txt"))
	return err == nil
}

// testsOf gives the names of all tests of the modems below a folder.
func testsOf(t *testing.T, root string) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	function := regexp.MustCompile(`(?m)^func (Test\w+)\(`)
	err := filepath.WalkDir(filepath.Join(root, "modemdrv"), func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, "_test.go") {
			return err
		}
		text, err := os.ReadFile(path)
		for _, m := range function.FindAllSubmatch(text, -1) {
			all[string(bytes.Clone(m[1]))] = true
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}
