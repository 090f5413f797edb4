package server

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/litoria-fax/litoria/protocol/protocoltest"
)

// TestOwnersWithoutGroups: a server that may not change groups knows the owners
// of what it took in, and of the pages that were prepared from it; anybody
// else's file has no owner, and listings say so in a word.
func TestOwnersWithoutGroups(t *testing.T) {
	dir := t.TempDir()
	if err := protocoltest.MakeSpool(dir); err != nil {
		t.Fatal(err)
	}
	srv, err := New(Config{Spool: dir})
	if err != nil {
		t.Fatal(err)
	}
	defer srv.Close()
	srv.changesGroups = false
	for _, name := range []string{"doc1.pdf", "doc1.pdf;c0", "doc2.ps.7", "doc2.ps;c0", "doc3.ps.9", "doc3.ps;c0", "doc9.ps;c0"} {
		if err := os.WriteFile(filepath.Join(dir, "docq", name), []byte(name), 0o640); err != nil {
			t.Fatal(err)
		}
	}
	for name, uid := range map[string]FaxUID{"doc1.pdf": 100, "doc2.ps.7": 101} {
		if err := srv.setOwner("docq/"+name, uid); err != nil {
			t.Fatal(err)
		}
	}
	list := &accessList{}
	for name, want := range map[string]string{
		"doc1.pdf": "100", "doc1.pdf;c0": "100", "doc2.ps;c0": "101", // of the document, of a job's link to it
		"doc3.ps.9": "unknown", "doc3.ps;c0": "unknown", "doc9.ps;c0": "unknown",
	} {
		info, err := srv.root.Lstat("docq/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if got := list.userName(srv.ownerOf(info)); got != want {
			t.Errorf("owner of %s is %q, want %q", name, got, want)
		}
	}
}
