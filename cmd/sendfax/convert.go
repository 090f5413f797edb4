package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/litoria-fax/litoria/document"
	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/command"
)

// convert makes fax pages of a document that servers do not take as it is: of
// text and of pictures.
func convert(ctx context.Context) func([]byte, command.ConvertOptions) (*command.Converted, error) {
	return func(data []byte, o command.ConvertOptions) (*command.Converted, error) {
		dir, err := os.MkdirTemp("", "sendfax-")
		if err != nil {
			return nil, err
		}
		defer os.RemoveAll(dir)
		in, out := filepath.Join(dir, filepath.Base(o.Name)), filepath.Join(dir, "pages.tif")
		if err := os.WriteFile(in, data, 0o600); err != nil {
			return nil, err
		}
		opts := document.Options{Output: out, Res: document.ResolutionFor(float64(o.Resolution))}
		if size, err := document.LookupPageSize(o.PageSize); err == nil {
			opts.Size = size
		}
		info, err := document.Prepare(ctx, in, opts)
		if err != nil {
			return nil, err
		}
		pages, err := os.ReadFile(out)
		if err != nil {
			return nil, err
		}
		return &command.Converted{Form: client.FormTIFF, Data: pages, Pages: len(info.Pages)}, nil
	}
}
