package document

import (
	"errors"
	"fmt"
	"image/jpeg"
	"image/png"
	"io"

	"github.com/litoria-fax/litoria/document/recognize"
)

// The ways in which a document can be unfit. The errors of this package wrap
// one of them, and make one sentence for the person who handed it in.
var (
	ErrEmpty       = recognize.ErrEmpty
	ErrNotDocument = recognize.ErrNotDocument
	ErrDamaged     = errors.New("the document is damaged")
	ErrEncrypted   = errors.New("the document is encrypted")
	ErrNoPages     = errors.New("the document has no pages")
	ErrUnsupported = errors.New("the document is of an unsupported kind")
	ErrTooLarge    = errors.New("the document is too large")
	ErrNoConverter = errors.New("the program that converts it is not installed")
	ErrTimeout     = errors.New("converting the document takes too long")
)

// Error is what is wrong with a document. Err alone is a sentence for a person
// who does not know the file by its name.
type Error struct {
	Name string // of the file, without its folder
	Err  error
}

// Error gives name and reason.
func (e *Error) Error() string { return e.Name + ": " + e.Err.Error() }

// Unwrap gives the reason.
func (e *Error) Unwrap() error { return e.Err }

// damaged is the reason for a document that a decoder cannot read.
func damaged(err error) error {
	var badPNG png.FormatError
	var badJPEG jpeg.FormatError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.As(err, &badPNG) && badPNG == "not enough pixel data":
		return fmt.Errorf("%w: it is cut off", ErrDamaged)
	case badPNG != "":
		return fmt.Errorf("%w: %s", ErrDamaged, string(badPNG)) // without Go's prefixes
	case errors.As(err, &badJPEG):
		return fmt.Errorf("%w: %s", ErrDamaged, string(badJPEG))
	}
	return fmt.Errorf("%w: %w", ErrDamaged, err)
}

// Limits, so that no document takes more memory or time than a fax server can
// spare.
const (
	MaxFileSize    = 512 << 20 // octets of a document that must be in memory
	MaxImagePels   = 120e6     // pels of a picture
	MaxTextSize    = 32 << 20  // octets of a text
	DefaultMaxPage = 2000      // pages, where Options tell nothing
)
