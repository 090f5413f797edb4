package server_test

import (
	"strings"
	"testing"
)

// A capital that means nothing in FILEFMT and MDMFMT is shown as it is written, a small letter is not shown,
// as with HylaFAX's hfaxd, against which all letters are compared (interop/clients, TestFormats).
func TestLettersWithoutMeaning(t *testing.T) {
	c := newServer(t, nil).login(t, "joe")
	c.cmd(`FILEFMT "%f|%Q|%-5.2B|%x|%5x|%%"`, "200")
	c.cmd(`MDMFMT "%m|%Q|%x|"`, "200")
	for dir, want := range map[string]string{"docq": "doc5.tif.10|%Q|%-5.2B|||%\r\n", "status": "ttyS0|%Q||\r\n"} {
		d := c.data()
		got := c.receive(d, "LIST "+dir)
		if !strings.Contains(got, want) {
			t.Errorf("LIST %s = %q, want %q in it", dir, got, want)
		}
	}
}
