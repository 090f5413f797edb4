package document

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// PDFOptions tell what a PDF says of itself.
type PDFOptions struct {
	Title   string
	Created time.Time // zero: not told
}

// WritePDF writes fax pages as a PDF, each in its size on paper, its pels as
// they are, in the code of Group 4. Damaged rows are shown as they were
// concealed; a page that breaks off is shown as far as it goes.
func WritePDF(w io.Writer, r *tiff.Reader, opts PDFOptions) error {
	pages := r.Pages()
	if len(pages) == 0 {
		return ErrNoPages
	}
	p := &pdfWriter{w: bufio.NewWriter(w)}
	p.printf("%%PDF-1.4\n%%\xe2\xe3\xcf\xd3\n")
	// Objects: 1 catalog, 2 page tree, 3 information, then three for each page.
	p.object(1, "<< /Type /Catalog /Pages 2 0 R >>")
	kids := make([]string, len(pages))
	for i := range pages {
		kids[i] = fmt.Sprintf("%d 0 R", firstPage+3*i)
	}
	p.object(2, fmt.Sprintf("<< /Type /Pages /Count %d /Kids [%s] >>", len(pages), strings.Join(kids, " ")))
	p.object(3, opts.information())
	for i := range pages {
		if err := p.page(r, i); err != nil {
			return err
		}
	}
	p.end()
	if p.err != nil {
		return p.err
	}
	return p.w.Flush()
}

// firstPage is the object number of the first page.
const firstPage = 4

// information makes the information dictionary.
func (o PDFOptions) information() string {
	s := "<< /Producer (Litoria)"
	if o.Title != "" {
		s += " /Title <feff"
		for _, u := range utf16.Encode([]rune(o.Title)) {
			s += fmt.Sprintf("%04x", u)
		}
		s += ">"
	}
	if !o.Created.IsZero() {
		s += " /CreationDate (D:" + o.Created.UTC().Format("20060102150405") + "Z)"
	}
	return s + " >>"
}

// pdfWriter writes objects and remembers where they are.
type pdfWriter struct {
	w       *bufio.Writer
	at      int
	offsets []int
	err     error
}

func (p *pdfWriter) printf(format string, args ...any) {
	n, err := fmt.Fprintf(p.w, format, args...)
	p.at += n
	if p.err == nil {
		p.err = err
	}
}

// object writes an object; they come in the order of their numbers.
func (p *pdfWriter) object(n int, body string) {
	p.offsets = append(p.offsets, p.at)
	p.printf("%d 0 obj\n%s\nendobj\n", n, body)
}

// stream writes an object with data.
func (p *pdfWriter) stream(n int, dict string, data []byte) {
	p.offsets = append(p.offsets, p.at)
	p.printf("%d 0 obj\n<< %s /Length %d >>\nstream\n%s\nendstream\nendobj\n", n, dict, len(data), data)
}

// page writes a page: itself, its contents, its picture.
func (p *pdfWriter) page(r *tiff.Reader, i int) error {
	b, _, err := r.Decode(i)
	if err != nil && b.Height == 0 {
		return tiffError(err)
	}
	tags := &r.Pages()[i]
	b = turn(b, tags.Orientation)
	code, err := t4.Encode(b, t4.MMR, t4.EncoderOptions{})
	if err != nil {
		return err
	}
	width, height := float64(b.Width)/tags.XRes*72, float64(b.Height)/tags.YRes*72
	n := firstPage + 3*i
	p.object(n, fmt.Sprintf("<< /Type /Page /Parent 2 0 R /MediaBox [0 0 %.2f %.2f] /Contents %d 0 R "+
		"/Resources << /XObject << /Fax %d 0 R >> >> >>", width, height, n+1, n+2))
	var show bytes.Buffer
	fmt.Fprintf(&show, "%.2f 0 0 %.2f 0 0 cm /Fax Do", width, height)
	p.stream(n+1, "", show.Bytes())
	p.stream(n+2, fmt.Sprintf("/Type /XObject /Subtype /Image /Width %d /Height %d /BitsPerComponent 1 /ColorSpace /DeviceGray "+
		"/Filter /CCITTFaxDecode /DecodeParms << /K -1 /Columns %d /Rows %d >>", b.Width, b.Height, b.Width, b.Height), code)
	return nil
}

// end writes the table of objects.
func (p *pdfWriter) end() {
	start := p.at
	p.printf("xref\n0 %d\n0000000000 65535 f \n", len(p.offsets)+1)
	for _, off := range p.offsets {
		p.printf("%010d 00000 n \n", off)
	}
	p.printf("trailer\n<< /Size %d /Root 1 0 R /Info 3 0 R >>\nstartxref\n%d\n%%%%EOF\n", len(p.offsets)+1, start)
}
