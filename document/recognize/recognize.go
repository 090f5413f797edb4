// Package recognize tells what kind of document a file is, by its content, as
// HylaFAX's typerules(5) do; the name of a file never decides. It is apart from
// package document so that clients can ask without carrying the converters.
package recognize

import (
	"bytes"
	"errors"
	"fmt"
	"unicode/utf8"
)

// Kind is a kind of document.
type Kind uint8

// The kinds that can become fax pages.
const (
	Text Kind = iota + 1
	PDF
	PostScript
	PCL
	TIFF
	PNG
	JPEG
	GIF
	BMP
	WebP
)

// String names a kind for people.
func (k Kind) String() string {
	names := [...]string{"unknown", "text", "PDF", "PostScript", "PCL", "TIFF", "PNG", "JPEG", "GIF", "BMP", "WebP"}
	if int(k) < len(names) {
		return names[k]
	}
	return fmt.Sprintf("kind %d", uint8(k))
}

// The reasons for which a file has no kind.
var (
	ErrEmpty       = errors.New("the file is empty")
	ErrNotDocument = errors.New("not a document that can be faxed")
)

// HeadSize is how much of the beginning of a file Recognize wants to see.
const HeadSize = 4096

// magic is the sign of a kind at a fixed place.
type magic struct {
	kind Kind
	at   int
	sign string
}

// magics are looked for in order.
var magics = []magic{
	{PostScript, 0, "%!"},
	{PostScript, 0, "\x04%!"}, // Windows printer drivers send a Control-D first
	{PDF, 0, "%PDF-"},
	{TIFF, 0, "II*\x00"},
	{TIFF, 0, "MM\x00*"},
	{PNG, 0, "\x89PNG\r\n\x1a\n"},
	{JPEG, 0, "\xff\xd8\xff"},
	{GIF, 0, "GIF87a"},
	{GIF, 0, "GIF89a"},
	{WebP, 8, "WEBP"},
	{PCL, 0, "\x1bE"},
	{PCL, 0, "\x1b%"},
	{PCL, 0, "\x1b&"},
	{PCL, 0, "\x1b*"},
}

// foreign are common kinds of files that people hand in by mistake.
var foreign = []struct{ sign, what string }{
	{"PK\x03\x04", "a ZIP archive or an office document; print it to PDF first"},
	{"\xd0\xcf\x11\xe0", "an old office document; print it to PDF first"},
	{"\x1f\x8b", "compressed by gzip"},
	{"BZh", "compressed by bzip2"},
	{"\xfd7zXZ", "compressed by xz"},
	{"\x7fELF", "a program"},
	{"MZ", "a program"},
	{"Rar!", "a RAR archive"},
	{"{\\rtf", "rich text; print it to PDF first"},
}

// PDF may begin a little later (PDF 1.7 implementation note 13), and printers'
// job language may stand before PostScript and PCL.
const (
	maxPDFOffset = 1024
	pjlStart     = "\x1b%-12345X"
)

// Recognize tells the kind of a document from its first octets (HeadSize of
// them, or all if it is shorter). name is for the error only.
func Recognize(head []byte, name string) (Kind, error) {
	if len(head) == 0 {
		return 0, fault(name, ErrEmpty, "")
	}
	if bytes.HasPrefix(head, []byte(pjlStart)) {
		return jobLanguage(head), nil
	}
	for _, m := range magics {
		if len(head) >= m.at+len(m.sign) && string(head[m.at:m.at+len(m.sign)]) == m.sign {
			return m.kind, nil
		}
	}
	if isBMP(head) {
		return BMP, nil
	}
	if bytes.Contains(head[:min(len(head), maxPDFOffset)], []byte("%PDF-")) {
		return PDF, nil
	}
	for _, f := range foreign {
		if bytes.HasPrefix(head, []byte(f.sign)) && !(f.sign == "MZ" && IsText(head)) {
			return 0, fault(name, ErrNotDocument, "it is "+f.what)
		}
	}
	if IsText(head) {
		return Text, nil
	}
	return 0, fault(name, ErrNotDocument, "")
}

// fault makes the one sentence for people.
func fault(name string, err error, why string) error {
	if why != "" {
		err = fmt.Errorf("%w: %s", err, why)
	}
	if name != "" {
		err = fmt.Errorf("%s: %w", name, err)
	}
	return err
}

// jobLanguage looks behind HP's printer job language for what is printed.
func jobLanguage(head []byte) Kind {
	if bytes.Contains(head, []byte("%!PS")) || bytes.Contains(bytes.ToUpper(head), []byte("LANGUAGE=POSTSCRIPT")) ||
		bytes.Contains(bytes.ToUpper(head), []byte("LANGUAGE = POSTSCRIPT")) {
		return PostScript
	}
	if bytes.Contains(head, []byte("%PDF-")) {
		return PDF
	}
	return PCL
}

// isBMP looks closer, the sign of BMP being two letters only.
func isBMP(head []byte) bool {
	return len(head) >= 18 && head[0] == 'B' && head[1] == 'M' && head[15] == 0 && head[16] == 0 && head[17] == 0 && head[14] >= 12
}

// maxControls is how many control characters in a hundred text may have.
const maxControls = 2

// IsText tells whether the beginning of a file is text: UTF-8, UTF-16 with a
// byte order mark, or an 8 bit character set, with hardly any control
// characters other than those that move the printing position.
func IsText(head []byte) bool {
	if bytes.HasPrefix(head, []byte("\xff\xfe")) || bytes.HasPrefix(head, []byte("\xfe\xff")) {
		return len(head) > 2 && isUTF16(head)
	}
	controls, high := 0, 0
	for _, b := range head {
		switch {
		case b == 0:
			return false
		case b == '\t' || b == '\n' || b == '\r' || b == '\f' || b == '\b' || b == 0x1b || b == 0x1a || b == '\v':
		case b < ' ' || b == 0x7f:
			controls++
		case b >= 0x80:
			high++
		}
	}
	if controls*100 > maxControls*len(head) {
		return false
	}
	// A text in Latin-1 has some letters beyond ASCII; chance has half of all octets there.
	return high*10 < len(head)*4 || validUTF8Prefix(head)
}

// validUTF8Prefix is utf8.Valid, but for a character cut off at the end.
func validUTF8Prefix(b []byte) bool {
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return !utf8.FullRune(b)
		}
		b = b[n:]
	}
	return true
}

// isUTF16 tells whether 16 bit characters follow the byte order mark.
func isUTF16(head []byte) bool {
	big := head[0] == 0xfe
	for i := 2; i+1 < len(head); i += 2 {
		c := uint16(head[i]) | uint16(head[i+1])<<8
		if big {
			c = c>>8 | c<<8
		}
		if c < 9 || c == 0xffff {
			return false
		}
	}
	return true
}
