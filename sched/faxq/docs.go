package faxq

import (
	"os"
	"strings"
	"syscall"

	"github.com/litoria-fax/litoria/spool"
)

// docRefs are prepared documents that no job here needs any more, by their
// source: they go when no job at all refers to the source. The links of the
// source count those jobs: each has one of its own (doc1.ps.12), the common
// name (doc1.ps) is one more.
type docRefs map[string]map[string]bool

// unref gives a prepared document up (docq/doc1.ps;c0).
func (s *Server) unref(file string) {
	i := strings.LastIndexByte(file, ';')
	if i <= 0 || !strings.HasPrefix(file, spool.DocQ+"/") || spool.CheckName(file) != nil {
		s.log.Debug().Str("document", file).Msg("not the name of a prepared document")
		return
	}
	source := file[:i]
	if s.docs[source] == nil {
		s.docs[source] = map[string]bool{}
	}
	s.docs[source][file] = true
	info, err := os.Stat(s.spool.Path(source))
	if err == nil {
		if st, ok := info.Sys().(*syscall.Stat_t); !ok || st.Nlink > 1 {
			return // another job may need it
		}
	}
	for f := range s.docs[source] {
		s.removeDoc(f)
	}
	delete(s.docs, source)
}

// removeDoc removes a document; one that is gone already is no matter.
func (s *Server) removeDoc(file string) {
	if err := os.Remove(s.spool.Path(file)); err != nil && !os.IsNotExist(err) {
		s.warn(err)
	}
}
