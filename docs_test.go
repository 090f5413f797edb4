package litoria_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

var docLink = regexp.MustCompile(`\]\(([^)#:\s]+\.\w+)(#[^)]*)?\)`)

// TestDocs: every page is in the index, and no link of a page leads nowhere.
func TestDocs(t *testing.T) {
	index, err := os.ReadFile("docs/README.md")
	if err != nil {
		t.Fatal(err)
	}
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "README.md", "CONTRIBUTING.md") {
		if name := filepath.Base(page); strings.HasPrefix(page, "docs/") && name != "README.md" && !strings.Contains(string(index), "("+name+")") {
			t.Errorf("%s is not in docs/README.md", page)
		}
		text, err := os.ReadFile(page)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range docLink.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), m[1])); err != nil {
				t.Errorf("%s: link to %s: %v", page, m[1], err)
			}
		}
	}
}
