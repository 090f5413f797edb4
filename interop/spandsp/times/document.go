//go:build interop

package main

import (
	"bytes"
	"fmt"
	"io"

	"github.com/litoria-fax/litoria/interop/papers"
	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// faxDocument is a document as a file and as pels. It is a modemdrv.PageSource of
// pages of 204 x 196 per inch.
type faxDocument struct {
	file  string
	pages []*t4.Bitmap
}

// Page implements modemdrv.PageSource.
func (d *faxDocument) Page(n int) (t30.PageInfo, bool) {
	return t30.PageInfo{Resolution: t30.Fine, Width: t30.Width215, Length: t30.Unlimited}, n < len(d.pages)
}

// Bitmap implements modemdrv.PageSource.
func (d *faxDocument) Bitmap(n int) (*t4.Bitmap, error) { return d.pages[n], nil }

// size is how many octets all pages have as code.
func (d *faxDocument) size(p t30.Parameters) (octets int64, err error) {
	for n := range d.pages {
		code, err := d.code(n, p)
		if err != nil {
			return 0, err
		}
		octets += int64(len(code))
	}
	return octets, nil
}

// code is that of a page.
func (d *faxDocument) code(n int, p t30.Parameters) ([]byte, error) {
	code, err := modemdrv.NewCode(d.pages[n], p)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(code)
}

// draw makes a fax document of PostScript.
func draw(file, ps string) (*faxDocument, error) {
	if err := papers.Draw(file, ps); err != nil {
		return nil, err
	}
	pages, err := read(file)
	return &faxDocument{file, pages}, err
}

func read(file string) (pages []*t4.Bitmap, err error) {
	r, err := tiff.Open(file)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	for i := range r.Pages() {
		b, _, err := r.Decode(i)
		if err != nil {
			return nil, err
		}
		pages = append(pages, b)
	}
	return pages, nil
}

// tray is a modemdrv.PageStore.
type tray struct{ pages []*t4.Bitmap }

// Store implements modemdrv.PageStore.
func (s *tray) Store(p modemdrv.ReceivedPage) error {
	s.pages = append(s.pages, p.Bitmap)
	return nil
}

// same tells whether pages came as they were sent.
func same(sent, received []*t4.Bitmap) error {
	if len(sent) != len(received) {
		return fmt.Errorf("%d pages of %d came", len(received), len(sent))
	}
	for i := range sent {
		if !bytes.Equal(sent[i].Pix, received[i].Pix) {
			return fmt.Errorf("page %d came otherwise than it was sent", i+1)
		}
	}
	return nil
}
