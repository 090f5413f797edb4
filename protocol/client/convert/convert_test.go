package convert

import (
	"bytes"
	"errors"
	"image"
	"image/png"
	"os"
	"testing"

	"github.com/litoria-fax/litoria/protocol/client"
	"github.com/litoria-fax/litoria/protocol/client/command"
)

func TestDocument(t *testing.T) {
	var picture bytes.Buffer
	if err := png.Encode(&picture, image.NewGray(image.Rect(0, 0, 100, 100))); err != nil {
		t.Fatal(err)
	}
	opts := command.ConvertOptions{Name: "doc", Resolution: 98, PageWidth: 209, PageLength: 296, PageSize: "default"}
	for name, data := range map[string][]byte{"text": []byte("Hello, fax.\n"), "PNG": picture.Bytes()} {
		c, err := Document(t.Context(), data, opts)
		if err != nil || c.Form != client.FormTIFF || c.Pages != 1 || len(c.Data) < 100 {
			t.Errorf("Document(%s) = %+v, %v", name, c, err)
		}
	}
	if _, err := Document(t.Context(), picture.Bytes()[:40], opts); err == nil || err.Error() != "the document is damaged: it is cut off" {
		t.Errorf("Document of half a picture = %v", err)
	}
}

// A PDF that PDFium can open is no fault of its sender's; one that it cannot is.
func TestCheckPDF(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the renderer takes seconds")
	}
	whole, err := os.ReadFile("../../../document/testdata/two-pages.pdf")
	if err != nil {
		t.Fatal(err)
	}
	if err := CheckPDF(t.Context(), whole); err != nil {
		t.Errorf("CheckPDF = %v", err)
	}
	var unfit *command.Unfit
	if err := CheckPDF(t.Context(), append(whole[:900:900], "\n%%EOF\n"...)); !errors.As(err, &unfit) || err.Error() != "the document is damaged: the PDF cannot be read" {
		t.Errorf("CheckPDF of a third = %v", err)
	}
}
