package command

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"

	"github.com/litoria-fax/litoria/document/recognize"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/typerules"
)

// prepared is a document in a form that servers take.
type prepared struct {
	client.Document
	pages int // 0 where the number cannot be told
}

// ConvertOptions say how a document is to be converted for sending.
type ConvertOptions struct {
	Name       string // of the document, for messages
	Resolution int    // lines per inch
	PageWidth  int    // millimetres
	PageLength int    // millimetres
	PageSize   string // name of the page size
}

// Converted is a document that was made from another one.
type Converted struct {
	Form  client.Form
	Data  []byte
	Pages int
}

// Unfit is what is wrong with a document that no program could send: it is damaged, or empty. For
// Env.Convert.
type Unfit struct{ Err error }

// Error gives the reason.
func (u *Unfit) Error() string { return u.Err.Error() }

// Unwrap gives the reason.
func (u *Unfit) Unwrap() error { return u.Err }

// prepare recognises a document and converts it if servers do not take it as it is. Whatever is wrong
// with it is found before anything is uploaded.
func (s *sendfax) prepare(ctx context.Context, name string) (*prepared, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, fmt.Errorf("%s: Can not open file: %w", name, reasonOf(err))
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, fmt.Errorf("%s: Can not stat file: %w", name, reasonOf(err))
	case !info.Mode().IsRegular():
		return nil, fmt.Errorf("%s: Not a regular file", name)
	case info.Size() == 0:
		return nil, fmt.Errorf("%s: Empty file", name)
	}
	head := make([]byte, max(recognize.HeadSize, typerules.HeadSize))
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, fmt.Errorf("%s: %w", name, reasonOf(err))
	}
	if rule := s.rules.Match(head[:n]); rule != nil {
		if rule.Result == typerules.Error {
			return nil, s.refusal(name, head[:n], rule)
		}
		p, err := s.prepareByRule(ctx, name, f, info.Size(), rule)
		if !errors.Is(err, errNoProgram) {
			return p, err
		}
		p, ownErr := s.prepareOurselves(name, f, info.Size(), head[:n])
		var unfit *Unfit
		if ownErr == nil || errors.As(ownErr, &unfit) {
			return p, ownErr
		}
		return nil, fmt.Errorf("%s: Can not convert: %w that line %d of %s asks for", name, err, rule.Line, s.rulesFile)
	}
	return s.prepareOurselves(name, f, info.Size(), head[:n])
}

// prepareOurselves prepares a document of which no rule tells anything.
func (s *sendfax) prepareOurselves(name string, f *os.File, size int64, head []byte) (*prepared, error) {
	kind, err := recognize.Recognize(head, name)
	switch {
	case errors.Is(err, recognize.ErrNotDocument) && s.rules.Any():
		return nil, fmt.Errorf("%w; no rule of %s fits it either", err, s.rulesFile)
	case err != nil:
		return nil, err
	}
	if form := serverForm(kind); form != "" {
		return s.asItIs(name, form, f, size)
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, fmt.Errorf("%s: %w", name, reasonOf(err))
	}
	return s.convert(name, kind, f)
}

// asItIs checks a document that servers take.
func (s *sendfax) asItIs(name string, form client.Form, f *os.File, size int64) (*prepared, error) {
	pages, err := s.countPages(name, form, f, size)
	if err != nil {
		return nil, err
	}
	if err := s.lookCloser(form, f, size); err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &prepared{
		Document: client.Document{Name: name, Form: form, Size: size, Open: func() (io.ReadCloser, error) { return os.Open(name) }},
		pages:    pages,
	}, nil
}

// lookCloser finds documents of which no page can come, so that their sender is told at once and not by
// the server.
func (s *sendfax) lookCloser(form client.Form, f io.ReaderAt, size int64) error {
	if size > maxEstimate || form != client.FormPDF && form != client.FormPostScript {
		return nil
	}
	data, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	if err != nil {
		return reasonOf(err)
	}
	if form == client.FormPostScript {
		if isBlankPostScript(data) {
			return errNoPages
		}
		return nil
	}
	sound, err := verifyPDF(data)
	if err != nil || sound || s.env.CheckPDF == nil {
		return err
	}
	return s.env.CheckPDF(data)
}

// reasonOf takes the words of the system out of an error that names the file again.
func reasonOf(err error) error {
	var path *os.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// serverForm tells which of the types that servers take a kind of document is, "" for none.
func serverForm(kind recognize.Kind) client.Form {
	switch kind {
	case recognize.PostScript:
		return client.FormPostScript
	case recognize.PDF:
		return client.FormPDF
	case recognize.TIFF:
		return client.FormTIFF
	case recognize.PCL:
		return client.FormPCL
	}
	return ""
}

// convert converts a document of another type.
func (s *sendfax) convert(name string, kind recognize.Kind, f *os.File) (*prepared, error) {
	if s.env.Convert == nil {
		return nil, fmt.Errorf("%s: this program cannot convert %s; hand in PDF, PostScript or TIFF", name, kind)
	}
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, reasonOf(err))
	}
	if s.verbosity > 0 {
		s.env.printf("CONVERT \"%s\" (%s)\n", name, kind)
	}
	c, err := s.env.Convert(data, s.convertOptions(name))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	return &prepared{Document: inMemory(name, c.Form, c.Data), pages: c.Pages}, nil
}

func (s *sendfax) convertOptions(name string) ConvertOptions {
	return ConvertOptions{
		Name: name, Resolution: int(s.proto.vres), PageWidth: s.proto.width, PageLength: s.proto.length, PageSize: s.proto.pageSize,
	}
}

// maxEstimate is the size up to which a document is read to estimate its pages.
const maxEstimate = 64 << 20

// Patterns by which pages are estimated for the cover page.
var (
	pdfPage  = regexp.MustCompile(`/Type\s*/Page[^s]`)
	dscPage  = regexp.MustCompile(`(?m)^%%Page:`)
	dscPages = regexp.MustCompile(`(?m)^%%Pages: *([0-9]+)`)
)

// countPages checks what can be checked of a document that is sent as it is, and counts or estimates
// its pages.
func (s *sendfax) countPages(name string, form client.Form, f io.ReaderAt, size int64) (int, error) {
	if form == client.FormTIFF {
		pages, err := verifyTIFF(f, size)
		if err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		return pages, nil
	}
	if size > maxEstimate || form == client.FormPCL {
		return 0, nil
	}
	data, err := io.ReadAll(io.NewSectionReader(f, 0, size))
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, reasonOf(err))
	}
	if form == client.FormPDF {
		if _, err := verifyPDF(data); err != nil {
			return 0, fmt.Errorf("%s: %w", name, err)
		}
		return len(pdfPage.FindAll(data, -1)), nil
	}
	pages := 0
	for _, m := range dscPages.FindAllSubmatch(data, -1) {
		n, err := strconv.Atoi(string(m[1]))
		if err == nil && n < 1e6 {
			pages += n
		}
	}
	if pages == 0 {
		pages = len(dscPage.FindAll(data, -1))
	}
	return pages, nil
}

// spoolStdin copies standard input to a temporary file, so that it can be read more than once.
func (s *sendfax) spoolStdin() (string, error) {
	f, err := os.CreateTemp("", "sndfax")
	if err != nil {
		return "", err
	}
	n, err := io.Copy(f, s.env.Stdin)
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err == nil && n == 0 {
		err = fmt.Errorf("%s: No input data; transmission aborted.", s.name) //nolint:staticcheck,revive // HylaFAX's words
	}
	if err != nil {
		os.Remove(f.Name()) //nolint:errcheck // the fault before counts
		return "", err
	}
	return f.Name(), nil
}
