// Package convert turns documents that servers do not prepare themselves (text, PNG, JPEG and other
// pictures) into fax pages on the client, as HylaFAX's typerules(5) do by scripts. It joins package
// command to package document, and is apart from both because it carries the converters along.
package convert

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"

	"github.com/litoria-fax/litoria/document"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/command"
)

// Document makes a TIFF class F file of a document; for command.Env.Convert.
func Document(ctx context.Context, data []byte, opts command.ConvertOptions) (*command.Converted, error) {
	dir, err := os.MkdirTemp("", "sndfax")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	in, out := filepath.Join(dir, "document"), filepath.Join(dir, "pages.tif")
	if err := os.WriteFile(in, data, 0o600); err != nil {
		return nil, err
	}
	info, err := document.Prepare(ctx, in, document.Options{
		Output: out, Size: pageSize(opts), Res: document.ResolutionFor(float64(opts.Resolution)),
	})
	var wrong *document.Error
	if errors.As(err, &wrong) {
		return nil, &command.Unfit{Err: wrong.Err} // nobody knows the name of the temporary file
	}
	if err != nil {
		return nil, err
	}
	pages, err := os.ReadFile(out)
	if err != nil {
		return nil, err
	}
	return &command.Converted{Form: client.FormTIFF, Data: pages, Pages: len(info.Pages)}, nil
}

// checkTime is how long a sender waits for the check of a PDF; what takes longer is the server's.
const checkTime = 30 * time.Second

// CheckPDF tells whether pages can come of a PDF; for command.Env.CheckPDF.
func CheckPDF(ctx context.Context, data []byte) error {
	limited, cancel := context.WithTimeout(ctx, checkTime)
	defer cancel()
	err := document.CheckPDF(limited, data)
	for _, unfit := range []error{document.ErrDamaged, document.ErrEncrypted, document.ErrNoPages} {
		if errors.Is(err, unfit) {
			return &command.Unfit{Err: err}
		}
	}
	return ctx.Err() // that the renderer does not work here is no fault of the document
}

// pageSize finds the paper by its name, else by its measures.
func pageSize(opts command.ConvertOptions) document.PageSize {
	if size, err := document.LookupPageSize(opts.PageSize); err == nil && opts.PageSize != "default" {
		return size
	}
	const pelsPerMM = 204 / 25.4
	return document.PageSizeFor(int(float64(opts.PageWidth)*pelsPerMM), float64(opts.PageLength))
}
