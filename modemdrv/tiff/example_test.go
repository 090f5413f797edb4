package tiff_test

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// A page is stored as it comes from the line, then read.
func Example() {
	dir, err := os.MkdirTemp("", "recvq")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "fax000000001.tif")
	w, err := tiff.Create(name, 0o600)
	if err != nil {
		fmt.Println(err)
		return
	}
	received, _ := t4.Encode(t4.NewBitmap(t4.WidthA4, 1143), t4.MMR, t4.EncoderOptions{})
	w.BeginPage(tiff.MSBFirst)
	w.Write(received)
	page := tiff.Page{Width: t4.WidthA4, Height: 1143, XRes: 204, YRes: 98, Description: "+49 30 12345"}
	page.SetCoding(t4.MMR)
	if err := w.EndPage(&page); err != nil { // from here on the page is in the file
		fmt.Println(err)
		return
	}
	w.Close()

	r, err := tiff.Open(name)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer r.Close()
	for i, p := range r.Pages() {
		b, quality, err := r.Decode(i)
		fmt.Println(p.Description, b.Width, "x", b.Height, "bad rows:", quality.BadRows, err)
	}
	// Output: +49 30 12345 1728 x 1143 bad rows: 0 <nil>
}
