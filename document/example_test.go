package document_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/litoria-fax/litoria/document"
)

// A text becomes a fax page.
func ExamplePrepare() {
	dir, err := os.MkdirTemp("", "docq")
	if err != nil {
		fmt.Println(err)
		return
	}
	defer os.RemoveAll(dir)
	in := filepath.Join(dir, "letter")
	os.WriteFile(in, []byte("Dear Sir,\n\nyes.\n"), 0o600)
	info, err := document.Prepare(context.Background(), in, document.Options{
		Output: filepath.Join(dir, "letter.tif"), Size: document.A4, Res: document.Fine,
	})
	fmt.Println(info.Kind, info.Pages, err)

	_, err = document.Prepare(context.Background(), os.DevNull, document.Options{Output: filepath.Join(dir, "x.tif")})
	fmt.Println(err)
	// Output:
	// text [{1728 2292 {204 196}}] <nil>
	// null: not a document that can be faxed: it is no ordinary file
}
