package document

import (
	"context"
	"fmt"

	"github.com/klippa-app/go-pdfium/requests"
)

// CheckPDF tells whether a PDF can be opened and has pages that can be drawn. It draws none: what is
// damaged within a page shows only when the page is drawn.
func CheckPDF(ctx context.Context, data []byte) error {
	return withPDF(ctx, data, func(d *pdfDocument) error {
		if d.pages == 0 {
			return ErrNoPages
		}
		for i := range min(d.pages, DefaultMaxPage) {
			if err := ctx.Err(); err != nil {
				return err
			}
			page, err := d.pdf.FPDF_LoadPage(&requests.FPDF_LoadPage{Document: d.doc, Index: i})
			if err != nil {
				return fmt.Errorf("%w: page %d: %w", ErrDamaged, i+1, err)
			}
			if _, err := d.pdf.FPDF_ClosePage(&requests.FPDF_ClosePage{Page: page.Page}); err != nil {
				return fmt.Errorf("%w: page %d: %w", ErrDamaged, i+1, err)
			}
		}
		return nil
	})
}
