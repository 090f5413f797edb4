package faxq

import (
	"testing"

	"github.com/litoria-fax/litoria/spool"
)

// TestBadDocuments: the status of a job begins with what is wrong with its
// document, and says of which of several.
func TestBadDocuments(t *testing.T) {
	w := newWorld(t, "")
	w.prep = nil
	w.line("ttyIAX0", nil)
	w.start()
	for id, row := range []struct {
		files []string // texts of the documents
		want  string
	}{
		1: {[]string{"II*\x00"}, "The document is damaged: TIFF file is cut off: it has 4 octets only"},
		2: {[]string{""}, "The file is empty"},
		3: {[]string{string(tiffFile(1, 1728, 100, 98)), "PK\x03\x04...."},
			"Not a document that can be faxed: it is a ZIP archive or an office document; print it to PDF first (document 2 of 2)"},
	} {
		if id == 0 {
			continue
		}
		w.job(id, func(j *spool.Job) {
			j.Documents = nil
			for i, text := range row.files {
				name := "docq/doc" + string(rune('a'+i)) + j.JobID + ".tif." + j.JobID
				w.write(name, text)
				j.Documents = append(j.Documents, spool.Document{Op: spool.OpTIFF, File: name})
			}
		})
		w.send("S:" + w.read(id).JobID)
		if j := w.waitDone(id); j.State != spool.StateFailed || j.Status != row.want {
			t.Errorf("job %d: %v %q, want %q", id, j.State, j.Status, row.want)
		}
	}
}
