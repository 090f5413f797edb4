package faxq

import (
	"io/fs"
	"syscall"
	"testing"
	"time"

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

// TestDiskFullInPreparation: a job whose pages do not fit waits, and says why
// with its first words; it goes on when there is room.
func TestDiskFullInPreparation(t *testing.T) {
	w := newWorld(t, "")
	w.prep.(*fakePreparer).err = &fs.PathError{Op: "write", Path: "tmp/doc1.ps;c0.tmp", Err: syscall.ENOSPC}
	w.line("ttyIAX0", nil)
	w.start()
	w.job(1, nil)
	w.send("S:1")
	if j := w.waitState(1, spool.StateSleeping); j.Status != "The disk of the fax server is full: the document is not prepared yet" || j.StatusCode != 340 {
		t.Errorf("job 1: %d %q", j.StatusCode, j.Status)
	}
	w.prep.(*fakePreparer).err = nil
	w.ahead(10 * time.Minute)
	if j := w.waitDone(1); j.State != spool.StateDone || j.Status != "" {
		t.Errorf("job 1 after there was room: %v %q", j.State, j.Status)
	}
}
