package line

import (
	"testing"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
)

// A page whose pagehandling says Z is sent without the white at its end but for
// a margin; others are sent in full.
func TestChoppedPage(t *testing.T) {
	inWorld(t, func(w *world) {
		a, b := w.both()
		page := t4.NewBitmap(1728, 1143)
		for _, y := range []int{100, 300} {
			for x := range 200 {
				page.SetBlack(300+x, y)
			}
		}
		job := w.job("1001", func(j *spool.Job) { j.PageHandling = "e0Se0Z0060P" }, w.document("doc1.ps;e0", page, page))
		w.sent(a, job)
		idle(a, b)
		short := &t4.Bitmap{Width: page.Width, Height: 301 + 100, Pix: page.Pix[:401*page.Stride()]}
		files := w.received()
		if len(files) != 1 {
			t.Fatalf("%d files received", len(files))
		}
		samePages(t, "received", files[0], []*t4.Bitmap{page, short})
	})
}

func TestPageMarks(t *testing.T) {
	for _, row := range []struct {
		handling   string
		skip, chop bool
	}{
		{"", false, false}, {"e0", false, false}, {"e0P", false, false}, {"e0S", false, false}, {"e0X", true, false},
		{"e0Z0060P", false, true}, {"e0Z0060Xe0P", true, true}, {"e0Z00", false, true},
	} {
		if skip, chop := pageMarks(row.handling); skip != row.skip || chop != row.chop {
			t.Errorf("pageMarks(%q) = %v, %v; want %v, %v", row.handling, skip, chop, row.skip, row.chop)
		}
	}
}
