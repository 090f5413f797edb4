package convert

import (
	"bytes"
	"image"
	"image/png"
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
