package command

import (
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/litoria-fax/litoria/protocol/client/faxdb"
)

// addressBook reads the user's address book, once.
func (s *sendfax) addressBook() *faxdb.Book {
	if s.bookRead == nil {
		s.bookRead = s.env.readBook(s.book)
	}
	return s.bookRead
}

// readBook reads an address book; one that is not there is empty.
func (e *Env) readBook(name string) *faxdb.Book {
	f, err := os.Open(name)
	if err != nil {
		if !errors.Is(err, fs.ErrNotExist) {
			e.warnf("%v", err)
		}
		return &faxdb.Book{}
	}
	defer f.Close()
	book, err := faxdb.Parse(f)
	if err != nil {
		e.warnf("%s: %v", name, err)
	}
	return book
}

// lookUp finds a destination in the address book. What has no letter is a number and never looked up, lest
// "12" is found in "Room 12".
func (s *sendfax) lookUp(dest string) *faxdb.Record {
	isLetter := func(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r > 0x7f }
	if !strings.ContainsFunc(dest, isLetter) {
		return nil
	}
	return s.addressBook().Find(dest)
}
