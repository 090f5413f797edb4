package command

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
)

// tinyPDF is a PDF with its tables in order; more is appended with a table of its own.
func tinyPDF(before string, more ...string) string {
	var b strings.Builder
	b.WriteString(before)
	part := func(first int, previous string, objects ...string) int {
		var table strings.Builder
		for i, o := range objects {
			fmt.Fprintf(&table, "%010d 00000 n \n", b.Len()-len(before))
			fmt.Fprintf(&b, "%d 0 obj %s endobj\n", first+i, o)
		}
		at := b.Len() - len(before)
		fmt.Fprintf(&b, "xref\n0 1\n0000000000 65535 f \n%d %d\n%strailer\n<</Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF\n",
			first, len(objects), table.String(), previous, at)
		return at
	}
	b.WriteString("%PDF-1.4\n")
	at := part(1, "", "<</Type /Catalog /Pages 2 0 R>>", "<</Type /Pages /Kids [3 0 R] /Count 1>>", "<</Type /Page /Parent 2 0 R>>")
	for i, o := range more {
		at = part(4+i, fmt.Sprintf(" /Prev %d", at), o)
	}
	return b.String()
}

func TestVerifyPDF(t *testing.T) {
	sample, err := os.ReadFile("../../../document/testdata/two-pages.pdf")
	if err != nil {
		t.Fatal(err)
	}
	tiny := tinyPDF("")
	const stream = "%PDF-1.5\n1 0 obj <</Type /XRef /Root 2 0 R /Length 0>> stream\nendstream endobj\nstartxref\n9\n%%EOF\n"
	for _, c := range []struct {
		name, text string
		sound      bool
		err        error
	}{
		{"Ghostscript's", string(sample), true, nil},
		{"small", tiny, true, nil},
		{"changed twice", tinyPDF("", "<<>>", "<<>>"), true, nil},
		{"behind a printer's words", tinyPDF("@PJL ENTER LANGUAGE=PDF\r\n"), true, nil},
		{"with more behind the end", tiny + "<!-- mail -->\n", true, nil},
		{"a stream of objects", stream, true, nil},
		{"cut off", tiny[:len(tiny)-12], false, errDamagedPDF},
		{"the head alone", "%PDF-1.4\n", false, errDamagedPDF},
		{"an end behind a part", tiny[:60] + "\n%%EOF\n", false, nil},
		{"without its middle", string(sample[:900]) + string(sample[1500:]), false, nil},
		{"an object overwritten", strings.Replace(tiny, "2 0 obj", "0000000", 1), false, nil},
		{"encrypted", strings.Replace(tiny, "/Root 1 0 R", "/Root 1 0 R/Encrypt 3 0 R", 1), false, nil},
		{"an encrypted stream", strings.Replace(stream, "/Length", "/Encrypt 3 0 R /Length", 1), false, nil},
		{"tables that go round", strings.Replace(tiny, "/Root 1 0 R", fmt.Sprintf("/Root 1 0 R /Prev %d", strings.Index(tiny, "xref")), 1), false, nil},
		{"huge numbers", strings.Replace(tiny, "1 3\n", "1 9223372036854775807\n", 1), false, nil},
		{"tables beyond the end", strings.Replace(tiny, "startxref\n", "startxref\n9", 1), false, nil},
	} {
		if sound, err := verifyPDF([]byte(c.text)); sound != c.sound || !errors.Is(err, c.err) {
			t.Errorf("verifyPDF(%s) = %t, %v, want %t, %v", c.name, sound, err, c.sound, c.err)
		}
	}
	for n := range sample { // no part of a file passes for the whole
		if sound, _ := verifyPDF(sample[:n]); sound && n < bytes.LastIndex(sample, []byte("%%EOF")) {
			t.Errorf("the first %d octets of %d are sound", n, len(sample))
		}
	}
}

func TestBlankPostScript(t *testing.T) {
	for text, want := range map[string]bool{
		"%!PS": true, "%!PS\n": true, "%!PS\r%%Pages: 1\r\r": true, "\x04%!PS\n  % more\n\x04": true, "": true,
		"%!PS\nshowpage": false, "%!PS\nshowpage\n": false, "\x1b%-12345X@PJL\n%!PS\n": false, "%!PS\n{": false,
	} {
		if got := isBlankPostScript([]byte(text)); got != want {
			t.Errorf("isBlankPostScript(%q) = %t, want %t", text, got, want)
		}
	}
}

func FuzzVerifyPDF(f *testing.F) {
	f.Add([]byte(tinyPDF("")))
	f.Add([]byte(tinyPDF("junk\n", "<<>>")))
	f.Add([]byte("%PDF-1.4\nxref\n0 2\n0000000000 65535 f \ntrailer startxref\n9\n%%EOF"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if sound, err := verifyPDF(data); sound && err != nil {
			t.Errorf("sound, and %v", err)
		}
		isBlankPostScript(data)
	})
}
