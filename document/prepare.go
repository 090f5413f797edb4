package document

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// Prepare makes fax pages of the document in the file in and writes them to
// opts.Output, which appears only when all pages are made. What is wrong with the
// document is an *Error.
func Prepare(ctx context.Context, in string, opts Options) (Info, error) {
	opts = opts.withDefaults()
	limited, cancel := context.WithTimeout(ctx, opts.Timeout)
	defer cancel()
	info, err := prepare(limited, in, opts)
	if err != nil && limited.Err() != nil {
		err = context.Cause(ctx)
		if err == nil {
			err = fmt.Errorf("%w: more than %v", ErrTimeout, opts.Timeout)
		}
	}
	if err != nil {
		var path *os.PathError
		if errors.As(err, &path) {
			return info, err // it names the file already
		}
		return info, &Error{filepath.Base(in), err}
	}
	return info, nil
}

// source is a document to be converted.
type source struct {
	path string
	file *os.File
	size int64
	kind Kind
}

// prepare is Prepare without the name in errors.
func prepare(ctx context.Context, in string, opts Options) (Info, error) {
	src, err := openSource(in)
	if err != nil {
		return Info{}, err
	}
	defer src.file.Close()
	info := Info{Kind: src.kind}
	out, err := newOutput(opts)
	if err != nil {
		return info, err
	}
	defer out.discard()
	switch src.kind {
	case Text:
		err = convertText(ctx, src, out)
	case PDF:
		err = convertPDF(ctx, src, out)
	case PostScript, PCL:
		err = convertPostScript(ctx, src, out)
	case TIFF:
		info.Copied, err = convertTIFF(ctx, src, out)
	default:
		err = convertPicture(ctx, src, out)
	}
	if err != nil {
		return info, err
	}
	info.Pages = out.pages
	if len(info.Pages) == 0 {
		return info, ErrNoPages
	}
	return info, out.commit()
}

// openSource opens a document and recognises it.
func openSource(in string) (*source, error) {
	f, err := os.Open(in)
	if err != nil {
		return nil, err
	}
	src, err := recognizeFile(in, f)
	if err != nil {
		f.Close()
		return nil, err
	}
	return src, nil
}

// recognizeFile looks at the beginning of a document.
func recognizeFile(in string, f *os.File) (*source, error) {
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%w: it is no ordinary file", ErrNotDocument)
	}
	head := make([]byte, HeadSize)
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return nil, err
	}
	kind, err := Recognize(head[:n], "")
	if err != nil {
		return nil, err
	}
	return &source{path: in, file: f, size: info.Size(), kind: kind}, nil
}

// read reads the whole document, if it has at most limit octets.
func (s *source) read(limit int64) ([]byte, error) {
	if s.size > limit {
		return nil, fmt.Errorf("%w: %d MB, at most %d MB can be converted", ErrTooLarge, s.size>>20, limit>>20)
	}
	data := make([]byte, s.size)
	_, err := s.file.ReadAt(data, 0)
	if errors.Is(err, io.EOF) {
		err = nil
	}
	return data, err
}

// output collects the pages of a document being converted.
type output struct {
	opts   Options
	raster raster
	temp   string
	writer *tiff.Writer
	pages  []PageInfo
}

// newOutput begins the file beside the one that it will become.
func newOutput(opts Options) (*output, error) {
	if opts.Output == "" {
		return nil, errors.New("document: no output file given")
	}
	o := &output{opts: opts, raster: opts.raster(), temp: opts.Output + ".new"}
	w, err := tiff.Create(o.temp, 0o660)
	if err != nil {
		return nil, err
	}
	w.NoSync()
	o.writer = w
	return o, nil
}

// add adds a page.
func (o *output) add(b *t4.Bitmap, res Resolution) error {
	if len(o.pages) >= o.opts.MaxPages {
		return fmt.Errorf("%w: more than %d pages", ErrTooLarge, o.opts.MaxPages)
	}
	p := tiff.Page{XRes: res.X, YRes: res.Y, Number: len(o.pages), Software: o.opts.Software}
	p.SetCoding(o.opts.Coding)
	if err := o.writer.WriteBitmap(p, b); err != nil {
		return err
	}
	o.pages = append(o.pages, PageInfo{b.Width, b.Height, res})
	return nil
}

// copyFrom makes the output a copy of a file that needs no conversion.
func (o *output) copyFrom(src *source, pages []PageInfo) error {
	if len(pages) > o.opts.MaxPages {
		return fmt.Errorf("%w: %d pages, at most %d are allowed", ErrTooLarge, len(pages), o.opts.MaxPages)
	}
	if err := o.writer.Close(); err != nil {
		return err
	}
	f, err := os.OpenFile(o.temp, os.O_WRONLY|os.O_TRUNC, 0)
	if err != nil {
		return err
	}
	if _, err := io.Copy(f, io.NewSectionReader(src.file, 0, src.size)); err != nil {
		f.Close()
		return err
	}
	o.pages = pages
	return f.Close()
}

// commit gives the file its name. It is on the disk by then.
func (o *output) commit() error {
	o.writer.Close() // a file that was copied is closed already
	f, err := os.OpenFile(o.temp, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := f.Sync(); err != nil {
		f.Close()
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(o.temp, o.opts.Output)
}

// discard removes what commit did not take.
func (o *output) discard() {
	o.writer.Close()
	os.Remove(o.temp)
}
