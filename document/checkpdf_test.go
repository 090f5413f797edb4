package document

import (
	"bytes"
	"context"
	"errors"
	"testing"
)

// A PDF that lost its middle, or its beginning, still ends as one.
func TestCheckPDF(t *testing.T) {
	if testing.Short() {
		t.Skip("compiling the renderer takes seconds")
	}
	whole := mustRead(t, "testdata/two-pages.pdf")
	tables := bytes.LastIndex(whole, []byte("\nxref"))
	for _, c := range []struct {
		name string
		data []byte
		want error
	}{
		{"whole", whole, nil},
		{"without its tables: they are made anew", append(bytes.Clone(whole[:tables]), "\ntrailer <</Root 1 0 R>>\n%%EOF\n"...), nil},
		{"the end after 60 octets", append(bytes.Clone(whole[:60]), "\n%%EOF\n"...), ErrDamaged},
		{"nothing but an end", []byte("%PDF-1.4\n%%EOF\n"), ErrDamaged},
		{"no pages", emptyPDF(), ErrNoPages},
		{"encrypted", mustRead(t, "testdata/encrypted.pdf"), ErrEncrypted},
	} {
		if err := CheckPDF(context.Background(), c.data); !errors.Is(err, c.want) {
			t.Errorf("CheckPDF(%s) = %v, want %v", c.name, err, c.want)
		}
	}
}
