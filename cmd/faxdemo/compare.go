package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/litoria-fax/litoria/document"
	"github.com/litoria-fax/litoria/modemdrv/tiff"
)

// keepPrepared keeps the pages of a job as the scheduler prepared them for
// sending: the server removes them when the job is done.
func (s *server) keepPrepared(id string, job map[string]string) string {
	_, file, ok := cutLast(job["fax"], ":")
	if !ok || file == "" {
		return ""
	}
	kept := filepath.Join(s.dir, "sent-"+id+".tif")
	if err := os.Link(filepath.Join(s.spool, file), kept); err != nil {
		return ""
	}
	return kept
}

func cutLast(s, sep string) (before, after string, ok bool) {
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(sep):], true
}

// received lists the faxes in recvq, oldest first.
func (s *server) received() []string {
	files, _ := filepath.Glob(filepath.Join(s.spool, "recvq", "fax*.tif"))
	slices.Sort(files)
	return files
}

// compare holds every received page against the one that was sent, bit by bit,
// and writes it as PNG and, all of a fax, as PDF.
func (s *server) compare(sent []string, out string) error {
	files := s.received()
	if len(files) != len(sent) {
		return fmt.Errorf("%d faxes were sent and %d are in recvq", len(sent), len(files))
	}
	if err := os.MkdirAll(out, 0o755); err != nil {
		return err
	}
	for i, f := range files {
		n, err := comparePages(sent[i], f, out)
		if err != nil {
			return fmt.Errorf("fax %d: %w", i+1, err)
		}
		fmt.Printf("  %s: %d %s, every dot as it was sent\n", filepath.Base(f), n, plural(n, "page"))
	}
	fmt.Println()
	return nil
}

func comparePages(sent, received, out string) (int, error) {
	a, err := tiff.Open(sent)
	if err != nil {
		return 0, err
	}
	defer a.Close()
	b, err := tiff.Open(received)
	if err != nil {
		return 0, err
	}
	defer b.Close()
	if len(a.Pages()) != len(b.Pages()) {
		return 0, fmt.Errorf("%d pages were sent and %d arrived", len(a.Pages()), len(b.Pages()))
	}
	base := strings.TrimSuffix(filepath.Base(received), ".tif")
	for i := range b.Pages() {
		if err := comparePage(a, b, i, filepath.Join(out, fmt.Sprintf("%s-%d.png", base, i+1))); err != nil {
			return 0, fmt.Errorf("page %d: %w", i+1, err)
		}
	}
	pdf, err := os.Create(filepath.Join(out, base+".pdf"))
	if err != nil {
		return 0, err
	}
	defer pdf.Close()
	if err := document.WritePDF(pdf, b, document.PDFOptions{Title: "Fax received by Litoria"}); err != nil {
		return 0, err
	}
	return len(b.Pages()), pdf.Close()
}

func comparePage(a, b *tiff.Reader, i int, name string) error {
	want, _, err := a.Decode(i)
	if err != nil {
		return err
	}
	got, _, err := b.Decode(i)
	if err != nil {
		return err
	}
	if want.Width != got.Width || want.Height != got.Height || !bytes.Equal(want.Pix, got.Pix) {
		return fmt.Errorf("%d x %d dots were sent and %d x %d arrived, or some differ", want.Width, want.Height, got.Width, got.Height)
	}
	f, err := os.Create(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := document.WritePNG(f, got, document.ResolutionFor(b.Pages()[i].YRes), true); err != nil {
		return err
	}
	return f.Close()
}

func plural(n int, what string) string {
	if n != 1 {
		what += "s"
	}
	return what
}
