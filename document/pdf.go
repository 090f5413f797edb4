package document

import (
	"context"
	"errors"
	"fmt"
	"image"
	"io"
	"math"
	"os"
	"path/filepath"
	"sync"

	"github.com/klippa-app/go-pdfium"
	"github.com/klippa-app/go-pdfium/enums"
	pdferrors "github.com/klippa-app/go-pdfium/errors"
	"github.com/klippa-app/go-pdfium/references"
	"github.com/klippa-app/go-pdfium/requests"
	"github.com/klippa-app/go-pdfium/webassembly"
	"github.com/tetratelabs/wazero"
)

// Limits of the PDF renderer.
const (
	pdfMemory  = 1 << 30 // octets that one document may take within WebAssembly
	wasmPage   = 1 << 16 // octets of a WebAssembly page
	pdfWorkers = 2       // documents drawn at once
	pdfCache   = "litoria/wasm"
)

// pdfiumPool starts the renderer when it is first needed: compiling it takes
// seconds where no cache is at hand, and most processes never draw a PDF.
var pdfiumPool = sync.OnceValues(startPDFium)

// startPDFium compiles PDFium. It sees no file of this machine.
func startPDFium() (pdfium.Pool, error) {
	rc := wazero.NewRuntimeConfig().WithCloseOnContextDone(true).WithMemoryLimitPages(pdfMemory / wasmPage)
	if dir, err := os.UserCacheDir(); err == nil {
		dir = filepath.Join(dir, pdfCache)
		if os.MkdirAll(dir, 0o700) == nil {
			if cache, err := wazero.NewCompilationCacheWithDir(dir); err == nil {
				rc = rc.WithCompilationCache(cache)
			}
		}
	}
	return webassembly.Init(webassembly.Config{
		MaxIdle: pdfWorkers, MaxTotal: pdfWorkers, FSConfig: wazero.NewFSConfig(),
		Stdout: io.Discard, Stderr: io.Discard, RuntimeConfig: rc,
	})
}

// WarmUp makes the PDF renderer ready, so that the first PDF need not wait for
// it: some seconds where this user never ran it on this machine, a fraction of
// a second afterwards.
func WarmUp() error {
	_, err := pdfiumPool()
	return err
}

// convertPDF draws the pages of a PDF.
func convertPDF(ctx context.Context, src *source, out *output) error {
	data, err := src.read(MaxFileSize)
	if err != nil {
		return err
	}
	return withPDF(ctx, data, func(d *pdfDocument) error {
		if d.pages == 0 {
			return ErrNoPages
		}
		if d.pages > out.opts.MaxPages {
			return fmt.Errorf("%w: %d pages, at most %d are allowed", ErrTooLarge, d.pages, out.opts.MaxPages)
		}
		for i := range d.pages {
			if err := ctx.Err(); err != nil {
				return err
			}
			page, err := d.draw(i, out.raster)
			if err != nil {
				return fmt.Errorf("%w: page %d: %w", ErrDamaged, i+1, err)
			}
			if err := out.add(bilevel(page, out.opts.Threshold), out.raster.res); err != nil {
				return err
			}
		}
		return nil
	})
}

// pdfDocument is an open PDF.
type pdfDocument struct {
	pdf   pdfium.Pdfium
	doc   references.FPDF_DOCUMENT
	pages int
}

// withPDF opens a PDF, has f use it, and closes it. When ctx ends the renderer
// is stopped, whatever it is doing.
func withPDF(ctx context.Context, data []byte, f func(*pdfDocument) error) error {
	pool, err := pdfiumPool()
	if err != nil {
		return fmt.Errorf("starting the PDF renderer: %w", err)
	}
	pdf, err := pool.GetInstanceWithContext(ctx)
	if err != nil {
		return fmt.Errorf("starting the PDF renderer: %w", err)
	}
	defer pdf.Close()
	worked := make(chan error, 1)
	go func() { worked <- usePDF(pdf, data, f) }()
	select {
	case err := <-worked:
		return err
	case <-ctx.Done():
		pdf.Kill()
		<-worked
		return ctx.Err()
	}
}

// usePDF is withPDF without the time limit. A renderer that was stopped panics
// within the library.
func usePDF(pdf pdfium.Pdfium, data []byte, f func(*pdfDocument) error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("%w: the PDF renderer broke: %v", ErrDamaged, p)
		}
	}()
	open, err := pdf.OpenDocument(&requests.OpenDocument{File: &data})
	if err != nil {
		return pdfError(err)
	}
	count, err := pdf.FPDF_GetPageCount(&requests.FPDF_GetPageCount{Document: open.Document})
	if err != nil {
		return pdfError(err)
	}
	return f(&pdfDocument{pdf: pdf, doc: open.Document, pages: count.PageCount})
}

// pdfError puts PDFium's error codes in words.
func pdfError(err error) error {
	switch {
	case errors.Is(err, pdferrors.ErrPassword):
		return fmt.Errorf("%w: the PDF cannot be opened without its password", ErrEncrypted)
	case errors.Is(err, pdferrors.ErrSecurity):
		return fmt.Errorf("%w: the PDF is encrypted in a way that is not supported", ErrEncrypted)
	case errors.Is(err, pdferrors.ErrFormat), errors.Is(err, pdferrors.ErrFile):
		return fmt.Errorf("%w: the PDF cannot be read", ErrDamaged)
	}
	return fmt.Errorf("%w: the PDF cannot be read: %w", ErrDamaged, err)
}

// drawFlags: text and lines are drawn in pure black and white, so that only
// pictures and shades are dithered.
const drawFlags = enums.FPDF_RENDER_FLAG_GRAYSCALE | enums.FPDF_RENDER_FLAG_ANNOT | enums.FPDF_RENDER_FLAG_PRINTING |
	enums.FPDF_RENDER_FLAG_RENDER_NO_SMOOTHTEXT | enums.FPDF_RENDER_FLAG_RENDER_NO_SMOOTHPATH

// draw draws a page: in its natural size at the top, in the middle; smaller if
// it is larger than the paper; turned by 90 degrees if it is wider than high.
func (d *pdfDocument) draw(i int, r raster) (*image.Gray, error) {
	size, err := d.pdf.FPDF_GetPageSizeByIndex(&requests.FPDF_GetPageSizeByIndex{Document: d.doc, Index: i})
	if err != nil {
		return nil, err
	}
	w, h, rotate := size.Width, size.Height, enums.FPDF_PAGE_ROTATION_NONE
	if w > h {
		w, h, rotate = h, w, enums.FPDF_PAGE_ROTATION_90_CW
	}
	if !(w > 0 && h > 0) {
		return nil, fmt.Errorf("a page of %g x %g points", w, h)
	}
	pw, ph := w/72*r.res.X, h/72*r.res.Y
	shrink := min(1, float64(r.width)/pw, float64(r.height)/ph)
	sx, sy := max(1, int(math.Round(pw*shrink))), max(1, int(math.Round(ph*shrink)))
	loaded, err := d.load(i)
	if err != nil {
		return nil, err
	}
	defer d.pdf.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded})
	page := requests.Page{ByReference: &loaded}
	bitmap, err := d.pdf.FPDFBitmap_Create(&requests.FPDFBitmap_Create{Width: r.width, Height: r.height})
	if err != nil {
		return nil, err
	}
	defer d.pdf.FPDFBitmap_Destroy(&requests.FPDFBitmap_Destroy{Bitmap: bitmap.Bitmap})
	if _, err := d.pdf.FPDFBitmap_FillRect(&requests.FPDFBitmap_FillRect{
		Bitmap: bitmap.Bitmap, Width: r.width, Height: r.height, Color: 0xffffffff,
	}); err != nil {
		return nil, err
	}
	if _, err := d.pdf.FPDF_RenderPageBitmap(&requests.FPDF_RenderPageBitmap{
		Bitmap: bitmap.Bitmap, Page: page, StartX: (r.width - sx) / 2, SizeX: sx, SizeY: sy, Rotate: rotate, Flags: drawFlags,
	}); err != nil {
		return nil, err
	}
	return d.grey(bitmap.Bitmap, r)
}

// load loads a page; what was filled into a form becomes part of it.
func (d *pdfDocument) load(i int) (references.FPDF_PAGE, error) {
	loaded, err := d.pdf.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: d.doc, Index: i})
	if err != nil {
		return "", err
	}
	notes, err := d.pdf.FPDFPage_GetAnnotCount(&requests.FPDFPage_GetAnnotCount{Page: requests.Page{ByReference: &loaded.Page}})
	if err != nil || notes.Count == 0 {
		return loaded.Page, nil
	}
	if _, err := d.pdf.FPDFPage_Flatten(&requests.FPDFPage_Flatten{
		Page: requests.Page{ByReference: &loaded.Page}, Usage: requests.FPDFPage_FlattenUsagePrint,
	}); err != nil {
		return loaded.Page, nil
	}
	d.pdf.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: loaded.Page})
	again, err := d.pdf.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: d.doc, Index: i})
	if err != nil {
		return "", err
	}
	return again.Page, nil
}

// grey copies the pels drawn, four octets each, out of the renderer's memory.
func (d *pdfDocument) grey(bitmap references.FPDF_BITMAP, r raster) (*image.Gray, error) {
	stride, err := d.pdf.FPDFBitmap_GetStride(&requests.FPDFBitmap_GetStride{Bitmap: bitmap})
	if err != nil {
		return nil, err
	}
	buf, err := d.pdf.FPDFBitmap_GetBuffer(&requests.FPDFBitmap_GetBuffer{Bitmap: bitmap})
	if err != nil {
		return nil, err
	}
	if len(buf.Buffer) < stride.Stride*r.height || stride.Stride < 4*r.width {
		return nil, errors.New("the PDF renderer made a bitmap of another size")
	}
	page := image.NewGray(image.Rect(0, 0, r.width, r.height))
	for y := range r.height {
		from, to := buf.Buffer[y*stride.Stride:], page.Pix[y*page.Stride:][:r.width]
		for x := range to {
			to[x] = byte(luma(from[4*x+2], from[4*x+1], from[4*x])) // blue, green, red
		}
	}
	return page, nil
}
