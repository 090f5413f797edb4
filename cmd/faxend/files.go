package main

import (
	"errors"
	"fmt"
	"io/fs"
	"math"
	"os"
	"time"

	"github.com/litoria-fax/litoria/modemdrv"
	"github.com/litoria-fax/litoria/modemdrv/t30"
	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// document is a TIFF file as a modemdrv.PageSource.
type document struct {
	file  *tiff.Reader
	infos []t30.PageInfo
}

func openDocument(name string) (*document, error) {
	r, err := tiff.Open(name)
	if err != nil {
		return nil, err
	}
	d := &document{file: r}
	for i, p := range r.Pages() {
		if !p.Bilevel() {
			r.Close()
			return nil, fmt.Errorf("%s, page %d: it is not a black and white fax page: %w", name, i+1, tiff.ErrUnsupported)
		}
		d.infos = append(d.infos, infoOf(p.XRes, p.YRes, p.Width))
	}
	return d, nil
}

// infoOf tells what a page of this density and width is to T.30.
func infoOf(x, y float64, width int) t30.PageInfo {
	info := t30.PageInfo{Length: t30.Unlimited}
	best := math.Inf(1)
	for _, r := range []t30.Resolution{t30.Standard, t30.Fine, t30.Superfine, t30.R300, t30.R400} {
		rx, ry := r.DPI(false)
		if d := math.Abs(math.Log(x/float64(rx))) + math.Abs(math.Log(y/float64(ry))); d < best {
			best, info.Resolution = d, r
		}
	}
	for info.Width = t30.Width215; info.Width < t30.Width303 && width > info.Width.Dots(info.Resolution); info.Width++ {
	}
	return info
}

// Page implements modemdrv.PageSource.
func (d *document) Page(n int) (t30.PageInfo, bool) {
	if n >= len(d.infos) {
		return t30.PageInfo{}, false
	}
	return d.infos[n], true
}

// Bitmap implements modemdrv.PageSource.
func (d *document) Bitmap(n int) (*t4.Bitmap, error) {
	b, _, err := d.file.Decode(n)
	return b, err
}

// tray adds received pages to a TIFF file. It is a modemdrv.PageStore.
type tray struct {
	*tiff.Writer
	name string
}

// noPages is the size in octets of a TIFF file's header: a file that is not
// longer has no pages.
const noPages = 8

// openTray opens a file that has pages, or makes one. What is left of a call
// that was killed before its first page, or an empty file, is no hindrance.
func openTray(name string) (*tray, error) {
	w, err := tiff.Append(name)
	info, missing := os.Stat(name)
	if errors.Is(err, fs.ErrNotExist) || err != nil && missing == nil && info.Mode().IsRegular() && info.Size() <= noPages {
		w, err = tiff.Create(name, 0o644)
	}
	if err != nil {
		return nil, err
	}
	return &tray{w, name}, nil
}

// Close leaves no file behind in which there is no page.
func (t *tray) Close() error {
	err := t.Writer.Close()
	if t.Pages() == 0 {
		err = errors.Join(err, os.Remove(t.name))
	}
	return err
}

// Store implements modemdrv.PageStore.
func (t *tray) Store(p modemdrv.ReceivedPage) error {
	x, y := p.Parameters.Resolution.DPI(p.Parameters.Inch)
	page := tiff.Page{XRes: float64(x), YRes: float64(y), Number: t.Pages(), Software: "Litoria", DateTime: time.Now(),
		QualityKnown: true, BadRows: p.Quality.BadRows, MaxConsecutiveBad: p.Quality.LongestBad}
	page.SetCoding(t4.MMR)
	return t.WriteBitmap(page, p.Bitmap)
}
