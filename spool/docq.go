package spool

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// # How documents are counted
//
// A client's document is docq/docN.TYPE. Each job has its own hard link to it,
// docq/docN.TYPE.JOBID (a cover page: docq/coverJOBID.cover, the only link
// once the client's is gone). Pages that were prepared from it are
// docq/docN.TYPE;XX, XX being Params.EncodePage: one file for all jobs that
// need the same. When a job has sent a document, its link is renamed to the
// name without the job's number: so the number of links of docq/docN.TYPE says
// how many jobs may still need what was prepared from it.

// Prepared is the name of the pages that are made from a job's document.
func Prepared(document, page string) string { return BaseDocument(document) + ";" + page }

// BaseDocument is the name that all jobs' links to a document share: without
// the part behind the last dot, the job's number or "cover".
func BaseDocument(document string) string {
	if i := strings.LastIndexByte(document, '.'); i >= 0 {
		return document[:i]
	}
	return document
}

// SourceOf is the base document of prepared pages: without the part behind the
// last semicolon.
func SourceOf(prepared string) (string, bool) {
	i := strings.LastIndexByte(prepared, ';')
	if i < 0 {
		return prepared, false
	}
	return prepared[:i], true
}

// LinkDocument gives a job its own link to a document of docq and returns the
// link's name.
func (s *Spool) LinkDocument(document, jobID string) (string, error) {
	return s.linkDocument(document, document+"."+jobID)
}

// LinkCover is LinkDocument for a cover page.
func (s *Spool) LinkCover(document, jobID string) (string, error) {
	return s.linkDocument(document, DocQ+"/cover"+jobID+".cover")
}

func (s *Spool) linkDocument(from, to string) (string, error) {
	if err := errors.Join(CheckName(from), CheckName(to)); err != nil {
		return "", err
	}
	if err := os.Link(s.Path(from), s.Path(to)); err != nil {
		return "", fmt.Errorf("%s: no link to %s: %w", to, from, err)
	}
	return to, nil
}

// ReleaseSource renames a job's link to a document to the name that all jobs
// share, after the job sent it, and returns that name. See the note on how
// documents are counted.
func (s *Spool) ReleaseSource(document string) (string, error) {
	base := BaseDocument(document)
	if err := errors.Join(CheckName(document), CheckName(base)); err != nil {
		return document, err
	}
	if base == document {
		return base, nil
	}
	if err := os.Rename(s.Path(document), s.Path(base)); err != nil {
		return document, fmt.Errorf("%s: cannot be renamed after it was sent: %w", document, err)
	}
	// Of two names of one file rename(2) changes nothing.
	if err := os.Remove(s.Path(document)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return base, err
	}
	return base, nil
}

// References counts the links of a document of docq; 0 where it is gone.
func (s *Spool) References(document string) int {
	if CheckName(document) != nil {
		return 0
	}
	info, err := os.Lstat(s.Path(document))
	if err != nil {
		return 0
	}
	if st, ok := info.Sys().(*syscall.Stat_t); ok {
		return int(st.Nlink)
	}
	return 1
}

// Unreferenced tells whether no job needs pages prepared from a document any
// more.
func (s *Spool) Unreferenced(prepared string) bool {
	base, ok := SourceOf(prepared)
	return ok && s.References(base) <= 1
}
