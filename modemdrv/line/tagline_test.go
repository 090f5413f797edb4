package line

import (
	"testing"
	"time"

	"github.com/litoria-fax/litoria/modemdrv/t4"
	"github.com/litoria-fax/litoria/spool"
)

func TestTagLineText(t *testing.T) {
	j := &spool.Job{JobID: "12", External: "+49 30 5", Sender: "Ann|Frog", Regarding: "Ponds", TagLine: "x", CoverPages: 1}
	for _, row := range []struct {
		format, cover string
		isCover       bool
		want          string
	}{
		{"From %%n|%c|Page %%P of %%T", "", false, "From 1000|Sat Jan  1 12:34:56 2000|Page 3 of 7"},
		{"%%s to %%d (%%i): %%S", "", false, "Ann/Frog to +49 30 5 (12): Ponds"},
		{"%%p/%%t %H:%M %d.%m.%Y 100%%%", "", false, "2/4 12:34 01.01.2000 100%"},
		{"%%P of %%T", "cover", true, "cover of 6"},
		{"%%P of %%T", "cover", false, "2 of 6"},
		{"%Q %%Q %", "", false, "%Q  %"},
	} {
		l := tagLine{format: row.format, coverNum: row.cover, set: &Settings{Number: "1000"}, job: j, pages: 4, now: time.Date(2000, 1, 1, 12, 34, 56, 0, time.UTC)}
		if got := l.text(2, 3, 7, row.isCover); got != row.want {
			t.Errorf("%q: %q, want %q", row.format, got, row.want)
		}
	}
}

// TestTagLine: the tag line stands over the top of each page, and nothing else
// changes.
func TestTagLine(t *testing.T) {
	inWorld(t, func(w *world) {
		w.config("ttyIAX0", "FAXNumber: 1000", `TagLineFormat: "From %%n|Page %%P of %%T"`)
		a, b := w.both()
		white, page := t4.NewBitmap(1728, 200), dotted(200, 1)
		w.sent(a, w.job("1001", nil, w.document("doc1.ps;00", white, page)))
		idle(a, b)
		got := w.received()[0]
		rows := 0
		for y := range got[0].Height {
			for _, c := range got[0].Row(y) {
				if c != 0 {
					rows = y + 1
				}
			}
		}
		if rows == 0 || rows > 25 {
			t.Fatalf("the tag line takes %d rows", rows)
		}
		for y := 30; y < page.Height; y++ {
			if string(got[1].Row(y)) != string(page.Row(y)) {
				t.Fatalf("row %d of the page differs", y)
			}
		}
	})
}
